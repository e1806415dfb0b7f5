"""What is played: one description for every dialect.  A scenario is a list of turns; a turn is what the model says, in
neutral parts, and backs/ puts it on the wire of each dialect.  The upstream model name of a request chooses it."""
from dataclasses import dataclass, field

PROMPT = "canary-prompt-98765: how late is it?"
SYSTEM = "Answer in few words."
WORDS = ("Water ", "finds ", "its ", "own ", "level — ", "日本", "😀.")
TEXT = "".join(WORDS)
THOUGHTS = ("The clock ", "in UTC — ", "is asked for.")

# As providers make them: base64, with both letters that differ in its URL form, and padding.
SIGNATURE = "EqoBCkgIARABGAIiQL+/v7/v8P//AAEC+/+++w4fIDM0NQ=="

# 4 x 4 pixels; its base64 has both letters that differ in the URL form.
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAPUlEQVR42mOw5OmpLXI30bkhwK/PkF/Om3qt4Gkfc+CNdQx9/nlr"
       "TPQPGW7f0C7G8Nr+oMa0nUnK4iVTNADvJRP4cd/+AgAAAABJRU5ErkJggg==")

TOOLS = {
    "get_time": {"description": "The time in a zone.", "parameters": {
        "type": "object", "properties": {"tz": {"type": "string", "description": "zone"}}, "required": ["tz"],
        "additionalProperties": False}},
    "get_weather": {"description": "The weather in a city.", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"},
                                         "unit": {"type": "string", "enum": ["C", "F"]}},
        "required": ["city", "unit"], "additionalProperties": False}},
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "celsius": {"type": "number"}},
          "required": ["city", "celsius"], "additionalProperties": False}


@dataclass(frozen=True)
class Usage:
    """OpenAI's arithmetic: prompt includes cached, completion includes reasoning."""
    prompt: int = 50
    completion: int = 20
    cached: int = 32
    reasoning: int = 8


@dataclass(frozen=True)
class Text:
    pieces: tuple


@dataclass(frozen=True)
class Reasoning:
    pieces: tuple
    signature: str


@dataclass(frozen=True)
class Call:
    """`id` is what dialects with ids say; `pieces` of the arguments can split anywhere."""
    id: str
    name: str
    pieces: tuple

    @property
    def args(self):
        return "".join(self.pieces)


@dataclass(frozen=True)
class Turn:
    parts: tuple
    finish: str = "stop"        # OpenAI's words
    usage: Usage = Usage()

    def of(self, kind):
        return [p for p in self.parts if isinstance(p, kind)]

    @property
    def text(self):
        return "".join(piece for p in self.of(Text) for piece in p.pieces)

    @property
    def reasoning(self):
        return "".join(piece for p in self.of(Reasoning) for piece in p.pieces)

    @property
    def calls(self):
        return self.of(Call)


@dataclass(frozen=True)
class Scenario:
    """`fault`: instead of an answer (a key of a dialect's ERRORS), or with `after`: what follows some words."""
    turns: tuple = (Turn((Text(WORDS),)),)
    asks: dict = field(default_factory=dict)    # what the client's request has beside prompt and system
    results: dict = field(default_factory=dict)     # what the client answers to calls: by tool name
    gated: bool = False         # a stream waits after its first words until the client has them
    fault: str = ""
    after: str = ""             # "error", "cut", "clean": how a stream breaks
    words: int = 2              # after so many words
    endless: bool = False
    needs_signature: bool = False
    interleaved: bool = False   # calls side by side where the dialect can, else one after the other


ONE = Call("call_time_1", "get_time", ('{"tz"', ': "U', 'TC"}'))
TWO = Call("call_weather_2", "get_weather", ('{"city": "Z', 'ürich", ', '"unit": "C"}'))
RESULTS = {"get_time": "12:00 — noon", "get_weather": "sunny ☀"}
LAST = Turn((Text(("It is ", "noon.")),), usage=Usage(90, 5, 50, 0))
CHOSEN = Turn((Text(("Let me ", "look.")), ONE), "tool_calls")
THOUGHT = Turn((Reasoning(THOUGHTS, SIGNATURE), ONE), "tool_calls")

SCENARIOS = {
    "plain": Scenario(),
    "stream": Scenario(gated=True),
    "tools": Scenario((CHOSEN, LAST), {"tools": ["get_time", "get_weather"]}, RESULTS),
    "parallel": Scenario((Turn((ONE, TWO), "tool_calls"), LAST), {"tools": ["get_time", "get_weather"]}, RESULTS),
    "interleaved": Scenario((Turn((ONE, TWO), "tool_calls"), LAST), {"tools": ["get_time", "get_weather"]}, RESULTS,
                            interleaved=True),
    "image": Scenario(asks={"image": PNG}),
    "schema": Scenario((Turn((Text(('{"city": "Zür', 'ich", "celsius": ', '21.5}')),)),), {"schema": SCHEMA}),
    "reasoning": Scenario((Turn((Reasoning(THOUGHTS, SIGNATURE), Text(WORDS))),), {"reasoning": True}, gated=True),
    "signature": Scenario((THOUGHT, LAST), {"reasoning": True, "tools": ["get_time"]}, RESULTS, needs_signature=True),
    "length": Scenario((Turn((Text(WORDS),), "length"),)),
    "e400": Scenario(fault="bad"),
    "e401": Scenario(fault="key"),
    "e429": Scenario(fault="throttled"),
    "context": Scenario(fault="context"),
    "overload": Scenario(fault="overloaded"),
    "first-error": Scenario(after="error", words=0),
    "first-cut": Scenario(after="cut", words=0),
    "after-error": Scenario(after="error"),
    "after-cut": Scenario(after="cut"),
    "after-clean": Scenario(after="clean"),
    "abort": Scenario(endless=True),
}


def scenario(model):
    """Of an upstream model: NAME, FAMILY~NAME where what a client may ask depends on the family, NAME.number where a
    test wants a target of its own.  Others answer plainly."""
    return SCENARIOS.get(model.split("~")[-1].split(".")[0], SCENARIOS["plain"])
