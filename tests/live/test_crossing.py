"""Several dialects at once: failover from one to the next, and many streams of all SDKs together."""
import asyncio

import anthropic
import matrix
import openai
import pytest
from cells import spec_of
from conftest import Weir
from fronts import FRONTS
from google import genai
from scenarios import PROMPT, SCENARIOS, TEXT

# Each provider fails in its own way, the last one answers.
CHAINS = {
    "refusals": ["chat/overload", "resp/e401", "anth/e429", "gemi/plain"],
    "first-events": ["anth/first-error", "gemi/first-cut", "resp/first-error", "chat/first-cut", "anth/plain"],
}
AT_ONCE = 15


@pytest.fixture(scope="module")
def weir(simulator, tmp_path_factory):
    lines = ["providers:"] + [b.provider(simulator.port) for b in matrix.BACKS.values()] + ["models:"]
    lines += [f"  {name}: {{retries: 0, tiers: [{', '.join('{targets: [%s]}' % t for t in targets)}]}}"
              for name, targets in CHAINS.items()]
    lines += [f"  {b.name}-plain: {{targets: [{b.name}/plain]}}" for b in matrix.BACKS.values()]
    w = Weir(tmp_path_factory.mktemp("crossing"), "\n".join(lines) + "\nbreaker: {fails: 0, share: 0}\n"
             "retry: {share: 10, per_second: 1000}\ndrain: {delay: 2s, limit: 10s}\n")
    yield w
    w.stop()


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("front", [f for f in FRONTS if f.dialect != "openai-completions"], ids=lambda f: f.name)
def test_failover_across_dialects_is_invisible(weir, simulator, front, chain):
    for how in front.hows:
        if how == "plain" and chain == "first-events":
            continue
        simulator.fresh()
        answer, = front.run(f"http://127.0.0.1:{weir.port}", spec_of(SCENARIOS["plain"], how, chain))
        assert answer["error"] is None and answer["text"] == TEXT, answer
        assert simulator.refused == [] and simulator.facts[-1].model == "plain"


def test_many_streams_of_all_dialects_at_once(weir, simulator):
    root = f"http://127.0.0.1:{weir.port}"
    simulator.fresh()
    message = [{"role": "user", "content": PROMPT}]

    async def chat(client, model):
        return "".join([c.choices[0].delta.content or "" async for c in await client.chat.completions.create(
            model=model, messages=message, stream=True) if c.choices])

    async def responses(client, model):
        return "".join([e.delta async for e in await client.responses.create(model=model, input=PROMPT, stream=True)
                        if e.type == "response.output_text.delta"])

    async def messages(client, model):
        async with client.messages.stream(model=model, max_tokens=99, messages=message) as s:
            return "".join([t async for t in s.text_stream])

    async def generate(client, model):
        return "".join([c.text or "" async for c in await client.aio.models.generate_content_stream(
            model=model, contents=PROMPT)])

    async def run():
        oai = openai.AsyncOpenAI(base_url=f"{root}/v1", api_key="k", max_retries=0)
        ant = anthropic.AsyncAnthropic(base_url=root, api_key="k", max_retries=0)
        goo = genai.Client(api_key="k", http_options={"base_url": root, "api_version": "v1beta"})
        models = [f"{b.name}-plain" for name, b in matrix.BACKS.items() if name != "openai-completions"]
        fronts = ((chat, oai), (responses, oai), (messages, ant), (generate, goo))
        return await asyncio.gather(*[ask(client, model) for _ in range(AT_ONCE) for model in models
                                      for ask, client in fronts])
    assert set(asyncio.run(run())) == {TEXT} and simulator.refused == []
