"""One cell of the matrix: one front, one back dialect, one column; every way in which the front can ask."""
import json
import time

from scenarios import PROMPT, SCENARIOS, SYSTEM, TOOLS, WORDS, Reasoning

COLUMNS = {
    "plain": ("plain",), "stream": ("stream",), "tools": ("tools",), "parallel": ("parallel",),
    "interleaved": ("interleaved",), "image": ("image",),
    "schema": ("schema",), "reasoning": ("reasoning",), "signature": ("signature",), "length": ("length",),
    "error before": ("e400", "e401", "e429", "context", "overload", "first-error", "first-cut"),
    "error after": ("after-error", "after-cut", "after-clean"), "abort": ("abort",),
}


def spec_of(scenario, how, model):
    """What the client is told to ask."""
    spec = {"model": model, "prompt": PROMPT, "system": SYSTEM, "how": how, "results": scenario.results,
            **scenario.asks}
    if "tools" in spec:
        spec["tools"] = {name: TOOLS[name] for name in spec["tools"]}
    return spec


def hows_of(front, column):
    """Only streams are gated, interleaved, broken or left."""
    streamed = column in ("stream", "interleaved", "error after", "abort")
    return [how for how in front.hows if (how != "plain" or not streamed) and (how == "plain" or column != "plain")
            and (how, column) not in front.unfit]


def play(sim, root, front, back, column, model=lambda name: name, direct=False):
    for name in COLUMNS[column]:
        for how in hows_of(front, column):
            if name.startswith("first-") and (how == "plain" or direct):
                continue
            sim.fresh()
            spec = spec_of(SCENARIOS[name], how, model(name))
            if column == "reasoning" and front.no_reasoning_text:
                sim.gate.set()
            elif how != "plain" and SCENARIOS[name].gated:
                spec["gate"] = sim.gate_url
            if column == "abort":
                spec["leave_after"] = 5
            try:
                answers = front.run(root, spec)
                check(sim, front, back, name, how, answers, direct)
            except AssertionError as e:
                where = f"{front.name} -> {back}, {name}, {how}"
                raise AssertionError(f"{where}: {e}; refused {sim.refused}; late {sim.late}") from e


def check(sim, front, back, name, how, answers, direct):
    scenario = SCENARIOS[name]
    assert sim.refused == [] and sim.late == [], answers
    assert sim.facts, f"the provider was not asked: {answers}"
    assert {f.dialect for f in sim.facts} == {back}, sim.facts
    if scenario.fault or scenario.words == 0:
        check_fault(scenario.fault or "broken", answers[0], direct)
    elif scenario.after:
        check_broken(answers[0])
    elif scenario.endless:
        check_left(sim)
    else:
        check_answers(front, scenario, how, answers)
        check_requests(sim, front, back, scenario)


def check_answers(front, scenario, how, answers):
    assert len(answers) == len(scenario.turns), answers
    for turn, answer in zip(scenario.turns, answers):
        assert answer["error"] is None, answer["error"]
        if "schema" in scenario.asks:
            assert json.loads(answer["text"]) == json.loads(turn.text)
        else:
            assert answer["text"] == turn.text, answer["text"]
        assert answer["calls"] == [[c.name, json.loads(c.args)] for c in turn.calls], answer["calls"]
        assert answer["finish"] == front.words[turn.finish], answer["finish"]
        if front.keeps_last and how == "helper":
            assert turn.reasoning.endswith(answer["reasoning"]), answer["reasoning"]
        elif front.dialect != "openai-completions" and not front.no_reasoning_text:
            assert answer["reasoning"] == turn.reasoning, answer["reasoning"]
        check_usage(turn.usage, answer["usage"])


def check_usage(want, got):
    assert got, "no usage"
    assert (got["prompt"], got["completion"]) == (want.prompt, want.completion), got
    for name in ("cached", "reasoning"):
        assert got[name] in (getattr(want, name), None if getattr(want, name) == 0 else ...), got


def check_requests(sim, front, back, scenario):
    """What reached the provider, in its own form."""
    first, last = sim.facts[0], sim.facts[-1]
    assert len(sim.facts) == len(scenario.turns)
    if front.dialect == "openai-completions" or back == "openai-completions":
        assert PROMPT in " ".join(first.user), first
        return
    assert first.system == SYSTEM and first.user == [PROMPT], first
    if "image" in scenario.asks:
        assert first.images == [("image/png", scenario.asks["image"])], first.images
    if "schema" in scenario.asks:
        assert same_schema(first.schema, scenario.asks["schema"]), first.schema
    for name in scenario.asks.get("tools", ()):
        assert same_schema(first.tools.get(name), TOOLS[name]["parameters"]), first.tools
    assert first.thinks == scenario.asks.get("reasoning", False), first
    if len(scenario.turns) > 1:
        calls = [(c.name, json.loads(c.args)) for c in scenario.turns[0].calls]
        assert last.calls == calls, last.calls
        assert [name for name, _ in last.results] == [name for name, _ in calls], last.results
        for name, text in last.results:     # Vercel's Google provider wraps them: {"name": ..., "content": ...}
            assert scenario.results[name] == text or front.wraps_results and scenario.results[name] in text, text
    if scenario.needs_signature and back not in front.forgets:
        assert last.signatures == [p.signature for t in scenario.turns for p in t.of(Reasoning)], last.signatures


def same_schema(got, want):
    """Gemini's subset knows no additionalProperties; everything else must be there."""
    keep = [k for k in want if k != "additionalProperties"]
    return got is not None and all(got.get(k) == want[k] for k in keep)


# What weir answers when a provider refuses, or breaks before the first word.  Without weir: any status.
FAULTS = {"bad": {400}, "key": {502}, "throttled": {429}, "context": {400}, "overloaded": {503, 529},
          "broken": {502}}


def check_fault(fault, answer, direct):
    error = answer["error"]
    assert error, f"nothing was raised: {answer}"
    assert answer["text"] == ""
    if direct:
        assert error["status"] and error["status"] >= 400, error
    else:
        assert error["status"] in FAULTS[fault], error
    if fault == "bad":
        assert "temperature is too hot" in error["message"], error
    if fault == "throttled":
        assert error["retry_after"] and 5 <= float(error["retry_after"]) <= 8, error
    assert "sk-canary" not in str(error)


def check_broken(answer):
    """Raised, and no word twice or more than came."""
    assert answer["error"], f"nothing was raised: {answer}"
    assert "".join(WORDS[:2]).startswith(answer["text"]), answer["text"]


def check_left(sim, limit=1.0):
    """The provider saw it within a second of the client's leaving."""
    left, call = time.monotonic(), sim.calls[0]
    while call.gone_at is None and time.monotonic() < left + limit:
        time.sleep(0.005)
    assert call.gone_at, f"the provider still writes after {limit} s"
