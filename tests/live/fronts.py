"""The rows of the matrix: which SDK speaks which dialect to weir, and in which ways it asks."""
from dataclasses import dataclass

from sdks import anthropic_py, google_py, openai_py
from sdks.node import Node

NODE = {name: Node(f"{name}.mjs") for name in ("openai", "anthropic", "google", "ai")}


@dataclass(frozen=True)
class Front:
    """`words`: what its SDK calls the ends of an answer.  `hows`: plain asks for a whole answer, stream iterates over
    raw events, helper uses what the SDK offers above that."""
    name: str
    dialect: str
    runner: object
    api: str
    words: dict
    hows: tuple = ("plain", "stream", "helper")
    unfit: tuple = ()       # (how, column): what the SDK itself cannot, also without weir
    no_reasoning_text: bool = False     # the SDK shows none
    keeps_last: bool = False    # its helper keeps only the last value of fields it does not know, as reasoning_content
    wraps_results: bool = False
    forgets: tuple = ()     # back dialects whose signatures its SDK does not send back: the second turn works without

    def run(self, root, spec):
        return self.runner.run(root, self.api, spec)


OPENAI = {"stop": "stop", "tool_calls": "tool_calls", "length": "length"}
RESPONSES = {"stop": "completed", "tool_calls": "completed", "length": "max_output_tokens"}
ANTHROPIC = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}
GEMINI = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS"}
VERCEL = {"stop": "stop", "tool_calls": "tool-calls", "length": "length"}
TWO = ("plain", "stream")
HELPERS_STOP = (("helper", "length"), ("helper", "interleaved"))    # raises at a limit; reads one call after the other
FORGOTTEN = ("openai-responses", "anthropic-messages")      # they need reasoning_details, which it does not know

FRONTS = (
    Front("openai-python chat", "openai-chat", openai_py, "chat", OPENAI, unfit=HELPERS_STOP),
    Front("openai-python responses", "openai-responses", openai_py, "responses", RESPONSES, unfit=HELPERS_STOP[:1]),
    Front("openai-python completions", "openai-completions", openai_py, "completions", OPENAI, TWO),
    Front("anthropic-python", "anthropic-messages", anthropic_py, "messages", ANTHROPIC),
    Front("google-python", "gemini-generate", google_py, "generate", GEMINI),
    Front("openai-node chat", "openai-chat", NODE["openai"], "chat", OPENAI, unfit=HELPERS_STOP, keeps_last=True),
    Front("openai-node responses", "openai-responses", NODE["openai"], "responses", RESPONSES),
    Front("openai-node completions", "openai-completions", NODE["openai"], "completions", OPENAI, TWO),
    Front("anthropic-node", "anthropic-messages", NODE["anthropic"], "messages", ANTHROPIC),
    Front("google-node", "gemini-generate", NODE["google"], "generate", GEMINI),
    Front("vercel openai chat", "openai-chat", NODE["ai"], "chat", VERCEL, TWO, no_reasoning_text=True,
          forgets=FORGOTTEN),
    Front("vercel openai responses", "openai-responses", NODE["ai"], "responses", VERCEL, TWO),
    Front("vercel openai-compatible", "openai-chat", NODE["ai"], "compatible", VERCEL, TWO, forgets=FORGOTTEN),
    Front("vercel anthropic", "anthropic-messages", NODE["ai"], "messages", VERCEL, TWO),
    Front("vercel google", "gemini-generate", NODE["ai"], "generate", VERCEL, TWO, wraps_results=True),
)
