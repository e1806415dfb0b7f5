"""A server that is away, slow, full, a replica, loading or wiped: what it costs, and that it ends."""
import time

from run import free_port, wait_until

DEADLINE_US = 20000
# The loop's clock ticks in milliseconds, and this machine may be busy: what an operation may cost beyond its deadline.
SLACK_US = 30000


def nobody_at_the_start(b):
    port = free_port()
    s = b.shell("redis://127.0.0.1:%d" % port, near=False)
    result, _, took = s.do("get a")
    assert result == "away" and int(took) < SLACK_US, took
    s.expect_logged("redis_unreachable", 1)
    b.server(port=port)
    s.wait_near()
    assert s.result("put a one 60000") == "ok"
    s.expect_logged("redis_unreachable", 1)
    s.expect_logged("redis_connected", 1)


def killed_and_started_again(b):
    server, s = b.pair()
    assert s.result("put a one 60000") == "ok"
    server.kill()
    s.wait_far()
    result, _, took = s.do("get a")
    assert result == "away" and int(took) < SLACK_US, took
    server.start()
    s.wait_near()
    assert s.result("get a") == "none"
    s.expect_logged("redis_lost", 1)
    s.expect_logged("redis_connected", 2)


def frozen(b):
    """Five operations pay their deadline, then nobody, until it answers again."""
    server, s = b.pair()
    assert s.result("put a one 60000") == "ok"
    server.freeze()
    began = time.monotonic()
    costs = []
    while time.monotonic() - began < 0.8:
        result, _, took = s.do("get a")
        assert result == "away"
        costs.append(int(took))
        time.sleep(0.005)
    dear = [c for c in costs if c >= DEADLINE_US / 2]
    assert len(dear) == 5, costs
    assert max(costs) < DEADLINE_US + SLACK_US, max(costs)
    assert s.count("store_breaker_opened") == 1
    assert not s.is_near()
    time.sleep(2.5)             # by now the connection has been given up
    s.expect_logged("redis_lost", 1)
    server.thaw()
    s.wait_near()
    assert s.result("get a") == "ok"


def frozen_for_a_moment(b):
    """The connection stays, and late replies go to nobody."""
    server, s = b.pair()
    assert s.result("put a one 60000") == "ok"
    assert s.result("put b two 60000") == "ok"
    server.freeze()
    assert s.result("get a") == "away"
    server.thaw()
    wait_until(lambda: s.count("store_open") == 0, "the late reply never came")
    assert s.do("get b")[1] == "two/0"
    assert s.do("get a")[1] == "one/0"
    s.expect_logged("redis_lost", 0)


def paused_by_its_operator(b):
    server, s = b.pair(more="deadline: 50ms\n")
    server.ask("CLIENT", "PAUSE", "300", "ALL")
    for _ in range(5):
        assert s.result("get a") == "away"
    assert int(s.do("get a")[2]) < SLACK_US
    wait_until(lambda: s.result("get a") == "none", "it does not answer again")
    s.expect_logged("redis_lost", 0)
    assert s.count("store_breaker_opened") == 1


def out_of_memory(b):
    server, s = b.pair()
    assert s.result("put a one 60000") == "ok"
    server.ask("CONFIG", "SET", "maxmemory", "1")
    assert s.result("put b two 60000") == "away"
    assert s.do("get a")[1] == "one/0"
    server.ask("CONFIG", "SET", "maxmemory", "0")
    assert s.result("put b two 60000") == "ok"


def connections_killed(b):
    server, s = b.pair()
    s.say("follow t log start")
    s.say("listen e ch")
    wait_until(lambda: s.count("store_connects") == 3, "three connections")
    for round_ in range(5):
        server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        s.wait_near()
        assert s.result("append log e%d 100 0" % round_) == "ok"
        s.expect("entry t e%d" % round_)
    wait_until(lambda: server.ask("PUBSUB", "NUMSUB", "weir:ch")[1] == 1, "nobody listens")
    s.say("tell ch hello")
    s.expect("word e hello")


def a_replica(b):
    """READONLY: this connection is dropped, in case that the name leads to a master meanwhile."""
    server, s = b.pair()
    server.ask("REPLICAOF", "127.0.0.1", str(free_port()))
    assert s.result("put a one 60000") == "away"
    server.ask("REPLICAOF", "NO", "ONE")
    s.wait_near()
    assert s.result("put a one 60000") == "ok"


def too_many_clients(b):
    server, s = b.pair()
    server.ask("CONFIG", "SET", "maxclients", "1")
    assert s.result("put a one 60000") == "ok"
    s.say("follow t log now")
    time.sleep(0.3)
    assert s.result("put a one 60000") == "ok"


def a_list_of_servers(b):
    first, second = b.server(), b.server()
    s = b.shell("redis://127.0.0.1:%d,127.0.0.1:%d" % (first.port, second.port))
    assert s.result("put a one 60000") == "ok"
    first.kill()
    s.wait_far()
    s.wait_near()
    assert s.result("get a") == "none"
    assert second.ask("DBSIZE") == 0


def without_hello(b):
    """As behind a proxy, or before Redis 6: RESP2."""
    server = b.server("--rename-command", "HELLO", "", "--requirepass", "pw")
    s = b.shell("redis://:pw@127.0.0.1:%d/2" % server.port)
    assert s.result("put a one 60000") == "ok"
    assert s.result("bump n 1 1000") == "ok"
    s.say("follow t log start")
    s.say("listen e ch")
    time.sleep(0.3)
    assert s.result("append log e1 100 0") == "ok"
    s.say("tell ch hello")
    assert sorted([s.event(), s.event()]) == ["entry t e1", "word e hello"]
