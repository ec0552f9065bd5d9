"""An application behind all its guards, as the server runs it, with a few routes that try them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.errors import StoreBusy, StoreError
from recollect.models import Token, digest_of
from recollect.settings import Settings, load
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder

SECRET = "rec_of-the-tests"
BEARER = {"Authorization": f"Bearer {SECRET}"}
LOCAL = "http://127.0.0.1:37777"


def settings_of(home: Path, **server: Any) -> Settings:
    return load(home, {"server": server, "worker": {"poll": 0.02}}, environ={}).settings


@asynccontextmanager
async def guarded(home: Path, *, auth: bool = True, host: str = "127.0.0.1", **server: Any) -> AsyncIterator[FastAPI]:
    settings = settings_of(home, **server)
    async with AsyncMemory(settings=settings, embed=FakeEmbedder()) as memory:
        await memory.app.tokens.add(Token("t1", "tests", digest_of(SECRET), START))
        app = create_app(memory, settings, door=Door(host, auth))
        for route in ROUTES:
            path = "/api/import/try" if route is taken else f"/try/{route.__name__}"
            app.add_api_route(path, route, methods=["GET", "POST"], response_model=None, include_in_schema=False)
        yield app


async def echo(request: Request) -> dict[str, Any]:
    principal = request.state.principal
    said = {"size": len(await request.body()), "token": principal.token_id, "name": principal.name}
    return {**said, "request": request.state.request_id}


async def body(value: dict[str, Any]) -> dict[str, Any]:
    return {"names": len(value)}


async def taken(request: Request) -> dict[str, Any]:
    return {"size": sum([len(part) async for part in request.stream()])}


async def boom() -> None:
    raise ValueError("a secret in /home/alice/.recollect")


async def fails() -> None:
    raise StoreError("the file /home/alice/.recollect/recollect.db is odd")


async def busy() -> None:
    raise StoreBusy("Another process holds it", hint="Again.")


async def slow() -> None:
    await asyncio.Event().wait()


async def halfway() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "one"
        raise ValueError("a secret after the start")

    return StreamingResponse(parts())


async def live() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(parts(), media_type="text/event-stream")


async def large() -> dict[str, Any]:
    return {"text": "tabs " * 2000}


ROUTES = (echo, body, taken, boom, fails, busy, slow, halfway, live, large)


async def under_way(app: FastAPI, count: int) -> None:
    """Wait until so many requests are being answered."""
    async with asyncio.timeout(10):
        while app.state.drain.running < count:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


@asynccontextmanager
async def asking(app: FastAPI, client: str = "127.0.0.1", **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an application as a client of this address would; errors it lets escape fail the test."""
    transport = httpx.ASGITransport(app=app, client=(client, 50000))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL, headers=headers) as asked:
        yield asked


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return a failure's error after a look at its form."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["success"] is False
    assert body["error"]["code"] == code
    assert body["detail"] == body["error"]["message"] != ""
    return dict(body["error"])
