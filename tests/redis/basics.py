"""What each operation does, and what other clients see of it."""
import subprocess

from run import Skip, free_port, wait_until


def get_put_and_drop(b):
    server, s = b.pair()
    assert s.do("get a")[:2] == ["none", "0"]
    assert s.result("put a one 60000") == "ok"
    assert s.do("get a")[:2] == ["ok", "one/0"]
    assert server.ask("GET", "weir:a") == "one"
    assert 50000 < server.ask("PTTL", "weir:a") <= 60000
    assert s.result("put a two 60000 nx") == "none"
    assert s.result("drop a") == "ok"
    assert s.result("drop a") == "none"
    assert s.result("put a two 60000 nx") == "ok"


def leases(b):
    server, s = b.pair()
    assert s.result("put l me 60000 nx") == "ok"
    assert s.result("dropif l you") == "none"
    assert s.result("renew l you 90000") == "none"
    assert s.result("renew l me 90000") == "ok"
    assert server.ask("PTTL", "weir:l") > 60000
    assert s.result("dropif l me") == "ok"
    assert server.ask("EXISTS", "weir:l") == 0


def numbers(b):
    server, s = b.pair()
    assert s.do("bump n 5 0")[:2] == ["ok", "5"]
    assert s.do("bump n -7 0")[:2] == ["ok", "-2"]
    assert server.ask("PTTL", "weir:n") == -1
    assert s.do("bump t 1 60000")[:2] == ["ok", "1"]
    assert s.do("bump t 1 60000")[:2] == ["ok", "2"]
    assert server.ask("PTTL", "weir:t") > 50000
    server.ask("SET", "weir:w", "word")
    assert s.result("bump w 1 0") == "away"


def scripts_flushed_under_us(b):
    server, s = b.pair()
    assert s.do("bump t 1 60000")[:2] == ["ok", "1"]
    server.ask("SCRIPT", "FLUSH")
    assert s.do("bump t 1 60000")[:2] == ["ok", "2"]
    assert s.result("append log x 100 60000") == "ok"
    assert s.result("dropif t 2") == "ok"


def wrong_types(b):
    server, s = b.pair()
    server.ask("RPUSH", "weir:list", "x")
    for line in ("get list", "bump list 1 0", "append list x 10 0", "dropif list x", "append list x 10 1000"):
        assert s.result(line) == "away", line
    assert s.is_near()
    assert s.count("store_errors") == 5


def big_values(b):
    server, s = b.pair(more="value: 64KiB\ndeadline: 500ms\n")
    assert s.result("big a 65536 60000") == "ok"
    assert s.do("get a")[1] == "big:65536"
    assert s.result("big a 65537 60000") == "away"
    assert s.count("store_refused") == 1
    # What somebody else put there, larger than any reply may be: that connection ends, and another comes.
    server.ask("SET", "weir:huge", "x" * 300000)
    assert s.result("get huge") == "away"
    s.wait_near()
    assert s.do("get a")[1] == "big:65536"


def password_and_database(b):
    server = b.server("--requirepass", "se/cret@1")
    s = b.shell("redis://:se%%2Fcret%%401@127.0.0.1:%d/3" % server.port)
    assert s.result("put a one 60000") == "ok"
    assert server.ask("GET", "weir:a").startswith("-NOAUTH")
    wrong = b.shell("redis://:no@127.0.0.1:%d" % server.port, near=False)
    assert wrong.result("get a") == "away"
    assert not wrong.is_near()


def acl_user(b):
    server = b.server()
    server.ask("ACL", "SETUSER", "gate", "on", ">pw", "~weir:*", "resetchannels", "&weir:*",
               "+@all")
    server.ask("ACL", "SETUSER", "default", "off")
    s = b.shell("redis://127.0.0.1:%d" % server.port, "user: gate\npassword: pw\n")
    assert s.result("put a one 60000") == "ok"


def no_prefix(b):
    server, s = b.pair(more='prefix: ""\n')
    assert s.result("put a one 60000") == "ok"
    assert server.ask("GET", "a") == "one"


def many_at_once(b):
    _, s = b.pair(more="deadline: 2s\n")
    assert s.result("put a one 60000") == "ok"
    assert s.do("storm 5000 a")[:4] == ["storm", "5000", "0", "0"]


def more_than_the_limit(b):
    _, s = b.pair(more="deadline: 2s\noperations: 100\n")
    assert s.result("put a one 60000") == "ok"
    assert s.do("storm 150 a")[:4] == ["storm", "100", "0", "50"]


def unix_socket(b):
    server = b.server("--unixsocket", "s.sock")
    s = b.shell("unix://%s/s.sock" % server.folder)
    assert s.result("put a one 60000") == "ok"
    assert server.ask("GET", "weir:a") == "one"


def _certificates(folder, name):
    """A CA and a certificate for that name; returns the files."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=test CA", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "s.key", "-out",
            "s.csr", "-subj", "/CN=server")
    with open("%s/ext" % folder, "w") as f:
        f.write("subjectAltName=DNS:%s\n" % name)
    openssl("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "s.pem",
            "-days", "2", "-extfile", "ext")


def tls_checks_the_name(b):
    if "tls-port" not in b.server().ask("CONFIG", "GET", "tls-port"):
        raise Skip("this server was built without TLS")
    _certificates(b.folder, "localhost")
    at = b.folder
    port = free_port()
    server = b.server("--tls-port", str(port), "--tls-cert-file", "%s/s.pem" % at, "--tls-key-file", "%s/s.key" % at,
                      "--tls-ca-cert-file", "%s/ca.pem" % at, "--tls-auth-clients", "no")
    s = b.shell("rediss://localhost:%d" % port, "tls: {ca: %s/ca.pem}\n" % at)
    assert s.result("put a one 60000") == "ok"
    assert server.ask("GET", "weir:a") == "one"
    wrong = b.shell("rediss://127.0.0.1:%d" % port, "tls: {ca: %s/ca.pem}\n" % at, near=False)
    wait_until(lambda: wrong.logged("redis_unreachable") == 1, "the wrong name was not refused")
    assert not wrong.is_near()
