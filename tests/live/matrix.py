"""The matrix: which cells exist, why others do not, and the table in README.md."""
import pathlib
from dataclasses import dataclass

from cells import COLUMNS
from fronts import FRONTS

README = pathlib.Path(__file__).with_name("README.md")
BEGIN, END = "<!-- matrix: written by --write-matrix -->", "<!-- end of the matrix -->"

@dataclass(frozen=True)
class Back:
    """`name`: of its provider in weir's configuration, `dialect` there; `path`: base URL under the simulator; `family`:
    what upstream models are called, where weir goes by that."""
    name: str
    dialect: str
    path: str = "/v1"
    family: str = ""

    def provider(self, port):
        return (f"  {self.name}: {{dialect: {self.dialect}, url: \"http://127.0.0.1:{port}{self.path}\", "
                f"key: sk-canary-{self.name}}}")


BACKS = {
    "openai-chat": Back("chat", "openai"), "openai-responses": Back("resp", "responses"),
    "anthropic-messages": Back("anth", "anthropic", family="claude-sonnet-4-6~"),
    "gemini-generate": Back("gemi", "gemini", "/v1beta", "gemini-3-flash~"),
    "openai-completions": Back("comp", "completions"),
}
FORGOTTEN = "this SDK does not send such state back; the second turn works without"
MORE_THAN_TEXT = ("tools", "parallel", "interleaved", "image", "schema", "reasoning", "signature")


@dataclass(frozen=True)
class Absent:
    """A cell that cannot be: of this front or its dialect, this back, these columns; empty: any."""
    mark: str
    why: str
    columns: tuple
    front: str = ""
    back: str = ""

    def covers(self, front, back, column):
        return (column in self.columns and self.front in ("", front.name, front.dialect) and self.back in ("", back))


ABSENT = (
    Absent("a", "legacy completions carry a prompt and a text, nothing else", MORE_THAN_TEXT,
           front="openai-completions"),
    Absent("b", "a provider of legacy completions takes a prompt: weir refuses tools, images and schemas with 400",
           MORE_THAN_TEXT, back="openai-completions"),
    Absent("c", "Chat Completions have no signature: there is nothing to bring back", ("signature",),
           back="openai-chat"),
    Absent("d", "blocks of Anthropic's stream follow one another", ("interleaved",), back="anthropic-messages"),
    Absent("e", "Gemini's calls come whole", ("interleaved",), back="gemini-generate"),
)


def absent(front, back, column):
    return next((a for a in ABSENT if a.covers(front, back, column)), None)


def cells():
    return [(f, b, c) for b in BACKS for f in FRONTS for c in COLUMNS if not absent(f, b, c)]


def table(results):
    """Markdown; results: (front name, back, column) -> passed."""
    lines = []
    for back in BACKS:
        lines += ["", f"**{back}** behind weir", "", "| in front | " + " | ".join(COLUMNS) + " |",
                  "|---" * (len(COLUMNS) + 1) + "|"]
        for front in FRONTS:
            row = [mark(front, back, column, results) for column in COLUMNS]
            lines.append(f"| {front.name} | " + " | ".join(row) + " |")
    notes = [f"- n/a {a.mark}: {a.why}" for a in ABSENT] + [f"- ok f: {FORGOTTEN}"]
    return "\n".join([*lines, "", *notes]).strip() + "\n"


def mark(front, back, column, results):
    gap = absent(front, back, column)
    if gap:
        return f"n/a {gap.mark}"
    if column == "signature" and back in front.forgets:
        return {True: "ok f", False: "FAILS", None: "?"}[results.get((front.name, back, column))]
    return {True: "ok", False: "FAILS", None: "?"}[results.get((front.name, back, column))]


def committed():
    text = README.read_text()
    return text[text.index(BEGIN) + len(BEGIN):text.index(END)].strip() + "\n"


def commit(results):
    text = README.read_text()
    README.write_text(f"{text[:text.index(BEGIN)]}{BEGIN}\n\n{table(results)}\n{text[text.index(END):]}")
