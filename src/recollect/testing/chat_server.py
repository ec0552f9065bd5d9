"""A chat model to test against: a real server on the loopback that speaks OpenAI's `/chat/completions`, by script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EVENTS = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: status and headers, then the parts of the body as they go out.

    After the last part the connection is closed, or with `hangs` kept open without a word until the server ends.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[bytes] = ()
    hangs: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, its JSON and its Authorization header."""

    path: str
    body: dict[str, Any]
    authorization: str | None


@dataclass(slots=True)
class ChatServer:
    """Where the server is (`url` is what a `base_url` wants), what it was asked, and what it will answer.

    Replies of the `script` are given in order; when none is left, `usual` is.
    """

    url: str
    script: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    usual: Reply = field(default_factory=lambda: streamed("Hello", " there."))
    ended: threading.Event = field(default_factory=threading.Event)


def delta(text: str | None, finish: str | None = None) -> bytes:
    """Return one event of a stream, with a piece of the answer."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n"


def streamed(*pieces: str) -> Reply:
    """Return an answer that comes in pieces, as servers stream it."""
    first = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    parts = [b": keep-alive\n\n", first, *(delta(piece) for piece in pieces), delta(None, "stop"), b"data: [DONE]\n\n"]
    return Reply(headers=EVENTS, parts=parts)


def whole(text: str) -> Reply:
    """Return an answer of a server that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return Reply(headers=JSON, parts=[json.dumps({"choices": [choice]}).encode()])


def refused(status: int, message: str = "no", **headers: str) -> Reply:
    """Return an error as servers tell it; `retry_after="1"` becomes the header Retry-After."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"message": message, "type": "error"}}).encode()
    return Reply(status, {**JSON, **given}, [body])


def broken(*pieces: str) -> Reply:
    """Return an answer that ends in the middle."""
    return Reply(headers=EVENTS, parts=[delta(piece) for piece in pieces])


def silent(*pieces: str) -> Reply:
    """Return an answer after whose pieces nothing more comes, while the connection stays."""
    return Reply(headers=EVENTS, parts=[delta(piece) for piece in pieces], hangs=True)


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """Run a server on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        listening.daemon_threads = True
        state = ChatServer(f"http://127.0.0.1:{listening.server_address[1]}/v1")
        listening.state = state  # type: ignore[attr-defined]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            state.ended.set()
            listening.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer by the script."""
        state: ChatServer = self.server.state  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        state.asked.append(Asked(self.path, body, self.headers["authorization"]))
        reply = state.script.pop(0) if state.script else state.usual
        self.send_response(reply.status)
        for name, value in {**reply.headers, "connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            for part in reply.parts:
                self.wfile.write(part)
                self.wfile.flush()
            if reply.hangs:
                state.ended.wait(60)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing."""
