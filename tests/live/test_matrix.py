"""Every SDK against every back dialect, through weir.  The table of what passed stands in README.md."""
import itertools

import matrix
import pytest
from cells import COLUMNS, play, spec_of
from conftest import Weir
from fronts import FRONTS
from scenarios import SCENARIOS

CASES = matrix.cells()
RESULTS = {}
NUMBERS = itertools.count(1)


def config(port):
    """A provider for each back dialect, all of them the simulator; a model BACK-SCENARIO for each scenario."""
    lines = ["providers:"] + [b.provider(port) for b in matrix.BACKS.values()] + ["models:"]
    for b in matrix.BACKS.values():
        lines += [f"  {b.name}-{s}: {{targets: [{b.name}/{b.family}{s}], retries: 0}}" for s in SCENARIOS]
    return "\n".join(lines + ["breaker: {fails: 0, share: 0}", "retry: {backoff: 0ms, retry_after_max: 0ms}",
                              "drain: {delay: 2s, limit: 10s}", ""])


@pytest.fixture(scope="module")
def weir(simulator, tmp_path_factory):
    w = Weir(tmp_path_factory.mktemp("matrix"), config(simulator.port))
    yield w
    w.stop()


@pytest.mark.parametrize("front,back,column", CASES, ids=["-".join((f.name, "to", b, c)).replace(" ", "_")
                                                          for f, b, c in CASES])
def test_cell(weir, simulator, front, back, column):
    b = matrix.BACKS[back]

    def model(scenario):
        """Throttled targets and refused keys rest: each such request has a target of its own, named directly."""
        own = SCENARIOS[scenario].fault
        return f"{b.name}/{b.family}{scenario}.{next(NUMBERS)}" if own else f"{b.name}-{scenario}"
    RESULTS[front.name, back, column] = False
    play(simulator, f"http://127.0.0.1:{weir.port}", front, back, column, model)
    RESULTS[front.name, back, column] = True


@pytest.mark.parametrize("column", ["tools", "image", "schema"])
@pytest.mark.parametrize("front", [f for f in FRONTS if f.dialect != "openai-completions"], ids=lambda f: f.name)
def test_what_a_provider_cannot_is_refused(weir, simulator, front, column):
    """Not left out in silence: n/a b."""
    for how in front.hows:
        simulator.fresh()
        answer, = front.run(f"http://127.0.0.1:{weir.port}", spec_of(SCENARIOS[column], how, f"comp-{column}"))
        assert answer["error"]["status"] == 400 and simulator.calls == [], answer


def test_committed_table(request):
    """Compares what ran, or writes it down (--write-matrix)."""
    if request.config.getoption("--write-matrix"):
        assert len(RESULTS) == len(CASES), "write the matrix from a whole run"
        matrix.commit(RESULTS)
    want, got = (t.splitlines() for t in (matrix.committed(), matrix.table(RESULTS)))
    assert len(want) == len(got), "rows differ: run with --write-matrix"
    for w, g in zip(want, got):
        assert [c for c, d in zip(w.split("|"), g.split("|")) if c != d and d.strip() != "?"] == [], f"{w}\n{g}"


def test_every_column_is_in_the_matrix():
    assert {name for names in COLUMNS.values() for name in names} == set(SCENARIOS)
