"""While too many jobs wait, what brings many memories is put off; what comes one by one is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.backlog import LATER
from recollect.models import Task

MANY = {"user_id": "al", "memories": [{"content": "Bo prefers tabs"}]}
ONE = {"user_id": "al", "content": "Mei prefers spaces"}
TURN = {"turns": [{"role": "user", "content": "hello"}], "conversation_id": "c"}


@pytest.fixture(params=[3, 0])
async def behind(home: Path, request: pytest.FixtureRequest) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    settings = {"worker": {"backlog": request.param}, "embedder": {"provider": "none"}}
    async with AsyncMemory(home, settings=settings, worker=False) as memory:
        await memory.app.engine.stores.queue.push([Task("embed", {"ids": ["x"]}) for _ in range(4)])
        transport = httpx.ASGITransport(create_app(memory, memory.app.settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client, request.param


async def test_imports_and_batches_are_put_off_and_nothing_else(behind: tuple[httpx.AsyncClient, int]) -> None:
    client, backlog = behind
    for answer in (
        await client.post("/api/memory/batch-add", json=MANY),
        await client.post("/api/import", content=b'{"role": "user", "content": "x"}\n', params={"form": "messages"}),
    ):
        assert answer.status_code == (429 if backlog else 200), answer.text
        if backlog:
            assert answer.headers["retry-after"] == str(LATER)
            assert answer.json()["error"]["code"] == "rate_limited"
    assert (await client.post("/api/memory/add", json=ONE)).status_code == 200
    assert (await client.post("/api/capture", json=TURN)).status_code == 202
