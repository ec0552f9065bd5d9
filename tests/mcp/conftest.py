"""An open library, the MCP server over it, and the SDK's own client, of both eras of the protocol."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextContent
from tests.server.conftest import Start

from recollect import AsyncMemory
from recollect.mcp.desk import Desk, Whose
from recollect.mcp.server import Server
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ERAS = ("auto", "legacy")


class Caller:
    """A connected client that answers with text."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, name: str, **arguments: Any) -> str:
        """Call a tool that works, and return its text."""
        failed, text = await self.attempt(name, **arguments)
        assert not failed, text
        return text

    async def refused(self, name: str, **arguments: Any) -> str:
        """Call a tool that fails, and return what it says; never where in the code it was."""
        failed, text = await self.attempt(name, **arguments)
        assert failed, text
        assert "Traceback" not in text
        assert ".py" not in text
        assert "pydantic" not in text
        return text

    async def attempt(self, name: str, **arguments: Any) -> tuple[bool, str]:
        done = await self.client.call_tool(name, arguments)
        assert done.structured_content is None
        (content,) = done.content
        assert isinstance(content, TextContent)
        return bool(done.is_error), content.text


Connect = Callable[[], AbstractAsyncContextManager[Caller]]


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Return what starts real servers over the data directory of the test."""
    starter = Start(home)
    yield starter
    starter.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"worker": {"poll": 0.02}}


@pytest.fixture
async def memory(home: Path, clock: FakeClock, settings: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as opened:
        yield opened


@pytest.fixture
def era() -> str:
    """Return which protocol the client speaks; tests of what both must do override it."""
    return "auto"


@pytest.fixture
def connect(memory: AsyncMemory, era: str) -> Connect:
    """Return what connects a client: fixtures may not hold it open, for its tasks must end where they began."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[Caller]:
        async with Client(Server(Desk(memory, Whose("default", "web"))), mode=era) as client:
            yield Caller(client)

    return connected


def ids_in(text: str) -> list[str]:
    return ID.findall(text)


def rows_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ") and ID.search(line)]
