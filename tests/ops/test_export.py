"""Export and import of recollect's own form: exact, repeatable, and safe with whatever is in the file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect import AsyncMemory
from recollect.errors import InvalidInput
from recollect.models import Reach, Usage
from recollect.ops import line, restore
from recollect.ops.export import export
from recollect.ops.import_ import bring_in, untold
from recollect.ops.reindex import reindex
from recollect.testing.embedder import FakeEmbedder

TALK = [
    ("user", "Mei", "We decided to use PostgreSQL for Lantern, see server/db.py and https://example.org/adr."),
    ("assistant", None, "Noted. Always run `make check` before you push, v1.2.3 broke parseHttpHeader."),
    ("user", "Mei", "以后提交信息都用英文写，不要中文。\u2028 Emoji too: 👩‍👩‍👧 café"),
    ("user", "Tomás", "I prefer tabs. My sister Ana lives in Porto."),
    ("assistant", None, "ok"),
    ("user", "Tomás", "I now live in Lisbon since last week, and Ana works with Mei on Lantern."),
    ("tool", None, "Ran pytest: 3 failed in tests/test_db.py, error E1042"),
    ("user", "Mei", "x" * 700 + ". " + "The second part speaks of thumbnails. " * 30),
]


def opened(home: Path, *, worker: bool = False) -> AsyncMemory:
    return AsyncMemory(home, embed=FakeEmbedder(), worker=worker)


async def filled(home: Path) -> None:
    """Fill a store with everything that there is: revisions, deletes, facts, summaries, links, usage, vectors."""
    async with opened(home, worker=True) as memory:
        turns = [
            {"role": role, "speaker": who, "content": text, "message_id": f"m{number}", "metadata": {"n": number}}
            for number, (role, who, text) in enumerate(TALK)
        ]
        await memory.capture(turns, conversation_id="c1", project_id="lantern", agent_id="claude", source="test")
        await memory.capture(turns[:3], conversation_id="gone", user_id="bob")
        await memory.add("Alice prefers tabs", user_id="alice", metadata={"a": {"b": [1, 2.5, None, "ü"]}, "z": True})
        note = await memory.add("Deploys happen on Friday", title="Deploys", expires_at="2030-01-01", importance=0.9)
        await memory.add("deploys happen on  friday", metadata={"again": 1})
        await memory.drain()
        await memory.update(note.id, text="Deploys happen on Thursday", metadata={"k": "v"})
        await memory.update(note.id, valid_to="2027-01-01T00:00:00Z")
        await memory.delete((await memory.add("a secret to be deleted", user_id="alice")).id)
        await memory.forget(user_id="bob")
        at = datetime(2026, 5, 1, tzinfo=UTC)
        spent = Usage(at, "embed", "fake", 10, 0, 0.1 + 0.2, 1.5, "lantern")
        await memory.app.engine.stores.records.spend([spent, spent, Usage(at, "chat", "fake", 1, 2, 1e-9)])
        await memory.drain()


async def exported(home: Path, *, vectors: bool = False, reach: Reach | None = None) -> bytes:
    async with opened(home) as memory:
        out = io.BytesIO()
        await export(memory.app.dump, out, untold, vectors=vectors, reach=reach)
        return out.getvalue()


def kept(path: Path, data: bytes) -> None:
    path.write_bytes(data)


async def imported(home: Path, path: Path, form: str | None = None) -> Any:
    async with opened(home) as memory:
        return await bring_in(memory.app, path, form)


def sorts(data: bytes) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in data.splitlines()[1:]:
        name = next(iter(json.loads(text)))
        found[name] = found.get(name, 0) + 1
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "all.jsonl"


@pytest.mark.parametrize("vectors", [False, True])
async def test_everything_comes_back_bit_for_bit(tmp_path: Path, file: Path, vectors: bool) -> None:
    await filled(tmp_path / "one")
    first = await exported(tmp_path / "one", vectors=vectors)
    kept(file, first)
    found = sorts(first)
    assert {"conversation", "memory", "change", "usage"} <= found.keys()
    assert ("vector" in found) == vectors
    assert b'"verb":"delete"' in first
    assert b"a secret to be deleted" not in first
    counts = await imported(tmp_path / "two", file)
    assert (counts.new, counts.duplicates, counts.faulty) == (found["memory"], 0, 0)
    assert await exported(tmp_path / "two", vectors=vectors) == first


async def test_a_restored_store_answers_as_the_first_one_did(tmp_path: Path, file: Path) -> None:
    await filled(tmp_path / "one")
    kept(file, await exported(tmp_path / "one", vectors=True))
    await imported(tmp_path / "two", file)
    answers = []
    for name in ("one", "two"):
        async with opened(tmp_path / name) as memory:
            note = (await memory.search("When do deploys happen?", user_id="default"))[0].memory
            history = [type(change.event).__name__ for change in await memory.history(note.id)]
            turns = await memory.timeline((await memory.search("tabs", project_id="lantern"))[0].memory.id)
            stats = replace(await memory.stats(project_id="lantern"), waiting=0)
            found = await memory.search("thumbnails and PostgreSQL", project_id="lantern", asked_at="2026-12-01")
            entities = await memory.app.engine.stores.graph.list(Reach(None, "lantern"))
            shown = [(hit.memory, round(hit.score, 4), hit.start, hit.end) for hit in found]
            answers.append((note, history, turns, stats, shown, [(e.name, e.type, e.mentions) for e in entities]))
    assert answers[0] == answers[1]
    assert answers[0][1] == ["Add", "Revise", "Revise", "Revise"]


async def test_importing_again_changes_nothing(tmp_path: Path, file: Path) -> None:
    await filled(tmp_path / "one")
    first = await exported(tmp_path / "one", vectors=True)
    kept(file, first)
    counts = await imported(tmp_path / "one", file)
    assert counts.new == 0
    assert counts.duplicates == sorts(first)["memory"]
    assert await exported(tmp_path / "one", vectors=True) == first


async def test_a_full_store_keeps_what_it_has_and_takes_the_rest(tmp_path: Path, file: Path) -> None:
    await filled(tmp_path / "one")
    kept(file, await exported(tmp_path / "one"))
    await imported(tmp_path / "two", file)
    async with opened(tmp_path / "two") as memory:
        note = (await memory.search("deploys", user_id="default", kinds=["note"]))[0].memory
        await memory.update(note.id, text="Deploys never happen")
        await memory.add("Only here", user_id="alice")
    async with opened(tmp_path / "one") as memory:
        await memory.update(note.id, text="Deploys happen on Monday")
        await memory.add("Only there", user_id="alice")
    kept(file, await exported(tmp_path / "one"))
    assert (await imported(tmp_path / "two", file)).new == 1
    async with opened(tmp_path / "two") as memory:
        assert (await memory.get(note.id)).text == "Deploys never happen"
        assert len(await memory.history(note.id)) == 5
        texts = {item.text for item in (await memory.list(user_id="alice")).memories}
        assert {"Only here", "Only there", "Alice prefers tabs"} <= texts


async def test_what_was_deleted_comes_back_when_it_is_imported(tmp_path: Path, file: Path) -> None:
    async with opened(tmp_path / "one") as memory:
        note = await memory.add("Keep me")
    kept(file, await exported(tmp_path / "one"))
    async with opened(tmp_path / "one") as memory:
        await memory.delete(note.id)
    assert (await imported(tmp_path / "one", file)).new == 1
    async with opened(tmp_path / "one") as memory:
        assert [type(change.event).__name__ for change in await memory.history(note.id)] == ["Add"]
        assert (await memory.search("keep", user_id="default"))[0].memory == note


async def test_an_import_that_broke_off_goes_on(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path / "one")
    first = await exported(tmp_path / "one", vectors=True)
    kept(file, first)
    monkeypatch.setattr(restore, "BATCH", 3)
    taken = 0

    async def breaking(app: Any, batch: Any, *rest: Any) -> None:
        nonlocal taken
        taken += 1
        if taken % 4 == 0:
            raise KeyboardInterrupt
        await whole(app, batch, *rest)

    whole: Callable[..., Any] = restore._take
    monkeypatch.setattr(restore, "_take", breaking)
    with pytest.raises(KeyboardInterrupt):
        await imported(tmp_path / "two", file)
    assert await exported(tmp_path / "two") != await exported(tmp_path / "one")
    monkeypatch.setattr(restore, "_take", whole)
    await imported(tmp_path / "two", file)
    assert await exported(tmp_path / "two", vectors=True) == first


async def test_an_export_can_be_of_one_project(tmp_path: Path) -> None:
    await filled(tmp_path / "one")
    data = await exported(tmp_path / "one", reach=Reach(None, "lantern"))
    owners = {tuple(json.loads(text)["memory"][name] for name in ("user_id", "project_id"))
              for text in data.splitlines()[1:] if text.startswith(b'{"memory"')}  # fmt: skip
    assert owners == {("default", "lantern")}
    assert b"Alice" not in data


async def test_undone_jobs_are_done_by_the_store_that_takes_over(tmp_path: Path, file: Path) -> None:
    async with opened(tmp_path / "one") as memory:
        await memory.add("We decided to use tabs everywhere", user_id="alice")
        turn = {"role": "user", "content": "I prefer tea to coffee, always."}
        await memory.capture([turn], conversation_id="c", user_id="alice")
    kept(file, await exported(tmp_path / "one"))
    await imported(tmp_path / "two", file)
    async with opened(tmp_path / "two", worker=True) as memory:
        await memory.drain()
        assert (await memory.stats(user_id="alice")).by_kind["fact"] == 1
        assert (await memory.stats(user_id="alice")).embedded == 3


async def test_broken_lines_are_reported_by_number_and_the_rest_taken(tmp_path: Path, file: Path) -> None:
    await filled(tmp_path / "one")
    lines = (await exported(tmp_path / "one")).splitlines()
    place = next(number for number, text in enumerate(lines) if text.startswith(b'{"memory"'))
    broken = json.loads(lines[place])
    broken["memory"]["importance"] = "high"
    lines[place] = json.dumps(broken).encode()
    lines.insert(place + 1, b'{"memory": {"id": 3}}')
    lines.insert(place + 2, b"{not json")
    lines.insert(place + 3, b'{"dream": {}}')
    kept(file, b"\n".join(lines))
    counts = await imported(tmp_path / "two", file)
    assert [fault.line for fault in counts.faults] == [place + 1, place + 2, place + 3, place + 4]
    assert "memory.importance" in counts.faults[0].reason
    assert counts.new == sum(text.startswith(b'{"memory":{"id"') for text in lines)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc"}, {"kind": "dream"}, {"created_at": -1}, {"created_at": 1e300}, {"user_id": ""},
        {"metadata": {"x": float("nan")}}, {"metadata": {"x": "\ud800"}}, {"text": "\udc00"}, {"text": ""},
        {"mentions": [["x", "colour"]]}, {"relations": [["a"]]}, {"position": True}, {"extra": 1}, {"version": 0},
    ],
)  # fmt: skip
async def test_a_value_that_cannot_be_kept_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    async with opened(tmp_path / "one") as memory:
        await memory.add("x")
    values = next(json.loads(t)["memory"] for t in (await exported(tmp_path / "one")).splitlines() if b'"memory":' in t)
    line.read({"memory": values})
    with pytest.raises(InvalidInput):
        line.read({"memory": {**values, **change}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(sort=st.sampled_from(sorted(line.SORTS)), odd=JSON, place=st.integers(0, 40))
def test_any_value_in_any_field_is_taken_or_refused(sort: str, odd: Any, place: int) -> None:
    values = dict.fromkeys(line.SORTS[sort])
    values[list(values)[place % len(values)]] = odd
    for value in ({sort: values}, {sort: odd}, {"recollect": odd}):
        with pytest.raises(InvalidInput):
            line.read(value)


async def test_a_file_without_the_first_line_is_no_export(tmp_path: Path, file: Path) -> None:
    kept(file, b'{"memory": {}}\n')
    with pytest.raises(InvalidInput):
        await imported(tmp_path / "two", file, "recollect")


async def test_reindexing_repairs_what_other_rules_made(tmp_path: Path) -> None:
    await filled(tmp_path / "one")
    async with opened(tmp_path / "one") as memory:
        await memory.app.database.write(
            lambda connection: connection.exec_driver_sql("UPDATE chunk SET terms = 'nonsense' WHERE position = 0")
        )
        await memory.app.database.write(
            lambda connection: connection.exec_driver_sql("DELETE FROM chunk WHERE position = 1")
        )
        await memory.app.database.outside("PRAGMA user_version = 0")
    before = await exported(tmp_path / "one")
    async with opened(tmp_path / "one") as memory:
        assert (await memory.app.upkeep.condition("fake")).analysis == 0
        rebuilt = await reindex(memory.app, untold)
        assert rebuilt.changed == rebuilt.memories
        assert (await memory.app.upkeep.condition("fake")).analysis == 1
        assert (await reindex(memory.app, untold)).changed == 0
        await memory.drain()
        assert (await memory.app.upkeep.condition("fake")).unembedded == 0
        check = "INSERT INTO words(words, rank) VALUES ('integrity-check', 1)"
        await memory.app.database.outside(check)
        found = await memory.search("thumbnails", project_id="lantern")
        assert "thumbnails" in found[0].memory.text
    assert await exported(tmp_path / "one") == before


async def test_vectors_are_made_anew_on_request(tmp_path: Path) -> None:
    await filled(tmp_path / "one")
    async with opened(tmp_path / "one") as memory:
        held = (await memory.app.upkeep.condition("fake")).models["fake"]
        rebuilt = await reindex(memory.app, untold, vectors=True)
        assert rebuilt.dropped == held
        await memory.drain()
        assert (await memory.app.upkeep.condition("fake")).models["fake"] == held


async def test_a_new_store_notes_the_version_of_its_analysis(tmp_path: Path) -> None:
    async with opened(tmp_path / "one") as memory:
        assert (await memory.app.upkeep.condition("fake")).analysis == 1
        assert await memory.app.upkeep.problems() == []
