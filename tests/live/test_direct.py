"""Every SDK against the simulated provider of its own dialect, without weir: proves that the simulator speaks the
dialect as its own SDK knows it, and refuses nothing that the SDK sends."""
import pytest
from cells import COLUMNS, play
from fronts import FRONTS

TEXT_ONLY = ("tools", "parallel", "interleaved", "image", "schema", "reasoning", "signature")
CASES = [(f, c) for f in FRONTS for c in COLUMNS
         if not (f.dialect == "openai-completions" and c in TEXT_ONLY) and c != "error after"
         and not (f.dialect == "openai-chat" and c == "signature")]


@pytest.mark.parametrize("front,column", CASES, ids=[f"{f.name}-{c}".replace(" ", "_") for f, c in CASES])
def test_direct(simulator, front, column):
    play(simulator, simulator.root, front, front.dialect, column, direct=True)
