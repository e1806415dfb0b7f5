"""A provider that speaks every dialect of backs/ on one port, each on its own paths, as strictly as the real one.

The upstream model name is the scenario (scenarios.py).  What it understood of each request is kept in `facts`, what it
refused in `refused`.  A gated stream waits after its first words until somebody has fetched /gate: the client that has
them does, so that a gateway which holds words back is found out."""
import threading
import time

import backs
from backs.facts import turn_of
from scenarios import scenario
from shape import Bad
from wire import Server

GATE_S = 5


def lookup(path):
    """(back, operation, model in the path) or None."""
    for back in backs.ALL:
        for pattern, op in back.PATHS.items():
            if isinstance(pattern, str):
                if pattern == path.split("?")[0]:
                    return back, op, ""
            elif (m := pattern.fullmatch(path)) and m[2] in op:
                return back, op[m[2]], m[1]
    return None


class Simulator(Server):
    def __init__(self):
        self.gate = threading.Event()
        self.fresh()
        super().__init__("simulator")

    def fresh(self):
        """Forgets what was before."""
        self.gate.set()
        self.gate = threading.Event()
        self.calls, self.facts, self.refused, self.late = [], [], [], []
        return self

    @property
    def root(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def gate_url(self):
        return f"{self.root}/gate"

    def play(self, peer, call):
        path = call.head[":line"].split()[1]
        if path == "/gate":
            self.gate.set()
            peer.whole({})
            return
        found = lookup(path)
        if not found:
            self.refused.append(f"no such path: {call.head[':line']}")
            peer.whole({"error": {"message": "not found"}}, 404)
            return
        self.seen(call)
        self.answer(peer, call, *found)

    def answer(self, peer, call, back, op, model):
        try:
            facts = back.read(call, op, model)
        except Bad as bad:
            self.refused.append(f"{back.NAME}: {bad}")
            reply(peer, back.refusal(bad))
            return
        self.facts.append(facts)
        played = scenario(facts.model)
        if played.fault:
            reply(peer, back.ERRORS[played.fault])
        elif not facts.stream:
            peer.whole(back.answer(facts, turn_of(facts), call))
        else:
            self.stream(peer, call, played, back, facts)

    def stream(self, peer, call, played, back, facts):
        peer.head(ctype="text/event-stream")
        shown, gate, late = 0, self.gate, self.late
        for kind, piece in back.stream(facts, turn_of(facts), call):
            if kind and played.after and shown == played.words:
                return end(peer, played.after, back)
            peer.piece(piece)
            if not kind:
                continue
            shown += 1
            if shown == 1 and played.gated and not gate.wait(GATE_S):
                late.append(f"{back.NAME}: the client had no word after {GATE_S} s")
            if played.endless:
                return endless(peer, call, piece)
        peer.last()


def reply(peer, error):
    status, fields, body = error
    peer.whole(body, status, **fields)


def end(peer, how, back):
    """A stream that has begun breaks."""
    if how == "error":
        peer.piece(back.broken())
    if how == "cut":
        peer.sock.close()
    else:
        peer.last()


def endless(peer, call, piece):
    """The same words until the other side leaves."""
    peer.sock.settimeout(0.02)
    while call.gone_at is None:
        try:
            peer.piece(piece)
            if peer.sock.recv(1) == b"":
                call.gone_at = time.monotonic()
        except TimeoutError:
            continue
        except OSError:
            call.gone_at = time.monotonic()
