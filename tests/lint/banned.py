"""Calls without a bound or without an error, marks of unfinished work, and untidy lines."""
import re

import tree

CALLS = "strcpy strcat strncat sprintf vsprintf strtok gets atoi atol atoll atof alloca".split()
CALL = re.compile(r"\b(%s)\s*\(" % "|".join(CALLS))
MARKS = ["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]      # in halves, or this file would name itself
MARK = re.compile(r"\b(%s)\b" % "|".join(MARKS))
COLUMNS = 120
TAB = 8
CODE = (".c", ".h", ".py", ".sh", ".build", ".js", ".mjs")
TEXT = CODE + (".def", ".md", ".yaml", ".yml", ".txt", ".wt")
NO_SUFFIX = ("deps/install", "deps/README.md", ".ci/run", "Dockerfile")
WIRE = ("tests/golden/", "tests/fuzz/")                   # bytes of others: spaces and words there are not ours


def tree_files(root):
    top = [p.relative_to(root) for p in sorted(root.iterdir()) if p.is_file() and p.suffix in TEXT]
    below = tree.files(root, ("src", "bench", "tests", "conf"), TEXT)
    scripts = [p for p in tree.files(root, ("bench", "tests"), ("",)) if tree.text(root, p).startswith("#!")]
    named = [p.relative_to(root) for p in map(root.joinpath, NO_SUFFIX) if p.exists()]
    return top + below + scripts + named


def check_line(path, number, line):
    here = "%s:%d: " % (path, number)
    offences = [here + "the mark %s" % m for m in MARK.findall(line)]
    if line != line.rstrip():
        offences.append(here + "spaces at the end of the line")
    is_code = path.suffix in CODE or not path.suffix
    if is_code and len(line.expandtabs(TAB)) > COLUMNS:
        offences.append(here + "%d columns, more than %d" % (len(line.expandtabs(TAB)), COLUMNS))
    return offences


def check(root, build):
    offences = []
    for path in tree_files(root):
        source = tree.text(root, path)
        if path.suffix in (".c", ".h", ".def"):
            kept = tree.bare(source)
            offences += ["%s:%d: calls %s" % (path, tree.line_of(kept, m.start()), m.group(1))
                         for m in CALL.finditer(kept)]
        if str(path).startswith(WIRE) and path.suffix != ".c":
            continue
        for number, line in enumerate(source.split("\n"), 1):
            offences += check_line(path, number, line)
        if source and not source.endswith("\n"):
            offences.append("%s:%d: the last line has no end" % (path, source.count("\n") + 1))
    return offences


GOOD = {"src/base/a.c": '/* unlike strcpy() */\nint my_atoi(int x);\n\tputs("gets(");\n',
        "src/base/errs.def": "E(" + "x" * 200 + ")\n",
        "tests/golden/a.md": "data: %s \n" % MARKS[0]}
BAD = [
    ({"src/base/b.c": "\n\tstrcpy (a, b);\n"}, "src/base/b.c:2: calls strcpy"),
    ({"bench/b.c": "int n = atoi(s);\n"}, "bench/b.c:1: calls atoi"),
    ({"README.md": "%s: say more\n" % MARKS[0]}, "README.md:1: the mark"),
    ({"src/base/b.c": "/* %s */\n" % MARKS[1]}, "src/base/b.c:1: the mark"),
    ({"tests/run": "#!/bin/sh\ntrue \n"}, "tests/run:2: spaces at the end"),
    ({"src/base/b.h": "\t" * 14 + "123456789\n"}, "src/base/b.h:1: 121 columns"),
    ({"src/base/b.h": "int x;"}, "src/base/b.h:1: the last line has no end"),
]

if __name__ == "__main__":
    tree.main(check, GOOD, BAD)
