"""A server on a free port that speaks the Messages API from a script, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MessagesApi(ThreadingHTTPServer):
    """Answers the n-th request with the n-th turn of a model: the memory commands it calls for, or closing words."""

    daemon_threads = True

    def __init__(self, turns: Sequence[Sequence[dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.turns = turns
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def results(self) -> list[tuple[str, bool]]:
        """Return every tool result that was sent back, in order: its text, and whether it is an error."""
        found = {
            block["tool_use_id"]: (block["content"], bool(block.get("is_error")))
            for asked in self.requests  # some repeat what was said before, some only go on from there
            for message in asked["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_result"
        }
        return list(found.values())

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Note a request and return the message that comes next."""
        number = len(self.requests)
        self.requests.append(asked)
        calls = self.turns[number] if number < len(self.turns) else []
        blocks = [
            {"type": "tool_use", "id": f"toolu_{number}_{place}", "name": "memory", "input": given}
            for place, given in enumerate(calls)
        ]
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": blocks or [{"type": "text", "text": "I have noted it."}],
            "stop_reason": "tool_use" if blocks else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }


class _Handler(BaseHTTPRequestHandler):
    server: MessagesApi

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.path.split("?")[0] == "/v1/messages"
        body = json.dumps(self.server.answer(asked) if found else {"type": "error"}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@contextmanager
def messages_api(*turns: Sequence[dict[str, Any]]) -> Iterator[MessagesApi]:
    """Serve a script while the block runs."""
    server = MessagesApi(turns)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
