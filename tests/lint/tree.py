"""What the lint checks share: reading the tree, naming an offence, and proving that a check can fail.

A check is a function (root, build) -> list of offences, each "file:line: what".  Every check runs twice in the suite:
once over weir, and once with --selftest over small made-up trees, some of which it must refuse.
"""
import argparse
import pathlib
import re
import sys
import tempfile

C_FOLDERS = ("src", "bench", "tests")
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def files(root, folders=C_FOLDERS, suffixes=(".c", ".h")):
    """The files of these kinds below these folders, sorted, as paths relative to root."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.suffix in suffixes and path.is_file() and not {"node_modules", "__pycache__"} & set(parts):
                found.append(pathlib.PurePath(*parts))
    return found


def text(root, path):
    return (root / path).read_text(encoding="utf-8", errors="replace")


def bare(source):
    """The source without comments and the insides of strings; lines keep their numbers."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] * 2
        return " " + "\n" * found.count("\n")
    return NOISE.sub(blank, source)


def line_of(source, offset):
    return source.count("\n", 0, offset) + 1


def includes(root, path):
    """(line, '<' or '"', name) of each include that is not in a comment."""
    source = text(root, path)
    kept = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), source, flags=re.S)
    return [(line_of(kept, m.start(1)), m.group(1), m.group(2)) for m in INCLUDE.finditer(kept)]


def floors(root):
    """The list of floors in src/meson.build, bottom first."""
    match = re.search(r"^floors\s*=\s*\[(.*?)\]", text(root, "src/meson.build"), re.S | re.M)
    if not match:
        raise SystemExit("src/meson.build: there is no `floors = [...]`")
    return re.findall(r"'([^']+)'", match.group(1))


def plant(folder, tree):
    for name, content in tree.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return pathlib.Path(folder)


def selftest(check, good, bad, build=None):
    """`good` must pass; each of `bad` (changes to good, words of the one offence) must be refused for that reason."""
    faults = []
    for changes, words in [({}, None)] + bad:
        with tempfile.TemporaryDirectory() as folder:
            root = plant(folder, {**good, **changes})
            found = check(root, build(root) if build else None)
        if words is None and found:
            faults.append("refused a good tree: %s" % found)
        elif words is not None and not (len(found) == 1 and words in found[0]):
            faults.append("wanted one offence with %r, got %s" % (words, found))
    return faults


def main(check, good, bad, build=None):
    args = argparse.ArgumentParser()
    args.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    args.add_argument("--build", type=pathlib.Path, help="a build folder made with gcc (symbols.py)")
    args.add_argument("--selftest", action="store_true")
    given = args.parse_args()
    if given.selftest:
        offences = selftest(check, good, bad, build)
    else:
        offences = check(given.root, given.build)
    for offence in offences:
        print(offence)
    sys.exit(1 if offences else 0)
