"""A Redis of the test's own on loopback, without a file on disk."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from ports import free_port

# Debian's redis-tools hold the server too: it is redis-check-rdb under another name.
PROGRAM = shutil.which("redis-server") or shutil.which("redis-check-rdb")


# Others, as tests/redis finds them: one of them may have what the one above has not.
OTHERS = sorted(str(p) for p in (pathlib.Path(__file__).resolve().parents[2] / "deps/redis").glob("*/redis-server"))


class Redis:
    def __init__(self, tmp, *options, program=PROGRAM):
        self.tmp, self.options, self.program, self.process = tmp, options, program, None
        self.port = free_port()
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.tmp), "--loglevel", "warning", *self.options],
            executable=self.program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            if self.ask("PING") == "PONG":
                return
            time.sleep(0.01)
        raise AssertionError("redis-server did not start")

    def ask(self, *words):
        """One command; the first line of the reply, without its type letter."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.sendall(b"*%d\r\n" % len(words) + b"".join(
                    b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
                reply = b""
                while b"\r\n" not in reply:
                    got = s.recv(65536)
                    if not got:
                        return ""
                    reply += got
                return reply[1:].split(b"\r\n")[0].decode()
        except OSError:
            return ""

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.go_on()
            self.kill()
