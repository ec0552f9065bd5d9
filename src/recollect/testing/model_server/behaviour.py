"""What a scripted model server may do with a request: answer, answer oddly, refuse, fail, fall silent, break off."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: its path and form, the model it names, its JSON, and its headers in lower case.

    `form` is `openai`, `anthropic`, `gemini`, `embeddings`, `rerank` or `models`. `at` is seconds of a monotonic clock.
    """

    path: str
    form: str
    model: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float

    @property
    def streams(self) -> bool:
        """Whether the answer is wanted piece by piece."""
        return bool(self.body.get("stream")) or "streamGenerateContent" in self.path

    @property
    def text(self) -> str:
        """Everything that was said to the model, system and messages, a line each; a question and its texts too."""
        return "\n".join(_texts(self.body))


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. Streamed, it goes out in `pieces` (as words where none are given), `pause` seconds apart.

    `reasoning` goes where reasoning models of the request's form put it. `tokens_in` and `tokens_out` are what the
    server says it took; by default a word is a token. `finish` is the reason to stop, in OpenAI's words.
    """

    text: str = ""
    reasoning: str = ""
    pieces: Sequence[str] = ()
    pause: float = 0.0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cached_in: int = 0
    finish: str = "stop"
    usage: bool = True


@dataclass(frozen=True, slots=True)
class Vectors:
    """A good answer of an embedder: these vectors, one a text."""

    vectors: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Scores:
    """A good answer of a reranker: these scores, one a text, in the order the texts were sent."""

    scores: Sequence[float]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as servers tell it: a status, a message in the form's own shape (or a `body`), and headers."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Any bytes at all: what a proxy, a login page or a broken server sends; several parts go out in chunks.

    After the last part the connection stays open without a word where it `hangs`, and is cut where it `breaks`.
    """

    parts: Sequence[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    hangs: bool = False
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """Nothing: the connection stays open; where a stream was asked for, after these pieces of an answer."""

    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is cut; where a stream was asked for, after these pieces of an answer."""

    after: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Slow:
    """Something, only `seconds` later."""

    then: Behaviour | str
    seconds: float


Behaviour = Answer | Vectors | Scores | Failure | Raw | Hang | Cut | Slow
Deed = Behaviour | str | Callable[[Request], "Behaviour | str"]
"""A behaviour, the text of a good answer, or what makes either of a request."""


def fenced(data: Any, language: str = "json") -> Answer:
    """Return JSON in a Markdown fence, as models that ignore JSON mode send it."""
    return Answer(f"```{language}\n{_dumped(data)}\n```")


def wordy(data: Any, before: str = "Sure! Here is the JSON:", after: str = "Let me know if {you} need more.") -> Answer:
    """Return JSON with prose around it."""
    return Answer(f"{before}\n\n{_dumped(data)}\n\n{after}")


def plain(data: Any) -> Answer:
    """Return JSON and nothing else."""
    return Answer(_dumped(data))


def garbage() -> Raw:
    """Return a success whose body is no JSON."""
    return Raw([b"<html><body>Service temporarily odd</body></html>"])


def too_many(retry_after: str | None = None) -> Failure:
    """Return 429, with Retry-After where it is given."""
    return Failure(429, "rate limit reached", {} if retry_after is None else {"retry-after": retry_after})


def _dumped(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def _texts(value: Any) -> list[str]:
    """Return the texts under the names that messages have in any of the forms."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    if not isinstance(value, Mapping):
        return []
    names = ("system", "systemInstruction", "messages", "contents", "parts", "content", "text", "input")
    return [text for name in (*names, "query", "documents") if name in value for text in _texts(value[name])]
