"""What the forms of the wire have in common: bodies, events, and how many tokens a text is said to have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from recollect.testing.model_server.behaviour import Answer, Failure, Request

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes out: status, headers, and the parts of the body, `pause` seconds apart."""

    parts: Sequence[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    pause: float = 0.0


class Form(Protocol):
    """How one kind of server writes its answers."""

    def whole(self, request: Request, answer: Answer) -> Sent:
        """Return an answer in one body."""

    def streamed(self, request: Request, answer: Answer) -> Sent:
        """Return an answer in pieces."""

    def failure(self, failure: Failure) -> Sent:
        """Return an error."""


def body(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Sent:
    """Return a JSON body."""
    return Sent([json.dumps(value, ensure_ascii=False).encode()], status, {**JSON, **(headers or {})})


def event(value: Any, name: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def pieces(answer: Answer) -> Sequence[str]:
    """Return the pieces an answer goes out in: those it names, or its words."""
    return answer.pieces or re.findall(r"\S+\s*|\s+", answer.text)


def told(answer: Answer) -> str:
    """Return the whole text of an answer."""
    return answer.text or "".join(answer.pieces)


def tokens(request: Request, answer: Answer) -> tuple[int, int]:
    """Return the tokens in and out that the server says it took."""
    read = len(request.text.split()) if answer.tokens_in is None else answer.tokens_in
    written = len(told(answer).split()) if answer.tokens_out is None else answer.tokens_out
    return read, written


def failed(failure: Failure, value: Any) -> Sent:
    """Return an error with the body it names, or this one."""
    if failure.body is not None:
        return Sent([failure.body], failure.status, {**JSON, **failure.headers})
    return body(value, failure.status, failure.headers)
