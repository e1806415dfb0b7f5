"""A room is one .c with one .h: stems are unique in src/, every .c but main.c has its .h beside it, and every .c and
every unit test is named in the meson.build beside it, so that nothing lies in the tree unbuilt or untested."""
import re

import tree


def check_rooms(paths):
    offences, seen = [], {}
    known = set(map(str, paths))
    for path in paths:
        room = path.with_suffix("")
        first = seen.setdefault(path.stem, room)
        if first != room:
            offences.append("%s:1: the stem is taken by %s.*" % (path, first))
        elif path.suffix == ".c" and path.name != "main.c" and str(path.with_suffix(".h")) not in known:
            offences.append("%s:1: has no %s.h beside it" % (path, path.stem))
    return offences


def named_in(root, path, name):
    listing = root / path.parent / "meson.build"
    return listing.exists() and re.search(r"['/]%s'" % re.escape(name), listing.read_text(encoding="utf-8"))


def check(root, build):
    paths = tree.files(root, ("src",))
    offences = check_rooms(paths)
    for path in paths:
        if path.suffix == ".c" and path.name != "main.c" and not named_in(root, path, path.name):
            offences.append("%s:1: is not in the meson.build beside it" % path)
    for path in tree.files(root, ("tests/unit",), (".c",)):
        stem = path.stem.removesuffix("_test")
        if path.stem.endswith("_test") and not named_in(root, path, stem):
            offences.append("%s:1: is not run: '%s' is not in the meson.build beside it" % (path, stem))
    return offences


GOOD = {
    "src/base/meson.build": "sources += files('a.c')\n",
    "src/base/a.c": "", "src/base/a.h": "", "src/base/list.h": "", "src/base/errs.def": "",
    "src/app/main.c": "",
    "tests/unit/base/meson.build": "unit_tests = ['a']\n",
    "tests/unit/base/a_test.c": "",
}
BAD = [
    ({"src/app/list.h": ""}, "the stem is taken by"),
    ({"src/base/b.c": "", "src/base/meson.build": "sources += files('a.c', 'b.c')\n"}, "src/base/b.c:1: has no b.h"),
    ({"src/base/b.c": "", "src/base/b.h": ""}, "src/base/b.c:1: is not in the meson.build"),
    ({"tests/unit/base/b_test.c": ""}, "tests/unit/base/b_test.c:1: is not run"),
]

if __name__ == "__main__":
    tree.main(check, GOOD, BAD)
