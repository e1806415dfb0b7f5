"""Clients: one adapter for each official SDK, all with the same small face.

    run(root, api, spec) -> [answer, ...]     one for each turn; root: http://127.0.0.1:PORT

spec      model, prompt, system, how (plain, stream or helper), gate (URL to fetch at the first words of a stream) and,
          when asked for: max_tokens, tools {name: {description, parameters}}, schema, image (base64 PNG), reasoning
          (true), results {tool name: text}, leave_after (words of a stream after which the client
          leaves), lenient (the answer may lack members that the SDK's types have)
answer    text, reasoning, calls [[name, arguments]], finish (the SDK's word), usage {prompt, completion, cached,
          reasoning} in OpenAI's arithmetic, error (None or {status, message, code, retry_after, kind})

The other APIs: embed {model, inputs, format?} -> {vectors, tokens} · count (a spec as above) -> {tokens} ·
models {model} -> {ids, one}.

When an answer has calls and the spec has results, the adapter goes on with a second turn, made of what the SDK gave it,
as its users do."""


def blank():
    return {"text": "", "reasoning": "", "calls": [], "finish": None, "usage": None, "error": None}


class Left(Exception):
    """The client left the stream, as it was told to."""


class Words:
    """Watches a stream: opens the gate at its first words, leaves when told."""

    def __init__(self, spec):
        self.gate, self.leave_after, self.seen = spec.get("gate"), spec.get("leave_after"), 0

    def came(self, text):
        if not text:
            return
        self.seen += 1
        if self.seen == 1 and self.gate:
            import urllib.request
            urllib.request.urlopen(self.gate, timeout=5).read()
        if self.seen == self.leave_after:
            raise Left()
