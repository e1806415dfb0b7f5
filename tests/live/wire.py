"""HTTP/1.1 servers on loopback, on raw sockets, so that every fault can be played.  What they saw is kept for the test
to look at."""
import json
import socket
import ssl
import struct
import threading
import time


class Call:
    """One request as the provider saw it."""

    def __init__(self, head, body):
        self.head, self.raw = head, body
        self.json = json.loads(body) if body else None
        self.gone_at = None
        self.began = time.monotonic()
        self.chunks = 0


class Peer:
    """One connection: reads requests, plays scripts."""

    def __init__(self, provider, sock):
        self.provider, self.sock, self.buf = provider, sock, b""

    def read_request(self):
        while b"\r\n\r\n" not in self.buf:
            got = self.sock.recv(65536)
            if not got:
                return None
            self.buf += got
        head, rest = self.buf.split(b"\r\n\r\n", 1)
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, value = line.split(b":", 1)
            fields[name.strip().lower().decode()] = value.strip().decode()
        need = int(fields.get("content-length", "0"))
        while len(rest) < need:
            got = self.sock.recv(65536)
            if not got:
                return None
            rest += got
        self.buf = rest[need:]
        fields[":line"] = head.split(b"\r\n")[0].decode()
        return Call(fields, rest[:need])

    def send(self, data):
        self.sock.sendall(data)

    def head(self, status=200, ctype="application/json", length=None, **fields):
        lines = [f"HTTP/1.1 {status} X", f"content-type: {ctype}"]
        lines.append(f"content-length: {length}" if length is not None else "transfer-encoding: chunked")
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in fields.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def whole(self, obj, status=200, **fields):
        body = obj if isinstance(obj, bytes) else json.dumps(obj).encode()
        self.head(status, length=len(body), **fields)
        self.send(body)

    def piece(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def last(self):
        self.send(b"0\r\n\r\n")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_gone(self, call, limit=30):
        """Blocks until weir closes the connection; remembers when."""
        self.sock.settimeout(limit)
        try:
            if self.sock.recv(1) == b"":
                call.gone_at = time.monotonic()
        except ConnectionError:
            call.gone_at = time.monotonic()
        except (TimeoutError, OSError):
            pass


class Server:
    """Takes connections and hands each request to play(peer, call), which answers it."""

    def __init__(self, name, tls=None):
        self.name, self.tls = name, tls
        self.calls, self.connections, self.handshakes_failed = [], 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
        except (ssl.SSLError, OSError):
            self.handshakes_failed += 1
            return
        peer = Peer(self, sock)
        try:
            while (call := peer.read_request()) is not None:
                self.play(peer, call)
        except (OSError, ssl.SSLError):
            pass
        finally:
            try:
                sock.close()
            except OSError:
                pass

    def seen(self, call):
        with self.lock:
            self.calls.append(call)

    def close(self):
        self.listener.close()
