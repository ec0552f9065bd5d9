"""A write that is sent twice under one Idempotency-Key is done once: the second time its first answer comes back."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Annotated, Any, Final

from fastapi import Header, HTTPException, Request, Response
from fastapi.routing import APIRoute

from recollect.api.envelope import Json

TTL: Final = 24 * 3600.0
"""Seconds an answer is kept."""
MOST: Final = 10_000
"""Answers kept at once; the oldest go first."""
MOST_BYTES: Final = 32 * 1024**2
"""Bytes of all of them together."""
LONGEST: Final = 255
HEADER: Final = "idempotency-key"
WRITES: Final = frozenset({"POST", "PUT", "PATCH"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST,
        description="The same key with the same request within 24 hours gets the first answer again.",
    ),
]


async def documented(_key: Key = None) -> None:
    """Stand in the OpenAPI of the routes that take the header; `IdempotentRoute` reads it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to a write, and what the request was."""

    request: bytes
    until: float
    status: int
    body: bytes
    media_type: str | None
    headers: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Answers:
    """The answers of the last day, in memory only: a restart forgets them, and so does any delete.

    What is deleted must be gone, and an answer may hold its text. `clock` counts seconds.
    """

    clock: Callable[[], float] = time.monotonic
    kept: OrderedDict[bytes, Kept] = field(default_factory=OrderedDict)
    running: dict[bytes, asyncio.Future[None]] = field(default_factory=dict)
    size: int = 0
    cleared: int = 0

    def get(self, key: bytes) -> Kept | None:
        """Return the answer under a key, unless its day is over."""
        found = self.kept.get(key)
        if found is not None and found.until <= self.clock():
            self.drop(key)
            return None
        return found

    def put(self, key: bytes, answer: Kept) -> None:
        """Keep an answer, and let the oldest go where there are too many."""
        self.drop(key)
        self.kept[key] = answer
        self.size += len(answer.body)
        while self.kept and (len(self.kept) > MOST or self.size > MOST_BYTES):
            self.drop(next(iter(self.kept)))

    def drop(self, key: bytes) -> None:
        """Forget one answer."""
        gone = self.kept.pop(key, None)
        if gone is not None:
            self.size -= len(gone.body)

    def clear(self) -> None:
        """Forget every answer, those that are being made now among them."""
        self.kept.clear()
        self.size = 0
        self.cleared += 1


def answers_of(request: Request) -> Answers:
    """Return the answers this application keeps."""
    state = request.app.state
    if not hasattr(state, "answers"):
        state.answers = Answers()
    kept: Answers = state.answers
    return kept


class IdempotentRoute(APIRoute):
    """A route whose writes heed Idempotency-Key, and whose deletes make kept answers go.

    Only successes are kept: what failed has written nothing and may be tried again under its key. A second request that
    comes while the first is at work waits for it. The same key with another request is refused (422).
    """

    def get_route_handler(self) -> Handler:
        """Return the handler of the route, wrapped."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            answers = answers_of(request)
            if request.method == "DELETE":
                response = await handle(request)
                answers.clear()
                return response
            key = request.headers.get(HEADER)
            if key is None or request.method not in WRITES:
                return await handle(request)
            return await _once(answers, key, request, handle)

        return once


async def _once(answers: Answers, key: str, request: Request, handle: Handler) -> Response:
    if not 1 <= len(key) <= LONGEST:
        raise HTTPException(422, f"Idempotency-Key has {len(key)} characters, 1 to {LONGEST} are taken")
    where = f"{request.method} {request.url.path}?{request.url.query}"
    said = _digest(where.encode("utf-8", "replace"), await request.body())
    caller = request.headers.get("authorization", "").encode("latin-1", "replace")
    principal = getattr(request.state, "principal", None)
    token = principal.token_id.encode() if principal is not None else b""
    name = _digest(caller, token, key.encode("utf-8", "replace"))
    while (running := answers.running.get(name)) is not None:
        await asyncio.shield(running)
    answers.running[name] = asyncio.get_running_loop().create_future()
    try:
        found = answers.get(name)
        if found is not None and found.request != said:
            raise HTTPException(422, "This Idempotency-Key came with another request before")
        if found is not None and await _stands(request, found.body):
            return _again(found)
        answers.drop(name)
        before = answers.cleared
        response = await handle(request)
        if before == answers.cleared and _keepable(response):
            answers.put(name, _kept(said, response, answers.clock() + TTL))
        return response
    finally:
        answers.running.pop(name).set_result(None)


def _keepable(response: Response) -> bool:
    """Tell whether an answer is a success in JSON; a stream is gone once it is told."""
    return 200 <= response.status_code < 300 and isinstance(response, Json)


def _kept(said: bytes, response: Response, until: float) -> Kept:
    own = {"content-length", "content-type"}
    headers = tuple((name, value) for name, value in response.headers.items() if name not in own)
    media = response.headers.get("content-type")
    return Kept(said, until, response.status_code, bytes(response.body), media, headers)


def _again(found: Kept) -> Response:
    headers = {**dict(found.headers), "idempotent-replayed": "true"}
    if found.media_type:
        headers["content-type"] = found.media_type
    return Response(found.body, found.status, headers)


async def _stands(request: Request, body: bytes) -> bool:
    """Tell whether every memory an answer names is still there: another process may have deleted one."""
    ids = list(_ids(json.loads(body)))
    records = request.app.state.memory.app.engine.stores.records
    return len(await records.get(ids)) == len(ids)


def _ids(value: Any, name: str = "") -> set[str]:
    """Return the ids of memories in an answer."""
    if isinstance(value, dict):
        return {found for key, part in value.items() for found in _ids(part, key)}
    if isinstance(value, list):
        return {found for part in value for found in _ids(part, name)}
    return {value} if name in NAMING and isinstance(value, str) else set()


NAMING: Final = frozenset({"memory_id", "ids", "memories_used", "memories"})
"""The fields of answers that hold ids of memories."""


def _digest(*parts: bytes) -> bytes:
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()
