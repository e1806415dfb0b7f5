"""What a provider understood of a request, in neutral words: tests look here, whatever the dialect was."""
import json
from dataclasses import dataclass, field

import scenarios
from shape import Bad


@dataclass
class Facts:
    dialect: str = ""
    op: str = "generate"        # or count, embed
    model: str = ""
    stream: bool = False
    system: str = ""
    user: list = field(default_factory=list)        # texts
    images: list = field(default_factory=list)      # (MIME type, base64)
    tools: dict = field(default_factory=dict)       # name -> JSON Schema
    choice: str = ""                                # auto, none, required, or a name
    calls: list = field(default_factory=list)       # (name, arguments)
    results: list = field(default_factory=list)     # (name, text)
    schema: dict | None = None
    thinks: bool = False                            # reasoning was asked for
    signatures: list = field(default_factory=list)
    max_tokens: int | None = None
    inputs: list = field(default_factory=list)      # op embed

    @property
    def turn(self):
        """Which turn of the scenario is asked for."""
        return 1 if self.results else 0


def parsed(text, path):
    try:
        return json.loads(text)
    except ValueError as e:
        raise Bad(path, f"is not JSON: {e}") from None


def data_uri(uri, path):
    """(MIME type, base64) of a data: URI."""
    head, _, data = uri.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise Bad(path, f"expected a base64 data URI, not {uri[:40]!r}")
    return head[5:-7], data


def pair_results(calls, results, path):
    """Results, (id, text), against calls, (id, name): each answered once, in any order.  -> [(name, text)]"""
    names = dict(calls)
    for id_, _ in results:
        if id_ not in names:
            raise Bad(path, f"a result for the unknown call {id_!r}")
    missing = set(names) - {id_ for id_, _ in results}
    if missing or len(results) != len(calls):
        raise Bad(path, f"calls without exactly one result: {sorted(missing)}")
    return [(names[id_], text) for id_, text in results]


def turn_of(facts):
    """The scenario's answer to this request."""
    turns = scenarios.scenario(facts.model).turns
    return turns[min(facts.turn, len(turns) - 1)]


def signed(model):
    """The reasoning that this model gave, which must come back as it was."""
    return [(part.signature, "".join(part.pieces)) for turn in scenarios.scenario(model).turns
            for part in turn.of(scenarios.Reasoning)]
