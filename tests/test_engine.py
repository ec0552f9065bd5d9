"""What must always hold, end to end: private stays private, deleted is gone, nothing needs an embedder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import EmbedderMissing, ProviderFailed
from recollect.models import Kind
from recollect.testing.embedder import FakeEmbedder

QUICK = {"worker": {"poll": 0.02}}


def said(role: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def files_with(home: Path, *needles: str) -> Iterator[str]:
    """Name every file of a data directory that holds one of these texts in any encoding, folded or not."""
    wanted = [needle.encode(code) for needle in needles for code in ("utf-8", "utf-16-le")]
    wanted += [needle.lower().encode() for needle in needles]
    for path in sorted(home.rglob("*")):
        if path.is_file() and any(one in path.read_bytes() for one in wanted):
            yield path.name


SECRET = "Xylophagous"
STEM = "xylophag"


async def test_what_is_private_is_never_on_disk(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        hidden = f"before <private>{SECRET} 紫禁城密码</private> after"
        await memory.capture(
            [
                said(
                    "user",
                    f"Say it: {hidden}",
                    speaker="Bo",
                    metadata={"note": hidden, SECRET.join(("<private>", "</private>k")): 1},
                ),
                said("assistant", f"<private>{SECRET}"),
            ],
            conversation_id="c1",
        )
        note = await memory.add(f"A plain note {hidden}", title=f"About {hidden}", metadata={"deep": [{"in": hidden}]})
        await memory.update(
            note.id, text=f"A better note {hidden}", title=f"Of {hidden}", metadata={"again": [hidden], "n": 1}
        )
        await memory.update(note.id, title=f"Once more {hidden}")
        await memory.update(note.id, metadata={"last": hidden})
        await memory.drain()
        assert list(files_with(home, SECRET, STEM, "紫禁城密码", "紫禁")) == []
    assert list(files_with(home, SECRET, STEM, "紫禁城密码", "紫禁")) == []


async def test_keys_are_masked_wherever_they_stand(home: Path) -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        done = await memory.capture([said("user", f"the token is {key}", metadata={"token": key})])
        assert sum(done.redacted.values()) >= 1
        note = await memory.add("zebra", metadata={"a": key})
        await memory.update(note.id, metadata={"b": f"use {key}"}, title=f"key {key}")
        await memory.drain()
    assert list(files_with(home, key)) == []


async def test_a_deleted_text_is_in_no_file_any_more(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        for number in range(40):
            await memory.add(f"an ordinary note number {number} about the weather in Lisbon")
        turns = [said("user", f"I prefer {SECRET} beetles to all others."), said("assistant", "Noted.")]
        turns += [said("user", f"Filler number {number} says something of its own.") for number in range(8)]
        done = await memory.capture(turns, conversation_id="c1")
        note = await memory.add(f"{SECRET} is spelled so", title=f"On {SECRET}", metadata={"word": SECRET})
        await memory.update(note.id, text=f"{SECRET} means wood-eating")
        await memory.update(note.id, metadata={"word": f"{SECRET}!"})
        moved = await memory.add(f"My favourite beetle is the {SECRET} one")
        await memory.drain()
        assert await memory.search(SECRET)
        assert list(files_with(home, SECRET))
        for name in (done.ids[0], note.id, moved.id):
            await memory.delete(str(name))
        await memory.drain()
        assert list(files_with(home, SECRET, STEM)) == []
        left = await memory.search(SECRET, kinds=["turn", "note", "fact", "summary"], stale=True)
        assert all(SECRET not in hit.memory.text for hit in left)
        assert (await memory.stats()).memories >= 49
    assert list(files_with(home, SECRET, STEM)) == []


async def test_forgetting_a_user_leaves_no_trace_of_what_was_said(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        turns = [said("user", f"{SECRET} fact number {number}, we decided to use it.") for number in range(30)]
        await memory.capture(turns, conversation_id="c1", user_id="alice")
        await memory.add("zebra", user_id="bob")
        await memory.drain()
        gone = await memory.forget(user_id="alice")
        assert gone >= 30
        await memory.drain()
        assert (await memory.stats(user_id="alice")).memories == 0
        assert (await memory.stats(user_id="alice")).entities == 0
        assert list(files_with(home, SECRET, STEM)) == []
        assert len(await memory.search("zebra", user_id="bob")) == 1


async def test_without_an_embedder_words_find_everything_and_jobs_wait(home: Path) -> None:
    missing = FakeEmbedder(failure=EmbedderMissing("no weights", hint="pull them"))
    async with AsyncMemory(home, embed=missing, settings=QUICK) as memory:
        for number in range(3):
            await memory.capture([said("user", f"the zebra number {number} sleeps in Lisbon")], conversation_id="c")
        await memory.add("我的猫叫小白")
        await memory.drain()
        assert len(await memory.search("zebra")) == 3
        assert len(await memory.search("猫叫什么")) == 1
        assert (await memory.context("zebra")).memories
        stats = await memory.stats()
        assert (stats.embedded, stats.waiting) == (0, 0)
        assert stats.parked > 0
    async with AsyncMemory(home, embed=missing, settings=QUICK) as memory:
        await memory.drain()
        assert (await memory.stats()).parked == stats.parked
    found = FakeEmbedder()
    async with AsyncMemory(home, embed=found, settings=QUICK) as memory:
        await memory.drain()
        stats = await memory.stats()
        assert (stats.parked, stats.waiting) == (0, 0)
        assert stats.embedded >= 4


async def test_a_provider_that_is_down_at_the_start_keeps_nothing_from_opening(home: Path) -> None:
    missing = FakeEmbedder(failure=EmbedderMissing("no weights"))
    async with AsyncMemory(home, embed=missing, settings=QUICK) as memory:
        await memory.add("the zebra sleeps in Lisbon")
        await memory.drain()
    down = FakeEmbedder(failure=ProviderFailed("no route"))
    async with AsyncMemory(home, embed=down, settings=QUICK) as memory:
        assert len(await memory.search("zebra")) == 1


async def test_another_embedder_makes_vectors_of_its_own_beside_the_old(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder("one"), settings=QUICK) as memory:
        await memory.add("the zebra sleeps in Lisbon")
        await memory.drain()
    async with AsyncMemory(home, embed=FakeEmbedder("two", 64), settings=QUICK) as memory:
        assert len(await memory.search("zebra")) == 1
        await memory.drain()
        assert await memory.app.engine.stores.vectors.models() == ["one", "two"]
        assert (await memory.stats()).embedded == 1


async def test_a_fact_stands_beside_its_turn_once_however_often_it_is_derived(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        done = await memory.capture([said("user", "I prefer tabs to spaces in every file.", speaker="Bo")])
        await memory.drain()
        queue = memory.app.engine.stores.queue
        from_before = (await memory.list(kinds=["fact"])).memories
        assert len(from_before) == 1
        assert from_before[0].sources == done.ids
        await memory.capture(
            [said("user", "I prefer tabs to spaces in every file.", speaker="Bo")], conversation_id="x"
        )
        await memory.drain()
        (fact,) = (await memory.list(kinds=["fact"])).memories
        assert fact.repeats == 2
        assert len(fact.sources) == 2
        assert await queue.waiting() == 0


async def test_a_long_conversation_is_summarised_and_its_summary_stays_one(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        for part in range(4):
            turns = [
                said(
                    "user" if n % 2 else "assistant",
                    f"Part {part}, step {n}: we moved the service number {n} to Lisbon.",
                )
                for n in range(8)
            ]
            await memory.capture(turns, conversation_id="c1")
            await memory.drain()
        (summary,) = (await memory.list(kinds=["summary"])).memories
        assert summary.kind is Kind.SUMMARY
        assert summary.version > 1
        (talk,) = await memory.conversations()
        assert (talk.turns, talk.summary) == (32, summary.text)


async def test_the_file_may_be_read_by_its_owner_only(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
        await memory.add("zebra")
        assert home.stat().st_mode & 0o077 == 0


async def test_a_message_of_a_hundred_kilobytes_is_found_by_any_part(home: Path) -> None:
    parts = [f"Section {n} speaks of the item{n * 37} and of nothing else that matters much here." for n in range(1300)]
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await memory.capture([said("user", "\n".join(parts))])
        for number in (0, 611, 1299):
            (hit,) = await memory.search(f"item{number * 37}")
            assert f"item{number * 37} " in hit.memory.text[hit.start : hit.end]


async def test_back_door_every_memory_has_chunks_a_change_and_a_tenant(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await memory.capture([said("user", f"zebra number {n}") for n in range(20)], conversation_id="c1")
        await memory.add("a note")
        await memory.drain()
    with closing(sqlite3.connect(home / "recollect.db")) as back_door:
        bare = "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM {} x WHERE x.{} = m.{})"
        for table, column, own in (
            ("chunk", "memory", "key"),
            ("change", "memory", "key"),
            ("tenant", "key", "tenant"),
        ):
            assert back_door.execute(bare.format(table, column, own)).fetchone() == (0,)
        assert back_door.execute("PRAGMA foreign_key_check").fetchall() == []
        assert back_door.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("count", [1, 256, 257, 600])
async def test_jobs_cover_every_memory_of_a_capture(home: Path, count: int) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await memory.capture([said("user", f"zebra number {n} sleeps there") for n in range(count)])
        await memory.drain()
        assert (await memory.stats()).embedded == count


async def test_what_a_newer_fact_replaced_is_true_again_when_that_one_is_deleted(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        old = await memory.add("I live in Porto now", user_id="bo")
        new = await memory.add("I moved from Porto to Lisbon, I live in Lisbon now", user_id="bo")
        await memory.drain()
        assert (await memory.get(old.id)).superseded_by == new.id
        await memory.delete(new.id)
        back = await memory.get(old.id)
        assert (back.superseded_by, back.valid_to, back.version) == (None, None, 3)
        assert [hit.memory.id for hit in await memory.search("where do I live", user_id="bo")] == [old.id]
