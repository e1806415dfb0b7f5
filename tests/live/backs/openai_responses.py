"""OpenAI Responses as a provider (protocols.md 2)."""
import itertools
import json

from backs import openai_chat
from backs.facts import Facts, data_uri, pair_results, parsed, signed
from backs.openai_chat import NAMED, SCHEMA, refusal, strict  # noqa: F401 - refusal is part of this back
from scenarios import Call, Reasoning, Text
from shape import Bad, Tagged, check, filled, matches, number, whole

NAME = "openai-responses"
PATHS = {"/v1/responses": "generate"}

CALL_ID = matches(".{1,64}")
STATUS = {"in_progress", "completed", "incomplete", None}
IN_TEXT = {"text": str}
IN_PARTS = Tagged("type", input_text=IN_TEXT,
                  output_text={"text": str, "annotations?": [...], "logprobs?": (None, [...])},
                  input_image={"image_url?": str, "file_id?": str, "detail?": {"low", "high", "auto", "original"}},
                  input_file={"file_id?": str, "file_data?": str, "file_url?": str, "filename?": str},
                  refusal={"refusal": str})
ITEM = Tagged(
    "type", message={"role": {"user", "assistant", "system", "developer"}, "content": (str, [IN_PARTS]), "id?": str,
                     "status?": STATUS, "phase?": ({"commentary", "final_answer"}, None)},
    function_call={"call_id": CALL_ID, "name": NAMED, "arguments": str, "id?": (matches("fc_.*"), None),
                   "status?": STATUS},
    function_call_output={"call_id": CALL_ID, "output": (str, [Tagged("type", input_text=IN_TEXT)]),
                          "id?": (str, None), "status?": STATUS},
    reasoning={"summary": [Tagged("type", summary_text={"text": str})], "id?": matches("rs_.*"),
               "content?": ([Tagged("type", reasoning_text={"text": str})], None),
               "encrypted_content?": (str, None), "status?": STATUS})
BODY = {
    "model": filled, "input": (str, [...]), "instructions?": (str, None), "store?": (bool, None),
    "stream?": (bool, None), "stream_options?": ({"include_obfuscation?": bool}, None),
    "max_output_tokens?": (whole(16), None), "max_tool_calls?": whole(1), "temperature?": number(0, 2),
    "top_p?": number(0, 1), "top_logprobs?": whole(0, 20), "parallel_tool_calls?": (bool, None),
    "tools?": [Tagged("type", function={"name": NAMED, "description?": (str, None), "parameters": (SCHEMA, None),
                                        "strict?": (bool, None)})],
    "tool_choice?": ({"none", "auto", "required"}, Tagged("type", function={"name": NAMED})),
    "text?": {"format?": Tagged("type", text={}, json_object={}, json_schema={
        "name": NAMED, "schema": SCHEMA, "strict?": (bool, None), "description?": (str, None)}),
        "verbosity?": ({"low", "medium", "high"}, None)},
    "reasoning?": ({"effort?": ({"none", "minimal", "low", "medium", "high", "xhigh", "max"}, None),
                    "summary?": ({"auto", "concise", "detailed"}, None)}, None),
    "include?": ([{"reasoning.encrypted_content", "message.output_text.logprobs"}], None),
    "truncation?": {"auto", "disabled"}, "metadata?": ..., "service_tier?": str, "prompt_cache_key?": str,
    "safety_identifier?": str, "user?": str, "background?": {False}, "previous_response_id?": None,
}


def read(call, op, model):
    check(matches("Bearer .+"), call.head.get("authorization"), "header authorization")
    check(BODY, call.json)
    body = call.json
    facts = Facts(NAME, model=body["model"], stream=bool(body.get("stream")), system=body.get("instructions") or "",
                  max_tokens=body.get("max_output_tokens"))
    items = body["input"]
    if isinstance(items, str):
        items = [{"type": "message", "role": "user", "content": items}]
    if not items:
        raise Bad("input", "must not be empty")
    read_items([{"type": "message", **it} if "role" in it else it for it in items], body, facts)
    for tool in body.get("tools", []):
        facts.tools[tool["name"]] = tool["parameters"]
        if tool.get("strict", True):    # absent and null have been treated as strict (protocols.md 2.1)
            strict(f"tools.{tool['name']}", tool["parameters"])
    choice = body.get("tool_choice", "")
    facts.choice = choice if isinstance(choice, str) else choice["name"]
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_schema":
        facts.schema = form["schema"]
        if form.get("strict"):
            strict("text.format.schema", form["schema"])
    facts.thinks = (body.get("reasoning") or {}).get("effort") not in (None, "none")
    return facts


def read_items(items, body, facts):
    calls, results = [], []
    for i, item in enumerate(items):
        path = f"input[{i}]"
        check(ITEM, item, path)
        if item["type"] == "function_call":
            calls.append((item["call_id"], item["name"]))
            facts.calls.append((item["name"], parsed(item["arguments"], f"{path}.arguments")))
        elif item["type"] == "function_call_output":
            output = item["output"]
            results.append((item["call_id"], output if isinstance(output, str) else text_of(output)))
        elif item["type"] == "reasoning":
            read_reasoning(item, items[i + 1:i + 2], body, path, facts)
        else:
            read_message(item, path, facts)
    facts.results = pair_results(calls, results, "input")


def read_reasoning(item, after, body, path, facts):
    """It must be followed by what it was for, and without a store its content must be there (protocols.md 2.2)."""
    if not after or (after[0]["type"], after[0].get("role")) not in (("function_call", None), ("message", "assistant")):
        raise Bad(path, "a reasoning item without its required following item")
    if not item.get("encrypted_content"):
        if body.get("store") is False or "id" not in item:
            raise Bad(path, "with store false a reasoning item needs its encrypted_content")
        return
    if item["encrypted_content"] not in [signature for signature, _ in signed(body["model"])]:
        raise Bad(path, "the encrypted content could not be verified")
    facts.signatures.append(item["encrypted_content"])


def read_message(item, path, facts):
    content = item["content"]
    if isinstance(content, str):
        content = [{"type": "output_text" if item["role"] == "assistant" else "input_text", "text": content}]
    for part in content:
        if (part["type"] in ("output_text", "refusal")) != (item["role"] == "assistant"):
            raise Bad(path, f"{part['type']} in a message of role {item['role']}")
        if part["type"] == "input_image":
            facts.images.append(data_uri(part["image_url"], path))
        elif item["role"] == "user":
            facts.user.append(part["text"])
        elif item["role"] in ("system", "developer"):
            facts.system = "\n\n".join(filter(None, [facts.system, part["text"]]))


def text_of(parts):
    return "".join(p["text"] for p in parts)


def usage_of(u):
    return {"input_tokens": u.prompt, "input_tokens_details": {"cached_tokens": u.cached, "cache_write_tokens": 0},
            "output_tokens": u.completion, "output_tokens_details": {"reasoning_tokens": u.reasoning},
            "total_tokens": u.prompt + u.completion}


def response(facts, call, status, output, usage=None, cut=False):
    body = call.json
    return {"id": "resp_0a1", "object": "response", "created_at": 1760000000, "status": status, "background": False,
            "error": None, "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": body.get("instructions"), "max_output_tokens": body.get("max_output_tokens"),
            "model": facts.model, "output": output, "parallel_tool_calls": True, "previous_response_id": None,
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None}, "store": body.get("store", True),
            "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto",
            "tools": body.get("tools", []), "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": None,
            "metadata": {}}


def items_of(facts, turn, call):
    """The finished output items."""
    wants = "reasoning.encrypted_content" in (call.json.get("include") or [])
    items = []
    for n, part in enumerate(turn.parts):
        if isinstance(part, Reasoning):
            items.append({"id": f"rs_{n}", "type": "reasoning",
                          "summary": [{"type": "summary_text", "text": "".join(part.pieces)}]})
            if wants:
                items[-1]["encrypted_content"] = part.signature
        elif isinstance(part, Text):
            items.append({"id": f"msg_{n}", "type": "message", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": "".join(part.pieces), "annotations": [], "logprobs": []}]})
        elif isinstance(part, Call):
            items.append({"id": f"fc_{n}", "type": "function_call", "status": "completed", "call_id": part.id,
                          "name": part.name, "arguments": part.args})
    return items


def status_of(turn):
    return "incomplete" if turn.finish == "length" else "completed"


def answer(facts, turn, call):
    return response(facts, call, status_of(turn), items_of(facts, turn, call), usage_of(turn.usage),
                    turn.finish == "length")


def stream(facts, turn, call):
    numbers = itertools.count()

    def event(type_, **fields):
        obj = {"type": type_, "sequence_number": next(numbers), **fields}
        return f"event: {type_}\n".encode() + openai_chat.frame(obj)

    yield "", event("response.created", response=response(facts, call, "in_progress", []))
    yield "", event("response.in_progress", response=response(facts, call, "in_progress", []))
    items = items_of(facts, turn, call)
    for n, (part, item) in enumerate(zip(turn.parts, items)):
        if isinstance(part, Reasoning):
            yield from reasoning_events(event, n, part, item)
        elif isinstance(part, Text):
            yield from text_events(event, n, part, item)
    yield from (("", piece) for piece in call_events(event, facts.model, turn, items))
    done = "response.incomplete" if turn.finish == "length" else "response.completed"
    yield "", event(done, response=answer(facts, turn, call))


def reasoning_events(event, n, part, item):
    at = {"item_id": item["id"], "output_index": n, "summary_index": 0}
    whole_text = "".join(part.pieces)
    yield "", event("response.output_item.added", output_index=n, item={**item, "summary": []})
    yield "", event("response.reasoning_summary_part.added", **at, part={"type": "summary_text", "text": ""})
    for piece in part.pieces:
        yield "reasoning", event("response.reasoning_summary_text.delta", **at, delta=piece, obfuscation="k2")
    yield "", event("response.reasoning_summary_text.done", **at, text=whole_text)
    yield "", event("response.reasoning_summary_part.done", **at, part={"type": "summary_text", "text": whole_text})
    yield "", event("response.output_item.done", output_index=n, item=item)


def text_events(event, n, part, item):
    at = {"item_id": item["id"], "output_index": n, "content_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield "", event("response.output_item.added", output_index=n, item={**item, "status": "in_progress", "content": []})
    yield "", event("response.content_part.added", **at, part=empty)
    for piece in part.pieces:
        yield "text", event("response.output_text.delta", **at, delta=piece, logprobs=[], obfuscation="k2")
    yield "", event("response.output_text.done", **at, text="".join(part.pieces), logprobs=[])
    yield "", event("response.content_part.done", **at, part=item["content"][0])
    yield "", event("response.output_item.done", output_index=n, item=item)


def call_events(event, model, turn, items):
    """Side by side, output_index and item_id decide, not position (protocols.md 2.4)."""
    places = [n for n, part in enumerate(turn.parts) if isinstance(part, Call)]
    for what, i, piece in openai_chat.call_steps(model, turn.calls):
        n = places[i]
        item, at = items[n], {"item_id": items[n]["id"], "output_index": n}
        if what == "start":
            yield event("response.output_item.added", output_index=n,
                        item={**item, "status": "in_progress", "arguments": ""})
        elif what == "piece":
            yield event("response.function_call_arguments.delta", **at, delta=piece, obfuscation="k2")
        else:
            yield event("response.function_call_arguments.done", **at, name=item["name"], arguments=item["arguments"])
            yield event("response.output_item.done", output_index=n, item=item)


ERRORS = openai_chat.ERRORS


def broken():
    obj = {"type": "error", "sequence_number": 99, "code": "server_error", "message": "The server had an error",
           "param": None}
    return b"event: error\ndata: " + json.dumps(obj).encode() + b"\n\n"
