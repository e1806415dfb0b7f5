"""The store against real servers, which this program starts on loopback, breaks and stops.

usage: run.py SHELL [NAME...]   SHELL: build/tests/redis/store_shell; NAME: only tests whose name holds one of these

Prints "ok NAME", "not ok NAME: WHY" or "skip NAME: WHY" lines.  Servers: those of Debian's redis-tools and
valkey-tools, and whatever stands in deps/redis/NAME/redis-server (README.md).
"""
import contextlib
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from ports import free_port  # noqa: E402

PATIENCE = 10.0                 # seconds until something that must happen counts as missing


def servers(folder):
    """The tools hold the server too (it is redis-check-rdb under another name), without a service."""
    found = {}
    for name in ("redis", "valkey"):
        path = shutil.which(name + "-check-rdb")
        if path:
            link = pathlib.Path(folder) / (name + "-server")
            link.symlink_to(path)
            found[name] = [str(link)]
    for start in sorted((ROOT / "deps" / "redis").glob("*/redis-server")):
        found[start.parent.name] = [str(start)]
    return found


class Skip(Exception):
    """This server cannot do what the test is about."""


class Server:
    """One redis-server process."""

    def __init__(self, command, folder, *options, port=None):
        self.command, self.folder, self.options = command, pathlib.Path(folder), options
        self.port = port or free_port()
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command + ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                            "--dir", str(self.folder), *self.options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        wait_until(self.answers, "the server does not start")

    def answers(self):
        try:
            return self.ask("PING") in ("PONG", "-NOAUTH Authentication required.")
        except OSError:
            return False

    def ask(self, *words):
        return ask(self.port, *words)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


def ask(port, *words):
    """One command, its reply as Python has it; errors as "-text"."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        s.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(w), w) for w in (str(x).encode() for x in words)))
        with s.makefile("rb") as f:
            return read_reply(f)


def read_reply(f):
    line = f.readline()[:-2].decode()
    kind, rest = line[:1], line[1:]
    if kind == "+":
        return rest
    if kind == "-":
        return line
    if kind == ":":
        return int(rest)
    if kind == "$":
        return None if rest == "-1" else f.read(int(rest) + 2)[:-2].decode()
    if kind == "*":
        return None if rest == "-1" else [read_reply(f) for _ in range(int(rest))]
    raise OSError("no reply: %r" % line)


def wait_until(claim, why, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if claim():
            return
        time.sleep(0.02)
    raise AssertionError(why)


class Shell:
    """The store in a process of its own (shell.c)."""

    def __init__(self, program, config):
        self.process = subprocess.Popen([program, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.results, self.events, self.log = queue.Queue(), queue.Queue(), []
        threading.Thread(target=self.read_out, daemon=True).start()
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_out(self):
        for line in self.process.stdout:
            words = line.split()
            (self.results if words[0] == "=" else self.events).put(words[words[0] == "=":])
        self.results.put(["gone"])

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def do(self, line):
        self.say(line)
        return self.results.get(timeout=PATIENCE)

    def result(self, line):
        return self.do(line)[0]

    def is_near(self):
        return self.result("near") == "near"

    def count(self, name):
        return int(self.result("counter " + name))

    def wait_near(self):
        wait_until(self.is_near, "the store is not near: " + "".join(self.log[-5:]))

    def wait_far(self):
        wait_until(lambda: not self.is_near(), "the store is still near")

    def event(self, patience=PATIENCE):
        try:
            return " ".join(self.events.get(timeout=patience))
        except queue.Empty:
            return None

    def expect(self, *events):
        for e in events:
            came = self.event()
            assert came == e, "%r came instead of %r" % (came, e)

    def logged(self, name):
        return sum(1 for line in self.log if " %s " % name in line)

    def expect_logged(self, name, times):
        """The log comes another way than the results, and can be later."""
        wait_until(lambda: self.logged(name) >= times, "%s was not logged" % name)
        assert self.logged(name) == times, "%s was logged %d times" % (name, self.logged(name))

    def end(self):
        if self.process.poll() is None:
            self.say("quit")
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("the store does not end")
        assert self.process.returncode == 0, "the store ended with %s: %s" % (
            self.process.returncode, "".join(self.log[-20:]))


class Bench:
    """What one test uses; everything ends with it."""

    def __init__(self, program, command, folder):
        self.program, self.command, self.folder = program, command, folder
        self.servers, self.shells = [], []

    def server(self, *options, port=None):
        folder = tempfile.mkdtemp(dir=self.folder)
        s = Server(self.command, folder, *options, port=port)
        self.servers.append(s)
        return s

    def shell(self, url, more="", near=True):
        s = Shell(self.program, 'url: "%s"\n%s' % (url, more))
        self.shells.append(s)
        if near:
            s.wait_near()
        return s

    def pair(self, *options, more=""):
        server = self.server(*options)
        return server, self.shell("redis://127.0.0.1:%d" % server.port, more)

    def end(self, failed):
        for s in self.shells:
            if failed:
                s.process.kill()
            else:
                s.end()
        for s in self.servers:
            s.kill()


def tests():
    """name -> (function, needs): the test modules beside this one, functions in their order."""
    import basics
    import clusters
    import faults
    import likeness
    import logs
    found = {}
    for module in (basics, likeness, faults, logs, clusters):
        for name, value in vars(module).items():
            if callable(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                found["%s: %s" % (module.__name__, name.replace("_", " "))] = value
    return found


def play(program, command, test):
    with tempfile.TemporaryDirectory(prefix="weir-redis-") as folder:
        bench = Bench(program, command, folder)
        failed = True
        try:
            test(bench)
            failed = False
        finally:
            bench.end(failed)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, names = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory(prefix="weir-redis-") as folder:
        return play_all(program, servers(folder), names)


def play_all(program, found, names):
    if not found:
        print("not ok servers: there is none; sh deps/install --test")
        return 1
    failed = 0
    for server, command in found.items():
        for name, test in tests().items():
            full = "%s: %s" % (server, name)
            if names and not any(n in full for n in names):
                continue
            began = time.monotonic()
            try:
                play(program, command, test)
                print("ok %s (%.1f s)" % (full, time.monotonic() - began), flush=True)
            except Exception as e:
                if type(e).__name__ == "Skip":      # of this module, or of its twin that the tests import
                    print("skip %s: %s" % (full, e), flush=True)
                    continue
                failed += 1
                print("not ok %s: %s" % (full, str(e).split("\n")[0]), flush=True)
                traceback.print_exc()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
