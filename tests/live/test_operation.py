"""Signals, reload, drain, TLS, limits and logs of the real process."""
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import os

import openai
import pytest
import ssl
import trustme
from conftest import Weir, ask, config

import provider as mock
from provider import TEXT


def raw(port, data, timeout=5, half_close=False):
    """Sends bytes, reads until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while piece := s.recv(65536):
                got += piece
        except (TimeoutError, ConnectionError):
            pass
        return got


def post(body=b"{}", fields=b"", path=b"/v1/chat/completions"):
    return (b"POST " + path + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
            + fields + b"content-length: %d\r\n\r\n" % len(body) + body)


def test_shapes_of_refusals(weir):
    assert b" 404 " in raw(weir.port, post(path=b"/v1/nope")).split(b"\r\n")[0]
    got = raw(weir.port, b"GET /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert b" 405 " in got and b"allow: POST" in got and b'"type":"invalid_request_error"' in got
    big = raw(weir.port, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n",
              timeout=4)
    assert b" 413 " in big
    assert b" 415 " in raw(weir.port, post().replace(b"application/json", b"text/plain"))
    assert b" 415 " in raw(weir.port, post(fields=b"content-encoding: gzip\r\n"))
    broken = raw(weir.port, post(b'{"model":\n "x",, }'))
    assert b" 400 " in broken and b"line 2" in broken
    deep = raw(weir.port, post(b'{"model":"good","messages":' + b"[" * 100000))
    assert b" 400 " in deep


def test_smuggling_is_refused(weir, providers):
    for bad in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
                b"Content-Length: 5\r\nContent-Length: 6\r\n", b"X: a\r\n b\r\nContent-Length: 0\r\n",
                b"Content-Length : 5\r\n"):
        got = raw(weir.port, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n" + bad + b"\r\n0\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1 ") == 1, bad
    assert providers[0].calls == []


def test_pipelined_requests_are_answered_in_order(weir):
    one = b"GET /v1/models/good HTTP/1.1\r\nhost: x\r\n\r\n"
    two = b"GET /v1/models/slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    got = raw(weir.port, one + post_keep("good") + two)
    assert got.count(b"HTTP/1.1 200") == 3
    assert got.index(b'"id":"good"') < got.index(b"chat.completion") < got.index(b'"id":"slow"')


def post_keep(model, more=b""):
    body = b'{"model":"%s",%s"messages":[{"role":"user","content":"x"}]}' % (model.encode(), more)
    return post(body).replace(b"connection: close\r\n", b"")


def test_expect_continue_and_head(weir):
    with socket.create_connection(("127.0.0.1", weir.port), timeout=5) as s:
        body = post_keep("good").split(b"\r\n\r\n", 1)[1]
        s.sendall(post_keep("good").split(b"\r\n\r\n", 1)[0] + b"\r\nexpect: 100-continue\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 100")
        s.sendall(body)
        assert s.recv(65536).startswith(b"HTTP/1.1 200")
    got = raw(weir.port, b"HEAD /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200") and got.endswith(b"\r\n\r\n")


def test_http_1_0_stream_ends_with_the_connection(weir):
    body = b'{"model":"good","stream":true,"messages":[{"role":"user","content":"x"}]}'
    got = raw(weir.port, post(body).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"transfer-encoding" not in got and got.endswith(b"data: [DONE]\n\n")


def test_http_1_0_stream_that_is_cut_ends_with_a_reset(weir):
    body = b'{"model":"after-cut","stream":true,"messages":[{"role":"user","content":"x"}]}'
    with socket.create_connection(("127.0.0.1", weir.port), timeout=5) as s:
        s.sendall(post(body).replace(b"HTTP/1.1", b"HTTP/1.0"))
        with pytest.raises(ConnectionResetError):
            while s.recv(65536):
                pass


def test_slow_senders_are_cut(providers, tmp_path):
    w = Weir(tmp_path, config(*providers, "timeouts: {head: 300ms, request: 600ms}\n"))
    began = time.monotonic()
    got = raw(w.port, b"POST /v1/chat/completions HTTP/1.1\r\nhost", timeout=5)
    assert b" 408 " in got and time.monotonic() - began < 4
    got = raw(w.port, b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{", timeout=5)
    assert b" 408 " in got
    w.stop()


def test_half_close_policy(providers, tmp_path):
    w = Weir(tmp_path, config(*providers, "half_close: deliver\n"))
    assert TEXT.encode()[:5] in raw(w.port, post_keep("slow", b'"stream":true,'), half_close=True)
    w.stop()


def test_pings_keep_a_slow_stream_alive(providers, tmp_path):
    w = Weir(tmp_path, config(*providers, "ping: 50ms\n", clocks="{first_token: 400ms, whole: 400ms}"))
    body = b'{"model":"hang","stream":true,"messages":[{"role":"user","content":"x"}]}'
    got = raw(w.port, post(body))
    assert got.count(b": ping\n") >= 3 and b": ping\n\n" not in got and got.rstrip().endswith(b"0")
    chunks = list(w.client().chat.completions.create(**ask(True, "hang")))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == TEXT
    w.stop()


def test_reload_under_load(weir, providers):
    good_text = weir.file.read_text().split("\n", 2)[2]
    errors, texts, stop = [], [], threading.Event()

    def work():
        client = weir.client()
        while not stop.is_set():
            try:
                texts.append("".join(c.choices[0].delta.content or ""
                                     for c in client.chat.completions.create(**ask(True))))
            except Exception as e:  # noqa: BLE001 - any error is a failure of this test
                errors.append(e)
    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    for i in range(20):
        weir.write(good_text + f"ping: {10 + i}s\n")
        weir.signal(signal.SIGHUP)
        weir.wait_metric("weir_reloads_total", i + 1)
    stop.set()
    [t.join() for t in threads]
    assert errors == [] and set(texts) == {TEXT}


def test_bad_reload_is_refused(weir):
    good_text = weir.file.read_text().split("\n", 2)[2]
    weir.write(good_text.replace("breaker:", "braker:"))
    weir.signal(signal.SIGHUP)
    weir.wait_metric("weir_reloads_refused_total", 1)
    weir.wait_log("unknown key")
    assert 'did you mean' in weir.log() and f"{weir.file.name}:" in weir.log()
    assert weir.client().chat.completions.create(**ask()).choices[0].message.content == TEXT


def test_drain_lets_streams_finish(weir):
    results, client = [], weir.client()

    def work():
        results.append("".join(c.choices[0].delta.content or ""
                               for c in client.chat.completions.create(**ask(True, "slower"))))
    threads = [threading.Thread(target=work) for _ in range(50)]
    [t.start() for t in threads]
    weir.wait_metric("weir_exchanges_open", 50)
    weir.signal(signal.SIGTERM)
    deadline = time.monotonic() + 2
    while weir.get("/readyz")[0] != 503 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert weir.get("/readyz")[0] == 503
    [t.join() for t in threads]
    assert results == [TEXT] * 50
    assert weir.process.wait(10) == 0


def test_second_signal_tells_and_ends(weir):
    caught = []

    def work():
        try:
            for _ in weir.client().chat.completions.create(**ask(True, "endless")):
                pass
        except openai.APIError as e:
            caught.append(e)
    thread = threading.Thread(target=work)
    thread.start()
    weir.wait_metric("weir_exchanges_open", 1)
    time.sleep(0.2)
    weir.signal(signal.SIGTERM)
    weir.wait_log('"event":"drain"')
    weir.signal(signal.SIGTERM)
    thread.join(10)
    assert len(caught) == 1 and "shutting down" in str(caught[0])
    assert weir.process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_to_the_last_moment(tmp_path, number):
    """Whoever asks again and again must not turn a good end into a death by signal."""
    # the system's trusted authorities take a while to be freed: more time to hit
    text = "drain: {delay: 1ms}\nproviders: {p: {dialect: openai, url: \"https://p.test/v1\", key: x}}\n"
    for _ in range(5):
        w = Weir(tmp_path, text)
        w.signal(signal.SIGTERM)
        while w.process.poll() is None:
            for _ in range(100):
                os.kill(w.process.pid, number)      # not yet waited for: its number is still its own
        assert w.process.returncode == 0
        w.stop()


def tls_context(ca, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def ca(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority


def tls_config(tmp_path, port, host="localhost", ca_file="ca.pem"):
    return (f"providers:\n  safe: {{dialect: openai, url: \"https://{host}:{port}/v1\", key: sk-canary-safe, "
            f"tls: {{ca: {tmp_path / ca_file}}}}}\nmodels:\n  good: {{targets: [safe/good], retries: 0}}\n")


def test_tls_upstream_is_verified_and_reused(ca, tmp_path):
    p = mock.Provider("tls", mock.SCRIPTS, tls_context(ca, "localhost"))
    w = Weir(tmp_path, tls_config(tmp_path, p.port))
    for stream in (False, True, False):
        r = w.client().chat.completions.create(**ask(stream))
        text = "".join(c.choices[0].delta.content or "" for c in r) if stream else r.choices[0].message.content
        assert text == TEXT
    assert p.connections == 1 and len(p.calls) == 3
    w.stop()


@pytest.mark.parametrize("what", ["wrong name", "wrong authority"])
def test_bad_certificate_gets_no_key(ca, tmp_path, what):
    other = trustme.CA()
    p = mock.Provider("tls", mock.SCRIPTS, tls_context(ca, "elsewhere.test") if what == "wrong name"
                      else tls_context(other, "localhost"))
    w = Weir(tmp_path, tls_config(tmp_path, p.port))
    with pytest.raises(openai.InternalServerError):
        w.client().chat.completions.create(**ask())
    assert p.calls == []
    w.stop()


def test_tls_for_clients(providers, ca, tmp_path):
    cert = ca.issue_cert("localhost")
    cert.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    cert.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    w = Weir(tmp_path, config(*providers, f"tls: {{cert: {tmp_path / 'cert.pem'}, key: {tmp_path / 'key.pem'}}}\n"))
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with socket.create_connection(("127.0.0.1", w.port), timeout=5) as s, \
            context.wrap_socket(s, server_hostname="localhost") as t:
        t.sendall(post_keep("good"))
        assert t.recv(65536).startswith(b"HTTP/1.1 200")
    w.stop()


def test_out_of_descriptors(providers, tmp_path):
    """A start with too few is refused with advice; with a low limit new clients wait and streams in progress live."""
    got = subprocess.run(["sh", "-c", f"ulimit -n 256; {os.environ['WEIR']} demo -l 127.0.0.1:0"],
                         capture_output=True, text=True, timeout=10)
    assert got.returncode == 1 and "file descriptors" in got.stderr
    w = Weir(tmp_path, config(*providers), wrap=("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh"))
    stream = w.client().chat.completions.create(**ask(True, "slow"))
    first = next(iter(stream))
    assert first is not None
    held = []
    for _ in range(1100):       # past half of the descriptors weir resets new ones at once
        try:
            held.append(socket.create_connection(("127.0.0.1", w.port), timeout=5))
        except ConnectionResetError:
            pass
    assert "".join(c.choices[0].delta.content or "" for c in stream) == TEXT
    [s.close() for s in held]
    deadline = time.monotonic() + 5
    while w.metric("weir_connections_open") > 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert w.client().chat.completions.create(**ask()).choices[0].message.content == TEXT
    w.stop()


def test_blocked_log_pipe_does_not_block_requests(providers, tmp_path):
    w = Weir.__new__(Weir)
    w.port, w.admin, w.file = 0, 0, tmp_path / "weir.yaml"
    w.write(config(*providers))
    read_end, write_end = os.pipe()
    said = b""
    w.process = subprocess.Popen([os.environ["WEIR"], "run", "-c", str(w.file)], stdout=write_end,
                                 stderr=subprocess.DEVNULL)
    while b"\n" not in said:
        said += os.read(read_end, 4096)
    w.log = lambda: said.decode()
    w.wait_ready()
    client = w.client()
    began = time.monotonic()
    for _ in range(400):
        client.chat.completions.create(**ask())
    assert time.monotonic() - began < 20
    os.close(read_end)
    client.chat.completions.create(**ask())
    w.signal(signal.SIGTERM)
    assert w.process.wait(10) == 0
    os.close(write_end)


def test_commands(tmp_path):
    weir = os.environ["WEIR"]

    def run(*args, env=None):
        r = subprocess.run([weir, *args], capture_output=True, text=True, timeout=20, env=env)
        return r.returncode, r.stdout, r.stderr
    assert run("version")[1].startswith("weir ")
    assert "weir demo" in run("--help")[1]
    assert run()[0] == 2
    code, _, err = run("rnu")
    assert code == 2 and 'did you mean "run"' in err
    code, _, err = run("run", env={"PATH": os.environ["PATH"]})
    assert code == 2 and "OPENAI_API_KEY" in err
    code, out, _ = run("config", "show", env={"PATH": os.environ["PATH"], "OPENAI_API_KEY": "sk-canary-env"})
    assert code == 0 and "openai" in out and "sk-canary" not in out
    (tmp_path / "bad.yaml").write_text("models:\n  chat: {targets: [opnai/x]}\nproviders:\n  openai: {key: k}\n")
    code, _, err = run("check", "-c", str(tmp_path / "bad.yaml"))
    assert code == 1 and "bad.yaml:2:" in err and 'did you mean "openai' in err
    (tmp_path / "good.yaml").write_text("models:\n  chat: {targets: [openai/x]}\nproviders:\n  openai: {key: k}\n")
    assert run("check", "-c", str(tmp_path / "good.yaml"))[0] == 0
    conf = pathlib.Path(__file__).resolve().parents[2] / "conf"
    for what, file in (("reference", "reference.md"), ("schema", "schema.json")):
        assert run("config", what)[1] == (conf / file).read_text(), f"weir config {what} > conf/{file}"
    assert run("check", "-c", str(conf / "weir.yaml"))[0] == 0


def test_demo(tmp_path):
    p = subprocess.Popen([os.environ["WEIR"], "demo", "-l", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    lines = [p.stdout.readline() for _ in range(6)]
    port = int(re.search(r"curl -N http://127.0.0.1:([0-9]+)/", "".join(lines))[1])
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)
    texts = {"".join(c.choices[0].delta.content or "" for c in client.chat.completions.create(**ask(True, "demo")))
             for _ in range(2)}
    assert len(texts) == 1 and "You said" in texts.pop()
    code = subprocess.run([os.environ["WEIR"], "health", f"http://127.0.0.1:{port}/readyz"], timeout=10,
                          stdout=subprocess.DEVNULL)
    assert code.returncode == 0
    p.send_signal(signal.SIGINT)
    assert p.wait(10) == 0
