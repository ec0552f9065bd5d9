"""A write that is sent twice under one Idempotency-Key is done once: the second time its first answer comes back."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from hashlib import blake2b
from typing import Annotated, Any, Final

from fastapi import Header, HTTPException, Request, Response
from fastapi.routing import APIRoute

from recollect.api.envelope import Json
from recollect.errors import StoreError
from recollect.exchange import Reply
from recollect.ports import Replies

TTL: Final = 24 * 3600.0
"""Seconds an answer is kept."""
LEASE: Final = 15.0
"""Seconds after which a request whose server died may be sent again under its key; one that lives extends them."""
LOOK: Final = 0.05
"""Seconds between looks for an answer that another is making."""
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


class IdempotentRoute(APIRoute):
    """A route whose writes heed Idempotency-Key, and whose deletes make kept answers go.

    Only successes are kept: what failed has written nothing and may be tried again under its key. A second request that
    comes while the first is at work waits for it. The same key with another request is refused (422).
    """

    def get_route_handler(self) -> Handler:
        """Return the handler of the route, wrapped."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            if request.method == "DELETE":
                response = await handle(request)
                await _replies(request).clear()
                return response
            key = request.headers.get(HEADER)
            if key is None or request.method not in WRITES:
                return await handle(request)
            return await _once(key, request, handle)

        return once


async def _once(key: str, request: Request, handle: Handler) -> Response:
    if not 1 <= len(key) <= LONGEST:
        raise HTTPException(422, f"Idempotency-Key has {len(key)} characters, 1 to {LONGEST} are taken")
    where = f"{request.method} {request.url.path}?{request.url.query}"
    said = _digest(where.encode("utf-8", "replace"), await request.body())
    caller = request.headers.get("authorization", "").encode("latin-1", "replace")
    principal = getattr(request.state, "principal", None)
    token = principal.token_id.encode() if principal is not None else b""
    name = _digest(caller, token, key.encode("utf-8", "replace")).hex()
    replies, holder = _replies(request), secrets.token_hex(8)
    if (found := await _taken(request, name, said, holder)) is not None:
        return _again(found)
    kept = False
    living = asyncio.create_task(_live(replies, name, holder))
    try:
        response = await handle(request)
        if _keepable(response):
            with suppress(StoreError):  # what was done is told, though it cannot be kept that it was
                await replies.keep(name, holder, _kept(said, response), ttl=TTL)
                kept = True
        return response
    finally:
        living.cancel()
        if not kept:
            with suppress(StoreError):  # then the key is free when its time is over
                await replies.drop(name, holder)


async def _live(replies: Replies, name: str, holder: str) -> None:
    """Hold a key for as long as its answer is in the making, however long that takes."""
    while True:
        await asyncio.sleep(LEASE / 3)
        with suppress(StoreError):
            await replies.extend(name, holder, lease=LEASE)


async def _taken(request: Request, name: str, said: bytes, holder: str) -> Reply | None:
    """Take a key, or return its answer; while another makes that, here or in another process, wait for it."""
    replies = _replies(request)
    while (found := await replies.take(name, said, holder, lease=LEASE)) is not None:
        if found.request != said:
            raise HTTPException(422, "This Idempotency-Key came with another request before")
        if found.status is None:
            await asyncio.sleep(LOOK)
        elif await _stands(request, found.body):
            return found
        else:
            await replies.drop(name)
    return None


def _replies(request: Request) -> Replies:
    replies: Replies = request.app.state.memory.app.replies
    return replies


def _keepable(response: Response) -> bool:
    """Tell whether an answer is a success in JSON; a stream is gone once it is told."""
    return 200 <= response.status_code < 300 and isinstance(response, Json)


def _kept(said: bytes, response: Response) -> Reply:
    headers = tuple((name, value) for name, value in response.headers.items() if name != "content-length")
    return Reply(said, response.status_code, headers, bytes(response.body))


def _again(found: Reply) -> Response:
    headers = {**dict(found.headers), "idempotent-replayed": "true"}
    return Response(found.body, found.status or 200, headers)


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
