"""A stand-in for the Messages API on this machine: it does what prompts tell it to, and keeps every request.

A line `@call NAME {json}` of the newest prompt is answered with that tool call, a request to sum the conversation up
with `SUMMARY`, and everything else with a sentence.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Self

CALL = re.compile(r"^@call (\S+) (\{.*\})$", re.MULTILINE)
SUMMARY = "<analysis>thinking aloud</analysis>\n<summary>\nWe are building the lighthouse importer.\n</summary>"
SUMS_UP = "summary of the conversation"
ASIDE = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)


def text_of(content: Any) -> str:
    """Return the words of a message, those of tools' results among them."""
    if isinstance(content, str):
        return content
    return "\n".join(
        text_of(block["content"]) if block.get("type") == "tool_result" else block.get("text", "")
        for block in content or []
    )


@dataclass
class Model:
    """The server, and the requests for messages it was sent."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=count)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                _answer(self, 200, "application/json", b"")

            def do_GET(self) -> None:
                _answer(self, 200, "application/json", b'{"data": [], "has_more": false}')

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path.partition("?")[0] != "/v1/messages":
                    _answer(self, 200, "application/json", b'{"input_tokens": 1}')
                    return
                message = model.reply(body)
                if body.get("stream"):
                    _answer(self, 200, "text/event-stream", b"".join(_events(message)))
                else:
                    _answer(self, 200, "application/json", json.dumps(message).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a request and return the message that answers it."""
        self.requests.append(body)
        blocks = self._blocks(body)
        used = any(block["type"] == "tool_use" for block in blocks)
        return {
            "id": f"msg_{next(self._ids):024}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model", "none"),
            "content": blocks,
            "stop_reason": "tool_use" if used else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }

    def _blocks(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked = next((item for item in reversed(body["messages"]) if item["role"] == "user"), {"content": ""})
        content = asked["content"]
        said = ASIDE.sub("", text_of(content))
        if SUMS_UP in said:
            return [{"type": "text", "text": SUMMARY}]
        if isinstance(content, list) and any(block.get("type") == "tool_result" for block in content):
            return [{"type": "text", "text": f"Done, and I have seen: {said[:60]}"}]
        offered = {tool.get("name") for tool in body.get("tools", ())}
        calls = [(name, json.loads(given)) for name, given in CALL.findall(said) if name in offered]
        if not calls:
            return [{"type": "text", "text": "I have read this and will act accordingly."}]
        return [
            {"type": "tool_use", "id": f"toolu_{next(self._ids):024}", "name": name, "input": given}
            for name, given in calls
        ]

    def read(self) -> str:
        """Return all words that have reached the model since the last look, and forget them."""
        texts = [text_of(message["content"]) for body in self.requests for message in body["messages"]]
        texts += [text_of(body.get("system", "")) for body in self.requests]
        self.requests.clear()
        return "\n".join(texts)


def _events(message: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a message as the stream of events that clients read."""

    def event(kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()

    yield event("message_start", message={**message, "content": [], "stop_reason": None})
    for index, block in enumerate(message["content"]):
        empty = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
        delta = (
            {"type": "text_delta", "text": block["text"]}
            if block["type"] == "text"
            else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        )
        yield event("content_block_start", index=index, content_block=empty)
        yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=ended, usage={"output_tokens": 1})
    yield event("message_stop")


def _answer(handler: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
