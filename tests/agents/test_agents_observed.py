"""What tools showed, told by real hook events, becomes observations by a model over HTTP, or stays one line a call."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from tests.agents.session import Session, envelope

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.models import Memory
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Answer, Failure, Hang, ModelServer, Request, model_server

SHOWN = re.compile(r"\[(c\d+)\] .*?the linker of part(\d) needs libfoo 2\.(\d)")


def learned(request: Request) -> Answer:
    """Return one observation of every call."""
    made = [
        {"text": f"The linker of part{part} needs libfoo 2.{minor}.", "sources": [label]}
        for label, part, minor in SHOWN.findall(request.text)
    ]
    return Answer(json.dumps({"observations": made}))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(learned, model="a")
        yield running


@asynccontextmanager
async def opened(home: Path, server: ModelServer) -> AsyncIterator[AsyncMemory]:
    models = {
        "providers": {"x": {"base_url": server.openai}},
        "tasks": {"extraction": {"model": "x/a"}},
        "retries": 0,
    }
    settings = {"models": models, "worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings, worker=False) as memory:
        yield memory


def building(parts: int) -> Session:
    """Return a session in which parts are built, and what the tool says of each."""
    session = Session()
    session.start()
    session.ask("Build all parts.")
    for part in range(parts):
        said = f"ld: the linker of part{part} needs libfoo 2.{part}"
        session.use("Bash", {"command": f"make part{part}"}, {"stdout": said, "stderr": "", "interrupted": False})
    session.answer("Two parts need libfoo.")
    session.end()
    return session


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not await done():  # noqa: ASYNC110 - what happens in the store sets no event here
            await asyncio.sleep(0.02)


async def observed(memory: AsyncMemory) -> list[Memory]:
    """Return what a model observed."""
    page = await memory.list(kinds=["observation"], limit=100)
    return [item for item in page.memories if item.sources]


async def lines(memory: AsyncMemory) -> list[str]:
    """Return the lines that the rules keep of calls."""
    page = await memory.list(kinds=["observation"], limit=100)
    return sorted(item.text for item in page.memories if not item.sources)


async def test_what_tools_showed_is_observed_when_the_session_pauses(home: Path, server: ModelServer) -> None:
    async with (
        opened(home, server) as memory,
        AsyncClient(
            transport=ASGITransport(create_app(memory, memory.app.settings)), base_url="http://127.0.0.1"
        ) as client,
    ):
        for number, (event, payload) in enumerate(building(2).hooks):
            answer = await client.post(
                "/api/hooks/claude-code", params={"event": event}, json=envelope(payload, event_id=f"e-{number}")
            )
            assert answer.status_code == 200, answer.text

        async def all_observed() -> bool:
            return len(await observed(memory)) == 2

        await until(all_observed)
        made = {item.text: item for item in await observed(memory)}
        assert set(made) == {"The linker of part0 needs libfoo 2.0.", "The linker of part1 needs libfoo 2.1."}
        kept = {
            item.text: item
            for item in await memory.app.engine.stores.records.get([s for m in made.values() for s in m.sources])
        }
        assert len(kept) == 2
        assert all("make part" in text for text in kept)
        one = made["The linker of part0 needs libfoo 2.0."]
        assert one.metadata["made_by"] == "x/a"
        assert (one.scope.conversation_id, one.scope.project_id) == ("s-1", "lantern")
        await memory.app.models.settled()
        (spent,) = [row for row in await memory.app.engine.stores.records.usage() if row.purpose == "observe"]
        assert (spent.provider, spent.project_id, spent.outcome) == ("x/a", "lantern", "answered")


@pytest.mark.parametrize("fails", [Failure(401), Hang()], ids=["refused", "ended first"])
async def test_where_no_model_answers_in_time_the_lines_stay(
    home: Path, server: ModelServer, fails: Failure | Hang
) -> None:
    server.usually(fails, model="a")
    async with opened(home, server) as memory:
        await building(2).live(memory)
        before = await lines(memory)

        async def is_asked() -> bool:
            return bool(server.of("a"))

        await until(is_asked)
    async with opened(home, server) as memory:
        assert await lines(memory) == before
        assert len(before) == 2
        assert all("make part" in line for line in before)
        assert await observed(memory) == []
