"""OpenAI's embeddings as a provider (protocols.md 3.1)."""
import base64
import struct

from backs.facts import Facts
from backs.gemini_generate import vector
from backs.openai_chat import ERRORS, refusal  # noqa: F401 - parts of this back
from shape import Bad, check, filled, matches, whole

NAME = "openai-embeddings"
PATHS = {"/v1/embeddings": "embed"}

BODY = {"model": filled, "input": (filled, [filled], [int], [[int]]), "encoding_format?": {"float", "base64"},
        "dimensions?": whole(1), "user?": str}


def read(call, op, model):
    check(matches("Bearer .+"), call.head.get("authorization"), "header authorization")
    check(BODY, call.json)
    given = call.json["input"]
    if given == []:
        raise Bad("input", "must not be empty")
    facts = Facts(NAME, op, call.json["model"])
    facts.inputs = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    return facts


def answer(facts, turn, call):
    def form(values):
        if call.json.get("encoding_format") == "base64":
            return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
        return values
    return {"object": "list", "model": facts.model, "usage": {"prompt_tokens": 50, "total_tokens": 50},
            "data": [{"object": "embedding", "index": i, "embedding": form(vector(x))}
                     for i, x in enumerate(facts.inputs)]}
