"""Reads and runs a Dockerfile without a container engine: each stage is a folder, each RUN a chroot.

Knows the instructions that weir's Dockerfile uses, and refuses any other rather than skip it.  It does not isolate:
a RUN shares the network and the kernel's view of the machine, as is fine for our own file in a test.
"""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

NOTES = ("EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD", "LABEL")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Refused(Exception):
    pass


def parse(source):
    """[(line number, INSTRUCTION, rest)], with continued lines joined and comments dropped."""
    found, held, start = [], "", 0
    for number, line in enumerate(source.splitlines(), 1):
        if line.lstrip().startswith("#") or (not held and not line.strip()):
            continue
        start = start if held else number
        if line.endswith("\\"):
            held += line[:-1]
            continue
        word, _, rest = (held + line).strip().partition(" ")
        found.append((start, word.upper(), rest.strip()))
        held = ""
    if held:
        raise Refused("Dockerfile:%d: the last instruction does not end" % start)
    return found


def stages(source):
    """[(name, base, [(line, instruction, rest)])]; a stage without a name has its number."""
    found = []
    for line, word, rest in parse(source):
        if word == "FROM":
            match = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", rest, re.I)
            if not match:
                raise Refused("Dockerfile:%d: FROM %s is not understood" % (line, rest))
            found.append((match.group(2) or str(len(found)), match.group(1), []))
        elif not found:
            raise Refused("Dockerfile:%d: %s before FROM" % (line, word))
        else:
            found[-1][2].append((line, word, rest))
    return found


def ignored(rules, path):
    """Whether .dockerignore keeps this path (relative, with /) from the builder: the last rule that fits decides."""
    verdict = False
    for rule in rules:
        pattern = rule.lstrip("!").strip("/")
        tops = [path] + [str(p) for p in pathlib.PurePosixPath(path).parents][:-1]
        if any(fnmatch.fnmatchcase(top, pattern) for top in tops):
            verdict = not rule.startswith("!")
    return verdict


def ignore_rules(context):
    path = context / ".dockerignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


class Stage:
    """One stage while it is built.  root: its file system; what the notes say ends up in `notes`."""

    def __init__(self, root, context, others):
        self.root, self.context, self.others = pathlib.Path(root), pathlib.Path(context), others
        self.env = {"PATH": PATH, "HOME": "/root"}
        self.workdir, self.user = "/", (0, 0)
        self.args, self.notes = {}, {}

    def expand(self, text):
        known = {**self.args, **self.env}
        return re.sub(r"\$\{?(\w+)\}?", lambda m: known.get(m.group(1), ""), text)

    def inside(self, path):
        """The place in this stage's root of a path as seen inside it."""
        return self.root / os.path.normpath(os.path.join(self.workdir, path)).lstrip("/")

    def apply(self, line, word, rest):
        if word in NOTES:
            self.notes[word] = rest
            return
        handler = getattr(self, "do_" + word.lower(), None)
        if handler is None:
            raise Refused("Dockerfile:%d: %s is not understood" % (line, word))
        handler(rest)

    def do_workdir(self, rest):
        self.workdir = os.path.normpath(os.path.join(self.workdir, self.expand(rest)))
        self.inside(".").mkdir(parents=True, exist_ok=True)

    def do_env(self, rest):
        for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S*))', rest):
            self.env[key] = self.expand(quoted or plain)

    def do_arg(self, rest):
        key, _, value = rest.partition("=")
        self.args[key] = self.expand(value)

    def do_user(self, rest):
        match = re.fullmatch(r"(\d+)(?::(\d+))?", rest)
        if not match:
            raise Refused("USER %s: write numbers, so that an orchestrator can see that it is not root" % rest)
        self.user = (int(match.group(1)), int(match.group(2) or 0))

    def do_copy(self, rest):
        words = self.expand(rest).split()
        source = None
        if words[0].startswith("--from="):
            source = self.others[words.pop(0)[len("--from="):]].root
        if any(w.startswith("--") for w in words) or len(words) < 2:
            raise Refused("COPY %s is not understood" % rest)
        *names, target = words
        rules = [] if source else ignore_rules(self.context)
        for name in names:
            self.copy_one((source or self.context) / name.lstrip("/"), name, target, rules)

    def copy_one(self, path, name, target, rules):
        place = self.inside(target)
        if not path.exists():
            raise Refused("COPY %s: there is no such file" % name)
        if rules and ignored(rules, os.path.normpath(name)):
            raise Refused("COPY %s: .dockerignore keeps it from the builder" % name)
        if path.is_dir():
            shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True)
        else:
            if target.endswith("/") or place.is_dir():
                place = place / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)

    def do_run(self, rest):
        if rest.startswith("["):
            argv = json.loads(rest)
        else:
            argv = ["/bin/sh", "-c", rest]
        env = {**self.args, **self.env}
        env.update({k: v for k, v in os.environ.items() if k.lower() in ("http_proxy", "https_proxy", "no_proxy")})
        status = self.spawn(argv, env=env, stdout=sys.stderr).wait()
        if status != 0:
            raise Refused("RUN %s: ended with %d" % (rest, status))

    def spawn(self, argv, **options):
        """Starts a program inside the stage, as its user, in its working directory."""
        uid, gid = self.user

        def enter():
            os.chroot(self.root)
            os.chdir(self.workdir)
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        options.setdefault("env", self.env)
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=enter, **options)


def selftest():
    source = "# x\nfrom a AS one\nRUN a \\\n  # note\n  && b\nCOPY --from=one /x /y\n\nFROM b\nUSER 1:2\n"
    assert stages(source) == [("one", "a", [(3, "RUN", "a   && b"), (6, "COPY", "--from=one /x /y")]),
                              ("1", "b", [(9, "USER", "1:2")])], stages(source)
    rules = ["*", "!src", "!deps/install"]
    assert [ignored(rules, p) for p in ("src", "src/a/b.c", "deps/install", "deps/prefix", ".git")] == [
        False, False, False, True, True]
    stage = Stage("/nowhere", "/nowhere", {})
    stage.apply(1, "ENV", 'A=1 B="two $A"')
    assert stage.env["A"] == "1" and stage.env["B"] == "two 1"
    stage.apply(1, "USER", "65532:65532")
    assert stage.user == (65532, 65532)
    assert str(stage.inside("/x")) == "/nowhere/x"
    for word, rest in [("VOLUME", "/x"), ("USER", "weir"), ("COPY", "--chown=1 a b"), ("COPY", "a b")]:
        try:
            stage.apply(7, word, rest)
        except Refused:
            continue
        raise AssertionError("took %s %s" % (word, rest))
    for bad in ("RUN x\n", "FROM a\nRUN x \\\n"):
        try:
            stages(bad)
        except Refused:
            continue
        raise AssertionError("took %r" % bad)


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        selftest()
