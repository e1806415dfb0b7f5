"""The official Anthropic SDK for Python: messages."""
import functools
import json

import anthropic

from sdks import Left, Words, blank


@functools.cache
def client_of(root, strict=True):
    return anthropic.Anthropic(base_url=root, api_key="none", max_retries=0, timeout=20,
                               _strict_response_validation=strict)


def run(root, api, spec):
    client = client_of(root)
    if api == "models":
        return {"ids": [m.id for m in client.models.list()], "one": client.models.retrieve(spec["model"]).id}
    ask = ask_of(spec)
    if api == "count":
        del ask["max_tokens"]
        return {"tokens": client.messages.count_tokens(**ask).input_tokens}
    answer, message = one(client, ask, spec)
    answers = [answer]
    if answer["calls"] and spec.get("results"):
        results = [{"type": "tool_result", "tool_use_id": b["id"], "content": spec["results"][b["name"]]}
                   for b in message if b["type"] == "tool_use"]
        ask["messages"] += [{"role": "assistant", "content": message}, {"role": "user", "content": results}]
        answers.append(one(client, ask, spec)[0])
    return answers


def one(client, ask, spec):
    """(answer, content of the message)"""
    answer, content = blank(), []
    try:
        content = {"plain": plain, "stream": stream, "helper": helper}[spec["how"]](client, ask, spec, answer)
    except Left:
        pass
    except anthropic.AnthropicError as e:
        answer["error"] = error_of(e)
    return answer, content


def plain(client, ask, spec, answer):
    return read(client.messages.create(**ask), answer)


def stream(client, ask, spec, answer):
    """Raw events, gathered by hand."""
    words, blocks, pieces, last = Words(spec), [], {}, None
    with client.messages.create(**ask, stream=True) as events:
        for e in events:
            last = e.type
            if e.type == "message_start":
                message = e.message
            elif e.type == "content_block_start":
                assert e.index == len(blocks), f"block {e.index} after {len(blocks)} blocks"
                blocks.append(e.content_block)
            elif e.type == "content_block_delta":
                words.came(gather(blocks[e.index], e.delta, pieces.setdefault(e.index, [])))
            elif e.type == "content_block_stop" and blocks[e.index].type == "tool_use":
                blocks[e.index].input = json.loads("".join(pieces.get(e.index, [])) or "{}")
            elif e.type == "message_delta":
                message.stop_reason = e.delta.stop_reason
                for name in e.usage.model_fields_set:
                    if getattr(e.usage, name) is not None:
                        setattr(message.usage, name, getattr(e.usage, name))
    assert last == "message_stop", f"the stream ended with {last}"
    message.content = blocks
    return read(message, answer)


def helper(client, ask, spec, answer):
    words = Words(spec)
    with client.messages.stream(**ask) as s:
        for e in s:
            if e.type in ("text", "thinking"):
                words.came(e.text if e.type == "text" else e.thinking)
        return read(s.get_final_message(), answer)


def ask_of(spec):
    content = [{"type": "text", "text": spec["prompt"]}]
    if "image" in spec:
        source = {"type": "base64", "media_type": "image/png", "data": spec["image"]}
        content.append({"type": "image", "source": source})
    ask = {"model": spec["model"], "max_tokens": spec.get("max_tokens", 4096), "system": spec["system"],
           "messages": [{"role": "user", "content": content}]}
    if "tools" in spec:
        ask["tools"] = [{"name": n, "description": t["description"], "input_schema": t["parameters"]}
                        for n, t in spec["tools"].items()]
    if "schema" in spec:
        ask["output_config"] = {"format": {"type": "json_schema", "schema": spec["schema"]}}
    if spec.get("reasoning"):
        ask["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    return ask


def gather(block, delta, pieces):
    """Adds a delta to its block; returns words that can be shown."""
    if delta.type == "text_delta":
        block.text += delta.text
        return delta.text
    if delta.type == "thinking_delta":
        block.thinking += delta.thinking
        return delta.thinking
    if delta.type == "signature_delta":
        block.signature = delta.signature
    elif delta.type == "input_json_delta":
        pieces.append(delta.partial_json)
    return ""


def read(m, answer):
    u = m.usage
    cached = u.cache_read_input_tokens or 0
    details = u.output_tokens_details
    answer.update(
        text="".join(b.text for b in m.content if b.type == "text"), finish=m.stop_reason,
        reasoning="".join(b.thinking for b in m.content if b.type == "thinking"),
        calls=[[b.name, b.input] for b in m.content if b.type == "tool_use"],
        usage={"prompt": u.input_tokens + cached + (u.cache_creation_input_tokens or 0), "completion": u.output_tokens,
               "cached": cached, "reasoning": details.thinking_tokens if details else None})
    return [b.model_dump(exclude_none=True, exclude={"parsed_output"}) for b in m.content]


def error_of(e):
    response, body = getattr(e, "response", None), getattr(e, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    return {"status": getattr(e, "status_code", None), "message": str(e), "kind": type(e).__name__,
            "code": inner.get("type") if isinstance(inner, dict) else None,
            "retry_after": response.headers.get("retry-after") if response is not None else None}
