"""An application over a store of its own: called without a network, or served on a free port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from httpx import ASGITransport, AsyncClient

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.server import token
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings={"worker": {"poll": 0.02}}) as opened:
        yield opened


@pytest.fixture
async def client(memory: AsyncMemory) -> AsyncIterator[AsyncClient]:
    app = create_app(memory, memory.app.settings)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Live:
    """A server on this machine, the key that opens it, and its library."""

    url: str
    key: str
    memory: AsyncMemory


class Served(uvicorn.Server):
    """Uvicorn, which says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@pytest.fixture
async def live(memory: AsyncMemory, clock: FakeClock) -> AsyncIterator[Live]:
    """Serve with every guard up, on a free port."""
    home = memory.app.settings.home
    key = (await token.ensure(home, memory.app.tokens, clock)).read_text(encoding="utf-8").strip()
    app = create_app(memory, memory.app.settings, door=Door("127.0.0.1"))
    server = Served(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        await server.up.wait()
        yield Live(f"http://127.0.0.1:{taken.getsockname()[1]}", key, memory)
        server.should_exit = True
        await serving
