"""The checks of the matrix notice what a gateway could do wrong: each case is an SDK that tells something else."""
import copy

import cells
import pytest
from fronts import FRONTS
from scenarios import SIGNATURE

CHAT = next(f for f in FRONTS if f.name == "openai-python chat")
RESPONSES = next(f for f in FRONTS if f.name == "openai-python responses")


class Liar:
    """A front whose answers, or requests, are changed on the way."""

    def __init__(self, front, answers=lambda a: a, spec=lambda s: s):
        self.front, self.answers, self.spec = front, answers, spec

    def __getattr__(self, name):
        return getattr(self.front, name)

    def run(self, root, spec):
        return self.answers(copy.deepcopy(self.front.run(root, self.spec({**spec}))))


def told(turn=0, **change):
    def apply(answers):
        answers[turn].update(change)
        return answers
    return apply


def without(*names):
    return lambda spec: {k: v for k, v in spec.items() if k not in names}


LIES = {
    "a word is missing": (CHAT, "plain", told(text="Water")),
    "words come twice": (CHAT, "plain", lambda a: told(text=a[0]["text"] * 2)(a)),
    "a wrong end": (CHAT, "plain", told(finish="length")),
    "no usage": (CHAT, "plain", told(usage=None)),
    "cached tokens are lost": (CHAT, "plain", told(usage={"prompt": 50, "completion": 20, "cached": 0,
                                                         "reasoning": 8})),
    "the second call is lost": (CHAT, "parallel", lambda a: told(calls=a[0]["calls"][:1])(a)),
    "reasoning is lost": (CHAT, "reasoning", told(reasoning="")),
    "an error is swallowed": (CHAT, "error before", told(error=None)),
    "no time to come back": (CHAT, "error before", lambda a: told(error={**a[0]["error"], "retry_after": None})(a)),
    "a cut stream looks whole": (CHAT, "error after", told(error=None)),
}
REQUESTS = {
    "the tools do not reach the provider": (CHAT, "tools", without("tools")),
    "the image does not reach the provider": (CHAT, "image", without("image")),
    "the schema does not reach the provider": (CHAT, "schema", without("schema")),
    "the system prompt is lost": (CHAT, "plain", lambda s: {**s, "system": "Another."}),
    "results are mixed up": (CHAT, "parallel", lambda s: {**s, "results": dict(zip(s["results"], ["x", "y"]))}),
    "the gate stays shut": (CHAT, "stream", without("gate")),
}


@pytest.mark.parametrize("what", LIES)
def test_wrong_answer_is_noticed(simulator, what):
    front, column, answers = LIES[what]
    with pytest.raises(AssertionError):
        cells.play(simulator, simulator.root, Liar(front, answers), front.dialect, column, direct=True)


@pytest.mark.parametrize("what", REQUESTS)
def test_wrong_request_is_noticed(simulator, monkeypatch, what):
    monkeypatch.setattr("simulator.GATE_S", 0.2)
    front, column, spec = REQUESTS[what]
    with pytest.raises(AssertionError):
        cells.play(simulator, simulator.root, Liar(front, spec=spec), front.dialect, column, direct=True)


def test_lost_signature_is_noticed(simulator, monkeypatch):
    """The provider wants it back as it was, byte by byte."""
    import backs.openai_responses as back
    monkeypatch.setattr(back, "signed", lambda model: [(SIGNATURE.lower(), "")])
    with pytest.raises(AssertionError):
        cells.play(simulator, simulator.root, RESPONSES, RESPONSES.dialect, "signature", direct=True)
