"""A floor includes only itself and floors below it, and each library is known to one floor only.

The order of the floors is read from src/meson.build.  A header cycle inside a floor is refused too.
"""
import re

import tree

# header -> where it may be included
OWNERS = [
    (r"openssl/evp\.h", ["src/loop/", "src/codec/sha256."]),
    (r"uv(/.*)?\.h|openssl/(?!evp\.h).*|ares.*\.h", ["src/loop/"]),
    (r"xxhash\.h", ["src/codec/checksum.", "src/chat/chain.", "src/flight/join."]),
    (r"sys/(socket|epoll|eventfd|un)\.h|netinet/.*|netdb\.h|poll\.h|pthread\.h", ["src/loop/"]),
    (r"utf8proc\.h", ["src/codec/unicode."]),
    (r"llhttp\.h|libfyaml\.h|zlib\.h|lz4\.h", ["src/codec/"]),
    (r"yyjson\.h", ["src/codec/json."]),
    (r"hiredis/.*", ["src/store/"]),
]


def floor_of(path, order):
    """The floor whose rules hold for this file: src/<floor>/* and tests/unit/<floor>/*."""
    parts = path.parts
    if parts[0] == "src" and len(parts) == 3:
        return parts[1]
    if parts[:2] == ("tests", "unit") and len(parts) == 4 and parts[2] in order:
        return parts[2]
    return None


def check_own(path, line, name, floor, order):
    target = name.split("/")[0]
    if "/" not in name:
        if path.parts[0] == "src":
            return ["%s:%d: write \"%s\" from src/, with its floor" % (path, line, name)]
        return []
    if target in order and order.index(target) > order.index(floor):
        return ["%s:%d: %s includes upward: %s" % (path, line, floor, name)]
    if target not in order and path.parts[0] == "src":
        return ["%s:%d: %s is on no floor" % (path, line, name)]
    return []


def check_library(path, line, name):
    for pattern, owners in OWNERS:
        if re.fullmatch(pattern, name) and not any(str(path).startswith(o) for o in owners):
            return ["%s:%d: <%s> belongs in %s* only" % (path, line, name, owners[0])]
    return []


def cycles(graph):
    """One offence for each include that closes a cycle."""
    found, state = [], {}

    def visit(name):
        state[name] = "open"
        for line, target in graph.get(name, []):
            if state.get(target) == "open":
                found.append("%s:%d: closes a cycle of includes with %s" % (name, line, target))
            elif target not in state:
                visit(target)
        state[name] = "done"

    for name in sorted(graph):
        if name not in state:
            visit(name)
    return found


def check(root, build):
    order = tree.floors(root)
    offences, graph = [], {}
    for path in tree.files(root, ("src", "tests/unit"), (".c", ".h", ".def")):
        floor = floor_of(path, order)
        if path.parts[0] == "src" and floor not in order:
            offences.append("%s:1: lies on no floor of src/meson.build" % path)
            continue
        for line, kind, name in tree.includes(root, path):
            if kind == '"' and floor:
                offences += check_own(path, line, name, floor, order)
                if path.suffix == ".h":
                    graph.setdefault(str(path), []).append((line, "src/" + name))
            elif kind == "<" and path.parts[0] == "src":
                offences += check_library(path, line, name)
    return offences + cycles(graph)


GOOD = {
    "src/meson.build": "floors = ['base',\n  'codec', 'loop']\n",
    "src/base/a.h": "#include <stddef.h>\n",
    "src/codec/b.h": '#include "base/a.h"\n#include <llhttp.h>\n',
    "src/codec/json.c": "#include <yyjson.h>\n",
    "src/loop/c.c": '/*\n#include "app/none.h"\n*/\n#include <uv.h>\n#include <openssl/ssl.h>\n#include "codec/b.h"\n',
    "tests/unit/codec/b_test.c": '#include "unit.h"\n#include "codec/b.h"\n',
}
BAD = [
    ({"src/base/x.c": '\n#include "codec/b.h"\n'}, "src/base/x.c:2: base includes upward"),
    ({"src/base/x.c": '#include "a.h"\n'}, "src/base/x.c:1: write"),
    ({"src/base/x.c": '#include "wild/a.h"\n'}, "src/base/x.c:1: wild/a.h is on no floor"),
    ({"src/base/x.c": "#include <uv.h>\n"}, "src/base/x.c:1: <uv.h>"),
    ({"src/codec/x.c": "#include <openssl/sha.h>\n"}, "src/codec/x.c:1: <openssl/sha.h>"),
    ({"src/codec/x.c": "#include <yyjson.h>\n"}, "src/codec/x.c:1: <yyjson.h>"),
    ({"src/loop/x.c": "#include <zlib.h>\n"}, "src/loop/x.c:1: <zlib.h>"),
    ({"src/base/x.h": '#include "base/y.h"\n', "src/base/y.h": '#include "base/x.h"\n'}, "closes a cycle"),
    ({"src/attic/x.c": ""}, "src/attic/x.c:1: lies on no floor"),
    ({"tests/unit/base/x_test.c": '#include "loop/c.h"\n'}, "tests/unit/base/x_test.c:1: base includes upward"),
]

if __name__ == "__main__":
    tree.main(check, GOOD, BAD)
