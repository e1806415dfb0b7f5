"""Every row of every table (.def) has a key of its own, and every error and counter in them is used: by the code, or
by another table."""
import re

import tree

ROW = re.compile(r'^([A-Z][A-Z_]*)\(\s*("[^"\n]*"|\w+)(?:\s*,\s*("[^"\n]*"|\w+))?', re.M)
# tables whose key is the first two columns, not the first
WIDE = {"openai_faults.def", "endpoints.def", "guard_words.def"}
# table -> how the code writes a row's name
USED_AS = {"errs.def": "ERR_%s", "counters.def": "COUNTER_%s"}


def plain(source):
    """The source without its comments; lines keep their numbers."""
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), source, flags=re.S)


def words(root, paths):
    return {w for p in paths for w in re.findall(r"\w+", tree.bare(tree.text(root, p)))}


def rows(root, path):
    """(name, key, line) of each row."""
    source = plain(tree.text(root, path))
    for match in ROW.finditer(source):
        key = match.groups() if path.name in WIDE else match.groups()[:2]
        yield match.group(2), key, tree.line_of(source, match.start())


def check(root, build):
    tables = tree.files(root, ("src", "bench"), (".def",))
    in_code = words(root, tree.files(root, ("src",)))
    offences = []
    for path in tables:
        form, seen = USED_AS.get(path.name), set()
        in_tables = words(root, [t for t in tables if t != path]) if form else set()
        for name, key, line in rows(root, path):
            if key in seen:
                offences.append("%s:%d: %s is there twice" % (path, line, name))
            seen.add(key)
            if form and form % name not in in_code and name not in in_tables:
                offences.append("%s:%d: nothing uses %s" % (path, line, form % name))
        if not seen:
            offences.append("%s:1: holds no rows" % path)
    return offences


GOOD = {"src/base/errs.def": "/* ERR(OLD, 1) */\nERR(OK, 200)\nERR(TOO_BIG,  500)\nERR(GONE, 499)\n",
        "src/base/openai_faults.def": 'SAYS(CODE, "a", GONE)\nSAYS(CODE, "b", GONE)\n',
        "src/base/a.c": "int f(void) { return ERR_OK + ERR_TOO_BIG; }\n"}
BAD = [
    ({"src/base/errs.def": "ERR(OK, 200)\n\nERR(OK, 500)\n"}, "src/base/errs.def:3: OK is there twice"),
    ({"src/base/openai_faults.def": 'SAYS(CODE, "a", GONE)\nSAYS(CODE, "a", 1)\n'}, "faults.def:2: CODE is there"),
    ({"src/base/p.def": 'P("a", 1)\nP("a", 2)\n'}, 'src/base/p.def:2: "a" is there twice'),
    ({"src/base/openai_faults.def": 'SAYS(CODE, "GONE", 1)\n'}, "src/base/errs.def:4: nothing uses ERR_GONE"),
    ({"src/base/a.c": "/* ERR_TOO_BIG */ int x = ERR_OK;\n"}, "src/base/errs.def:3: nothing uses ERR_TOO_BIG"),
    ({"src/base/more.def": "/* none */\n"}, "src/base/more.def:1: holds no rows"),
]

if __name__ == "__main__":
    tree.main(check, GOOD, BAD)
