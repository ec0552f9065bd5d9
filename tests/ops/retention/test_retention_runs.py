"""What policies meet and leave alone, and that a run which is killed goes on where it was."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ops.retention.conftest import Opener
from tests.ops.retention.kept import CHINESE, LONG, filled, forward, opened, ran, raw, whole

from recollect.errors import ConfigError, Conflict, NotFound
from recollect.exchange import Batch, Revision
from recollect.ops.retention.run import preview, undo
from recollect.ops.retention.schedule import Schedule, scheduled
from recollect.settings import load
from recollect.stores.sql.keep import retention
from recollect.testing.clock import FakeClock

ROOT = Path(__file__).parents[3]
OLD: dict[str, Any] = {"name": "old", "older_than": 30}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"name": "n", "action": "burn", "older_than": 1}, "policy 'n': action"),
        ({"name": "n", "action": "delete"}, "policy 'n': set older_than, keep_latest or importance_below"),
        ({"name": "n", "action": "delete", "older_than": -1}, "policy 'n': older_than"),
        ({"name": "n", "action": "delete", "older_than": 1, "kinds": ["tern"]}, "policy 'n': there is no kind 'tern'"),
        ({"name": "n", "action": "delete", "older_than": 1, "colour": 3}, "policy 'n': colour"),
        ({"name": "n", "action": "summarise", "older_than": 1, "kinds": ["note"]}, "policy 'n': only turns"),
        ({"name": "n", "action": "merge", "kinds": ["turn"]}, "policy 'n': only facts and notes"),
        ({"name": "n", "action": "cold", "older_than": 1}, "policy 'n' is cold, and retention.to names no place"),
        ({"action": "delete", "older_than": 1}, "name"),
        (7, "policy"),
    ],
)
def test_a_policy_that_cannot_be_used_is_named(home: Path, policy: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(home, {"retention": {"policies": [policy]}})


def test_two_policies_of_one_name_are_refused(home: Path) -> None:
    with pytest.raises(ConfigError, match="policy 'old' is there twice"):
        load(home, {"retention": {"policies": [{**OLD, "action": "delete"}] * 2}})


def test_policies_may_stand_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOLLECT_RETENTION__POLICIES", '[{"name": "a", "action": "warm", "older_than": 3}]')
    (policy,) = load(home).settings.retention.policies
    assert (policy.name, policy.older_than) == ("a", 3)


async def test_what_is_pinned_standing_private_at_hand_or_a_file_is_left_alone(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "delete"})
    await memory.add("Some note about the weather in the valley")
    await memory.add("A note that somebody pinned to the wall", metadata={"pinned": True})
    await memory.add("A note that nobody else may see or touch", metadata={"private": True})
    await memory.add("Always answer in French, please, from now on.")
    kept = await memory.add("This one belongs into every session")
    await memory.update(kept.id, tier="global")
    await memory.drain()
    forward(memory, 60)
    (outlook,) = await preview(memory.app)
    assert (outlook.memories, outlook.kinds) == (1, {"note": 1})
    assert {why: count for why, count in outlook.kept.items() if why in {"pinned", "private", "standing"}} == {
        "pinned": 1,
        "private": 1,
        "standing": 1,
    }
    assert [item.text[:9] for item in outlook.sample] == ["Some note"]
    (run,) = await ran(memory)
    assert run.memories == 1
    assert len((await memory.list()).memories) == 4


async def test_stale_truth_does_not_come_back(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "delete", "importance_below": 1, "keep_latest": 0})
    old = await memory.add("Bo works at Siemens in Berlin", user_id="bo")
    new = await memory.add("Bo works at Bosch in Stuttgart now", user_id="bo")
    await memory.drain()
    records = memory.app.engine.stores.records
    (was,) = await records.get([old.id])
    if was.superseded_by is None:
        ended = replace(was, superseded_by=new.id, version=was.version + 1)
        await records.commit(Batch(revisions=[Revision(ended, retire=True)]))
    await memory.update(old.id, metadata={"pinned": True})
    forward(memory, 60)
    await ran(memory)
    assert {item.id for item in (await memory.list(user_id="bo")).memories} == {old.id, new.id}


async def test_policies_meet_what_they_say(keep: Opener) -> None:
    memory = await keep(
        {**OLD, "action": "delete", "project": "no-such-*"},
        {"name": "few", "action": "delete", "keep_latest": 3, "kinds": ["turn"], "project": "w*", "user": "b?"},
        {"name": "young", "action": "delete", "older_than": 365},
        {"name": "dull", "action": "delete", "importance_below": 0.0},
        {"name": "all", "action": "delete", "older_than": 0},
    )
    await filled(memory, talks=2, turns=8)
    nobody, few, young, dull, every = await preview(memory.app)
    spared = sum(few.kept.values())
    assert (nobody.memories, young.memories, dull.memories) == (0, 0, 0)
    assert few.memories + spared == 16 - 3
    assert every.memories + sum(every.kept.values()) == len((await memory.list(user_id="bo", limit=100)).memories) + 1
    assert (every.oldest_at, set(every.projects)) == (every.newest_at, {"web", "家"})
    await ran(memory, "few")
    left = [item for item in (await memory.list(user_id="bo", limit=100)).memories if item.kind == "turn"]
    assert len(left) == 3 + spared
    assert await ran(memory, "young") == []
    with pytest.raises(NotFound, match="no-such"):
        await preview(memory.app, "no-such")


async def test_a_store_that_exchanges_only_deletes(home: Path) -> None:
    async with opened(home, [{**OLD, "action": "warm"}, {**OLD, "name": "gone", "action": "delete"}]) as memory:
        await filled(memory)
        with closing(sqlite3.connect(home / "recollect.db")) as back:
            columns = "id, name, digest, projects, created_at, store, reached"
            back.execute(f"INSERT INTO node({columns}) VALUES ('n', 'n', 'n', '[]', 0, '', 0)")
            back.commit()
        with pytest.raises(Conflict, match="exchanges with others"):
            await ran(memory, "old")
        assert len(await ran(memory, "gone")) == 1


@pytest.mark.parametrize(
    ("action", "steps"),
    [
        ("delete", 3),
        ("cold", 3),
        pytest.param("warm", 2, marks=pytest.mark.slow),
        pytest.param("cold", 2, marks=pytest.mark.slow),
        pytest.param("cold", 4, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_killed_goes_on_where_it_was(home: Path, action: str, steps: int) -> None:
    before = asyncio.run(_made(home))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.ops.retention.broken", str(home), action, str(steps)]
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    asyncio.run(_taken_up(home, action, before))


async def _made(home: Path) -> list[str]:
    async with opened(home) as memory:
        await filled(memory, talks=3)
        return await whole(memory)


async def _taken_up(home: Path, action: str, before: list[str]) -> None:
    clock = FakeClock()
    async with opened(home, [{**OLD, "action": action}], clock=clock) as memory:
        forward(memory, 100)
        (left,) = await memory.app.retention.runs()
        assert left.state == "running"
        broken = left.memories
        (done,) = await ran(memory)
        assert (done.id, done.state, done.memories > broken) == (left.id, "done", True)
        assert await ran(memory) == []
        (outlook,) = await preview(memory.app)
        assert outlook.memories == 0
        if action == "cold":
            named = {name.rpartition("/")[2] for name in await memory.app.retention.boxes.every()}
            there = {path.name for path in (home.parent / "cold" / "cold").rglob("*") if path.is_file()}
            assert there == named, "nothing is left in object storage that no row knows"
        await undo(memory.app, memory.actor, done.id)
        await memory.drain()
        assert await whole(memory) == before


async def test_what_is_captured_during_a_run_is_kept(keep: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    memory = await keep({**OLD, "action": "delete"}, {**OLD, "name": "w", "action": "warm"})
    await filled(memory, talks=3)

    async def writing() -> list[str]:
        made = []
        for number in range(20):
            said = [{"role": "user", "content": f"Number {number}. {LONG}{CHINESE}"}]
            made += list((await memory.capture(said, conversation_id=f"talk-{number % 3}", user_id="bo")).ids)
        return [str(name) for name in made]

    work = asyncio.create_task(writing())
    await ran(memory)
    names = await work
    assert [item.id for item in await memory.app.engine.stores.records.get(names)] == names


async def test_runs_are_noted_and_only_for_who_looks_after_the_store(home: Path) -> None:
    async with opened(home, [{**OLD, "action": "warm"}], retention={"every": 6}) as memory:
        await filled(memory)
        (done,) = await ran(memory)
        await undo(memory.app, memory.actor, done.id)
        deeds = [entry.deed for entry in await memory.audit(limit=10)]
        assert [(deed.action, deed.target) for deed in deeds[:2]] == [
            ("retention_undo", "old"),
            ("retention_run", "old"),
        ]
        assert deeds[1].detail["memories"] == done.memories
        assert scheduled(memory.app)
        await Schedule(memory.app).turn()
        assert len(await memory.app.retention.runs()) == 2


async def test_vectors_of_eight_bits_are_half_as_large_and_find_the_same(keep: Opener) -> None:
    memory = await keep()
    await filled(memory)
    asked = ("granite harbour wall", "warm roof of the bakery", "采石场")
    before = [[hit.memory.id for hit in await memory.search(text, user_id="bo")] for text in asked]
    small = await memory.app.retention.quantise()
    assert (small.changed, small.after < 0.52 * small.before) == (small.vectors, True)
    assert (await memory.app.retention.quantise()).changed == 0
    after = [[hit.memory.id for hit in await memory.search(text, user_id="bo")] for text in asked]
    assert [set(found) for found in after] == [set(found) for found in before]
    lines = await whole(memory)
    again = await memory.app.retention.quantise(back=True)
    memory.app.worker.wake()
    await memory.drain()
    assert again.changed == small.vectors
    assert len(await whole(memory)) == len(lines)
    assert (await memory.app.retention.quantise()).changed == small.vectors


async def test_a_vacuum_gives_the_space_of_what_is_gone_back(home: Path) -> None:
    async with opened(home, [{**OLD, "action": "delete"}], retention={"undo_days": 1}) as memory:
        await filled(memory, talks=12)
        await ran(memory)
        forward(memory, 2)
        await memory.app.retention.expire(1)
        await memory.app.retention.vacuum(0.1)
        done = await memory.app.retention.vacuum(30)
        assert done.whole
        assert (
            b"rebuilt with granite from the old quarry" not in raw(home) or (await memory.list(user_id="bo")).memories
        )
