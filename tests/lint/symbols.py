"""The file's stem is the prefix of all it exports, and what nobody else uses is not exported.

Reads the object files of a gcc build (meson names them <floor>_<stem>.c.o inside libweir_<floor>.a.p).
"""
import pathlib
import subprocess
import sys

import tree

ALLOWED = {"main", "LLVMFuzzerTestOneInput"}
SECOND = {"journal": "cursor", "pool": "pools"}     # rooms with a second noun that is no room of its own


def nm(path, *flags):
    out = subprocess.run(["nm", "-P", *flags, str(path)], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in out.splitlines() if line.strip()}


def fits(symbol, stem):
    nouns = (stem, SECOND.get(stem, stem))
    return symbol in nouns or symbol.startswith(tuple(noun + "_" for noun in nouns)) or symbol in ALLOWED


def check(root, build):
    if build is None:
        return ["symbols.py: needs --build"]
    offences, exported, used = [], {}, {}
    for floor in tree.floors(root):
        folder = build / "src" / ("libweir_%s.a.p" % floor)
        for path in tree.files(root, ("src/" + floor,), (".c",)):
            obj = folder / ("%s_%s.o" % (floor, path.name))
            if not obj.exists():
                continue
            for symbol in sorted(nm(obj, "-g", "--defined-only")):
                exported[symbol] = path
                if not fits(symbol, path.stem):
                    offences.append("%s:1: exports %s, which does not begin with %s_" % (path, symbol, path.stem))
    if not exported:
        return ["%s: holds no object file of src/" % build]
    for obj in sorted(build.rglob("*.o")):
        for symbol in nm(obj, "-u"):
            used.setdefault(symbol, obj)
    for symbol, path in sorted(exported.items()):
        if symbol not in used and symbol not in ALLOWED:
            offences.append("%s:1: exports %s, which no other file uses" % (path, symbol))
    return offences


def compile_tree(root):
    """For the self-test: compiles the made-up tree as meson would."""
    build = root / "build"
    for path in tree.files(root, ("src",), (".c",)):
        floor = path.parts[1]
        obj = build / "src" / ("libweir_%s.a.p" % floor) / ("%s_%s.o" % (floor, path.name))
        obj.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-c", "-o", str(obj), str(root / path)], check=True, stdout=sys.stderr)
    return pathlib.Path(build)


GOOD = {
    "src/meson.build": "floors = ['base', 'app']\n",
    "src/base/span.c": "int span_n; static int own; int span(void) { return own; }\n",
    "src/app/main.c": "int span(void); extern int span_n; int main(void) { return span() + span_n; }\n",
}
BAD = [
    ({"src/base/spa.c": "int span_add; ", "src/app/main.c": "extern int span_add; " + GOOD["src/app/main.c"]
      .replace("span() +", "span() + span_add +")}, "src/base/spa.c:1: exports span_add"),
    ({"src/base/x.c": "int x_idle(void) { return 1; }\n"}, "exports x_idle, which no other file uses"),
    ({"src/base/span.c": "", "src/app/main.c": ""}, "holds no object file"),
]

if __name__ == "__main__":
    tree.main(check, GOOD, BAD, compile_tree)
