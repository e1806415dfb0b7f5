"""The simulated providers refuse what the real ones refuse: else the matrix would prove little."""
import copy
import json
import urllib.error
import urllib.request

import pytest
from scenarios import SIGNATURE

ALONE = "without exactly one result"
USER = [{"role": "user", "content": "hi"}]
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = [*USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}]
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "x"}
G_USER, G_CALL = {"role": "user", "parts": [{"text": "hi"}]}, {"functionCall": {"name": "f", "args": {}}}
G_RESULT = {"functionResponse": {"name": "f", "response": {"output": "x"}}}
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
R_CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
THINKING = {"type": "enabled", "budget_tokens": 1024}

BASE = {
    "/v1/chat/completions": {"model": "plain", "messages": USER},
    "/v1/responses": {"model": "plain", "input": "hi"},
    "/v1/completions": {"model": "plain", "prompt": "hi"},
    "/v1/embeddings": {"model": "plain", "input": "hi"},
    "/v1/messages": {"model": "plain", "max_tokens": 9, "messages": USER},
    "/v1/messages/count_tokens": {"model": "plain", "messages": USER},
    "/v1beta/models/plain:generateContent": {"contents": [G_USER]},
    "/v1beta/models/plain:embedContent": {"content": {"parts": [{"text": "hi"}]}},
}
FAULTS = [
    ("/v1/chat/completions", {"top_k": 3}, "top_k: unknown field"),
    ("/v1/chat/completions", {"messages": []}, "must not be empty"),
    ("/v1/chat/completions", {"stream_options": {"include_usage": True}}, "only with stream"),
    ("/v1/chat/completions", {"messages": [*USER, {"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "follow"),
    ("/v1/chat/completions", {"messages": [*CALLED, *USER]}, ALONE),
    ("/v1/chat/completions", {"messages": [*CALLED, {"role": "tool", "tool_call_id": "c2", "content": ""}]},
     "unknown call"),
    ("/v1/chat/completions", {"messages": [*USER, {"role": "assistant", "content": None}]}, "only beside tool_calls"),
    ("/v1/chat/completions", {"temperature": 3}, "from 0 to 2"),
    ("/v1/chat/completions", {"tools": [{"type": "function", "function": {"name": "f", "strict": True,
                                                                         "parameters": OPEN}}]}, "strict wants"),
    ("/v1/responses", {"messages": USER}, "unknown field"),
    ("/v1/responses", {"input": [R_CALL]}, ALONE),
    ("/v1/responses", {"input": [{"type": "function_call_output", "call_id": "c9", "output": "x"}]}, "unknown call"),
    ("/v1/responses", {"input": [{"type": "reasoning", "summary": [], "encrypted_content": "x"}]}, "following item"),
    ("/v1/responses", {"tools": [{"type": "function", "name": "f", "parameters": OPEN}]}, "strict wants"),
    ("/v1/responses", {"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, "role user"),
    ("/v1/completions", {"messages": USER}, "unknown field"),
    ("/v1/embeddings", {"input": ""}, "must be a text that is not blank"),
    ("/v1/messages", {"max_tokens": None}, "max_tokens"),
    ("/v1/messages", {"stop": ["x"]}, "unknown field"),
    ("/v1/messages", {"temperature": 1.5}, "from 0 to 1"),
    ("/v1/messages", {"messages": [*USER, *USER]}, "must alternate"),
    ("/v1/messages", {"messages": [{"role": "user", "content": " "}]}, "not blank"),
    ("/v1/messages", {"messages": [*USER, {"role": "assistant", "content": "x"}]}, "end with a user message"),
    ("/v1/messages", {"messages": [*USER, {"role": "assistant", "content": [USE]}, *USER]}, ALONE),
    ("/v1/messages", {"messages": [*USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [
        {"type": "text", "text": "x"}, RESULT]}]}, "must come first"),
    ("/v1/messages", {"thinking": THINKING}, "less than max_tokens"),
    ("/v1/messages", {"thinking": THINKING, "max_tokens": 4096, "messages": [
        *USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT]}]}, "with a thinking"),
    ("/v1/messages", {"model": "signature", "messages": [*USER, {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "other words", "signature": SIGNATURE}]}, *USER]}, "Invalid `signature`"),
    ("/v1/messages", {"model": "claude-sonnet-3-7~plain", "thinking": {"type": "adaptive"}}, "adaptive is not"),
    ("/v1/messages", {"model": "claude-sonnet-3-7~plain", "output_config": {"format": {
        "type": "json_schema", "schema": CLOSED}}}, "output_config: is not supported"),
    ("/v1/messages", {"model": "claude-opus-5-5~plain", "thinking": THINKING}, "enabled is not supported"),
    ("/v1/messages", {"model": "claude-opus-5-5~plain", "temperature": 1}, "sampling parameters"),
    ("/v1/messages", {"model": "claude-opus-5-5~plain", "tool_choice": {"type": "any"}}, "cannot be forced"),
    ("/v1/messages/count_tokens", {"max_tokens": 9}, "unknown field"),
    ("/v1beta/models/plain:generateContent", {"messages": USER}, "unknown field"),
    ("/v1beta/models/plain:generateContent", {"contents": [G_USER, {"role": "model", "parts": [G_CALL]}, G_USER]},
     "the number of"),
    ("/v1beta/models/plain:generateContent", {"contents": [G_USER, {"role": "model", "parts": [G_CALL]}, {
        "role": "user", "parts": [G_RESULT, {"text": "x"}]}]}, "other parts"),
    ("/v1beta/models/signature:generateContent", {"contents": [G_USER, {"role": "model", "parts": [G_CALL]}, {
        "role": "user", "parts": [G_RESULT]}]}, "missing a thought_signature"),
    ("/v1beta/models/signature:generateContent", {"contents": [G_USER, {"role": "model", "parts": [
        {**G_CALL, "thoughtSignature": "AAAA"}]}, {"role": "user", "parts": [G_RESULT]}]}, "Corrupted"),
    ("/v1beta/models/plain:generateContent", {"tools": [{"functionDeclarations": [
        {"name": "f", "parameters": CLOSED}]}]}, "additionalProperties"),
    ("/v1beta/models/plain:generateContent", {"generationConfig": {"responseJsonSchema": OPEN}},
     "needs application/json"),
    ("/v1beta/models/plain:generateContent", {"generationConfig": {"thinkingConfig": {
        "thinkingLevel": "LOW", "thinkingBudget": 1}}}, "level and budget"),
    ("/v1beta/models/gemini-2.5-pro~plain:generateContent", {"generationConfig": {"thinkingConfig": {
        "thinkingLevel": "LOW"}}}, "not supported by this model"),
    ("/v1beta/models/gemini-2.0-flash~plain:generateContent", {"generationConfig": {"thinkingConfig": {
        "thinkingBudget": 1}}}, "does not think"),
]


def post(simulator, path, body, **fields):
    head = {"content-type": "application/json", "authorization": "Bearer k", "x-goog-api-key": "k",
            "anthropic-version": "2023-06-01", **fields}
    request = urllib.request.Request(f"http://127.0.0.1:{simulator.port}{path}", json.dumps(body).encode(), head)
    try:
        with urllib.request.urlopen(request, timeout=5) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


@pytest.mark.parametrize("path", BASE)
def test_plain_request_is_taken(simulator, path):
    assert post(simulator.fresh(), path, BASE[path])[0] == 200
    assert simulator.refused == [] and len(simulator.facts) == 1


@pytest.mark.parametrize("path,change,why", FAULTS, ids=[f"{p.split('/')[-1]}: {w}" for p, _, w in FAULTS])
def test_broken_rule_is_refused(simulator, path, change, why):
    body = copy.deepcopy(BASE.get(path, BASE["/v1beta/models/plain:generateContent"]))
    body.update(change)
    status, text = post(simulator.fresh(), path, {k: v for k, v in body.items() if v is not None})
    assert status == 400 and why in json.loads(text)["error"]["message"], text
    assert len(simulator.refused) == 1 and simulator.facts == []


def test_sampling_left_anthropics_newer_version(simulator):
    body = {**BASE["/v1/messages"], "temperature": 1}
    assert post(simulator.fresh(), "/v1/messages", body)[0] == 200
    assert post(simulator, "/v1/messages", body, **{"anthropic-version": "2026-10-21"})[0] == 400
