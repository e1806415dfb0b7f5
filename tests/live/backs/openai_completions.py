"""OpenAI's legacy Completions as a provider (protocols.md 3.3)."""
from backs import openai_chat
from backs.facts import Facts
from backs.openai_chat import ERRORS, broken, frame, refusal, usage_of  # noqa: F401 - parts of this back
from shape import Bad, check, filled, matches, number, whole

NAME = "openai-completions"
PATHS = {"/v1/completions": "generate"}

BODY = {
    "model": filled, "prompt": (str, [str], [int], [[int]]), "max_tokens?": whole(0), "suffix?": (str, None),
    "echo?": bool, "best_of?": whole(1, 20), "n?": whole(1, 128), "logprobs?": (whole(0, 5), None),
    "stop?": (str, [str], None), "stream?": (bool, None), "temperature?": number(0, 2), "top_p?": number(0, 1),
    "stream_options?": ({"include_usage?": bool, "include_obfuscation?": bool}, None), "seed?": int, "user?": str,
    "frequency_penalty?": number(-2, 2), "presence_penalty?": number(-2, 2), "logit_bias?": ...,
}


def read(call, op, model):
    check(matches("Bearer .+"), call.head.get("authorization"), "header authorization")
    check(BODY, call.json)
    body = call.json
    if body.get("stream_options") and not body.get("stream"):
        raise Bad("stream_options", "only with stream")
    prompt = body["prompt"]
    return Facts(NAME, model=body["model"], stream=bool(body.get("stream")), max_tokens=body.get("max_tokens"),
                 user=[prompt] if isinstance(prompt, str) else list(prompt))


def answer(facts, turn, call):
    return {"id": "cmpl-1", "object": "text_completion", "created": 1760000000, "model": facts.model,
            "choices": [{"text": turn.text, "index": 0, "logprobs": None, "finish_reason": turn.finish}],
            "usage": usage_of(turn.usage)}


def stream(facts, turn, call):
    counted = (call.json.get("stream_options") or {}).get("include_usage")

    def chunk(choices, **more):
        obj = {"id": "cmpl-1", "object": "text_completion", "created": 1760000000, "model": facts.model,
               "choices": choices, **more}
        return openai_chat.frame({**obj, "usage": None} if counted and "usage" not in obj else obj)

    for part in turn.parts:
        for piece in part.pieces:
            yield "text", chunk([{"text": piece, "index": 0, "logprobs": None, "finish_reason": None}])
    yield "", chunk([{"text": "", "index": 0, "logprobs": None, "finish_reason": turn.finish}])
    if counted:
        yield "", chunk([], usage=usage_of(turn.usage))
    yield "", b"data: [DONE]\n\n"
