"""Export and import: everything goes out and comes back, however large and however broken."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api import spool
from recollect.api.app import create_app
from recollect.errors import StoreError, StoreFull
from recollect.settings import Settings
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of another, empty store."""
    async with AsyncMemory(tmp_path / "other", embed=FakeEmbedder()) as opened:
        transport = httpx.ASGITransport(create_app(opened, Settings.model_validate({"home": tmp_path / "other"})))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def test_an_export_is_taken_over_exactly(
    client: httpx.AsyncClient, memory: AsyncMemory, other: httpx.AsyncClient
) -> None:
    note = await memory.add("Alice prefers tabs", user_id="alice", metadata={"category": "style"})
    await memory.update(note.id, text="Alice prefers spaces")
    await memory.capture([{"role": "user", "content": "你好 🦊"}], conversation_id="c1", user_id="bob")
    await memory.drain()
    answer = await client.get("/api/export?vectors=true", headers={"accept-encoding": "identity"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert int(answer.headers["content-length"]) == len(answer.content)
    done = (await other.post("/api/import", content=answer.content)).json()
    assert (done["form"], done["new"], done["faulty"]) == ("recollect", 2, 0)
    assert (await other.get("/api/export?vectors=true")).content == answer.content
    again = (await other.post("/api/import", content=answer.content)).json()
    assert (again["new"], again["duplicates"]) == (0, 2)


async def test_an_export_of_one_user_holds_nobody_else(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await memory.add("mine", user_id="alice", project_id="web")
    await memory.add("elsewhere", user_id="alice", project_id="app")
    await memory.add("theirs", user_id="bob", project_id="web")

    async def texts(query: str) -> set[str]:
        lines = (await client.get(f"/api/export?{query}")).text.splitlines()
        return {line["memory"]["text"] for line in map(json.loads, lines) if "memory" in line}

    assert await texts("user_id=alice") == {"mine", "elsewhere"}
    assert await texts("user_id=alice&project_id=web") == {"mine"}
    assert await texts("project_id=web") == {"mine", "theirs"}
    assert await texts("") == {"mine", "elsewhere", "theirs"}


async def test_broken_lines_are_counted_by_number_and_the_rest_is_taken(
    client: httpx.AsyncClient, memory: AsyncMemory, home: Path
) -> None:
    lines = [
        b'{"role": "user", "content": "Bo moved to Lisbon"}',
        b"{broken",
        b'{"role": "user", "content": "Bo likes it there", "conversation_id": "c9"}',
        b'{"role": "user"}',
        b"[1]",
    ]

    async def body() -> AsyncIterator[bytes]:
        for line in lines:
            yield line + b"\n"

    answer = await client.post("/api/import?user_id=bo&project_id=web", content=body())
    done = answer.json()
    assert (done["form"], done["new"], done["faulty"]) == ("messages", 2, 3)
    assert [fault["line"] for fault in done["faults"]] == [2, 4, 5]
    assert str(home) not in answer.text
    kept = (await memory.list(user_id="bo", project_id="web", kinds=["turn"])).memories
    assert {item.text for item in kept} == {"Bo moved to Lisbon", "Bo likes it there"}
    assert {item.source.file for item in kept} == {"upload"}
    assert {item.scope.conversation_id for item in kept} == {"upload", "c9"}
    assert not list(home.glob(".incoming-*"))


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\x00\xff\xfe", b"PK\x03\x04broken", b"[" * 10_000])
async def test_what_is_no_import_is_refused_without_a_path(client: httpx.AsyncClient, home: Path, body: bytes) -> None:
    answer = await client.post("/api/import", content=body)
    assert answer.status_code == 400
    assert str(home) not in answer.text
    assert "--from" not in answer.text
    assert not list(home.glob(".incoming-*"))


async def test_an_upload_of_the_wrong_form_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/import?form=recollect", content=b'{"role": "user", "content": "x"}\n')
    assert answer.status_code == 400
    assert (await client.post("/api/import?form=none", content=b"{}")).status_code == 422


async def test_a_large_upload_is_never_in_memory_as_a_whole(home: Path) -> None:
    home.mkdir()
    held = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(100):
            held.append(number * 50_000 - path.stat().st_size)
            yield b"x" * 50_000

    with spool.uploads(home) as path:
        assert path.parent.stat().st_mode & 0o777 == 0o700
        await spool.fill(path, pieces())
        assert path.stat().st_size == 5_000_000
        assert max(held) < 2 * spool.PIECE
        parent = path.parent
    assert not parent.exists()


def test_what_a_killed_process_left_is_removed_a_day_later(home: Path) -> None:
    home.mkdir()
    old, new = (Path(tempfile.mkdtemp(prefix=".incoming-", dir=home)) for _ in range(2))
    os.utime(old, (1, 1))
    with spool.uploads(home):
        assert not old.exists()
        assert new.exists()


def test_a_place_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(StoreError), spool.failing_plainly():
        raise PermissionError(13, "no")
    with pytest.raises(StoreFull), spool.failing_plainly():
        raise OSError(28, "full")
    with pytest.raises(StoreError), spool.uploads(tmp_path / "nowhere"):
        pass
