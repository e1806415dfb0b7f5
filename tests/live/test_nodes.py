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
from redis_server import OTHERS, PROGRAM, Redis
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
def nodes_of(n, tmp_path, redis, provider, more="", second=None, models=()):
    lines = ["drain: {delay: 100ms, limit: 10s}", f"redis: {{url: \"{redis.url}\"}}", "providers:",
             f"  one: {{dialect: openai, url: \"http://127.0.0.1:{provider.port}/v1\", key: sk-canary-provider-one}}"]
    if second:
        lines += [f"  two: {{dialect: openai, url: \"http://127.0.0.1:{second.port}/v1\", "
                  "key: sk-canary-provider-two}"]
    lines += ["models:", *models]
    lines += [f"  {m}: {{targets: [one/{m}], retries: 0, clocks: {CLOCKS}}}" for m in mock.SCRIPTS]
    lines += [f"  kept: {{targets: [one/good], retries: 0, cache: {{exact: 1h}}}}"]
    nodes = [Weir(tmp_path, "\n".join(lines) + "\n" + more) for _ in range(n)]
    try:
        for w in nodes:
            w.wait_metric("weir_cache_shared", 1)
        yield nodes
        for w in nodes:
            if w.process.returncode is None:
                w.stop()
    finally:
        for w in nodes:
            w.process.kill()


def say(w, model, text="hi", stream=True, client=None):
    """The text, or the exception's name and how much came before it."""
    said, client = "", client or w.client()
    try:
        if not stream:
            return client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}]).choices[0].message.content
        for chunk in client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}], stream=True):
            said += chunk.choices[0].delta.content or "" if chunk.choices else ""
        return said
    except openai.OpenAIError as e:
        return type(e).__name__, said


def cache_word(w, model):
    return w.client().chat.completions.with_raw_response.create(
        model=model, messages=[{"role": "user", "content": "hi"}]).headers.get("x-weir-cache")


def keys_in(redis, keys="weir:x:*"):
    """How many answers; leases and logs come and go beside them."""
    return int(redis.ask("EVAL", "return #redis.call('KEYS', ARGV[1])", "0", keys))


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
        eventually(lambda: keys_in(redis) > 0)
        assert say(b, "kept", stream=False) == mock.TEXT and cache_word(c, "kept") == "hit"
        assert len(providers[0].calls) == 1 and b.metric("weir_cache_hits_shared_total") == 1
        # from its own memory now
        assert say(b, "kept") == mock.TEXT and b.metric("weir_cache_hits_shared_total") == 1
        purge(c, "?model=kept")
        eventually(lambda: a.metric("weir_cache_epochs_total") + 1 and cache_word(b, "kept") != "hit")
        assert len(providers[0].calls) == 2
        # a node that comes later knows of the purge
        late = Weir(tmp_path, a.file.read_text().split("\n", 2)[2])
        late.wait_metric("weir_cache_shared", 1)
        eventually(lambda: cache_word(late, "kept") == "hit")
        assert len(providers[0].calls) == 2
        late.stop()


def test_redis_gone_slow_and_back(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0]) as (a, b):
        assert say(a, "kept") == mock.TEXT
        client = b.client()     # making one takes longer than all that is measured
        redis.pause()
        began = time.monotonic()
        for i in range(30):
            assert say(b, "kept", text=f"question {i}", client=client) == mock.TEXT
        # 30 answers of their own, and a few deadlines of 20 ms: not 30, and no failure
        assert time.monotonic() - began < 2
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
        eventually(lambda: keys_in(redis) > 0)
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


# --- prefix homes -------------------------------------------------------------------------------------------

FLEET = ["  fleet: {tiers: [{balance: prefix, targets: [one/good, two/good]}], retries: 0}"]


def chat(w, number, messages):
    """The text of a chat of so many messages."""
    roles = "user", "assistant"
    return w.client().chat.completions.create(model="fleet", messages=[
        {"role": roles[i % 2], "content": f"chat {number}, message {i}: " + "water finds its level " * 10}
        for i in range(messages)]).choices[0].message.content


def asked(providers, *question):
    """Who was asked; its place in the list."""
    before = [len(p.calls) for p in providers]
    assert chat(*question) == mock.TEXT
    more = [len(p.calls) - n for p, n in zip(providers, before)]
    return more.index(1)


def test_a_chat_stays_where_it_is_warm_on_every_node(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0], second=providers[1], models=FLEET) as (a, b):
        # without a system text all chats have one first choice
        first = asked(providers, a, "probe", 1)
        chats, stayed = range(8), 0
        for i in chats:
            scripts = providers[first].scripts
            providers[first].scripts = {**scripts, "good": mock.status(500)}
            assert chat(a, i, 1) == mock.TEXT           # begins at the other one
            providers[first].scripts = scripts
            homes = keys_in(redis, "weir:{pf:*")
            asked(providers, a, i, 19)
            eventually(lambda: keys_in(redis, "weir:{pf:*") > homes)
        # one call in a hundred goes anywhere
        stayed = sum(asked(providers, b, i, 20) != first for i in chats)
        assert stayed >= len(chats) - 2
        assert b.metric("weir_prefix_shared_hits_total") >= len(chats) - 2
        assert a.metric("weir_prefix_shared_hits_total") == 0
        # nobody to ask: by the prompt's root, as on a node of its own
        redis.kill()
        assert sum(asked(providers, b, f"new {i}", 20) == first for i in chats) >= len(chats) - 2


# --- the semantic cache -------------------------------------------------------------------------------------

FAQ = ["  faq: {targets: [one/good], retries: 0, cache: {semantic: {mode: threshold, threshold: 0.8}}}"]


def question(w, text, **fields):
    """What the cache says of it, and the name of the answer that was kept."""
    got = w.client().chat.completions.with_raw_response.create(
        model="faq", messages=[{"role": "user", "content": text}], extra_headers=fields)
    assert got.parse().choices[0].message.content == mock.TEXT
    return got.headers.get("x-weir-cache"), got.headers.get("x-weir-cache-id")


def test_reworded_questions_on_another_node(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0], models=FAQ) as (a, b):
        # b follows what is learned from its first question of this kind on
        assert question(b, "Where is the harbour of Genoa?")[0] == "miss"
        assert question(a, "How do I reset the password of my account?")[0] == "miss"
        time.sleep(0.5)
        calls = len(providers[0].calls)
        word, name = question(b, "Hello, how do I reset the password of my account, please?")
        assert word == "semantic" and name and len(providers[0].calls) == calls
        # what a client of b complains about, a gives no more
        assert question(a, "how do I reset the password of my account")[0] == "semantic"
        question(b, "Where is the harbour of Genoa?", **{"x-weir-feedback": f"bad {name}"})
        eventually(lambda: question(a, "how do I reset the password of my account")[0] == "miss")
        assert question(a, "how do I reset the password of my account")[0] == "miss"


def test_purges_reach_what_was_learned_elsewhere(tmp_path, redis, providers):
    with nodes_of(2, tmp_path, redis, providers[0], models=FAQ) as (a, b):
        assert question(b, "Where is the harbour of Genoa?")[0] == "miss"
        assert question(a, "How do I reset the password of my account?")[0] == "miss"
        time.sleep(0.5)
        assert question(b, "how do I reset the password of my account")[0] == "semantic"
        calls = len(providers[0].calls)
        purge(a, "?model=faq")
        eventually(lambda: question(b, "how do I reset the password of my account")[0] == "miss")
        assert len(providers[0].calls) == calls + 1


WORDS = ("harbour", "genoa", "password", "account", "reset", "hello", "please")


def meanings(peer, call):
    """Of each input which of a few words it has, most of them of little weight, as a vector of 64 numbers."""
    texts = call.json["input"] if isinstance(call.json["input"], list) else [call.json["input"]]
    rows = [[(0.1 if w in ("hello", "please") else 1.0) if w in t.lower() else 0.0 for w in WORDS] for t in texts]
    peer.whole({"object": "list", "model": "meanings",
                "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}, "data": [
                    {"object": "embedding", "index": i, "embedding": row + [0.0] * (64 - len(row))}
                    for i, row in enumerate(rows)]})


def embedded(provider):
    """The texts whose vectors the provider was asked for, in order."""
    inputs = [c.json["input"] for c in provider.calls if c.json["model"] == "meanings"]
    return [t for i in inputs for t in (i if isinstance(i, list) else [i])]


def test_vectors_travel_with_the_answers(tmp_path, redis):
    """With a provider's embedder a node that follows needs vectors of its own questions only."""
    harbour, password = "Where is the harbour of Genoa?", "How do I reset the password of my account?"
    again = "Hello, how do I reset the password of my account, please?"
    provider = mock.Provider("one", {**mock.SCRIPTS, "meanings": meanings})
    models = [*FAQ, "  meanings: {targets: [one/meanings], retries: 0}"]
    try:
        with nodes_of(2, tmp_path, redis, provider, "cache: {embedder: meanings, embedder_deadline: 5s}\n",
                      models=models) as (a, b):
            assert question(b, harbour)[0] == "miss"
            assert question(a, password)[0] == "miss"
            time.sleep(0.5)
            assert embedded(provider) == [harbour, password]
            chats = len(provider.calls)
            assert question(b, again)[0] == "semantic"
            assert embedded(provider) == [harbour, password, again] and len(provider.calls) == chats + 1
            assert b.metric("weir_embed_asked_total") == 2 and a.metric("weir_embed_asked_total") == 1
            # and the other way, from the first question on
            assert question(a, harbour + " Please!")[0] == "semantic"
            assert embedded(provider).count(harbour) == 1
    finally:
        provider.close()


@pytest.mark.parametrize("kind, command", [("vectorset", "VADD"), ("search", "FT.SEARCH")])
def test_an_index_at_the_server(tmp_path, providers, kind, command):
    for program in (PROGRAM, *OTHERS):
        redis = Redis(tmp_path, program=program)
        if "unknown command" not in redis.ask(command):
            break
        redis.close()
    else:
        pytest.skip(f"no server here knows {command}")
    try:
        with nodes_of(2, tmp_path, redis, providers[0], f"cache: {{semantic_index: {kind}}}\n", models=FAQ) as (a, b):
            keys = int(redis.ask("DBSIZE"))
            assert question(a, "How do I reset the password of my account?")[0] == "miss"
            eventually(lambda: int(redis.ask("DBSIZE")) > keys)
            # nothing was asked of b before: it finds what a has kept
            assert question(b, "Hello, how do I reset the password of my account, please?")[0] == "semantic"
            assert question(b, "How do I not reset the password of my account?")[0] == "miss"
            word, name = question(b, "how do I reset the password of my account")
            assert word == "semantic"
            # said to a, which has not served it, with another question
            question(a, "Where is the harbour of Genoa?", **{"x-weir-feedback": f"bad {name}"})
            eventually(lambda: question(b, "how do I reset the password of my account")[0] == "miss")
            purge(a, "?model=faq")
            eventually(lambda: question(b, "Where is the harbour of Genoa?")[0] == "miss")
            redis.kill()
            assert question(b, "Where is the harbour of Genoa, please?")[0] == "semantic"
            assert question(b, "What is the capital of France?")[0] == "miss"
            redis.start()
    finally:
        redis.close()


# --- what needs no Redis ------------------------------------------------------------------------------------

def vectors(peer, call):
    """Of each input its number, some time later, so that others wait for company."""
    texts = call.json["input"] if isinstance(call.json["input"], list) else [call.json["input"]]
    time.sleep(0.05)
    peer.whole({"object": "list", "model": "vectors",
                "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}, "data": [
                    {"object": "embedding", "index": i, "embedding": [float(t.split()[1])]}
                    for i, t in enumerate(texts)]})


@pytest.mark.parametrize("how", ["pause", "kill"])
def test_embeddings_are_collected_without_redis(tmp_path, redis, how):
    provider = mock.Provider("one", {**mock.SCRIPTS, "vectors": vectors})
    models = ["  vectors: {targets: [one/vectors], retries: 0, window: {mode: collect}}"]

    def one(client, i):
        return client.embeddings.create(
            model="vectors", input=f"number {i}", encoding_format="float").data[0].embedding

    try:
        with nodes_of(1, tmp_path, redis, provider, models=models) as (w,):
            client = w.client()
            getattr(redis, how)()
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                got = list(pool.map(lambda i: one(client, i), range(100)))
            assert got == [[float(i)] for i in range(100)]
            assert len(provider.calls) < 60 and w.metric("weir_merged_total") > 40
            assert time.monotonic() - began < 10
    finally:
        provider.close()


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
        w.wait_metric("weir_cache_shared", 1)
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
        before = keys_in(redis)
        ask(a, first, model, number)
        eventually(lambda: keys_in(redis) > before)
        hits = b.metric("weir_cache_hits_shared_total")
        kept = {how: ask(b, how, model, number) for how in front.hows}
        assert len(simulator.facts) == 1 and b.metric("weir_cache_hits_shared_total") == hits + 1
        for how in front.hows:
            assert ask(b, how, model + "-bare", number) == kept[how], (first, how)
