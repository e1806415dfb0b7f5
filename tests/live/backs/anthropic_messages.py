"""Anthropic Messages and count_tokens as a provider (protocols.md 4)."""
import json

from backs.facts import Facts, pair_results, signed
from scenarios import Call, Reasoning, Text
from shape import Bad, Tagged, an_object, check, filled, matches, number, whole

NAME = "anthropic-messages"
PATHS = {"/v1/messages": "generate", "/v1/messages/count_tokens": "count"}

NAMED = matches("[A-Za-z0-9_-]{1,64}")
ID = matches("[A-Za-z0-9_-]+")
CACHE = ({"type": {"ephemeral"}, "ttl?": {"5m", "1h"}}, None)
TEXT = {"text": filled, "cache_control?": CACHE, "citations?": (None, [...])}
SOURCE = Tagged("type", base64={"media_type": {"image/png", "image/jpeg", "image/gif", "image/webp"}, "data": filled},
                url={"url": filled})
IMAGE = {"source": SOURCE, "cache_control?": CACHE}
RESULT = {"tool_use_id": ID, "content?": (str, [Tagged("type", text=TEXT, image=IMAGE)]), "is_error?": bool,
          "cache_control?": CACHE}
BLOCKS = {
    "user": Tagged("type", text=TEXT, image=IMAGE, tool_result=RESULT, document={"source": ..., "title?": str}),
    "assistant": Tagged("type", text=TEXT, thinking={"thinking": str, "signature": filled},
                        redacted_thinking={"data": filled},
                        tool_use={"id": ID, "name": NAMED, "input": an_object, "cache_control?": CACHE,
                                  "caller?": ...}),
}
SCHEMA = {"type": {"object"}, "properties?": ..., "required?": [str], "additionalProperties?": ..., "description?": str,
          "$schema?": str, "title?": str, "$defs?": ...}
CHOICE = Tagged("type", auto={"disable_parallel_tool_use?": bool}, any={"disable_parallel_tool_use?": bool}, none={},
                tool={"name": NAMED, "disable_parallel_tool_use?": bool})
COUNTED = {
    "model": filled, "messages": [{"role": {"user", "assistant"}, "content": (filled, [...])}],
    "system?": (filled, [Tagged("type", text=TEXT)]), "cache_control?": CACHE,
    "tools?": [{"name": NAMED, "description?": str, "input_schema": SCHEMA, "type?": {"custom", None},
                "cache_control?": CACHE, "strict?": (bool, None), "eager_input_streaming?": (bool, None)}],
    "tool_choice?": CHOICE,
    "thinking?": Tagged("type", enabled={"budget_tokens": whole(1024), "display?": {"summarized", "omitted"}},
                        adaptive={"display?": {"summarized", "omitted"}}, disabled={}),
    "output_config?": {"effort?": ({"low", "medium", "high", "xhigh", "max"}, None),
                       "format?": (Tagged("type", json_schema={"schema": ...}), None)},
}
BODY = {
    **COUNTED, "max_tokens": whole(1), "stop_sequences?": [filled], "temperature?": number(0, 1),
    "top_p?": number(0, 1), "top_k?": whole(0), "stream?": bool, "metadata?": {"user_id?": (str, None)},
    "service_tier?": {"auto", "standard_only"},
}


def read(call, op, model):
    if not call.head.get("x-api-key") and not call.head.get("authorization", "").startswith("Bearer "):
        raise Bad("header x-api-key", "is missing")
    check({"2023-06-01", "2026-10-21"}, call.head.get("anthropic-version"), "header anthropic-version")
    body = call.json
    check(COUNTED if op == "count" else BODY, body)
    if call.head["anthropic-version"] == "2026-10-21" and {"temperature", "top_p", "top_k"} & set(body):
        raise Bad("temperature", "sampling parameters are no part of this version")
    facts = Facts(NAME, op, body["model"], bool(body.get("stream")), max_tokens=body.get("max_tokens"))
    system = body.get("system", "")
    facts.system = system if isinstance(system, str) else "\n\n".join(b["text"] for b in system)
    check_model(body)
    facts.thinks = read_thinking(body, op)
    read_messages(body["messages"], body.get("thinking", {}).get("type") == "enabled", facts)
    for tool in body.get("tools", []):
        facts.tools[tool["name"]] = tool["input_schema"]
    facts.choice = read_choice(body, facts)
    form = (body.get("output_config") or {}).get("format")
    facts.schema = form["schema"] if form else None
    return facts


def read_thinking(body, op):
    thinking = body.get("thinking", {"type": "disabled"})
    if thinking["type"] == "enabled" and op == "generate" and thinking["budget_tokens"] >= body["max_tokens"]:
        raise Bad("thinking.budget_tokens", "must be less than max_tokens")
    if thinking["type"] != "disabled" and (body.get("temperature", 1) != 1 or "top_k" in body):
        raise Bad("temperature", "may only be 1 with thinking")
    if thinking["type"] != "disabled" and body.get("tool_choice", {}).get("type") in ("any", "tool"):
        raise Bad("tool_choice", "thinking may not be enabled when tool use is forced")
    return thinking["type"] != "disabled"


# Models by the start of their names -> what they refuse (protocols.md 4.5)
GATES = {
    "claude-sonnet-3-7": ("adaptive", "output_config"), "claude-sonnet-4-6": (),
    "claude-opus-5-5": ("enabled", "disabled", "sampling", "forced"),
}


def check_model(body):
    gates = next((g for name, g in GATES.items() if body["model"].startswith(name)), ())
    thinking, choice = body.get("thinking", {}).get("type"), body.get("tool_choice", {}).get("type")
    if thinking in gates:
        raise Bad("thinking.type", f"{thinking} is not supported by this model")
    if "output_config" in gates and "output_config" in body:
        raise Bad("output_config", "is not supported by this model")
    if "sampling" in gates and {"temperature", "top_p", "top_k"} & set(body):
        raise Bad("temperature", "sampling parameters are not supported by this model")
    if "forced" in gates and choice in ("any", "tool"):
        raise Bad("tool_choice", "this model cannot be forced to use tools")


def read_choice(body, facts):
    if "tool_choice" not in body:
        return ""
    if not facts.tools:
        raise Bad("tool_choice", "only with tools")
    choice = body["tool_choice"]
    return {"any": "required", "tool": choice.get("name")}.get(choice["type"], choice["type"])


def read_messages(messages, manual, facts):
    if not messages or messages[0]["role"] != "user":
        raise Bad("messages", "first message must use the user role")
    if messages[-1]["role"] != "user":
        raise Bad("messages", "the conversation must end with a user message")
    open_calls = []
    for i, m in enumerate(messages):
        path = f"messages[{i}]"
        if i and m["role"] == messages[i - 1]["role"]:
            raise Bad(path, "roles must alternate")
        content = m["content"] if isinstance(m["content"], list) else [{"type": "text", "text": m["content"]}]
        if not content:
            raise Bad(f"{path}.content", "must not be empty")
        for j, block in enumerate(content):
            check(BLOCKS[m["role"]], block, f"{path}.content[{j}]")
        if m["role"] == "user":
            read_user(content, open_calls, path, facts)
            open_calls = []
        else:
            open_calls = read_assistant(content, manual, path, facts)


def read_user(content, open_calls, path, facts):
    results = [b for b in content if b["type"] == "tool_result"]
    if content[:len(results)] != results:
        raise Bad(path, "tool_result blocks must come first")
    paired = [(b["tool_use_id"], text_of(b.get("content", ""))) for b in results]
    facts.results += pair_results(open_calls, paired, path)
    facts.user += [b["text"] for b in content if b["type"] == "text"]
    facts.images += [(b["source"]["media_type"], b["source"]["data"]) for b in content if b["type"] == "image"]


def read_assistant(content, manual, path, facts):
    """`manual`: thinking with a budget; adaptive thinking takes turns without a thinking block."""
    calls = [b for b in content if b["type"] == "tool_use"]
    if manual and calls and content[0]["type"] not in ("thinking", "redacted_thinking"):
        raise Bad(path, "when thinking is enabled, a turn with tool_use must start with a thinking block")
    for b in content:
        if b["type"] == "thinking":
            if (b["signature"], b["thinking"]) not in signed(facts.model):
                raise Bad(path, "Invalid `signature` in `thinking` block")
            facts.signatures.append(b["signature"])
    facts.calls += [(b["name"], b["input"]) for b in calls]
    if len({b["id"] for b in calls}) != len(calls):
        raise Bad(path, "`tool_use` ids must be unique")
    return [(b["id"], b["name"]) for b in calls]


def text_of(content):
    return content if isinstance(content, str) else "".join(b["text"] for b in content if b["type"] == "text")


STOPS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def input_usage(u):
    return {"input_tokens": u.prompt - u.cached, "cache_creation_input_tokens": 0, "cache_read_input_tokens": u.cached,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard"}


def output_usage(u):
    return {"output_tokens": u.completion, "output_tokens_details": {"thinking_tokens": u.reasoning}}


def block_of(part):
    if isinstance(part, Reasoning):
        return {"type": "thinking", "thinking": "".join(part.pieces), "signature": part.signature}
    if isinstance(part, Text):
        return {"type": "text", "text": "".join(part.pieces)}
    return {"type": "tool_use", "id": f"toolu_{part.id}", "name": part.name, "input": json.loads(part.args)}


def message(facts, content, stop, usage):
    return {"id": "msg_01", "type": "message", "role": "assistant", "model": facts.model, "content": content,
            "stop_reason": stop, "stop_sequence": None, "usage": usage}


def answer(facts, turn, call):
    if facts.op == "count":
        return {"input_tokens": turn.usage.prompt}
    return message(facts, [block_of(p) for p in turn.parts], STOPS[turn.finish],
                   {**input_usage(turn.usage), **output_usage(turn.usage)})


def event(type_, **fields):
    obj = json.dumps({"type": type_, **fields}, ensure_ascii=False, separators=(",", ":"))
    return f"event: {type_}\ndata: {obj}\n\n".encode()


def deltas(part):
    """(kind, delta) of one block."""
    if isinstance(part, Reasoning):
        yield from (("reasoning", {"type": "thinking_delta", "thinking": piece}) for piece in part.pieces)
        yield "", {"type": "signature_delta", "signature": part.signature}
    elif isinstance(part, Text):
        yield from (("text", {"type": "text_delta", "text": piece}) for piece in part.pieces)
    elif isinstance(part, Call):
        yield from (("", {"type": "input_json_delta", "partial_json": piece}) for piece in ("", *part.pieces))


def stream(facts, turn, call):
    yield "", event("message_start", message=message(facts, [], None, {**input_usage(turn.usage), "output_tokens": 1}))
    opening = {Reasoning: {"thinking": "", "signature": ""}, Text: {"text": ""}, Call: {"input": {}}}
    for n, part in enumerate(turn.parts):
        yield "", event("content_block_start", index=n, content_block={**block_of(part), **opening[type(part)]})
        if n == 0:
            yield "", event("ping")
        for kind, delta in deltas(part):
            yield kind, event("content_block_delta", index=n, delta=delta)
        yield "", event("content_block_stop", index=n)
    yield "", event("message_delta", delta={"stop_reason": STOPS[turn.finish], "stop_sequence": None},
                    usage=output_usage(turn.usage))
    yield "", event("message_stop")


def error(type_, message_):
    return {"type": "error", "error": {"type": type_, "message": message_}, "request_id": "req_011"}


def refusal(bad):
    return 400, {}, error("invalid_request_error", str(bad))


ERRORS = {
    "bad": (400, {}, error("invalid_request_error", "temperature is too hot")),
    "key": (401, {}, error("authentication_error", "invalid x-api-key")),
    "throttled": (429, {"retry_after": "7", "anthropic_ratelimit_requests_remaining": "0"},
                  error("rate_limit_error", "This request would exceed your rate limit")),
    "context": (400, {}, error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    "overloaded": (529, {}, error("overloaded_error", "Overloaded")),
}


def broken():
    return event("error", error={"type": "api_error", "message": "Internal server error"})
