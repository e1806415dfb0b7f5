"""What a provider of another dialect could not be told, as the official SDKs show it to their callers."""
import anthropic
import matrix
import openai
import pytest
from conftest import Weir
from google import genai
from scenarios import PROMPT, TEXT

USER = [{"role": "user", "content": PROMPT}]
STRICT = {"x-weir-strict": "true"}
SAFETY = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]


@pytest.fixture(scope="module")
def weir(simulator, tmp_path_factory):
    backs = matrix.BACKS.values()
    lines = ["providers:"] + [b.provider(simulator.port) for b in backs] + ["models:"]
    lines += [f"  {b.name}: {{targets: [{b.name}/plain]}}" for b in backs]
    w = Weir(tmp_path_factory.mktemp("dropped"), "\n".join(lines) + "\n")
    yield w
    w.stop()


def chat(root, model, headers):
    client = openai.OpenAI(base_url=f"{root}/v1", api_key="k", max_retries=0)
    r = client.chat.completions.with_raw_response.create(
        model=model, messages=USER, seed=7, logit_bias={"50256": -100}, extra_headers=headers)
    return r.headers, r.parse().choices[0].message.content


def chat_stream(root, model, headers):
    client = openai.OpenAI(base_url=f"{root}/v1", api_key="k", max_retries=0)
    r = client.chat.completions.with_raw_response.create(
        model=model, messages=USER, seed=7, logit_bias={"50256": -100}, stream=True, extra_headers=headers)
    return r.headers, "".join(c.choices[0].delta.content or "" for c in r.parse() if c.choices)


def responses(root, model, headers):
    client = openai.OpenAI(base_url=f"{root}/v1", api_key="k", max_retries=0)
    r = client.responses.with_raw_response.create(
        model=model, input=PROMPT, truncation="auto", extra_headers=headers)
    return r.headers, r.parse().output_text


def messages(root, model, headers):
    client = anthropic.Anthropic(base_url=root, api_key="k", max_retries=0)
    r = client.messages.with_raw_response.create(
        model=model, max_tokens=99, messages=USER, cache_control={"type": "ephemeral"}, extra_headers=headers)
    return r.headers, r.parse().content[0].text


def generate(root, model, headers):
    client = genai.Client(api_key="k", http_options={"base_url": root, "api_version": "v1beta", "headers": headers})
    r = client.models.generate_content(model=model, contents=PROMPT, config={"safety_settings": SAFETY})
    return r.sdk_http_response.headers, r.text


CASES = [(chat, "openai-chat", "anthropic-messages", {"seed", "logit_bias"}),
         (chat_stream, "openai-chat", "anthropic-messages", {"seed", "logit_bias"}),
         (responses, "openai-responses", "gemini-generate", {"truncation"}),
         (messages, "anthropic-messages", "openai-chat", {"cache_control"}),
         (generate, "gemini-generate", "openai-chat", {"safetySettings"})]


@pytest.mark.parametrize("ask,own,other,names", CASES, ids=[c[0].__name__ for c in CASES])
def test_what_is_dropped_is_named(weir, simulator, ask, own, other, names):
    root = f"http://127.0.0.1:{weir.port}"
    simulator.fresh()
    headers, text = ask(root, matrix.BACKS[other].name, {})
    assert text == TEXT and {n.strip() for n in headers["x-weir-dropped"].split(",")} == names
    headers, text = ask(root, matrix.BACKS[own].name, {})
    assert text == TEXT and "x-weir-dropped" not in {n.lower() for n in headers}
    assert simulator.refused == []


@pytest.mark.parametrize("ask,own,other,names", CASES, ids=[c[0].__name__ for c in CASES])
def test_strict_refuses_instead(weir, simulator, ask, own, other, names):
    root = f"http://127.0.0.1:{weir.port}"
    simulator.fresh()
    with pytest.raises((openai.BadRequestError, anthropic.BadRequestError, genai.errors.ClientError)) as refused:
        ask(root, matrix.BACKS[other].name, STRICT)
    assert all(n in str(refused.value) for n in names) and simulator.facts == []
