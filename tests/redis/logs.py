"""Logs and words: everything, in order, once; and a gap when that cannot be promised."""
import time

from run import wait_until


def from_the_start_and_from_now(b):
    server, s = b.pair()
    for i in range(3):
        assert s.result("append log old%d 100 0" % i) == "ok"
    s.say("follow all log start")
    s.expect("entry all old0", "entry all old1", "entry all old2")
    s.say("follow new log now")
    time.sleep(0.3)
    assert s.result("append log fresh 100 0") == "ok"
    assert sorted([s.event(), s.event()]) == ["entry all fresh", "entry new fresh"]
    assert s.event(0.3) is None


def a_log_followed_at_once_is_read_at_once(b):
    """A read that blocks is ended for somebody new."""
    server, s = b.pair()
    s.say("follow a one start")
    time.sleep(0.5)                     # a read blocks now
    assert s.result("append two x 100 0") == "ok"
    began = time.monotonic()
    s.say("follow b two start")
    s.expect("entry b x")
    took = time.monotonic() - began
    assert took < 1, took


def thousands_in_order(b):
    server, s = b.pair(more="deadline: 2s\n")
    s.say("follow t log start")
    for i in range(3000):
        s.say("append log e%d 10000 60000" % i)
    for i in range(3000):
        s.expect("entry t e%d" % i)
    assert s.event(0.2) is None


def nothing_lost_or_twice_over_a_lost_connection(b):
    server, s = b.pair()
    other = b.shell("redis://127.0.0.1:%d" % server.port, "deadline: 2s\n")
    s.say("follow t log start")
    for i in range(600):
        assert other.result("append log e%d 10000 0" % i) == "ok"
        if i % 100 == 50:
            s_id = [line.split()[0][3:] for line in server.ask("CLIENT", "LIST").splitlines() if "cmd=xread" in line]
            for each in s_id:
                server.ask("CLIENT", "KILL", "ID", each)
    for i in range(600):
        came = s.event()
        assert came == "entry t e%d" % i, came
    assert s.event(0.3) is None


def trimmed_while_away(b):
    server, s = b.pair()
    s.say("follow t log start")
    for i in range(5):
        s.result("append log e%d 100 0" % i)
    s.expect(*["entry t e%d" % i for i in range(5)])
    server.ask("EVAL", "for i=1,50 do redis.call('XADD',KEYS[1],'MAXLEN','20','*','v','n'..i) end", "1", "weir:log")
    s.expect("gap t", *["entry t n%d" % i for i in range(31, 51)])
    assert s.event(0.3) is None
    assert s.count("store_gaps") == 1


def wiped(b):
    """Seen at the next entry."""
    server, s = b.pair()
    s.say("follow t log start")
    s.result("append log e0 100 0")
    s.expect("entry t e0")
    server.ask("FLUSHALL")
    s.result("append log n0 100 0")
    s.expect("gap t", "entry t n0")


def wiped_in_silence(b):
    """Seen after a quiet period."""
    server, s = b.pair()
    s.say("follow t log start")
    s.result("append log e0 100 0")
    s.expect("entry t e0")
    server.ask("FLUSHALL")
    s.expect("gap t")
    assert s.event(0.3) is None


def a_server_that_comes_back_empty(b):
    server, s = b.pair()
    s.say("follow t log start")
    s.result("append log e0 100 0")
    s.expect("entry t e0")
    server.kill()
    s.wait_far()
    server.start()
    s.wait_near()
    s.expect("gap t")
    s.result("append log n0 100 0")
    s.expect("entry t n0")


def a_key_that_is_no_log(b):
    """It does not keep the others from being read."""
    server, s = b.pair()
    server.ask("SET", "weir:bad", "x")
    s.say("follow b bad start")
    s.say("follow t log start")
    time.sleep(0.2)
    s.result("append log e0 100 0")
    s.expect("entry t e0")


def left_and_followed_again(b):
    server, s = b.pair()
    for i in range(20):
        s.say("follow t log start")
        s.result("append log e%d 100 0" % i)
        for j in range(i + 1):
            s.expect("entry t e%d" % j)
        s.say("unfollow t")
    s.result("append log last 100 0")
    assert s.event(0.3) is None
    wait_until(lambda: " cmd=xread" not in server.ask("CLIENT", "LIST"), "the connection is still there", 12)


def words(b):
    server, s = b.pair()
    other = b.shell("redis://127.0.0.1:%d" % server.port)
    s.say("listen a ch")
    s.say("listen b ch")
    s.say("listen c other")
    wait_until(lambda: server.ask("PUBSUB", "NUMSUB", "weir:ch", "weir:other")[1::2] == [1, 1], "nobody listens")
    other.say("tell ch hello")
    s.expect("word a hello", "word b hello")
    s.say("unlisten a")
    s.is_near()                         # by now it has been done
    other.say("tell ch again")
    s.expect("word b again")
    s.say("unlisten b")
    wait_until(lambda: server.ask("PUBSUB", "NUMSUB", "weir:ch")[1] == 0, "it is still subscribed")
