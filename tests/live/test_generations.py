"""Models of one provider differ in what they take (protocols.md 4.5, 5.2): requests of other dialects must suit the
model that they reach.  One SDK for each front dialect is enough here."""
import json

import matrix
import pytest
from cells import spec_of
from conftest import Weir
from fronts import FRONTS
from scenarios import SCENARIOS, SCHEMA

# family of upstream models -> (back, takes a schema, thinks)
FAMILIES = {
    "claude-sonnet-3-7": ("anthropic-messages", False, True), "claude-sonnet-4-6": ("anthropic-messages", True, True),
    "claude-opus-5-5": ("anthropic-messages", True, True), "gemini-2.0-flash": ("gemini-generate", True, False),
    "gemini-2.5-flash": ("gemini-generate", True, True), "gemini-3-pro": ("gemini-generate", True, True),
    "local-model": ("anthropic-messages", False, True),
}
ASKED = [f for f in FRONTS if "python" in f.name and f.dialect != "openai-completions"]
CASES = [(f, family, s) for f in ASKED for family, (back, _, _) in FAMILIES.items()
         for s in ("plain", "tools", "schema", "signature") if f.dialect != back]


@pytest.fixture(scope="module")
def weir(simulator, tmp_path_factory):
    lines = ["providers:"] + [b.provider(simulator.port) for b in matrix.BACKS.values()] + ["models:"]
    for i, (family, (back, _, _)) in enumerate(FAMILIES.items()):
        lines += [f"  m{i}-{s}: {{targets: [{matrix.BACKS[back].name}/{family}~{s}], retries: 0}}" for s in SCENARIOS]
    w = Weir(tmp_path_factory.mktemp("generations"), "\n".join(lines) + "\ndrain: {delay: 2s, limit: 10s}\n")
    yield w
    w.stop()


@pytest.mark.parametrize("front,family,scenario", CASES,
                         ids=[f"{f.name}-{m}-{s}".replace(" ", "_") for f, m, s in CASES])
def test_requests_suit_the_model(weir, simulator, front, family, scenario):
    _, takes_schema, thinks = FAMILIES[family]
    simulator.fresh()
    model = f"m{list(FAMILIES).index(family)}-{scenario}"
    answers = front.run(f"http://127.0.0.1:{weir.port}", spec_of(SCENARIOS[scenario], "plain", model))
    assert simulator.refused == [], simulator.refused
    assert [a["error"] for a in answers] == [None] * len(SCENARIOS[scenario].turns), answers
    first = simulator.facts[0]
    if scenario == "signature":
        assert first.thinks == thinks
    if scenario == "schema":
        asked = first.schema if takes_schema else json.loads(first.system[first.system.index("{"):])
        assert asked["properties"] == SCHEMA["properties"] and asked["required"] == SCHEMA["required"]
