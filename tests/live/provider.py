"""A provider of openai-chat whose faults are scripted: what it does is chosen by the model name of the request."""
import json
import time

from wire import Server

WORDS = ["Water ", "finds ", "its ", "own ", "level — ", "日本", "."]
TEXT = "".join(WORDS)


def chunk(delta, finish=None, **more):
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "up-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    body.update(more)
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


USAGE = {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16}
USAGE_CHUNK = ("data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                                       "model": "up-1", "choices": [], "usage": USAGE}) + "\n\n").encode()
DONE = b"data: [DONE]\n\n"


class Provider(Server):
    def __init__(self, name, scripts, tls=None):
        self.scripts = scripts
        super().__init__(name, tls)

    def play(self, peer, call):
        self.seen(call)
        self.scripts[call.json["model"]](peer, call)


# --- scripts: what a model name means -----------------------------------------------------------------------

def good(peer, call, gap=0.0):
    if not call.json.get("stream"):
        peer.whole({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "up-1", "usage": USAGE,
                    "choices": [{"index": 0, "finish_reason": "stop",
                                 "message": {"role": "assistant", "content": TEXT}}]})
        return
    peer.head(ctype="text/event-stream")
    peer.piece(chunk({"role": "assistant", "content": ""}))
    for word in WORDS:
        peer.piece(chunk({"content": word}))
        call.chunks += 1
        if gap:
            time.sleep(gap)
    peer.piece(chunk({}, "stop"))
    if call.json.get("stream_options", {}).get("include_usage"):
        peer.piece(USAGE_CHUNK)
    peer.piece(DONE)
    peer.last()


def slow(peer, call):
    good(peer, call, gap=0.15)


def slower(peer, call):
    good(peer, call, gap=0.6)


def late(peer, call):
    time.sleep(2.5)
    good(peer, call)


def bytewise(peer, call):
    """The same stream in pieces of three bytes: inside UTF-8, inside `data:`, inside CRLF."""
    peer.head(ctype="text/event-stream")
    data = b"".join([b"\xef\xbb\xbf: hello\r\n\r\n", chunk({"role": "assistant"})]
                    + [chunk({"content": w}) for w in WORDS] + [chunk({}, "stop"), DONE]
                    ).replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
    for i in range(0, len(data), 3):
        peer.piece(data[i:i + 3])
    peer.last()


def tools(peer, call):
    calls = [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "get_time", "arguments": ""}}]
    peer.head(ctype="text/event-stream")
    peer.piece(chunk({"role": "assistant", "content": None, "tool_calls": calls}))
    for part in ['{"tz"', ': "U', 'TC"}']:
        peer.piece(chunk({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}))
    peer.piece(chunk({}, "tool_calls"))
    peer.piece(DONE)
    peer.last()


def endless(peer, call):
    peer.head(ctype="text/event-stream")
    peer.piece(chunk({"role": "assistant", "content": ""}))
    peer.sock.settimeout(0.02)
    while True:
        peer.piece(chunk({"content": "x "}))
        call.chunks += 1
        try:
            if peer.sock.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    call.gone_at = time.monotonic()


def hang(peer, call):
    peer.wait_gone(call)


def hang_after_head(peer, call):
    peer.head(ctype="text/event-stream")
    peer.wait_gone(call)


def status(code, **fields):
    def play(peer, call):
        peer.whole({"error": {"message": f"provider says {code} key sk-canary-upstream", "type": "server_error",
                              "code": "x"}},
                   code, **fields)
    return play


def bad_request(peer, call):
    peer.whole({"error": {"message": "temperature is too hot", "type": "invalid_request_error", "param": "temperature",
                          "code": "invalid_value"}}, 400)


def reset(peer, call):
    peer.reset()


def html(peer, call):
    body = b"<html><body>upstream CDN page</body></html>"
    peer.head(200, "text/html", len(body))
    peer.send(body)


def empty(peer, call):
    peer.head(200, "application/json", 0)


def error_in_200(peer, call):
    peer.whole({"error": {"message": "overloaded", "type": "overloaded_error"}})


def first_event_error(peer, call):
    peer.head(ctype="text/event-stream")
    peer.piece(b'data: {"error":{"message":"overloaded","type":"overloaded_error"}}\n\n')
    peer.last()


def truncated_json(peer, call):
    peer.head(200, "application/json", 500)
    peer.send(b'{"id":"chatcmpl-1","choices":[{"mess')
    peer.sock.close()


def after(n, end):
    """n words, then an end that is no good end."""
    def play(peer, call):
        peer.head(ctype="text/event-stream")
        peer.piece(chunk({"role": "assistant", "content": ""}))
        for word in WORDS[:n]:
            peer.piece(chunk({"content": word}))
        time.sleep(0.05)
        end(peer)
    return play


def end_clean(peer):
    peer.last()


def end_done_only(peer):
    peer.piece(DONE)
    peer.last()


def end_cut(peer):
    peer.sock.close()


def end_error(peer):
    peer.piece(b'data: {"error":{"message":"went wrong","type":"server_error"}}\n\n')
    peer.last()


def redirect(peer, call):
    peer.head(302, "text/plain", 0, location="http://127.0.0.1:9/elsewhere")


SCRIPTS = {
    "good": good, "slow": slow, "slower": slower, "late": late, "bytewise": bytewise, "tools": tools,
    "endless": endless,
    "hang": hang, "hang-after-head": hang_after_head, "bad-request": bad_request, "reset": reset, "html": html,
    "empty": empty,
    "error-in-200": error_in_200, "first-event-error": first_event_error, "truncated-json": truncated_json,
    "redirect": redirect, "throttled": status(429, retry_after="30"),
    "after-clean": after(3, end_clean), "after-done": after(3, end_done_only), "after-cut": after(3, end_cut),
    "after-error": after(3, end_error), "after-reset": after(3, lambda p: p.reset()),
}
SCRIPTS.update({f"s{code}": status(code) for code in (401, 403, 404, 408, 409, 500, 502, 503, 529)})
