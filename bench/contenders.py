"""The contenders of the comparison: how each is configured, started, found ready and stopped. Loopback only.

All get the same chances: one process or thread that works, access log to a file, keep-alive to the provider
without limit of requests, connections for all streams, no buffering of streams.
"""
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import time

import meter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from ports import free_port  # noqa: E402

READY_SECONDS = 10
HARD_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    except OSError:
        return False


def get(port, path, timeout=2.0):
    """Status of a GET on loopback, 0 when nobody answers. Written out: urllib takes a millisecond by itself."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
            s.settimeout(timeout)
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            head = s.recv(4096)
        return int(head.split()[1]) if head.startswith(b"HTTP/1.") else 0
    except (OSError, ValueError, IndexError):
        return 0


class Contender:
    """One server under test, in a folder of its own. start() returns the milliseconds from exec to ready."""

    name = ""
    program = ""
    probe_path = "/v1/models"
    nice = 0

    def __init__(self, folder, provider_port, prefix=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.provider_port = provider_port
        self.prefix = list(prefix)      # taskset, valgrind
        self.port = free_port()
        self.process = None

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def stream_port(self):
        return self.port

    def probe(self):
        return get(self.port, self.probe_path) == 200

    def start(self, ready_seconds=READY_SECONDS):
        command = self.prefix + self.command()
        with open(self.folder / "out.log", "wb") as out, open(self.folder / "err.log", "wb") as err:
            began = time.monotonic()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            start_new_session=True)
        if self.nice:
            meter.shield(self.process.pid, self.nice)
        while not self.probe():
            if self.process.poll() is not None or time.monotonic() - began > ready_seconds:
                self.stop()
                line = " ".join(command)
                raise RuntimeError(f"{self.name} did not become ready: {line}\n{self.last_words()}")
            time.sleep(0.0005)
        return (time.monotonic() - began) * 1000

    def last_words(self):
        return (self.folder / "err.log").read_text(errors="replace")[-2000:]

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if not self.process:
            return
        # asked more than once: nginx without a master can miss a signal that comes just before it waits
        for sig in [signal.SIGTERM] * 10 + [signal.SIGKILL]:
            if self.process.poll() is None:
                self.process.send_signal(sig)
            try:
                self.process.wait(0.5)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None


class Direct(Contender):
    """No proxy: what the measuring tools cost by themselves."""

    name = "direct"

    def start(self, ready_seconds=READY_SECONDS):
        self.port = self.provider_port
        return None

    @property
    def pid(self):
        return None


class Nginx(Contender):
    name = "nginx"
    program = "nginx"
    workers = True          # False: one process without a master, for callgrind

    def stream_port(self):
        return self.unbuffered_port

    def command(self):
        self.unbuffered_port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        proxy = 'proxy_pass http://sim; proxy_http_version 1.1; proxy_set_header Connection "";'
        temp = " ".join(f"{k}_temp_path {k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = self.write("nginx.conf", f"""
daemon off; master_process {"on" if self.workers else "off"}; worker_processes 1; {user}
worker_rlimit_nofile {HARD_FILES}; error_log stderr warn; pid nginx.pid;
events {{ worker_connections {HARD_FILES}; multi_accept on; }}
http {{
  access_log access.log; {temp}
  keepalive_requests 1000000000; keepalive_timeout 120s;
  client_max_body_size 8m; client_body_buffer_size 64k;     # with the default 26 KB bodies go to disk
  upstream sim {{ server 127.0.0.1:{self.provider_port}; keepalive 8192; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ {proxy} }} }}
  server {{
    listen 127.0.0.1:{self.unbuffered_port} backlog=4096; location / {{ {proxy} proxy_buffering off; }}
  }}
}}
""")
        return ["nginx", "-p", str(self.folder), "-c", path]


class Haproxy(Contender):
    name = "haproxy"
    program = "haproxy"

    def command(self):
        path = self.write("haproxy.cfg", f"""
global
  nbthread 1
  maxconn {min(20000, (HARD_FILES - 200) // 2)}
  log stdout format raw daemon
defaults
  mode http
  log global
  option httplog
  option http-no-delay
  http-reuse always
  timeout connect 5s
  timeout client 120s
  timeout server 120s
frontend bench
  bind 127.0.0.1:{self.port} backlog 4096
  default_backend sim
backend sim
  server sim 127.0.0.1:{self.provider_port} pool-purge-delay 120s
""")
        return ["haproxy", "-db", "-f", path]


class Weir(Contender):
    name = "weir"
    provider_keys = "max_connections: 8192"     # so that every stream finds a connection to the provider

    def command(self):
        self.admin_port = free_port()
        keys = f", {self.provider_keys}" if self.provider_keys else ""
        path = self.write("weir.yaml", f"""
listen: 127.0.0.1:{self.port}
admin: {{listen: 127.0.0.1:{self.admin_port}}}
providers:
  sim: {{dialect: openai, url: "http://127.0.0.1:{self.provider_port}/v1"{keys}}}
models:
  bench: {{tiers: [{{targets: [sim/bench]}}]}}
  kept: {{targets: [sim/bench], cache: {{exact: 1h}}}}
""")
        return [self.program, "run", "-c", path]

    def probe(self):
        return get(self.port, "/readyz") == 200 or get(self.admin_port, "/readyz") == 200


KINDS = {kind.name: kind for kind in (Direct, Nginx, Haproxy, Weir)}
