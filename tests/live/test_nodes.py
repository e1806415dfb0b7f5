"""Several weirs on one Redis: kept answers, purges and calls in progress are shared, and a dead Redis hurts nobody."""
import concurrent.futures
import contextlib
import itertools
import signal
import time
import urllib.request

import matrix
import openai
import provider as mock
import pytest
from cells import check_answers, spec_of
from conftest import Weir
from fronts import FRONTS
from redis_server import PROGRAM, Redis
from scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Redis on this machine")
CLOCKS = "{connect: 1s, first_token: 5s, whole: 5s, idle: 3s, total: 20s}"
NUMBERS = itertools.count(1)


@pytest.fixture
def redis(tmp_path):
    r = Redis(tmp_path)
    yield r
    r.close()


@contextlib.contextmanager
def nodes_of(n, tmp_path, redis, provider, more=""):
    lines = ["drain: {delay: 100ms, limit: 10s}", f"redis: {{url: \"{redis.url}\"}}", "providers:",
             f"  one: {{dialect: openai, url: \"http://127.0.0.1:{provider.port}/v1\", key: sk-canary-provider-one}}",
             "models:"]
    lines += [f"  {m}: {{targets: [one/{m}], retries: 0, clocks: {CLOCKS}}}" for m in mock.SCRIPTS]
    lines += [f"  kept: {{targets: [one/good], retries: 0, cache: {{exact: 1h}}}}"]
    nodes = [Weir(tmp_path, "\n".join(lines) + "\n" + more) for _ in range(n)]
    try:
        for w in nodes:
            w.wait_metric("weir_store_near", 1)
        yield nodes
        for w in nodes:
            if w.process.returncode is None:
                w.stop()
    finally:
        for w in nodes:
            w.process.kill()


def say(w, model, text="hi", stream=True):
    """The text, or the exception's name and how much came before it."""
    said = ""
    try:
        if not stream:
            return w.client().chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}]).choices[0].message.content
        for chunk in w.client().chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}], stream=True):
            said += chunk.choices[0].delta.content or "" if chunk.choices else ""
        return said
    except openai.OpenAIError as e:
        return type(e).__name__, said


def cache_word(w, model):
    return w.client().chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": "hi"}]).headers.get("x-weir-cache")


def purge(w, query=""):
    with urllib.request.urlopen(urllib.request.Request(
            f"http://127.0.0.1:{w.admin}/admin/cache/purge{query}", method="POST"), timeout=5) as r:
        assert r.status == 200


def eventually(check, limit=5.0):
    end = time.monotonic() + limit
    while not check():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def test_kept_answers_are_shared_and_purged(tmp_path, redis, providers):
    with nodes_of(3, tmp_path, redis, providers[0]) as (a, b, c):
        assert say(a, "kept") == mock.TEXT
        eventually(lambda: redis.ask("DBSIZE") != "0")
        assert say(b, "kept", stream=False) == mock.TEXT and cache_word(c, "kept") == "hit"
        assert len(providers[0].calls) == 1 and b.metric("weir_cache_hits_shared_total") == 1
        # from its own memory now
        assert say(b, "kept") == mock.TEXT and b.metric("weir_cache_hits_shared_total") == 1
        purge(c, "?model=kept")
        eventually(lambda: a.metric("weir_cache_epochs_total") + 1 and cache_word(b, "kept") != "hit")
        assert len(providers[0].calls) == 2
        # a node that comes later knows of the purge
        late = Weir(tmp_path, a.file.read_text().split("\n", 2)[2])
        late.wait_metric("weir_store_near", 1)
        eventually(lambda: cache_word(late, "kept") == "hit")
        assert len(providers[0].calls) == 2
        late.stop()


def test_redis_gone_slow_and_back(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0]) as (a, b):
        assert say(a, "kept") == mock.TEXT
        redis.pause()
        began = time.monotonic()
        for i in range(30):
            assert say(b, "kept", text=f"question {i}") == mock.TEXT
        # 30 answers of their own, and a few deadlines of 20 ms: not 30, and no failure
        assert time.monotonic() - began < 5
        assert b.metric("weir_store_near") == 0
        redis.go_on()
        b.wait_metric("weir_store_near", 1, 10)
        redis.kill()
        assert say(b, "kept", text="while it is dead") == mock.TEXT
        redis.start()
        a.wait_metric("weir_store_near", 1, 10)
        b.wait_metric("weir_store_near", 1, 10)
        calls = len(providers[0].calls)
        assert say(a, "kept", text="after") == mock.TEXT
        eventually(lambda: redis.ask("DBSIZE") != "0")
        assert say(b, "kept", text="after") == mock.TEXT
        assert len(providers[0].calls) == calls + 1


def test_one_node_asks_for_all(tmp_path, redis, providers):
    with nodes_of(3, tmp_path, redis, providers[0], "cluster: {hot: 1}\n") as nodes:
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            first = pool.submit(say, nodes[0], "slower")
            eventually(lambda: len(providers[0].calls) == 1)
            rest = [pool.submit(say, nodes[i % 3], "slower") for i in range(57)]
            # whole or as a stream, at once or late: all of it, once
            assert {f.result() for f in [first, *rest]} == {mock.TEXT}
        assert len(providers[0].calls) == 1
        assert sum(w.metric("weir_flights_followed_total") for w in nodes) == 2
        assert nodes[0].metric("weir_flights_owned_total") == 1
        # the tokens stand in one record of all nodes
        for w in nodes:
            w.stop()
        assert sum(w.log().count('"prompt_tokens":9') for w in nodes) == 1


def test_only_what_comes_often_is_asked_about(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0]) as (a, b):
        assert say(a, "good") == mock.TEXT and say(b, "good") == mock.TEXT
        assert a.metric("weir_flights_owned_total") == b.metric("weir_flights_owned_total") == 0
        for _ in range(4):
            assert say(a, "good") == mock.TEXT
        assert a.metric("weir_flights_owned_total") >= 1


@pytest.mark.parametrize("when", ["before the first word", "in the middle"])
def test_the_owner_dies(tmp_path, redis, providers, when):
    model = "late" if when.startswith("before") else "slower"
    with nodes_of(3, tmp_path, redis, providers[0], "cluster: {hot: 1}\n") as nodes:
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            owners = pool.submit(say, nodes[0], model)
            eventually(lambda: nodes[0].metric("weir_flights_owned_total") == 1)
            others = [pool.submit(say, nodes[1 + i % 2], model) for i in range(6)]
            eventually(lambda: sum(w.metric("weir_flights_followed_total") for w in nodes[1:]) == 2)
            time.sleep(0.2 if model == "late" else 1.5)
            nodes[0].signal(signal.SIGKILL)
            nodes[0].process.wait()
            owners.result()
            results = [f.result() for f in others]
        if model == "late":
            assert results == [mock.TEXT] * 6
            assert sum(w.metric("weir_flights_taken_over_total") for w in nodes[1:]) == 2
        else:
            # what was said is said; the rest is an error, never a second answer behind it
            for error, said in results:
                assert error == "APIError" and said and mock.TEXT.startswith(said)


def test_redis_dies_under_followers(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0], "cluster: {hot: 1}\n") as (a, b):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            owner = pool.submit(say, a, "slower")
            eventually(lambda: a.metric("weir_flights_owned_total") == 1)
            follower = pool.submit(say, b, "slower")
            eventually(lambda: b.metric("weir_flights_followed_total") == 1)
            time.sleep(1)
            redis.kill()
            assert owner.result() == mock.TEXT
            got = follower.result()
        assert got == mock.TEXT or (got[0] == "APIError" and mock.TEXT.startswith(got[1]))


def test_followers_keep_the_call_alive(tmp_path, redis, providers):
    """The client of the owner leaves; those on other nodes get everything. When they leave too, the call ends."""
    with nodes_of(2, tmp_path, redis, providers[0], "cluster: {hot: 1}\n") as (a, b):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            stream = a.client().chat.completions.create(
                model="slower", messages=[{"role": "user", "content": "hi"}], stream=True)
            next(iter(stream))
            follower = pool.submit(say, b, "slower")
            eventually(lambda: b.metric("weir_flights_followed_total") == 1)
            time.sleep(0.3)
            stream.close()
            assert follower.result() == mock.TEXT
        assert len(providers[0].calls) == 1
        a.wait_metric("weir_flights_open", 0)


def test_a_drain_waits_for_other_nodes(tmp_path, redis, providers):
    """The owner is told to end while only clients of another node read its call."""
    with nodes_of(2, tmp_path, redis, providers[0], "cluster: {hot: 1}\n") as (a, b):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            stream = a.client().chat.completions.create(
                model="slower", messages=[{"role": "user", "content": "hi"}], stream=True)
            next(iter(stream))
            follower = pool.submit(say, b, "slower")
            eventually(lambda: b.metric("weir_flights_followed_total") == 1)
            time.sleep(0.3)
            stream.close()
            a.signal(signal.SIGTERM)
            assert follower.result() == mock.TEXT
        assert a.process.wait(10) == 0 and len(providers[0].calls) == 1


@pytest.fixture(scope="module")
def pair(simulator, tmp_path_factory):
    """Two nodes over the strict provider of all dialects; a model BACK-SCENARIO keeps its answers, BACK-SCENARIO-bare
    does not."""
    tmp = tmp_path_factory.mktemp("pair")
    redis = Redis(tmp)
    lines = ["drain: {delay: 100ms, limit: 10s}", f"redis: {{url: \"{redis.url}\"}}", "providers:"]
    lines += [b.provider(simulator.port) for b in matrix.BACKS.values()] + ["models:"]
    for b in matrix.BACKS.values():
        for s in ("plain", "reasoning"):
            target = f"targets: [{b.name}/{b.family}{s}], retries: 0"
            lines += [f"  {b.name}-{s}: {{{target}, cache: {{exact: 1h}}}}", f"  {b.name}-{s}-bare: {{{target}}}"]
    nodes = [Weir(tmp, "\n".join(lines) + "\n") for _ in range(2)]
    for w in nodes:
        w.wait_metric("weir_store_near", 1)
    yield nodes, redis
    for w in nodes:
        w.stop()
    redis.close()


@pytest.mark.parametrize("name", ["plain", "reasoning"])
@pytest.mark.parametrize("back", ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"])
@pytest.mark.parametrize("front", [f for f in FRONTS if f.name in ("openai-python chat", "openai-python responses",
                                                                   "anthropic-python")], ids=lambda f: f.name)
def test_an_answer_of_one_node_is_the_same_on_another(pair, simulator, front, back, name):
    """Kept as it came to one node in one form, served by the other in any: nothing of it is another."""
    (a, b), redis = pair
    model = f"{matrix.BACKS[back].name}-{name}"

    def ask(w, how, model, number):
        spec = {**spec_of(SCENARIOS[name], how, model), "prompt": f"question {number}"}
        answers = front.run(f"http://127.0.0.1:{w.port}", spec)
        check_answers(front, SCENARIOS[name], how, answers)
        return answers

    for first in front.hows:
        number = next(NUMBERS)
        simulator.fresh().gate.set()
        keys = redis.ask("DBSIZE")
        ask(a, first, model, number)
        eventually(lambda: redis.ask("DBSIZE") != keys)
        hits = b.metric("weir_cache_hits_shared_total")
        kept = {how: ask(b, how, model, number) for how in front.hows}
        assert len(simulator.facts) == 1 and b.metric("weir_cache_hits_shared_total") == hits + 1
        for how in front.hows:
            assert ask(b, how, model + "-bare", number) == kept[how], (first, how)
