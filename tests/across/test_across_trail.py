"""What a question over projects leaves behind is written without being waited for, and is not lost."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.across.trail import Trail
from recollect.errors import StoreError
from recollect.models import AuditFilter, Deed, PastSearch
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder

ALLOWED = {"project": {"enable_cross_project_search": True}}


class Paper:
    """A trail that can be torn: while it is, nothing can be written on it."""

    def __init__(self) -> None:
        self.written: list[tuple[str, PastSearch | None]] = []
        self.torn = False
        self.may = asyncio.Event()
        self.may.set()

    async def leave(self, deed: Deed, past: PastSearch | None, *, keep: int) -> None:
        await self.may.wait()
        if self.torn:
            raise StoreError("The disk is full")
        self.written.append((deed.target, past))


def past(query: str) -> PastSearch:
    return PastSearch(0, START, "alice", query, ("web",), "score", 1, 2.0)


async def test_nobody_waits_for_it_and_settled_does() -> None:
    paper = Paper()
    trail = Trail(paper, keep=10)
    paper.may.clear()
    await trail.leave(Deed("search_across", target="1"), past("a"))
    assert paper.written == []
    paper.may.set()
    await trail.settled()
    assert paper.written == [("1", past("a"))]


async def test_without_a_history_only_the_log_is_written() -> None:
    paper = Paper()
    trail = Trail(paper, keep=0)
    await trail.leave(Deed("search_across", target="1"), past("a"))
    await trail.settled()
    assert paper.written == [("1", None)]


async def test_what_could_not_be_written_is_written_before_anything_more_is_answered() -> None:
    paper = Paper()
    trail = Trail(paper, keep=10)
    paper.torn = True
    for name in ("1", "2"):
        await trail.leave(Deed("search_across", target=name), None)
    await trail.settled()
    for _ in range(2):
        with pytest.raises(StoreError, match="disk is full"):
            await trail.made_up()
    paper.torn = False
    await trail.made_up()
    assert paper.written == [("1", None), ("2", None)]
    await trail.made_up()
    assert len(paper.written) == 2


async def test_a_question_is_not_answered_while_the_log_cannot_be_written(tmp_path: Path) -> None:
    async with AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=ALLOWED, worker=False) as memory:
        await memory.add("zebra", project_id="web")
        with closing(sqlite3.connect(tmp_path / "recollect.db", isolation_level=None)) as door:
            door.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
        await memory.search_across("zebra", project_ids=["web"])
        await memory.app.across.settled()
        with pytest.raises(StoreError):
            await memory.search_across("zebra", project_ids=["web"])
        with closing(sqlite3.connect(tmp_path / "recollect.db", isolation_level=None)) as door:
            assert door.execute("SELECT count(*) FROM search_history").fetchone() == (0,)
            door.execute("DROP TRIGGER full")
        await memory.search_across("zebra", project_ids=["web"])
        assert [entry.seq for entry in await memory.audit(action="search_across")] == [2, 1]
        assert len(await memory.search_history()) == 2


ENDS = """
import asyncio, sys
from recollect import AsyncMemory

async def main():
    memory = AsyncMemory(sys.argv[1], settings={"embedder": {"provider": "none"},
                                                "project": {"enable_cross_project_search": True}}, worker=False)
    await memory.add("zebra", project_id="web")
    await memory.search_across("zebra", project_ids=["web"])
    # never closed

asyncio.run(main())
"""


def test_a_process_that_never_closes_the_store_has_its_questions_in_the_log(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ENDS, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "recollect.db")) as door:
        found = door.execute("SELECT action, projects FROM audit").fetchall()
    assert [(action, json.loads(projects)) for action, projects in found] == [("search_across", ["web"])]


async def test_many_at_once_are_all_in_the_log_and_the_chain_holds(tmp_path: Path) -> None:
    async with AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=ALLOWED, worker=False) as memory:
        await memory.add("zebra", project_id="web")
        await asyncio.gather(*(memory.search_across(f"zebra {n}", project_ids=["web"]) for n in range(100)))
        proof = await memory.verify_audit()
        assert (proof.entries, proof.whole) == (100, True)
        assert len(await memory.search_history(limit=200)) == 100


async def test_closing_writes_what_is_on_its_way(tmp_path: Path) -> None:
    memory = AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=ALLOWED, worker=False)
    await memory.add("zebra", project_id="web")
    await memory.search_across("zebra", project_ids=["web"])
    await memory.close()
    async with AsyncMemory(tmp_path, embed=FakeEmbedder(), settings=ALLOWED, worker=False) as again:
        assert len(await again.app.audit.entries(AuditFilter(), limit=9)) == 1
        assert len(await again.search_history()) == 1
