"""OpenAI Chat Completions as a provider (protocols.md 1), with the reasoning_content of compatible servers."""
import json

from backs.facts import Facts, data_uri, pair_results, parsed
from scenarios import Reasoning, Text, scenario
from shape import Bad, Tagged, check, filled, matches, number, whole

NAME = "openai-chat"
PATHS = {"/v1/chat/completions": "generate"}

NAMED = matches("[A-Za-z0-9_-]{1,64}")
SCHEMA = {"type?": ..., "properties?": ..., "required?": [str], "additionalProperties?": ..., "description?": str,
          "$schema?": str, "title?": str, "$defs?": ...}
TEXT_PART = {"text": str}
USER_PARTS = Tagged("type", text=TEXT_PART,
                    image_url={"image_url": {"url": filled, "detail?": {"auto", "low", "high"}}},
                    input_audio={"input_audio": {"data": str, "format": {"wav", "mp3"}}},
                    file={"file": {"file_id?": str, "filename?": str, "file_data?": str}})
TEXT_PARTS = [Tagged("type", text=TEXT_PART)]
CALL = Tagged("type", function={"id": matches(".{1,40}"), "function": {"name": NAMED, "arguments": str}})
MESSAGE = Tagged(
    "role", system={"content": (str, TEXT_PARTS), "name?": str}, developer={"content": (str, TEXT_PARTS), "name?": str},
    user={"content": (str, [USER_PARTS]), "name?": str},
    assistant={"content?": (str, None, [Tagged("type", text=TEXT_PART, refusal={"refusal": str})]), "name?": str,
               "refusal?": (str, None), "tool_calls?": [CALL], "function_call?": None, "audio?": None,
               "annotations?": [...], "reasoning_content?": (str, None)},
    tool={"content": (str, TEXT_PARTS), "tool_call_id": matches(".{1,40}")})
FUNCTION = {"name": NAMED, "description?": str, "parameters?": SCHEMA, "strict?": (bool, None)}
BODY = {
    "model": filled, "messages": [MESSAGE], "stream?": (bool, None), "max_tokens?": whole(1), "n?": whole(1, 128),
    "max_completion_tokens?": whole(1), "temperature?": number(0, 2), "top_p?": number(0, 1), "seed?": (int, None),
    "stream_options?": ({"include_usage?": bool, "include_obfuscation?": bool}, None), "stop?": (str, [str], None),
    "frequency_penalty?": number(-2, 2), "presence_penalty?": number(-2, 2), "logit_bias?": ..., "logprobs?": bool,
    "top_logprobs?": whole(0, 20), "tools?": [Tagged("type", function={"function": FUNCTION})],
    "tool_choice?": ({"none", "auto", "required"}, Tagged("type", function={"function": {"name": NAMED}})),
    "parallel_tool_calls?": bool, "user?": str, "metadata?": ..., "store?": (bool, None),
    "reasoning_effort?": {"none", "minimal", "low", "medium", "high", "xhigh", "max"},
    "response_format?": Tagged("type", text={}, json_object={}, json_schema={"json_schema": {
        "name": NAMED, "description?": str, "schema?": SCHEMA, "strict?": (bool, None)}}),
    "service_tier?": str, "verbosity?": {"low", "medium", "high"}, "prompt_cache_key?": str, "safety_identifier?": str,
    "modalities?": [str], "prediction?": ..., "audio?": ...,
}


def read(call, op, model):
    check(matches("Bearer .+"), call.head.get("authorization"), "header authorization")
    check(BODY, call.json)
    body, facts = call.json, Facts(NAME, model=call.json["model"], stream=bool(call.json.get("stream")))
    if not body["messages"]:
        raise Bad("messages", "must not be empty")
    if body.get("stream_options") and not facts.stream:
        raise Bad("stream_options", "only with stream")
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise Bad("max_tokens", "not together with max_completion_tokens")
    facts.max_tokens = body.get("max_completion_tokens", body.get("max_tokens"))
    read_messages(body["messages"], facts)
    read_tools(body, facts)
    facts.thinks = body.get("reasoning_effort", "none") != "none"
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        facts.schema = form["json_schema"].get("schema")
        if form["json_schema"].get("strict"):
            strict("response_format.json_schema.schema", facts.schema)
    return facts


def read_tools(body, facts):
    for tool in body.get("tools", []):
        f = tool["function"]
        facts.tools[f["name"]] = f.get("parameters")
        if f.get("strict"):
            strict(f"tools.{f['name']}", f.get("parameters"))
    choice = body.get("tool_choice", "")
    facts.choice = choice if isinstance(choice, str) else choice["function"]["name"]
    if facts.choice and not facts.tools:
        raise Bad("tool_choice", "only with tools")


def strict(path, schema):
    """strict: true wants closed objects with every property required."""
    if schema.get("additionalProperties") is not False or set(schema.get("required", [])) != set(schema["properties"]):
        raise Bad(path, "strict wants additionalProperties false and all properties required")


def read_messages(messages, facts):
    open_calls, results = [], []
    for i, m in enumerate(messages):
        path = f"messages[{i}]"
        if m["role"] == "tool":
            if not open_calls:
                raise Bad(path, "a tool message must follow an assistant message with tool_calls")
            results.append((m["tool_call_id"], text_of(m["content"])))
            continue
        if open_calls:
            facts.results += pair_results(open_calls, results, path)
            open_calls, results = [], []
        if m["role"] == "assistant":
            open_calls = read_assistant(m, path, facts)
        elif m["role"] == "user":
            read_user(m["content"], path, facts)
        else:
            facts.system = "\n\n".join(filter(None, [facts.system, text_of(m["content"])]))
    if open_calls:
        facts.results += pair_results(open_calls, results, "messages")


def read_assistant(m, path, facts):
    calls = m.get("tool_calls", [])
    if not calls and m.get("content") is None:
        raise Bad(f"{path}.content", "may be null only beside tool_calls")
    if "tool_calls" in m and not calls:
        raise Bad(f"{path}.tool_calls", "must not be empty")
    for c in calls:
        facts.calls.append((c["function"]["name"], parsed(c["function"]["arguments"], f"{path}.arguments")))
    if len({c["id"] for c in calls}) != len(calls):
        raise Bad(f"{path}.tool_calls", "ids repeat")
    return [(c["id"], c["function"]["name"]) for c in calls]


def read_user(content, path, facts):
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for part in content:
        if part["type"] == "text":
            facts.user.append(part["text"])
        elif part["type"] == "image_url":
            facts.images.append(data_uri(part["image_url"]["url"], path))


def text_of(content):
    return content if isinstance(content, str) else "".join(p["text"] for p in content)


def usage_of(u):
    return {"prompt_tokens": u.prompt, "completion_tokens": u.completion, "total_tokens": u.prompt + u.completion,
            "prompt_tokens_details": {"cached_tokens": u.cached, "audio_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": u.reasoning, "audio_tokens": 0,
                                          "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}


def answer(facts, turn, call):
    message = {"role": "assistant", "content": turn.text or None, "refusal": None, "annotations": []}
    if turn.reasoning:
        message["reasoning_content"] = turn.reasoning
    if turn.calls:
        message["tool_calls"] = [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.args}}
                                 for c in turn.calls]
    return {"id": "chatcmpl-B1", "object": "chat.completion", "created": 1760000000, "model": facts.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": turn.finish}],
            "usage": usage_of(turn.usage), "service_tier": "default", "system_fingerprint": "fp_1"}


def frame(obj):
    return b"data: " + json.dumps(obj, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def stream(facts, turn, call):
    """Yields (kind, bytes): kind is text or reasoning for what a client can show, else empty."""
    options = call.json.get("stream_options") or {}
    counted = options.get("include_usage")

    def chunk(delta, finish=None):
        obj = {"id": "chatcmpl-B1", "object": "chat.completion.chunk", "created": 1760000000, "model": facts.model,
               "service_tier": "default", "system_fingerprint": "fp_1",
               "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        if counted:
            obj["usage"] = None
        if options.get("include_obfuscation", True):
            obj["obfuscation"] = "x7Qz"
        return frame(obj)

    yield "", chunk({"role": "assistant", "content": "" if turn.text else None, "refusal": None})
    for part in turn.parts:
        if isinstance(part, Reasoning):
            yield from (("reasoning", chunk({"reasoning_content": piece})) for piece in part.pieces)
        elif isinstance(part, Text):
            yield from (("text", chunk({"content": piece})) for piece in part.pieces)
    for delta in call_deltas(facts.model, turn.calls):
        yield "", chunk({"tool_calls": [delta]})
    yield "", chunk({}, turn.finish)
    if counted:
        yield "", frame({"id": "chatcmpl-B1", "object": "chat.completion.chunk", "created": 1760000000,
                         "model": facts.model, "choices": [], "usage": usage_of(turn.usage)})
    yield "", b"data: [DONE]\n\n"


def call_deltas(model, calls):
    for what, i, piece in call_steps(model, calls):
        if what == "start":
            function = {"name": calls[i].name, "arguments": ""}
            yield {"index": i, "id": calls[i].id, "type": "function", "function": function}
        elif what == "piece":
            yield {"index": i, "function": {"arguments": piece}}


def call_steps(model, calls):
    """(start | piece | end, which call, text): one call after the other, or side by side."""
    if not scenario(model).interleaved:
        for i, c in enumerate(calls):
            yield "start", i, ""
            yield from (("piece", i, piece) for piece in c.pieces)
            yield "end", i, ""
        return
    yield from (("start", i, "") for i in range(len(calls)))
    for at in range(max((len(c.pieces) for c in calls), default=0)):
        yield from (("piece", i, c.pieces[at]) for i, c in enumerate(calls) if at < len(c.pieces))
    yield from (("end", i, "") for i in range(len(calls)))


def error(message, type_, param=None, code=None):
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def refusal(bad):
    """The dialect's answer to a request that breaks its rules."""
    return 400, {}, error(str(bad), "invalid_request_error", bad.path, "invalid_value")


ERRORS = {
    "bad": (400, {}, error("temperature is too hot", "invalid_request_error", "temperature", "invalid_value")),
    "key": (401, {}, error("Incorrect API key provided: sk-can*******ream.", "invalid_request_error", None,
                           "invalid_api_key")),
    "throttled": (429, {"retry_after": "7", "x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "7s"},
                  error("Rate limit reached for requests", "requests", None, "rate_limit_exceeded")),
    "context": (400, {}, error("This model's maximum context length is 128000 tokens. However, your messages resulted "
                               "in 200000 tokens.", "invalid_request_error", "messages", "context_length_exceeded")),
    "overloaded": (503, {}, error("The server is overloaded", "service_unavailable_error", None,
                                  "server_is_overloaded")),
}


def broken():
    """An error after the first words."""
    return frame(error("The server had an error", "server_error"))
