"""Gemini native as a provider: generate, stream, countTokens, embeddings (protocols.md 5)."""
import base64
import json
import re

from backs.facts import Facts, signed
from scenarios import Call, Reasoning, Text
from shape import Bad, an_object, check, filled, matches, number, whole

NAME = "gemini-generate"
PATHS = {re.compile(r"/v1beta/models/([^/:]+):(\w+)(\?.*)?"): {
    "generateContent": "generate", "streamGenerateContent": "generate", "countTokens": "count", "embedContent": "embed",
    "batchEmbedContents": "embed"}}

FUNCTION_NAME = matches("[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
BLOB = {"mimeType": matches(r"\w+/[\w.+-]+"), "data": filled}
PART = {"text?": str, "inlineData?": BLOB, "fileData?": {"mimeType?": str, "fileUri": str}, "thought?": bool,
        "functionCall?": {"id?": str, "name": FUNCTION_NAME, "args?": an_object}, "thoughtSignature?": str,
        "functionResponse?": {"id?": str, "name": FUNCTION_NAME, "response": an_object}}
CONTENT = {"role?": {"user", "model"}, "parts": [PART]}
TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}


def subset(value, path="schema"):
    """The OpenAPI subset (5.2): other keywords are refused with `Unknown name`."""
    keys = {"type": lambda v: None if isinstance(v, str) and v.upper() in TYPES else "unknown type",
            "items": subset_text, "anyOf": [subset_text], "enum": [str], "required": [str],
            "properties": lambda v: None if v and not any(map(subset_text, v.values())) else "empty or bad properties"}
    known = ("format title description nullable minItems maxItems minProperties maxProperties minimum maximum "
             "minLength maxLength pattern example default propertyOrdering").split()
    check({**{f"{k}?": shape for k, shape in keys.items()}, **{f"{k}?": ... for k in known}}, value, path)


def subset_text(value):
    try:
        subset(value)
    except Bad as bad:
        return str(bad)


FUNCTION = {"name": FUNCTION_NAME, "description?": str, "parameters?": subset_text, "parametersJsonSchema?": ...}
CONFIG = {
    "temperature?": number(0, 2), "topP?": number(0, 1), "topK?": number(1, 1000), "candidateCount?": whole(1, 8),
    "maxOutputTokens?": whole(1), "stopSequences?": [str], "seed?": int, "presencePenalty?": number(-2, 2),
    "frequencyPenalty?": number(-2, 2), "responseLogprobs?": bool, "logprobs?": whole(0, 20),
    "responseModalities?": [str], "responseMimeType?": {"application/json", "text/plain", "text/x.enum"},
    "responseSchema?": subset_text, "responseJsonSchema?": ..., "mediaResolution?": str,
    "thinkingConfig?": {"thinkingBudget?": whole(-1), "thinkingLevel?": {"MINIMAL", "LOW", "MEDIUM", "HIGH"},
                        "includeThoughts?": bool},
}
BODY = {
    "contents": [CONTENT], "systemInstruction?": {"parts": [{"text": filled}], "role?": str}, "cachedContent?": str,
    "tools?": [{"functionDeclarations": [FUNCTION]}], "safetySettings?": ..., "generationConfig?": CONFIG,
    "toolConfig?": {"functionCallingConfig?": {"mode?": {"AUTO", "ANY", "NONE", "VALIDATED"},
                                               "allowedFunctionNames?": [str]}}, "serviceTier?": str,
}
EMBED = {"content": {"parts": [{"text": filled}], "role?": str}, "model?": matches("models/.+"), "taskType?": str,
         "title?": str, "outputDimensionality?": whole(1)}


# below these nothing is renamed: they are the client's own objects
FREE = ("args", "response", "properties", "parametersJsonSchema", "responseJsonSchema", "labels")


def camel(value):
    """Protobuf's JSON form takes names in snake_case too, and the Python SDK sends some."""
    if isinstance(value, list):
        return [camel(v) for v in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_([a-z])", lambda m: m[1].upper(), k): v for k, v in value.items()}
    return {k: v if k in FREE else camel(v) for k, v in named.items()}


def joined(contents):
    """Neighbours of one role are one turn: the SDKs' chats keep each chunk of a stream as a turn of its own."""
    turns = []
    for c in contents:
        if turns and turns[-1].get("role", "user") == c.get("role", "user"):
            turns[-1] = {**turns[-1], "parts": turns[-1]["parts"] + c["parts"]}
        else:
            turns.append(c)
    return turns


def read(call, op, model):
    check(filled, call.head.get("x-goog-api-key"), "header x-goog-api-key")
    method = call.head[":line"].split()[1].split(":")[-1].split("?")[0]
    facts = Facts(NAME, op, model, method == "streamGenerateContent")
    body = camel(call.json)
    if op == "embed":
        return read_embed(body, method, facts)
    if op == "count":
        check(({"contents": [CONTENT]}, {"generateContentRequest": {"model?": str, **BODY}}), body)
        body = body.get("generateContentRequest", body)
        body = {k: v for k, v in body.items() if k != "model"}
    elif facts.stream and "alt=sse" not in call.head[":line"]:
        raise Bad("query alt", "this test speaks SSE only")
    check(BODY, body)
    facts.system = "\n\n".join(p["text"] for p in body.get("systemInstruction", {"parts": []})["parts"])
    read_tools(body, facts)
    read_config(body.get("generationConfig", {}), facts)
    read_contents(joined(body["contents"]), facts)
    return facts


def read_embed(body, method, facts):
    check({"requests": [EMBED]} if method == "batchEmbedContents" else EMBED, body)
    for r in body.get("requests", [body]):
        if "model" in r and r["model"] != f"models/{facts.model}":
            raise Bad("model", "differs from the path")
        facts.inputs.append("".join(p["text"] for p in r["content"]["parts"]))
    return facts


def read_tools(body, facts):
    for tool in body.get("tools", []):
        for f in tool["functionDeclarations"]:
            if "parameters" in f and "parametersJsonSchema" in f:
                raise Bad("parameters", "not together with parametersJsonSchema")
            facts.tools[f["name"]] = f.get("parametersJsonSchema") or lowered(f.get("parameters"))
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    mode, names = calling.get("mode", ""), calling.get("allowedFunctionNames", [])
    if names and mode not in ("ANY", "VALIDATED"):
        raise Bad("allowedFunctionNames", "only with mode ANY or VALIDATED")
    facts.choice = names[0] if names else {"ANY": "required"}.get(mode, mode.lower())


def lowered(schema):
    """The subset's upper-case types as JSON Schema writes them."""
    if isinstance(schema, dict):
        return {k: v.lower() if k == "type" and isinstance(v, str) else lowered(v) for k, v in schema.items()}
    return [lowered(v) for v in schema] if isinstance(schema, list) else schema


def read_config(config, facts):
    facts.max_tokens = config.get("maxOutputTokens")
    schema = config.get("responseJsonSchema") or lowered(config.get("responseSchema"))
    if schema and config.get("responseMimeType") != "application/json":
        raise Bad("generationConfig.responseMimeType", "a response schema needs application/json")
    facts.schema = schema
    thinking = config.get("thinkingConfig", {})
    if "thinkingLevel" in thinking and "thinkingBudget" in thinking:
        raise Bad("thinkingConfig", "level and budget together")
    if "thinkingLevel" in thinking and facts.model.startswith("gemini-2.5"):
        raise Bad("thinkingConfig.thinkingLevel", "is not supported by this model")
    if "thinkingConfig" in config and facts.model.startswith("gemini-2.0"):
        raise Bad("thinkingConfig", "this model does not think")
    facts.thinks = bool(thinking.get("thinkingLevel") or thinking.get("thinkingBudget"))


def read_contents(contents, facts):
    if not contents or contents[0].get("role", "user") != "user" or contents[-1].get("role", "user") != "user":
        raise Bad("contents", "must begin and end with a user turn")
    calls = []
    for i, content in enumerate(contents):
        path, role, parts = f"contents[{i}]", content.get("role", "user"), content["parts"]
        if not parts:
            raise Bad(f"{path}.parts", "must not be empty")
        for j, part in enumerate(parts):
            data = [k for k in part if k not in ("thought", "thoughtSignature")]
            if len(data) != 1 and not (not data and "thoughtSignature" in part):
                raise Bad(f"{path}.parts[{j}]", f"exactly one kind of data, not {data}")
        if role == "user":
            read_user(parts, calls, path, facts)
            calls = []
        else:
            calls = read_model(parts, path, facts)


def read_user(parts, calls, path, facts):
    results = [p["functionResponse"] for p in parts if "functionResponse" in p]
    if len(results) != len(calls):
        raise Bad(path, "the number of function response parts must equal that of the function calls before")
    if results and len(results) != len(parts):
        raise Bad(path, "function responses and other parts in one turn")
    for result, call in zip(results, calls):
        if result["name"] != call["name"]:
            raise Bad(path, f"a response of {result['name']} to a call of {call['name']}")
        said = result["response"]
        value = next((said[k] for k in ("output", "result", "content") if k in said), None)   # content: Vercel's name
        if not isinstance(value, str):
            raise Bad(path, f"expected the output as text, not {said!r}")
        facts.results.append((result["name"], value))
    facts.user += [p["text"] for p in parts if "text" in p]
    blobs = [p["inlineData"] for p in parts if "inlineData" in p]
    facts.images += [(b["mimeType"], standard(b["data"])) for b in blobs]
    if any(p.get("text") == "" for p in parts):
        raise Bad(path, "empty text")


UNKNOWN = "skip_thought_signature_validator"        # documented for calls that another model made


def read_model(parts, path, facts):
    calls = [p for p in parts if "functionCall" in p]
    known = [signature for signature, _ in signed(facts.model)]
    for p in parts:
        if "thoughtSignature" in p:
            if p["thoughtSignature"] == UNKNOWN:
                continue
            if raw(p["thoughtSignature"]) not in map(raw, known):
                raise Bad(path, "Corrupted thought signature.")
            facts.signatures.append(standard(p["thoughtSignature"]))
    if known and calls and "thoughtSignature" not in calls[0]:
        raise Bad(path, f"Function call is missing a thought_signature: {calls[0]['functionCall']['name']}")
    facts.calls += [(p["functionCall"]["name"], p["functionCall"].get("args", {})) for p in calls]
    return [p["functionCall"] for p in calls]


def raw(text):
    """Bytes in JSON: both alphabets of base64 are taken (protobuf's JSON form); the Python SDK sends the URL one."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Bad("bytes", f"is not base64: {text!r}") from None


def standard(text):
    return base64.b64encode(raw(text)).decode()


def usage_of(u):
    counts = {"promptTokenCount": u.prompt, "cachedContentTokenCount": u.cached,
              "candidatesTokenCount": u.completion - u.reasoning, "thoughtsTokenCount": u.reasoning,
              "totalTokenCount": u.prompt + u.completion}
    return {**{k: v for k, v in counts.items() if v},
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": u.prompt}]}


def chunk(facts, parts, usage, finish=None):
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = {"length": "MAX_TOKENS"}.get(finish, "STOP")    # a call ends with STOP too
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": facts.model, "responseId": "r-1"}


def parts_of(turn):
    """The signature stands on the first call, else on the last part (5.5)."""
    signature = [p.signature for p in turn.of(Reasoning)]
    parts = []
    for part in turn.parts:
        if isinstance(part, Call):
            parts.append({"functionCall": {"name": part.name, "args": json.loads(part.args)}})
            if signature:
                parts[-1]["thoughtSignature"] = signature.pop()
        else:
            thought = {"thought": True} if isinstance(part, Reasoning) else {}
            parts.append({"text": "".join(part.pieces), **thought})
    if signature:
        parts[-1]["thoughtSignature"] = signature.pop()
    return parts


def answer(facts, turn, call):
    if facts.op == "count":
        return {"totalTokens": turn.usage.prompt, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 50}]}
    if facts.op == "embed":
        vectors = [{"values": vector(text)} for text in facts.inputs]
        return {"embeddings": vectors} if "requests" in call.json else {"embedding": vectors[0]}
    return chunk(facts, parts_of(turn), usage_of(turn.usage), turn.finish)


def vector(text):
    """Numbers that float32 holds exactly."""
    return [len(text) / 4, -0.5, 0.25]


def stream(facts, turn, call):
    """Text in increments, calls whole, all in one chunk; a last chunk with the reason (and a lone signature)."""
    partial = {"promptTokenCount": turn.usage.prompt, "totalTokenCount": turn.usage.prompt}
    for part in turn.parts:
        if not isinstance(part, Call):
            kind, thought = ("reasoning", {"thought": True}) if isinstance(part, Reasoning) else ("text", {})
            for piece in part.pieces:
                yield kind, frame(chunk(facts, [{"text": piece, **thought}], partial))
    calls = [p for p in parts_of(turn) if "functionCall" in p]
    if calls:
        yield "", frame(chunk(facts, calls, partial))
    lone = [{"text": "", "thoughtSignature": p.signature} for p in turn.of(Reasoning) if not calls]
    yield "", frame(chunk(facts, lone or [{"text": ""}], usage_of(turn.usage), turn.finish))


def frame(obj):
    return b"data: " + json.dumps(obj, ensure_ascii=False).encode() + b"\r\n\r\n"


def error(code, status, message, *details):
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def refusal(bad):
    return 400, {}, error(400, "INVALID_ARGUMENT", str(bad))


RPC = "type.googleapis.com/google.rpc."
ERRORS = {
    "bad": (400, {}, error(400, "INVALID_ARGUMENT", "temperature is too hot")),
    "key": (400, {}, error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                           {"@type": RPC + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})),
    "throttled": (429, {}, error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota",
                                 {"@type": RPC + "QuotaFailure", "violations": [{"quotaId": "PerMinute"}]},
                                 {"@type": RPC + "RetryInfo", "retryDelay": "7s"})),
    "context": (400, {}, error(400, "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of "
                                                        "tokens allowed (1048576).")),
    "overloaded": (503, {}, error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")),
}


def broken():
    return frame(error(500, "INTERNAL", "An internal error has occurred"))
