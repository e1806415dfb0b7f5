"""No file above 600 lines (a list of test cases: 900) and no function above 100.

`--report` prints the medians instead.
"""
import pathlib
import re
import statistics
import sys

import tree

MAX_FILE = {"src": 600, "bench": 600, "tests": 900}
MAX_FUNCTION = 100


def functions(source):
    """(line, lines) of each function, by the house style: its braces stand alone in the first column."""
    found, start = [], None
    for number, line in enumerate(source.splitlines(), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            found.append((start, number - start + 1))
            start = None
    return found


def hidden(source):
    """Lines where a function opens on the line of its head: the count above would miss it."""
    return [n for n, line in enumerate(tree.bare(source).splitlines(), 1) if re.match(r"[a-z].*\)\s*\{\s*$", line)]


def check(root, build):
    offences = []
    for path in tree.files(root):
        source = tree.text(root, path)
        lines = source.count("\n")
        limit = MAX_FILE[path.parts[0]]
        if lines > limit:
            offences.append("%s:%d: the file has %d lines, more than %d" % (path, limit + 1, lines, limit))
        for line, length in functions(tree.bare(source)):
            if length > MAX_FUNCTION:
                offences.append("%s:%d: a function of %d lines, more than %d" % (path, line, length, MAX_FUNCTION))
        for line in hidden(source):
            offences.append("%s:%d: a function's opening brace has its own line" % (path, line))
    return offences


def report(root):
    for folder in ("src", "bench", "tests"):
        sources = [tree.text(root, p) for p in tree.files(root, (folder,))]
        lengths = sorted(n for s in sources for _, n in functions(tree.bare(s)))
        if lengths:
            print("%s: %d files, %d lines, median %d; %d functions, median %d, p90 %d, longest %d" % (
                folder, len(sources), sum(s.count("\n") for s in sources),
                statistics.median(s.count("\n") for s in sources), len(lengths), statistics.median(lengths),
                lengths[len(lengths) * 9 // 10], lengths[-1]))


GOOD = {"src/base/a.c": "int f(void)\n{\n" + "\tg();\n" * 98 + "}\n\nstruct s {\n\tint i;\n};\n" + "\n" * 400,
        "tests/unit/base/a_test.c": "\n" * 900,
        "src/base/b.h": "static inline int one(void) { return 1; }\n/* x(y) {\n*/\n"}
BAD = [
    ({"src/base/a.c": "\n" * 601}, "src/base/a.c:601: the file has 601 lines"),
    ({"tests/unit/base/a_test.c": "\n" * 901}, "tests/unit/base/a_test.c:901: the file has 901 lines"),
    ({"src/base/a.c": "int f(void)\n{\n" + "\tg();\n" * 99 + "}\n"}, "src/base/a.c:2: a function of 101 lines"),
    ({"src/base/a.c": "\nint f(void) {\n}\n"}, "src/base/a.c:2: a function's opening brace"),
]

if __name__ == "__main__":
    if sys.argv[1:] == ["--report"]:
        report(pathlib.Path(__file__).resolve().parents[2])
    else:
        tree.main(check, GOOD, BAD)
