"""A real inference server behind weir: llama.cpp with a tiny model of random weights (real/), which speaks four of the
back dialects itself.  It babbles, but always the same for the same prompt: what each SDK gets through weir must be what
the server says when asked directly.  Skipped where the machine has no wheel of it (requirements-real.txt)."""
import importlib.util
import itertools
import json
import pathlib
import subprocess
import sys
import urllib.request

import pytest
from conftest import Weir
from fronts import FRONTS

HERE = pathlib.Path(__file__).parent / "real"
BACKS = ("openai", "responses", "anthropic", "completions")
PROMPT, SYSTEM = "Say something.", "You babble."
# words it can only say because it must; nothing that SDKs leave out on the way, such as lengths
SCHEMA = {"type": "object",
          "properties": {"city": {"type": "string", "enum": ["Bern", "Wien"]}, "sure": {"type": "boolean"}},
          "required": ["city", "sure"], "additionalProperties": False}
CASES = [(f, b) for b, f in itertools.product(BACKS, FRONTS)
         if (b == "completions") == (f.dialect == "openai-completions")
         and (b, f.dialect) != ("responses", "openai-responses")]   # its own events lack members that the SDKs want

pytestmark = pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None,
                                reason="xllamacpp is not installed: PyPI has no wheel for this machine")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    model = tmp_path_factory.mktemp("real") / "tiny.gguf"
    subprocess.run([sys.executable, HERE / "tiny_model.py", model], check=True)
    p = subprocess.Popen([sys.executable, HERE / "serve.py", model], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    address = p.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), "the server did not start"
    yield address
    p.stdin.close()
    p.wait(20)


@pytest.fixture(scope="module")
def weir(server, tmp_path_factory):
    lines = ["providers:"] + [f"  real-{b}: {{dialect: {b}, url: \"{server}/v1\", key: sk-canary-real}}" for b in BACKS]
    lines += ["models:"] + [f"  {b}-tiny: {{targets: [real-{b}/tiny], retries: 0}}" for b in BACKS]
    w = Weir(tmp_path_factory.mktemp("real"), "\n".join(lines) + "\ndrain: {delay: 2s, limit: 10s}\n")
    yield w
    w.stop()


def direct(server, path, body):
    request = urllib.request.Request(f"{server}{path}", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as r:
        return json.load(r)


@pytest.fixture(scope="module")
def said(server):
    """What the server says: as chat, and as completion."""
    chat = direct(server, "/v1/chat/completions", {"max_tokens": 200, "messages": [
        {"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]})
    text = direct(server, "/v1/completions", {"max_tokens": 100, "prompt": PROMPT})
    return {True: (text["choices"][0]["text"], text["usage"]),
            False: (chat["choices"][0]["message"]["content"], chat["usage"])}


def spec(back, how, **more):
    return {"model": f"{back}-tiny", "prompt": PROMPT, "system": SYSTEM, "how": how, "max_tokens": 200, "lenient": True,
            **more}


@pytest.mark.parametrize("front,back", CASES, ids=[f"{f.name}-to-{b}".replace(" ", "_") for f, b in CASES])
def test_words_of_a_real_model(weir, said, front, back):
    text, usage = said[back == "completions"]
    for how in front.hows:
        answer, = front.run(f"http://127.0.0.1:{weir.port}", spec(back, how))
        assert answer["error"] is None, (how, answer["error"])
        assert answer["text"] == text and text.strip(), (how, answer["text"])
        assert answer["finish"] in (front.words["stop"], front.words["length"])
        assert answer["usage"]["completion"] == usage["completion_tokens"], (how, answer["usage"])
        assert answer["usage"]["prompt"] == usage["prompt_tokens"], (how, answer["usage"])


@pytest.mark.parametrize("front", [f for f in FRONTS if f.dialect != "openai-completions"], ids=lambda f: f.name)
def test_schema_holds_a_real_model(weir, front):
    for how in front.hows:
        answer, = front.run(f"http://127.0.0.1:{weir.port}", spec("openai", how, schema=SCHEMA))
        assert answer["error"] is None, (how, answer["error"])
        made = json.loads(answer["text"])
        assert set(made) == {"city", "sure"} and made["city"] in ("Bern", "Wien"), made
