"""Embeddings, token counts and model lists through every SDK that has them."""
import json
import urllib.request

import matrix
import pytest
from backs.gemini_generate import vector
from conftest import Weir
from fronts import NODE
from scenarios import PROMPT, SYSTEM, WORDS
from sdks import anthropic_py, google_py, openai_py

TEXTS = ["one text", "another one — 日本", "x"]
EMBEDDERS = {
    "openai-python": (openai_py, {}), "openai-python floats": (openai_py, {"format": "float"}),
    "openai-node": (NODE["openai"], {}), "google-python": (google_py, {}), "google-node": (NODE["google"], {}),
    "vercel openai": (NODE["ai"], {"provider": "openai"}), "vercel google": (NODE["ai"], {"provider": "google"}),
    "vercel openai-compatible": (NODE["ai"], {"provider": "compatible"}),
}
COUNTERS = {"anthropic-python": anthropic_py, "anthropic-node": NODE["anthropic"], "google-python": google_py,
            "google-node": NODE["google"]}
LISTERS = {"openai-python": openai_py, "openai-node": NODE["openai"], **COUNTERS}
EMBED_BACKS = {"chat": "openai-embeddings", "gemi": "gemini-generate"}
COUNT_BACKS = {"anth": "anthropic-messages", "gemi": "gemini-generate"}


@pytest.fixture(scope="module")
def weir(simulator, tmp_path_factory):
    lines = ["providers:"] + [b.provider(simulator.port) for b in matrix.BACKS.values()]
    lines += ["models:"] + [f"  {b.name}-plain: {{targets: [{b.name}/plain], retries: 0}}"
                            for b in matrix.BACKS.values()]
    w = Weir(tmp_path_factory.mktemp("endpoints"), "\n".join(lines) + "\ndrain: {delay: 2s, limit: 10s}\n")
    yield w
    w.stop()


@pytest.fixture
def root(weir, simulator):
    simulator.fresh()
    yield f"http://127.0.0.1:{weir.port}"
    assert simulator.refused == []


@pytest.mark.parametrize("back", EMBED_BACKS)
@pytest.mark.parametrize("name", EMBEDDERS)
def test_embeddings(root, simulator, name, back):
    runner, more = EMBEDDERS[name]
    for texts in (TEXTS[:1], TEXTS):
        simulator.fresh()
        got = runner.run(root, "embed", {"model": f"{back}-plain", "inputs": texts, **more})
        assert got["vectors"] == [vector(t) for t in texts]
        assert simulator.refused == [] and [f.inputs for f in simulator.facts] == [texts]
        assert simulator.facts[0].dialect == EMBED_BACKS[back]


def test_embeddings_of_tokens(root, simulator):
    got = openai_py.run(root, "embed", {"model": "chat-plain", "inputs": [[1, 2, 3], [4]]})
    assert got["vectors"] == [vector([1, 2, 3]), vector([4])] and got["tokens"] == 50


@pytest.mark.parametrize("back", COUNT_BACKS)
@pytest.mark.parametrize("name", COUNTERS)
def test_token_counts(root, simulator, name, back):
    got = COUNTERS[name].run(root, "count", {"model": f"{back}-plain", "prompt": PROMPT, "system": SYSTEM})
    assert got == {"tokens": 50} and simulator.facts[0].op == "count" and simulator.facts[0].user == [PROMPT]
    assert simulator.facts[0].dialect == COUNT_BACKS[back]


@pytest.mark.parametrize("name", COUNTERS)
def test_token_counts_of_providers_that_count_none_are_estimates(root, simulator, name):
    got = COUNTERS[name].run(root, "count", {"model": "chat-plain", "prompt": PROMPT, "system": SYSTEM})
    assert 5 <= got["tokens"] <= 60 and simulator.calls == []


@pytest.mark.parametrize("name", LISTERS)
def test_models(root, name):
    got = LISTERS[name].run(root, "models", {"model": "anth-plain"})
    prefix = "models/" if name.startswith("google") else ""
    assert {f"{prefix}{b.name}-plain" for b in matrix.BACKS.values()} <= set(got["ids"])
    assert got["one"] == f"{prefix}anth-plain"


@pytest.mark.parametrize("back", ["chat", "anth", "gemi"])
def test_geminis_stream_as_an_array(root, simulator, back):
    """Without alt=sse Google streams one JSON array."""
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}).encode()
    request = urllib.request.Request(f"{root}/v1beta/models/{back}-plain:streamGenerateContent", body,
                                     {"content-type": "application/json", "x-goog-api-key": "none"})
    with urllib.request.urlopen(request, timeout=10) as r:
        chunks = json.load(r)
    texts = [p.get("text", "") for c in chunks for p in c["candidates"][0]["content"]["parts"]]
    assert "".join(texts) == "".join(WORDS) and len(chunks) > 3
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
