"""The real binary on loopback with scripted providers behind it."""
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

import openai
import pytest

import fronts
import matrix
import provider as mock
from simulator import Simulator

CANARY_KEY = "sk-canary-key-0123456789"
CANARY_PROMPT = "canary-prompt-98765"


class Weir:
    """One process; `text` is its configuration without listen and admin."""
    numbers = itertools.count(1)

    def __init__(self, tmp, text, env=None, wrap=()):
        self.port = self.admin = 0      # the kernel picks; the start line says which
        number = next(Weir.numbers)
        self.file = pathlib.Path(tmp) / f"weir-{number}.yaml"
        self.write(text)
        self.log_file = open(pathlib.Path(tmp) / f"weir-{number}.log", "w+b")
        self.process = subprocess.Popen([*wrap, os.environ["WEIR"], "run", "-c", str(self.file)], stdout=self.log_file,
                                        stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        self.wait_ready()

    def write(self, text):
        self.file.write_text(f"listen: 127.0.0.1:{self.port}\nadmin: {{listen: \"127.0.0.1:{self.admin}\"}}\n{text}")

    def wait_ready(self):
        for _ in range(1000):
            for line in self.log().splitlines():
                if '"event":"ready"' in line:
                    said = json.loads(line)
                    self.port, self.admin = (int(said[k].rsplit(":", 1)[1]) for k in ("listen", "admin"))
                    assert self.get("/readyz")[0] == 200
                    return
            assert self.process.poll() is None, self.log()
            time.sleep(0.01)
        raise AssertionError("weir did not become ready: " + self.log())

    def get(self, path, port=None):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.admin}{path}", timeout=5) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise KeyError(name)

    def wait_metric(self, name, want, limit=5.0):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.metric(name) == want:
                return
            time.sleep(0.01)
        assert self.metric(name) == want

    def log(self):
        self.log_file.flush()
        with open(self.log_file.name, "rb") as f:
            return f.read().decode(errors="replace")

    def wait_log(self, text, limit=5.0):
        end = time.monotonic() + limit
        while time.monotonic() < end and text not in self.log():
            time.sleep(0.01)
        assert text in self.log()

    def signal(self, number):
        self.process.send_signal(number)

    def client(self, **options):
        return openai.OpenAI(base_url=f"http://127.0.0.1:{self.port}/v1", api_key=CANARY_KEY,
                             **{"max_retries": 0, "timeout": 20, **options})

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            self.wait_log('"event":"drain"')
            self.signal(signal.SIGTERM)
        code = self.process.wait(20)
        text = self.log()
        assert code == 0, f"exit {code}: {text[-4000:]}"
        for forbidden in ("AddressSanitizer", "LeakSanitizer", "runtime error", "impossible state", CANARY_KEY,
                          CANARY_PROMPT, "sk-canary"):
            assert forbidden not in text, f"{forbidden} in the log: {text[-4000:]}"


def config(primary, backup, more="", clocks="{connect: 1s, first_token: 500ms, whole: 500ms, idle: 1s, total: 15s}"):
    """A model for each script: first target plays it, second is good.  `only-NAME` has no second target."""
    lines = ["drain: {delay: 100ms, limit: 20s}", "providers:",
             f"  one: {{dialect: openai, url: \"http://127.0.0.1:{primary.port}/v1\", "
             "key: sk-canary-provider-one}",
             f"  two: {{dialect: openai, url: \"http://127.0.0.1:{backup.port}/v1\", "
             "key: sk-canary-provider-two}", "models:"]
    for name in mock.SCRIPTS:
        lines.append(f"  {name}: {{tiers: [{{targets: [one/{name}]}}, {{targets: [two/good]}}], clocks: {clocks}}}")
        lines.append(f"  only-{name}: {{targets: [one/{name}], retries: 0, clocks: {clocks}}}")
    return "\n".join(lines) + "\nbreaker: {fails: 0, share: 0}\nretry: {share: 10, per_second: 1000}\n" + more


@pytest.fixture(scope="session")
def simulator():
    s = Simulator()
    yield s
    s.close()
    [node.close() for node in fronts.NODE.values()]


@pytest.fixture
def providers():
    pair = mock.Provider("one", mock.SCRIPTS), mock.Provider("two", mock.SCRIPTS)
    yield pair
    for p in pair:
        p.close()


@pytest.fixture
def weir(providers, tmp_path):
    w = Weir(tmp_path, config(*providers))
    yield w
    w.stop()


def ask(stream=False, model="good", **more):
    return dict(model=model, messages=[{"role": "user", "content": CANARY_PROMPT}], stream=stream, **more)


def pytest_terminal_summary(terminalreporter):
    """The matrix of what ran."""
    cells = sys.modules.get("test_matrix")
    if cells and cells.RESULTS:
        terminalreporter.write_line(matrix.table(cells.RESULTS))


def pytest_addoption(parser):
    parser.addoption("--write-matrix", action="store_true", help="write the table of test_matrix.py into README.md")
