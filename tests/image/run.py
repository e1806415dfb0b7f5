"""Builds the image of the Dockerfile in plain folders under build/image and tries it: `python3 tests/image/run.py`.

Stands in for a container engine where there is none.  The base image is made with debootstrap from the mirror in the
machine's own apt sources, once; it is kept in build/image/base.  Needs root, for chroot; else it skips.
Prints "ok NAME" or "not ok NAME" lines and ends with "N passed, N failed".
"""
import ctypes
import fcntl
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import dockerfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "image"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
BASES = {"debian:13-slim": "trixie"}
BINARY = "/usr/local/bin/weir"
MAX_BINARY = 3 * 1000 * 1000    # "binary < 3 MB"
WAIT_S = 10                     # for what takes milliseconds when it works
CLONE_NEWNET = 0x40000000       # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1      # linux/sockios.h, net/if.h

tally = {"ok": 0, "not ok": 0, "skip": 0}


def result(what, name):
    tally[what] += 1
    print(what, name, flush=True)


def check(name, test, *args):
    """One test: passed unless it raises.  Gives back whether it passed."""
    try:
        test(*args)
    except Exception as fault:                          # a test of ours failed, whatever the reason
        print("%s: %s: %s" % (name, type(fault).__name__, fault), flush=True)
        result("not ok", name)
        return False
    result("ok", name)
    return True


def want(claim, text):
    if not claim:
        raise AssertionError(text)


def mirror():
    """Where this machine gets Debian from; WEIR_MIRROR overrides, as in deps/install."""
    if os.environ.get("WEIR_MIRROR"):
        return os.environ["WEIR_MIRROR"]
    form = "$(RELEASE) $(COMPONENT) $(REPO_URI)"
    out = subprocess.run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        release, component, uri = line.split()
        if component == "main" and release in ("bookworm", "trixie", "stable", "oldstable"):
            return uri
    raise AssertionError("no Debian mirror in the apt sources; set WEIR_MIRROR")


def make_base(image):
    base = WORK / "base" / image.replace(":", "-")
    if not base.exists():
        part = base.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", "--keyring=" + KEYS, BASES[image], str(part), mirror()],
                       check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        part.rename(base)
    return base


def build():
    """The last stage, built.  Raises dockerfile.Refused when a step fails."""
    made = {}
    for name, image, steps in dockerfile.stages((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        root = WORK / ("stage-" + name)
        shutil.rmtree(root, ignore_errors=True)
        base = made[image].root if image in made else make_base(image)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        last = made[name] = dockerfile.Stage(root, ROOT, made)
        for line, word, rest in steps:
            print("Dockerfile:%d: %s %s" % (line, word, rest), flush=True)
            last.apply(line, word, rest)
    for stage in made.values():
        if stage is not last:
            shutil.rmtree(stage.root)
    return last


# --- what the image must be ---------------------------------------------------------------------------------------

def output(stage, argv, **options):
    run = stage.spawn(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    text = run.communicate(timeout=WAIT_S)[0].decode(errors="replace")
    return run.returncode, text


def says_its_version(stage):
    wanted = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8")).group(1)
    status, text = output(stage, [BINARY, "version"])
    want(status == 0 and wanted in text, "status %d, %r" % (status, text))


def is_small(stage):
    size = (stage.root / BINARY.lstrip("/")).stat().st_size
    print("the binary has %d bytes" % size)
    want(size < MAX_BINARY, "the binary has %d bytes" % size)


def has_no_tools(stage):
    found = [t for t in ("gcc", "cc", "meson", "ninja", "python3") if (stage.root / "usr/bin" / t).exists()]
    want(not found, "the last stage holds %s" % found)
    want(not (stage.root / "weir").exists(), "the last stage holds the source")


def is_not_root(stage):
    want(stage.user[0] != 0 and stage.user[1] != 0, "USER is %d:%d" % stage.user)
    mode = (stage.root / BINARY.lstrip("/")).stat()
    want(mode.st_uid == 0 and not mode.st_mode & 0o022, "its user could change the binary")


def is_hardened(stage):
    out = subprocess.run(["readelf", "-hlWd", str(stage.root / BINARY.lstrip("/"))], capture_output=True, text=True,
                         check=True).stdout
    for sign in ("DYN (", "GNU_RELRO", "BIND_NOW"):
        want(sign in out, "readelf shows no %s" % sign)
    want("GNU_STACK" in out and not re.search(r"GNU_STACK.*RWE", out), "the stack can be executed")
    want("deps/prefix" not in out, "the binary looks for libraries in the build folder")


# --- what it must do ----------------------------------------------------------------------------------------------

def leave_network():
    """A network of our own with only loopback: the ports are free, and nothing outside can be reached."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print("no network namespace here: ports of the machine are used")
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def health(stage):
    """The status of HEALTHCHECK's command, as the engine would run it."""
    command = json.loads(stage.notes["HEALTHCHECK"].partition("CMD ")[2])
    return output(stage, command)[0]


class Running:
    """The container: ENTRYPOINT and these arguments.  Ends with STOPSIGNAL, and that must be a clean end."""

    def __init__(self, stage, arguments, env):
        self.stage, self.log = stage, open(WORK / "weir.log", "w+b")
        argv = json.loads(stage.notes["ENTRYPOINT"]) + arguments
        self.run = stage.spawn(argv, env={**stage.env, **env}, stdout=self.log, stderr=self.log)

    def __enter__(self):
        end = time.monotonic() + WAIT_S
        while health(self.stage) != 0:
            want(self.run.poll() is None, "ended with %s: %s" % (self.run.returncode, self.said()))
            want(time.monotonic() < end, "not healthy after %d s: %s" % (WAIT_S, self.said()))
        return self

    def __exit__(self, kind, fault, trace):
        self.run.send_signal(getattr(signal, self.stage.notes["STOPSIGNAL"]))
        try:
            status = self.run.wait(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self.run.kill()
            self.run.wait()
            status = "a kill, after %d s" % WAIT_S
        want(fault is not None or status == 0, "ended with %s: %s" % (status, self.said()))

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]


def ask(port, method, path, body=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    client.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = client.getresponse()
    return answer.status, answer.read().decode()


def is_unhealthy_before_it_runs(stage):
    want(health(stage) != 0, "HEALTHCHECK passed though nothing runs")


def runs_with_a_key(stage):
    port = int(stage.notes["EXPOSE"])
    with Running(stage, json.loads(stage.notes["CMD"]), {"OPENAI_API_KEY": "sk-test"}):
        status, text = ask(port, "GET", "/healthz")
        want(status == 200, "/healthz: %d %r" % (status, text))


def answers_in_demo(stage):
    port = int(stage.notes["EXPOSE"])
    body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": "hello"}]})
    with Running(stage, ["demo", "--listen", "0.0.0.0:%d" % port], {}):
        status, text = ask(port, "POST", "/v1/chat/completions", body)
        want(status == 200 and json.loads(text)["choices"][0]["message"]["content"], "%d %r" % (status, text))


def use(stage):
    leave_network()
    check("HEALTHCHECK fails before weir runs", is_unhealthy_before_it_runs, stage)
    check("runs, is healthy, stops on STOPSIGNAL", runs_with_a_key, stage)
    check("demo answers without any network", answers_in_demo, stage)


def main():
    if os.geteuid() != 0:
        result("skip", "the image: needs root, for chroot")
    elif not shutil.which("debootstrap"):
        result("skip", "the image: needs debootstrap")
    else:
        made = []
        if check("every step of the Dockerfile works", lambda: made.append(build())):
            stage = made[0]
            check("says its version", says_its_version, stage)
            check("the binary is small", is_small, stage)
            check("no tools and no source in the last stage", has_no_tools, stage)
            check("does not run as root", is_not_root, stage)
            check("the binary is hardened", is_hardened, stage)
            use(stage)
    print("%d passed, %d failed, %d skipped" % (tally["ok"], tally["not ok"], tally["skip"]))
    return 1 if tally["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
