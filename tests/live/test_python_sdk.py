"""The official Python SDK against weir: what a chatbot backend does, and what it sees when providers fail."""
import asyncio
import time

import openai
import pytest
from conftest import CANARY_KEY, ask

from provider import TEXT

BEFORE_CONTENT = ["s500", "s502", "s503", "s529", "s408", "s409", "s401", "s403", "s404", "throttled", "hang",
                  "hang-after-head", "reset", "html", "empty", "error-in-200", "first-event-error",
                  "truncated-json", "redirect"]
AFTER_CONTENT = ["after-clean", "after-done", "after-cut", "after-error", "after-reset"]


def text_of(stream):
    return "".join(c.choices[0].delta.content or "" for c in stream if c.choices)


def test_plain(weir, providers):
    r = weir.client().chat.completions.create(**ask())
    assert r.choices[0].message.content == TEXT
    assert r.model == "up-1" and r.usage.total_tokens == 16
    head = providers[0].calls[0].head
    assert head["authorization"] == "Bearer sk-canary-provider-one"
    assert CANARY_KEY not in str(head)


def test_body_is_forwarded_untouched(weir, providers):
    weir.client().chat.completions.create(**ask(temperature=0.25,
                                               extra_body={"vendor_field": {"deep": [1, 2.50, None]}}))
    sent = providers[0].calls[0].json
    assert sent["vendor_field"] == {"deep": [1, 2.5, None]} and sent["temperature"] == 0.25 and sent["model"] == "good"


def test_stream_hides_the_usage_weir_asked_for(weir, providers):
    chunks = list(weir.client().chat.completions.create(**ask(True)))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == TEXT
    assert all(c.usage is None for c in chunks)
    assert providers[0].calls[0].json["stream_options"]["include_usage"] is True
    weir.wait_log('"prompt_tokens":9')


def test_stream_shows_usage_to_those_who_ask(weir):
    chunks = list(weir.client().chat.completions.create(**ask(True, stream_options={"include_usage": True})))
    assert chunks[-1].usage.total_tokens == 16 and chunks[-1].choices == []


def test_stream_helper(weir):
    with weir.client().chat.completions.stream(model="good", messages=[{"role": "user", "content": "hi"}]) as s:
        s.until_done()
        assert s.get_final_completion().choices[0].message.content == TEXT


def test_stream_in_three_byte_pieces(weir):
    assert text_of(weir.client().chat.completions.create(**ask(True, "bytewise"))) == TEXT


def test_tools_stream(weir):
    with weir.client().chat.completions.stream(model="tools", messages=[{"role": "user", "content": "time?"}]) as s:
        call = s.get_final_completion().choices[0].message.tool_calls[0]
    assert call.function.name == "get_time" and call.function.arguments == '{"tz": "UTC"}' and call.id == "call_a"


@pytest.mark.parametrize("model", BEFORE_CONTENT)
def test_failover_of_a_stream_is_invisible(weir, providers, model):
    assert text_of(weir.client().chat.completions.create(**ask(True, model))) == TEXT
    assert len(providers[1].calls) == 1


@pytest.mark.parametrize("model", BEFORE_CONTENT)
def test_failover_of_a_plain_answer_is_invisible(weir, providers, model):
    raw = weir.client().chat.completions.with_raw_response.create(**ask(False, model))
    assert raw.parse().choices[0].message.content == TEXT
    assert raw.headers["x-weir-target"] == "two/good" and int(raw.headers["x-weir-attempts"]) >= 2


@pytest.mark.parametrize("model", AFTER_CONTENT)
def test_failure_after_content_raises_and_never_repeats_text(weir, providers, model):
    seen = []
    with pytest.raises((openai.APIError, openai.APIConnectionError)) as caught:
        for c in weir.client().chat.completions.create(**ask(True, model)):
            seen.append(c.choices[0].delta.content or "")
    assert TEXT.startswith("".join(seen)) and "".join(seen)
    assert providers[1].calls == [], caught


@pytest.mark.parametrize("model", AFTER_CONTENT)
def test_stream_helper_raises_too(weir, model):
    with pytest.raises(Exception):
        with weir.client().chat.completions.stream(model=model, messages=[{"role": "user", "content": "hi"}]) as s:
            s.until_done()
            s.get_final_completion()


def test_unknown_model(weir):
    with pytest.raises(openai.NotFoundError) as e:
        weir.client().chat.completions.create(**ask(model="nothing"))
    assert e.value.code == "model_not_found"


def test_client_fault_is_told_once_with_the_providers_words(weir, providers):
    with pytest.raises(openai.BadRequestError) as e:
        weir.client(max_retries=2).chat.completions.create(**ask(model="bad-request"))
    assert "temperature is too hot" in str(e.value) and e.value.param == "temperature"
    assert len(providers[0].calls) == 1 and providers[1].calls == []


def test_sdk_does_not_multiply_our_retries(weir, providers):
    with pytest.raises(openai.APIStatusError) as e:
        weir.client(max_retries=2).chat.completions.create(**ask(model="only-s500"))
    assert e.value.response.headers["x-should-retry"] == "false"
    assert len(providers[0].calls) == 1
    assert "sk-canary" not in str(e.value)


def test_key_trouble_is_not_the_clients(weir):
    with pytest.raises(openai.InternalServerError) as e:
        weir.client().chat.completions.create(**ask(model="only-s401"))
    assert e.value.code == "provider_key_rejected" and "sk-canary" not in str(e.value)


def test_throttled_everywhere_says_when(weir):
    with pytest.raises(openai.RateLimitError) as e:
        weir.client().chat.completions.create(**ask(model="only-throttled"))
    assert 25 <= int(e.value.response.headers["retry-after"]) <= 31


def test_fallbacks_in_the_body(weir, providers):
    r = weir.client().chat.completions.create(**ask(model="only-s500", extra_body={"fallbacks": ["two/good"]}))
    assert r.choices[0].message.content == TEXT
    assert "fallbacks" not in providers[1].calls[0].json
    r = weir.client().chat.completions.create(**ask(model="only-s500",
                                                   extra_body={"models": ["only-s500", "two/good"]}))
    assert r.choices[0].message.content == TEXT


def test_models(weir):
    names = [m.id for m in weir.client().models.list()]
    assert "good" in names and "only-good" in names
    assert weir.client().models.retrieve("one/some/model:tag").id == "one/some/model:tag"
    with pytest.raises(openai.NotFoundError):
        weir.client().models.retrieve("nothing")


@pytest.mark.parametrize("stream", [True, False])
def test_leaving_before_the_first_byte_stops_the_provider(weir, providers, stream):
    client = weir.client(timeout=0.15)
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(**ask(stream, "only-hang"))
    left = time.monotonic()
    while providers[0].calls[0].gone_at is None and time.monotonic() < left + 2:
        time.sleep(0.005)
    assert providers[0].calls[0].gone_at - left < 1.0
    weir.wait_metric("weir_exchanges_open", 0)


def test_leaving_in_the_middle_stops_the_provider(weir, providers):
    stream = weir.client().chat.completions.create(**ask(True, "endless"))
    for i, _ in enumerate(stream):
        if i == 10:
            break
    stream.close()
    left = time.monotonic()
    while providers[0].calls[0].gone_at is None and time.monotonic() < left + 2:
        time.sleep(0.005)
    assert providers[0].calls[0].gone_at - left < 1.0
    weir.wait_log('"status":499')
    weir.wait_metric("weir_flights_open", 0)


def test_two_hundred_streams_at_once(weir):
    async def run():
        client = openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{weir.port}/v1", api_key="k", max_retries=0)

        async def one():
            return "".join([c.choices[0].delta.content or "" async for c in
                            await client.chat.completions.create(
                                **ask(True, "slow", extra_headers={"x-weir-timeout-ms": "60000"}))])
        return await asyncio.gather(*[one() for _ in range(200)])
    assert set(asyncio.run(run())) == {TEXT}


def test_request_id_is_kept(weir, providers):
    raw = weir.client().chat.completions.with_raw_response.create(**ask(extra_headers={"x-request-id": "my-id.1"}))
    assert raw.headers["x-request-id"] == "my-id.1" and providers[0].calls[0].head["x-request-id"] == "my-id.1"
    raw = weir.client().chat.completions.with_raw_response.create(**ask(extra_headers={"x-request-id": "not ok"}))
    assert raw.headers["x-request-id"].startswith("req_")


def test_callers_deadline(weir):
    with pytest.raises(openai.APIStatusError) as e:
        weir.client().chat.completions.create(**ask(model="only-hang", extra_headers={"x-weir-timeout-ms": "100"}))
    assert e.value.status_code == 408 and e.value.code == "deadline_exceeded"      # and not the clock of 500 ms, a 504
