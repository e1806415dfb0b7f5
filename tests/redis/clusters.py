"""Redis Cluster and Sentinel: found out, followed, and failed over."""
import subprocess
import time

from run import ask, free_port, wait_until

SLOTS = 16384


def _cluster(b, n=3, replicas=0):
    """n masters with the slots shared evenly, and replicas of the first."""
    nodes = [b.server("--cluster-enabled", "yes", "--cluster-node-timeout", "1000") for _ in range(n + replicas)]
    for i, node in enumerate(nodes[:n]):
        first, last = SLOTS * i // n, SLOTS * (i + 1) // n - 1
        if node.ask("CLUSTER", "ADDSLOTSRANGE", first, last) != "OK":       # before 7.0
            for at in range(first, last + 1, 1000):
                node.ask("CLUSTER", "ADDSLOTS", *range(at, min(at + 1000, last + 1)))
        node.ask("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
    for node in nodes[1:]:
        node.ask("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
    wait_until(lambda: all("cluster_state:ok" in x.ask("CLUSTER", "INFO")
                           and "cluster_known_nodes:%d" % len(nodes) in x.ask("CLUSTER", "INFO") for x in nodes),
               "the cluster does not come together")
    for node in nodes[n:]:
        wait_until(lambda: node.ask("CLUSTER", "REPLICATE", nodes[0].ask("CLUSTER", "MYID")) == "OK", "no replica")
        wait_until(lambda: "master_link_status:up" in node.ask("INFO", "replication"), "the replica is not in step")
    return nodes


def _keys_everywhere(s, value):
    return [s.do("put {k%d}:x %s 60000" % (i, value))[0] for i in range(30)]


def a_cluster_is_recognised(b):
    nodes = _cluster(b)
    s = b.shell("redis://127.0.0.1:%d" % nodes[1].port)
    wait_until(lambda: s.logged("redis_connected") == 3, "not all nodes are known")
    assert set(_keys_everywhere(s, "one")) == {"ok"}
    assert all(s.do("get {k%d}:x" % i)[1] == "one/0" for i in range(30))
    assert all(node.ask("DBSIZE") > 2 for node in nodes)
    assert s.count("store_redirects") == 0
    assert s.do("bump {k1}:n 3 60000")[:2] == ["ok", "3"]


def logs_and_words_in_a_cluster(b):
    nodes = _cluster(b)
    s = b.shell("redis://127.0.0.1:%d" % nodes[0].port)
    for i in range(9):
        s.say("follow t%d {k%d}:log start" % (i, i))
    s.say("listen e {k1}:ch")
    s.wait_near()
    wait_until(lambda: any(x.ask("PUBSUB", "NUMSUB", "weir:{k1}:ch")[1] for x in nodes), "nobody listens")
    for i in range(9):
        assert s.result("append {k%d}:log v%d 100 60000" % (i, i)) == "ok"
    assert sorted(s.event() for _ in range(9)) == ["entry t%d v%d" % (i, i) for i in range(9)]
    s.say("tell {k1}:ch hello")
    s.expect("word e hello")


def a_slot_that_moves(b):
    """ASK while it moves, MOVED when it has."""
    nodes = _cluster(b)
    s = b.shell("redis://127.0.0.1:%d" % nodes[0].port)
    wait_until(lambda: s.logged("redis_connected") == 3, "not all nodes are known")
    s.wait_near()
    slot = nodes[0].ask("CLUSTER", "KEYSLOT", "weir:{a}:x")
    old = nodes[slot * 3 // SLOTS]
    new = nodes[(slot * 3 // SLOTS + 1) % 3]
    assert s.result("put {a}:x one 60000") == "ok"
    s.say("follow t {a}:log start")
    assert s.result("append {a}:log e0 100 0") == "ok"
    s.expect("entry t e0")
    new.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", old.ask("CLUSTER", "MYID"))
    old.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", new.ask("CLUSTER", "MYID"))
    assert s.result("put {a}:y two 60000") == "ok"          # not there yet: ASK
    assert s.count("store_redirects") >= 1
    assert s.do("get {a}:x")[1] == "one/0"
    for key in old.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
        assert old.ask("MIGRATE", "127.0.0.1", new.port, key, 0, 5000) == "OK"
    for node in (new, old, nodes[3 - nodes.index(old) - nodes.index(new)]):
        node.ask("CLUSTER", "SETSLOT", slot, "NODE", new.ask("CLUSTER", "MYID"))
    assert s.do("get {a}:x")[1] == "one/0"
    assert s.do("get {a}:y")[1] == "two/0"
    assert s.result("append {a}:log e1 100 0") == "ok"
    s.expect("entry t e1")
    before = s.count("store_redirects")
    assert s.do("get {a}:x")[1] == "one/0"
    assert s.count("store_redirects") == before


def a_master_that_dies_and_its_replica(b):
    nodes = _cluster(b, replicas=1)
    s = b.shell("redis://127.0.0.1:%d,127.0.0.1:%d" % (nodes[0].port, nodes[1].port))
    wait_until(lambda: s.logged("redis_connected") == 3, "not all nodes are known")
    assert set(_keys_everywhere(s, "one")) == {"ok"}
    nodes[0].kill()
    began = time.monotonic()
    wait_until(lambda: set(_keys_everywhere(s, "two")) == {"ok"}, "the replica is not used", 20)
    print("# %.1f s from the death of a master to all keys" % (time.monotonic() - began))
    s.wait_near()


def _sentinel(b, master, quorum=1, more=""):
    folder = b.server().folder
    port = free_port()
    path = folder / "sentinel.conf"
    path.write_text("port %d\nbind 127.0.0.1\nsentinel monitor boss 127.0.0.1 %d %d\n"
                    "sentinel down-after-milliseconds boss 500\nsentinel failover-timeout boss 3000\n%s"
                    % (port, master.port, quorum, more))
    process = subprocess.Popen(b.command + [str(path), "--sentinel"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def up():
        try:
            return ask(port, "PING") == "PONG" or bool(more)
        except OSError:
            return False
    b.servers.append(_Process(process))
    wait_until(up, "the sentinel does not start")
    return port


class _Process:
    def __init__(self, process):
        self.process = process

    def kill(self):
        self.process.kill()
        self.process.wait()


def a_sentinel_names_the_master(b):
    master = b.server()
    replica = b.server("--replicaof", "127.0.0.1", str(master.port))
    wait_until(lambda: "master_link_status:up" in replica.ask("INFO", "replication"), "the replica is not in step")
    port = _sentinel(b, master)
    s = b.shell("sentinel://127.0.0.1:%d,127.0.0.1:%d/boss" % (free_port(), port))
    assert s.result("put a one 60000") == "ok"
    s.say("follow t log start")
    assert s.result("append log e0 100 0") == "ok"
    s.expect("entry t e0")
    wait_until(lambda: replica.ask("DBSIZE") == 2, "the replica is not in step")
    wait_until(lambda: "slaves=1" in ask(port, "INFO", "sentinel"), "the sentinel does not know the replica", 15)
    master.kill()
    began = time.monotonic()
    wait_until(lambda: s.result("put a two 60000") == "ok", "the new master is not used", 20)
    print("# %.1f s from the death of the master to the next value" % (time.monotonic() - began))
    assert replica.ask("GET", "weir:a") == "two"
    assert s.result("append log e1 100 0") == "ok"
    s.expect("entry t e1")


def a_sentinel_with_a_password(b):
    """Its own, not the servers': without it nobody is named."""
    master = b.server("--requirepass", "of-the-server")
    more = "sentinel auth-pass boss of-the-server\nrequirepass of-the-sentinel\n"
    url = "sentinel://:of-the-server@127.0.0.1:%d/boss" % _sentinel(b, master, more=more)
    s = b.shell(url, "sentinel_password: of-the-sentinel\n")
    assert s.result("put a one 60000") == "ok" and s.do("get a")[1] == "one/0"
    for wrong in ("", "sentinel_password: of-the-server\n"):
        refused = b.shell(url, wrong, near=False)
        time.sleep(0.5)
        assert refused.result("get a") == "away"
        assert not refused.is_near()


def a_sentinel_with_a_user(b):
    master = b.server()
    more = "user default off\nuser reader on allchannels +@all >secret\n"
    url = "sentinel://127.0.0.1:%d/boss" % _sentinel(b, master, more=more)
    s = b.shell(url, "sentinel_user: reader\nsentinel_password: secret\n")
    assert s.result("put a one 60000") == "ok"
    refused = b.shell(url, "sentinel_password: secret\n", near=False)
    time.sleep(0.5)
    assert not refused.is_near()


def a_sentinel_that_knows_no_such_master(b):
    port = _sentinel(b, b.server())
    s = b.shell("sentinel://127.0.0.1:%d/nobody" % port, near=False)
    time.sleep(0.5)
    assert s.result("get a") == "away"
    assert not s.is_near()
