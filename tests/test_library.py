"""Every verb of `AsyncMemory` and `Memory` does what it says, and refuses what it cannot do."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory, Memory, RecollectError
from recollect.errors import Conflict, InvalidInput, NotFound, TooLarge
from recollect.models import Add, Delete, Kind, Revise, Tier
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder

QUICK = {"worker": {"poll": 0.02}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=QUICK) as opened:
        yield opened


def said(role: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


async def test_a_note_is_kept_and_found(memory: AsyncMemory) -> None:
    note = await memory.add("Alice prefers tabs", user_id="alice", metadata={"category": "preferences"}, title="Style")
    assert (note.kind, note.text, note.title, note.version) == (Kind.NOTE, "Alice prefers tabs", "Style", 1)
    assert (note.scope.user_id, note.scope.project_id) == ("alice", "default")
    assert note.created_at == note.occurred_at == START
    (hit,) = await memory.search("tabs", user_id="alice")
    assert hit.memory == note
    assert 0 < hit.score <= 1
    assert await memory.get(note.id) == note


async def test_a_note_said_again_is_counted(memory: AsyncMemory) -> None:
    first = await memory.add("Alice prefers tabs", user_id="alice", metadata={"a": 1})
    again = await memory.add("  alice prefers TABS ", user_id="alice", metadata={"b": 2})
    assert (again.id, again.repeats, again.version) == (first.id, 2, 2)
    assert again.metadata == {"a": 1, "b": 2}
    other = await memory.add("Alice prefers tabs", user_id="bob")
    assert other.id != first.id
    assert (await memory.stats(user_id="alice")).memories == 1


async def test_a_note_said_by_many_at_once_is_one_memory(memory: AsyncMemory) -> None:
    notes = await asyncio.gather(*(memory.add("Deploy on Fridays") for _ in range(20)))
    assert len({note.id for note in notes}) == 1
    assert (await memory.get(notes[0].id)).repeats == 20


async def test_an_expired_note_said_again_is_a_new_one(memory: AsyncMemory, clock: FakeClock) -> None:
    first = await memory.add("The door code is 4711", expires_at=START + timedelta(hours=1))
    clock.forward(7200)
    assert await memory.search("door code") == []
    again = await memory.add("The door code is 4711")
    assert again.id != first.id
    assert [hit.memory.id for hit in await memory.search("door code")] == [again.id]


async def test_turns_are_kept_in_order_and_only_once(memory: AsyncMemory) -> None:
    turns = [
        said("user", "Where do we deploy?", speaker="Bo", message_id="m1", occurred_at="2026-03-01T09:00:00Z"),
        said("assistant", "To Hetzner", message_id="m2", metadata={"n": 1}),
        said("tool", "deploy ok, 14 files", message_id="m3"),
    ]
    done = await memory.capture(turns, conversation_id="c1", agent_id="claude", source="test")
    assert len(done.ids) == 3
    assert (done.duplicates, dict(done.redacted)) == (0, {})
    again = await memory.capture(turns, conversation_id="c1")
    assert (again.ids, again.duplicates) == (done.ids, 3)
    first = await memory.get(str(done.ids[0]))
    assert (first.speaker, first.source.message_id, first.source.client) == ("Bo", "m1", "test")
    assert first.occurred_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    around = await memory.timeline(str(done.ids[1]), span=1)
    assert [item.text for item in around] == [turn["content"] for turn in turns]
    assert [item.position for item in around] == [1, 2, 3]
    assert around[2].kind is Kind.OBSERVATION
    (talk,) = await memory.conversations()
    assert (talk.id, talk.turns) == ("c1", 3)


async def test_a_turn_of_which_nothing_is_left_has_no_id(memory: AsyncMemory) -> None:
    done = await memory.capture([said("user", "<private>all of it</private>"), said("user", " "), said("user", "seen")])
    assert [name is None for name in done.ids] == [True, True, False]
    assert (await memory.stats()).memories == 1


async def test_what_was_captured_is_found_by_word_at_once_and_by_meaning_after_a_drain(memory: AsyncMemory) -> None:
    places = ("sleeps in Lisbon", "was seen by nobody for a week", "eats what the keeper brings at noon")
    await memory.capture([said("user", f"the zebra {place}") for place in places])
    assert len(await memory.search("zebra")) == 3
    await memory.drain()
    stats = await memory.stats()
    assert (stats.waiting, stats.parked) == (0, 0)
    assert stats.embedded >= 3
    (hit, *_) = await memory.search("zebra Lisbon", explain=True)
    assert hit.memory.text.endswith("Lisbon")
    assert hit.parts["meaning"] > 0
    assert (await memory.search("zebra"))[0].parts == {}


async def test_the_limit_bounds_the_hits(memory: AsyncMemory) -> None:
    for number in range(12):
        await memory.add(f"zebra number {number}")
    assert len(await memory.search("zebra")) == 10
    assert len(await memory.search("zebra", limit=3)) == 3
    assert len(await memory.search("zebra", limit=1000)) == 12
    for limit in (0, -1, True, 1.5, "3", None):
        with pytest.raises(InvalidInput) as caught:
            await memory.search("zebra", limit=limit)  # type: ignore[arg-type]
        assert caught.value.field == "limit"
    with pytest.raises(TooLarge):
        await memory.search("zebra", limit=1001)


async def test_an_empty_question_gives_the_latest(memory: AsyncMemory, clock: FakeClock) -> None:
    for number in range(3):
        await memory.add(f"note number {number} of the day")
        clock.forward(86_400 * 60)
    assert [hit.memory.text[12] for hit in await memory.search("")] == ["2", "1", "0"]


async def test_filters_and_kinds_narrow_the_search(memory: AsyncMemory) -> None:
    await memory.add("zebra one", metadata={"category": "work", "price": 3})
    await memory.add("zebra two", metadata={"category": "home", "price": 5}, kind="fact")
    await memory.add("zebra three")

    async def found(**narrow: Any) -> set[str]:
        return {hit.memory.text for hit in await memory.search("zebra", **narrow)}

    assert await found(filters={"category": "work"}) == {"zebra one"}
    assert await found(filters={"price": {"gt": 3}}) == {"zebra two"}
    assert await found(filters={"OR": [{"price": 3}, {"price": 5}]}) == {"zebra one", "zebra two"}
    assert await found(filters={"NOT": {"category": "work"}}) == {"zebra two", "zebra three"}
    assert await found(kinds=["fact"]) == {"zebra two"}
    assert await found(kinds=("note", "fact")) == {"zebra one", "zebra two", "zebra three"}
    assert await found(kinds=["turn"]) == set()
    for kinds in ("note", 5, ["novel"], [None]):
        with pytest.raises(InvalidInput):
            await found(kinds=kinds)


async def test_a_question_without_a_scope_asks_the_default_and_one_given_leaves_the_other_open(
    memory: AsyncMemory,
) -> None:
    for user, project in ((None, None), ("alice", None), (None, "web"), ("alice", "web"), ("bob", "web")):
        await memory.add(f"zebra of {user} in {project}", user_id=user, project_id=project)

    async def found(**scope: str) -> set[str]:
        return {hit.memory.text.removeprefix("zebra of ") for hit in await memory.search("zebra", **scope)}  # type: ignore[arg-type]

    assert await found() == {"None in None", "None in web"}
    assert await found(user_id="alice") == {"alice in None", "alice in web"}
    assert await found(project_id="web") == {"None in web", "alice in web", "bob in web"}
    assert await found(user_id="bob", project_id="web") == {"bob in web"}
    assert await found(user_id="default") == {"None in None", "None in web"}
    assert await found(user_id="nobody") == set()
    assert {item.text for item in (await memory.list(user_id="bob")).memories} == {"zebra of bob in web"}
    assert (await memory.stats(project_id="web")).memories == 3


async def test_conversation_and_agent_narrow_the_search(memory: AsyncMemory) -> None:
    for talk in ("c1", "c2"):
        for agent in ("claude", "codex"):
            await memory.capture([said("user", f"zebra {talk} {agent}")], conversation_id=talk, agent_id=agent)

    async def found(**scope: str) -> set[str]:
        return {hit.memory.text for hit in await memory.search("zebra", **scope)}  # type: ignore[arg-type]

    assert await found(conversation_id="c1") == {"zebra c1 claude", "zebra c1 codex"}
    assert await found(agent_id="codex") == {"zebra c1 codex", "zebra c2 codex"}
    assert await found(conversation_id="c2", agent_id="claude") == {"zebra c2 claude"}
    assert await found(user_id="alice", conversation_id="c1") == set()


async def test_chinese_japanese_and_korean_are_found(memory: AsyncMemory) -> None:
    for text in ("我的猫叫小白，住在杭州", "東京タワーに行きました", "서울에서 친구를 만났어요", "the weather is fine"):
        await memory.add(text, user_id="用户")
    await memory.drain()
    for asked, start in (("猫叫什么名字？", "我的猫"), ("東京タワー", "東京"), ("서울에서 누구를", "서울")):
        assert (await memory.search(asked, user_id="用户"))[0].memory.text.startswith(start)
    assert "小白" in (await memory.context("我的猫叫什么？", user_id="用户")).text


async def test_what_holds_is_a_matter_of_when_one_asks(memory: AsyncMemory) -> None:
    await memory.add("zebra offer", expires_at="2026-03-10T00:00:00Z")
    assert len(await memory.search("zebra", asked_at="2026-03-09")) == 1
    assert await memory.search("zebra", asked_at="2026-03-10T00:00:00Z") == []
    assert len(await memory.search("zebra", asked_at=datetime(2026, 3, 11, tzinfo=UTC), stale=True)) == 1
    with pytest.raises(InvalidInput):
        await memory.search("zebra", asked_at="last week")


async def test_an_update_changes_what_is_given_and_keeps_the_rest(memory: AsyncMemory) -> None:
    note = await memory.add("zebra", metadata={"a": 1}, importance=0.9)
    better = await memory.update(note.id, text="gnu", metadata={"b": 2}, title="Animals", tier="global")
    assert (better.text, better.metadata, better.title, better.tier) == ("gnu", {"b": 2}, "Animals", Tier.GLOBAL)
    assert (better.version, better.id) == (2, note.id)
    assert await memory.get(note.id) == better
    assert await memory.search("zebra") == [] or (await memory.search("zebra"))[0].memory.text == "gnu"
    assert [hit.memory.id for hit in await memory.search("gnu")] == [note.id]
    changes = await memory.history(note.id)
    assert [type(change.event) for change in changes] == [Add, Revise]
    await memory.drain()
    assert (await memory.stats()).embedded == 1


async def test_an_update_of_another_version_is_refused(memory: AsyncMemory) -> None:
    note = await memory.add("zebra")
    await memory.update(note.id, text="gnu", version=1)
    for version in (1, 3, 99):
        with pytest.raises(Conflict):
            await memory.update(note.id, text="okapi", version=version)
    assert (await memory.get(note.id)).text == "gnu"
    with pytest.raises(NotFound):
        await memory.update("unknown", text="x")


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": 5},
        {"text": "<private>x</private>"},
        {"metadata": "x"},
        {"metadata": {"x": float("nan")}},
        {"title": 5},
        {"title": "x" * 600},
        {"importance": "high"},
        {"importance": 2},
        {"tier": "loud"},
        {"expires_at": "soon"},
        {"valid_to": 10**30},
        {"text": "x", "version": "one"},
        {"clear": "valid_to"},
        {"clear": ["text"]},
        {"clear": [["valid_to"]]},
    ],
)
async def test_an_update_that_cannot_be_is_refused_and_changes_nothing(
    memory: AsyncMemory, changes: dict[str, Any]
) -> None:
    note = await memory.add("zebra")
    with pytest.raises(RecollectError):
        await memory.update(note.id, **changes)
    assert await memory.get(note.id) == note
    assert len(await memory.history(note.id)) == 1


async def test_a_deleted_memory_goes_with_what_was_derived_from_it(memory: AsyncMemory) -> None:
    done = await memory.capture([said("user", "I prefer zebra stripes for all our icons.")], conversation_id="c1")
    await memory.drain()
    kinds = {item.kind for item in (await memory.list()).memories}
    assert kinds == {Kind.TURN, Kind.FACT}
    await memory.delete(str(done.ids[0]))
    assert (await memory.list()).memories == ()
    assert await memory.search("zebra stripes", kinds=["turn", "fact"]) == []
    assert [change.event for change in await memory.history(str(done.ids[0]))] == [Delete(str(done.ids[0]))]
    for again in (str(done.ids[0]), "unknown", ""):
        before = await memory.stats()
        with pytest.raises(NotFound):
            await memory.delete(again)
        assert (await memory.stats()).waiting <= before.waiting


async def test_forgetting_needs_a_name(memory: AsyncMemory) -> None:
    for user in ("alice", "bob"):
        for number in range(3):
            await memory.add(f"zebra {number}", user_id=user, metadata={"n": number})
    with pytest.raises(InvalidInput):
        await memory.forget()
    with pytest.raises(InvalidInput):
        await memory.forget(filters={"n": 1})
    assert await memory.forget(user_id="alice", filters={"n": 1}) == 1
    assert await memory.forget(user_id="alice") == 2
    assert await memory.forget(user_id="alice") == 0
    assert (await memory.stats(user_id="bob")).memories == 3


async def test_pages_follow_each_other(memory: AsyncMemory) -> None:
    for number in range(5):
        await memory.add(f"zebra {number}")
    seen, cursor = [], None
    while True:
        page = await memory.list(limit=2, cursor=cursor)
        seen += [item.text for item in page.memories]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"zebra {number}" for number in (4, 3, 2, 1, 0)]
    for wrong in ({"limit": 0}, {"limit": -5}, {"limit": "2"}, {"cursor": "猫"}, {"cursor": 5}, {"kinds": "note"}):
        with pytest.raises(InvalidInput):
            await memory.list(**wrong)


async def test_a_context_stays_inside_its_budget(memory: AsyncMemory) -> None:
    for number in range(30):
        await memory.add(f"Zebra number {number} lives in enclosure {number * 7} and is fed at {number} o'clock by Bo.")
    await memory.drain()
    small, large = await memory.context("zebra enclosure", budget=120), await memory.context("zebra enclosure")
    assert 0 < small.tokens <= 120
    assert small.tokens < large.tokens <= 20_000
    assert set(small.memories) <= {item.id for item in (await memory.list()).memories}
    assert small.memories
    for budget in (0, -1, "many", True):
        with pytest.raises(InvalidInput):
            await memory.context("zebra", budget=budget)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        await memory.context("zebra", format="limerick")


async def test_nothing_known_is_an_empty_context(memory: AsyncMemory) -> None:
    context = await memory.context("zebra")
    assert context.memories == ()
    assert await memory.search("zebra") == []
    assert await memory.conversations() == []
    assert (await memory.stats()).memories == 0


async def test_what_is_unknown_is_not_found(memory: AsyncMemory) -> None:
    for verb in (memory.get, memory.history, memory.timeline, memory.delete):
        with pytest.raises(NotFound):
            await verb("unknown")
        with pytest.raises(InvalidInput):
            await verb(5)  # type: ignore[arg-type]
    note = await memory.add("zebra")
    for span in (-1, "x", None):
        with pytest.raises(InvalidInput):
            await memory.timeline(note.id, span=span)  # type: ignore[arg-type]
    assert await memory.timeline(note.id, span=10**30) == [note]


async def test_closing_twice_does_nothing_and_a_closed_memory_says_so(home: Path) -> None:
    memory = AsyncMemory(home, embed=FakeEmbedder())
    await memory.add("zebra")
    await memory.close()
    await memory.close()
    for verb, arguments in (
        (memory.add, ("x",)),
        (memory.capture, ([],)),
        (memory.search, ("x",)),
        (memory.context, ("x",)),
        (memory.get, ("x",)),
        (memory.update, ("x",)),
        (memory.delete, ("x",)),
        (memory.history, ("x",)),
        (memory.timeline, ("x",)),
        (memory.list, ()),
        (memory.stats, ()),
        (memory.conversations, ()),
        (memory.drain, ()),
    ):
        with pytest.raises(RecollectError, match="closed"):
            await verb(*arguments)
    with pytest.raises(RecollectError, match="closed"):
        async with memory:
            pass
    async with AsyncMemory(home, embed=FakeEmbedder()) as again:
        assert len(await again.search("zebra")) == 1


async def test_closing_while_working_leaves_the_jobs_to_the_next(home: Path) -> None:
    memory = AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK)
    for number in range(5):
        await memory.capture([said("user", f"the zebra {n} of {number} sleeps") for n in range(40)])
    await memory.close()
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as again:
        await asyncio.wait_for(again.drain(), 20)
        assert (await again.stats()).embedded == 200


def test_every_verb_is_there_without_await(home: Path) -> None:
    verbs = {
        name
        for name, value in vars(AsyncMemory).items()
        if inspect.iscoroutinefunction(value) and not name.startswith("_")
    }
    assert {name for name in verbs if not hasattr(Memory, name)} == set()
    with Memory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        note = memory.add("zebra", user_id="alice")
        memory.capture([said("user", "the gnu sleeps")], conversation_id="c1")
        memory.drain()
        assert [hit.memory.id for hit in memory.search("zebra", user_id="alice")] == [note.id]
        assert memory.context("gnu", budget=200).tokens > 0
        assert memory.update(note.id, text="okapi").text == "okapi"
        assert len(memory.history(note.id)) == 2
        assert memory.get(note.id).version == 2
        assert memory.timeline(note.id)[0].id == note.id
        assert memory.stats(user_id="alice").memories == 1
        assert len(memory.conversations()) == 1
        assert len(memory.list().memories) == 1
        memory.delete(note.id)
        assert memory.forget(conversation_id="c1") == 1
        with pytest.raises(NotFound):
            memory.get(note.id)


def test_a_memory_without_await_closes_twice_and_says_that_it_is_closed(home: Path) -> None:
    memory = Memory(home, embed=FakeEmbedder())
    memory.close()
    memory.close()
    with pytest.raises(RecollectError, match="closed"):
        memory.search("x")


def test_a_home_that_cannot_be_opened_leaves_nothing_running(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(RecollectError):
            Memory(tmp_path / "file")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "recollect.db").write_text("not a database, but long enough to be read as one" * 50)
    with pytest.raises(RecollectError):
        Memory(tmp_path / "home")
    assert threading.active_count() <= before  # a thread of an earlier test may have ended meanwhile


def test_two_memories_on_one_home_see_each_other_at_once(home: Path) -> None:
    with Memory(home, embed=FakeEmbedder(), settings=QUICK) as one, Memory(home, embed=FakeEmbedder()) as other:
        for number in range(5):
            note = one.add(f"zebra number {number}")
            assert note.id in {hit.memory.id for hit in other.search(f"zebra number {number}")}
            changed = other.update(note.id, text=f"gnu number {number}")
            assert one.get(note.id) == changed
            assert note.id in {hit.memory.id for hit in one.search("gnu")}
        one.drain()
        other.drain()
        assert other.stats().embedded == 5


def test_many_threads_may_use_one_memory(home: Path) -> None:
    errors: list[BaseException] = []
    with Memory(home, embed=FakeEmbedder(), settings=QUICK) as memory:

        def work(number: int) -> None:
            try:
                for step in range(5):
                    memory.add(f"zebra {number} {step}")
                    memory.search("zebra")
            except BaseException as error:  # noqa: BLE001 - shown by the assert below
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert memory.stats().memories == 40


async def test_fifty_captures_and_fifty_searches_at_once_are_all_right(memory: AsyncMemory) -> None:
    async def capture(number: int) -> None:
        turns = [said("user", f"zebra {number} says {n}") for n in range(4)]
        assert (await memory.capture(turns, conversation_id=f"c{number % 5}")).duplicates == 0

    async def search(number: int) -> None:
        for hit in await memory.search(f"zebra {number}"):
            assert hit.memory.text.startswith("zebra")

    work = [step for number in range(50) for step in (capture(number), search(number))]
    await asyncio.gather(*work)
    assert (await memory.stats()).by_kind["turn"] == 200
    for talk in range(5):
        page = await memory.list(conversation_id=f"c{talk}", kinds=["turn"], limit=1000)
        assert sorted(item.position for item in page.memories) == list(range(1, 41))
    await memory.drain()
    assert (await memory.stats()).embedded >= 200
