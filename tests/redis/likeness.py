"""Points found by likeness: vector sets, where the server has them, and its search module, where it has that."""
import time

from clusters import _cluster
from run import Skip, wait_until

GROUP, OTHER = "a" * 16, "b" * 16


class _Index:
    """One kind of index through one shell."""

    def __init__(self, s, kind):
        self.s, self.kind = s, kind

    def put(self, name, at, value, ttl=60000, most=100, group=GROUP, of="set:{t1}"):
        return self.s.result("nearput %s %s %s %s %s %s %d %d" % (self.kind, of, group, name, at, value, ttl, most))

    def note(self, name, note, most=8):
        return self.s.result("nearnote %s set:{t1} %s %s %s %d" % (self.kind, GROUP, name, note, most))

    def answer(self, at, group=GROUP, of="set:{t1}"):
        return self.s.do("nearget %s %s %s %s" % (self.kind, of, group, at)) + [""]

    def get(self, *where, **more):
        result, found = self.answer(*where, **more)[:2]
        assert result == "ok", result
        return [x for x in found.split(",") if x]


def _kinds(b, more="deadline: 500ms\n"):
    """An empty index of each kind that this server has."""
    any_of_them = False
    for kind in ("vset", "search"):
        server, s = b.pair(more=more)
        index = _Index(s, kind)
        result = index.answer("1,0,0,0")[0]
        assert result in ("ok", "lacks"), result
        if result == "ok":
            any_of_them = True
            yield server, index
    if not any_of_them:
        raise Skip("this server has neither")


def the_server_says_whether_it_has_them(b):
    server, s = b.pair()
    has = {"vset": server.ask("COMMAND", "INFO", "VADD")[0] is not None,
           "search": server.ask("COMMAND", "INFO", "FT.SEARCH")[0] is not None}
    for kind, there in has.items():
        index = _Index(s, kind)
        assert index.answer("1,0")[0] == ("ok" if there else "lacks")
    assert s.is_near()


def nearest_first(b):
    for server, index in _kinds(b):
        assert index.get("1,0,0,0") == []
        assert [index.put(*x) for x in (("p1", "1,0,0,0", "one"), ("p2", "9,4,0,0", "two"), ("p3", "9,9,0,0", "three"),
                                        ("p4", "0,0,1,0", "far"))] == ["ok"] * 4
        found = index.get("9,1,0,0")
        assert found[:3] == ["one+", "two+", "three+"], found
        assert index.kind == "search" or "far+" not in found        # below the least likeness
        assert index.put("p2", "0,0,9,1", "moved") == "ok"
        assert sorted(index.get("0,0,1,0")[:2]) == ["far+", "moved+"]


def no_more_than_four(b):
    for server, index in _kinds(b):
        for i in range(9):
            assert index.put("p%d" % i, "%d,1,0,0" % (9 + i), "v%d" % i) == "ok"
        assert len(index.get("9,1,0,0")) == 4


def groups_and_sets_are_apart(b):
    for server, index in _kinds(b):
        index.put("p1", "1,0,0,0", "mine")
        index.put("p2", "1,0,0,0", "others", group=OTHER)
        index.put("p3", "1,0,0,0", "elsewhere", of="set:{t2}")
        assert index.get("1,0,0,0") == ["mine+"]
        assert index.get("1,0,0,0", group=OTHER) == ["others+"]
        assert index.get("1,0,0,0", of="set:{t2}") == ["elsewhere+"]


def notes(b):
    for server, index in _kinds(b):
        index.put("p1", "1,0,0,0", "v")
        assert [index.note("p1", n) for n in ("abc", "def", "ghi")] == ["ok"] * 3
        assert index.get("1,0,0,0") == ["v+bcdefghi"]
        assert index.note("p9", "abc") == "none"
        assert index.get("1,0,0,0") == ["v+bcdefghi"]


def the_one_that_ends_first_gives_way(b):
    for server, index in _kinds(b):
        for i, ttl in enumerate((60000, 20000, 40000, 50000)):
            assert index.put("p%d" % i, "%d,1,0,0" % (9 + i), "v%d" % i, ttl=ttl, most=3) == "ok"
        assert sorted(index.get("9,1,0,0")) == ["v0+", "v2+", "v3+"]
        assert server.ask("ZCARD", "weir:set:{t1}") == 3
        assert server.ask("EXISTS", "weir:set:{t1}:%s:p1" % GROUP) == 0
        if index.kind == "vset":
            assert server.ask("VCARD", "weir:set:{t1}:" + GROUP) == 3


def what_has_ended_is_gone(b):
    for server, index in _kinds(b):
        index.put("p1", "1,0,0,0", "short", ttl=150)
        index.put("p2", "9,1,0,0", "long")
        time.sleep(0.3)
        assert index.get("1,0,0,0") == ["long+"]
        if index.kind == "vset":
            assert server.ask("VCARD", "weir:set:{t1}:" + GROUP) == 1      # it was taken out when seen
        index.put("p3", "8,1,0,0", "new")
        assert server.ask("ZCARD", "weir:set:{t1}") == 2
        index.put("p4", "1,1,0,0", "last", ttl=300, of="set:{t3}")
        wait_until(lambda: server.ask("EXISTS", "weir:set:{t3}", "weir:set:{t3}:" + GROUP) == 0, "a set outlives it")


def forgotten_under_us(b):
    for server, index in _kinds(b):
        index.put("p1", "1,0,0,0", "v")
        assert index.get("1,0,0,0") == ["v+"]
        server.ask("SCRIPT", "FLUSH")
        assert index.get("1,0,0,0") == ["v+"]
        if index.kind == "search":
            assert server.ask("FT.DROPINDEX", "weir:set:") == "OK"
            wait_until(lambda: index.get("1,0,0,0") == ["v+"], "the index is not made again")
        server.ask("FLUSHALL")
        assert index.get("1,0,0,0") == []


def four_values_come_in_one_answer(b):
    for server, index in _kinds(b, "deadline: 2s\nvalue: 64KiB\n"):
        for i in range(4):
            assert index.put("p%d" % i, "9,%d,0,0" % i, str(i) * 16384) == "ok"
        assert index.put("p5", "9,5,0,0", "5" * 16385) == "away"
        for i in range(4):
            index.note("p%d" % i, "n" * 1024, 1024)
        assert [len(x) for x in index.get("9,0,0,0")] == [16384 + 1 + 1024] * 4
        assert index.s.is_near()


def what_makes_no_sense_is_no_answer(b):
    for server, index in _kinds(b):
        index.put("p1", "1,0,0,0", "v")
        assert index.answer("1,0")[0] in ("ok", "away")         # another dimension
        assert index.s.is_near()
        server.ask("SET", "weir:set:{t4}:" + GROUP, "text")
        server.ask("SET", "weir:set:{t4}", "text")
        assert index.answer("1,0,0,0", of="set:{t4}")[:2] in (["away", ""], ["ok", ""])
        assert index.put("p1", "1,0,0,0", "v", of="set:{t4}") == "away"


def in_a_cluster(b):
    nodes = _cluster(b)
    s = b.shell("redis://127.0.0.1:%d" % nodes[1].port, "deadline: 500ms\n")
    wait_until(lambda: s.logged("redis_connected") == 3, "not all nodes are known")
    assert _Index(s, "search").answer("1,0,0,0")[0] == "lacks"      # whatever the server can
    index = _Index(s, "vset")
    if index.answer("1,0,0,0")[0] == "lacks":
        raise Skip("this server has no vector sets")
    for i in range(12):
        assert index.put("p1", "1,0,0,0", "v%d" % i, of="set:{t%d}" % i) == "ok"
    for i in range(12):
        assert index.get("1,0,0,0", of="set:{t%d}" % i) == ["v%d+" % i]
    assert all(node.ask("DBSIZE") > 2 for node in nodes)
