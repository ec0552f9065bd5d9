"""What every Records must do: write all or nothing, once, in order, and give back exactly what was written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from recollect.errors import Conflict, InvalidInput, NotFound
from recollect.exchange import Batch, Located, Revision
from recollect.models import (
    Add,
    Delete,
    EntityType,
    Kind,
    Memory,
    Mention,
    Reach,
    Retire,
    Revise,
    Role,
    Scope,
    Source,
    Task,
    Tier,
    Usage,
    Where,
)
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import HERE, entry, memory, put, rewrite, turn
from recollect.text.words import terms

TASK = Task("embed", {"ids": ["x"]})


def whole() -> Memory:
    """Return a memory with every field filled."""
    return memory(
        "Line one\n第二行 \U0001f600 'quoted' \"double\"",
        Scope("alice", "web", "c1", "claude"),
        kind=Kind.TURN,
        role=Role.ASSISTANT,
        speaker="Bo",
        title="A title",
        keywords=("tabs", "缩进"),
        entities=("Alice",),
        importance=0.75,
        urgency=0.25,
        tier=Tier.GLOBAL,
        metadata={"a": {"b": [1, 2.5, True, None, "猫"]}, "empty": {}, "big": 2**62},
        source=Source("cli", "/tmp/x.jsonl", "m1"),  # noqa: S108 - a name in a record
        sources=("other",),
        repeats=3,
        dense=False,
        standing=True,
        position=1,
        created_at=START + timedelta(microseconds=1),
        occurred_at=START - timedelta(days=20_000, microseconds=7),
        valid_from=START,
        valid_to=START + timedelta(days=1),
        superseded_by="m9",
        expires_at=START + timedelta(days=2),
    )


class RecordsContract:
    """Adding, revising, deleting, paging, and the log."""

    async def test_a_memory_comes_back_exactly_as_it_was_written(self, backend: Backend) -> None:
        item = whole()
        (key,) = await put(backend, item)
        assert await backend.records.get([item.id]) == [item]
        assert await backend.records.fetch([key]) == [item]

    async def test_memories_come_in_the_order_they_are_asked_for_without_unknown_ones(self, backend: Backend) -> None:
        items = [memory(f"note {number}") for number in range(3)]
        keys = await put(backend, *items)
        wanted = [items[2].id, "unknown", items[0].id]
        assert [item.text for item in await backend.records.get(wanted)] == ["note 2", "note 0"]
        assert [item.text for item in await backend.records.fetch([keys[1], 10**9, keys[0]])] == ["note 1", "note 0"]
        assert await backend.records.keys(wanted) == {items[2].id: keys[2], items[0].id: keys[0]}
        assert await backend.records.get([]) == []

    async def test_thousands_are_written_and_read_at_once(self, backend: Backend) -> None:
        items = [memory(f"note {number}") for number in range(2500)]
        await put(backend, *items)
        assert [item.id for item in await backend.records.get([item.id for item in items])] == [i.id for i in items]
        assert (await backend.records.commit(Batch(deletes=[item.id for item in items]))).deleted == 2500
        assert await backend.records.ids(HERE) == []

    async def test_the_same_key_twice_is_the_same_memory(self, backend: Backend) -> None:
        first, second, third = (memory("said", metadata={"n": number}) for number in range(3))
        done = await backend.records.commit(Batch(adds=[entry(first, key="k"), entry(second, key="k")]))
        assert (done.ids, done.new) == ((first.id, first.id), (True, False))
        again = await backend.records.commit(Batch(adds=[entry(third, key="k")], tasks=[TASK]))
        assert (again.ids, again.new) == ((first.id,), (False,))
        assert await backend.records.ids(HERE) == [first.id]
        assert await backend.queue.waiting() == 0

    async def test_memories_are_found_by_how_their_key_begins(self, backend: Backend) -> None:
        keys = ["d/", "d/a/", "d/猫/", "d/\U0001f600/", "d0", "D/", "d-/", "e%/x"]
        adds = [entry(memory("猫" * number), key=key) for number, key in enumerate(keys)]
        await backend.records.commit(Batch(adds=adds))
        found = await backend.records.under("d/")
        assert [(one.key, one.size) for one in found] == [(key, 3 * number) for number, key in enumerate(keys[:4])]
        assert [one.id for one in found] == [add.memory.id for add in adds[:4]]
        assert [one.key for one in await backend.records.under("d/", limit=2)] == keys[:2]
        assert [one.key for one in await backend.records.under("e%")] == ["e%/x"]
        assert await backend.records.under("f") == []

    async def test_a_revision_may_take_a_new_key_but_not_that_of_another(self, backend: Backend) -> None:
        one, other = memory("one"), memory("other")
        await backend.records.commit(Batch(adds=[entry(one, key="a"), entry(other, key="b")]))
        with pytest.raises(Conflict):
            await backend.records.commit(Batch(revisions=[Revision(replace(one, version=2), key="b")]))
        moved = replace(one, version=2)
        await backend.records.commit(Batch(revisions=[Revision(moved, key="c")]))
        await backend.records.commit(Batch(revisions=[Revision(replace(moved, version=3), key="c")]))
        assert [(found.key, found.id) for found in await backend.records.under("")] == [("b", other.id), ("c", one.id)]
        done = await backend.records.commit(Batch(adds=[entry(memory("new"), key="a"), entry(memory("old"), key="c")]))
        assert done.new == (True, False)

    async def test_a_new_memory_leaves_its_jobs_behind(self, backend: Backend) -> None:
        known, new = memory("known"), memory("new")
        await backend.records.commit(Batch(adds=[entry(known)], tasks=[TASK]))
        await backend.records.commit(Batch(adds=[entry(known), entry(new)], tasks=[TASK, TASK]))
        assert [(job.name, job.payload) for job in await backend.queue.jobs()] == [("embed", {"ids": ["x"]})] * 3
        await backend.records.commit(Batch(tasks=[TASK]))
        assert await backend.queue.waiting() == 4

    async def test_a_batch_is_written_as_a_whole_or_not_at_all(self, backend: Backend) -> None:
        old, doomed = memory("old"), memory("doomed")
        await put(backend, old, doomed)
        stale = Revision(replace(old, text="never", version=7))
        for broken, error in ((stale, Conflict), (Revision(memory("unknown", version=2)), NotFound)):
            new = memory("new")
            mentions = {new.id: [Mention("Alice", EntityType.PERSON)]}
            with pytest.raises(error):
                await backend.records.commit(
                    Batch(adds=[entry(new)], revisions=[broken], deletes=[doomed.id], mentions=mentions, tasks=[TASK])
                )
        assert await backend.records.ids(HERE) == [old.id, doomed.id]
        assert await backend.queue.waiting() == 0
        assert await backend.graph.list(Reach()) == []
        assert [type(change.event) for change in await backend.records.changes(0)] == [Add, Add]

    async def test_one_batch_deletes_revises_and_adds(self, backend: Backend) -> None:
        gone, kept, new = memory("gone"), memory("kept"), memory("new")
        await put(backend, gone, kept)
        better = replace(kept, text="better", version=2)
        done = await backend.records.commit(
            Batch(deletes=[gone.id], revisions=[Revision(better, entry(better).chunks)], tasks=[TASK])
        )
        assert done.deleted == 1
        assert await backend.records.get([kept.id]) == [better]
        assert await backend.queue.waiting() == 1
        done = await backend.records.commit(Batch(deletes=[kept.id], adds=[entry(new)], tasks=[TASK]))
        assert (done.ids, done.new, done.deleted) == ((new.id,), (True,), 1)
        assert await backend.records.ids(HERE) == [new.id]

    async def test_deleting_what_is_not_there_does_nothing(self, backend: Backend) -> None:
        assert (await backend.records.commit(Batch(deletes=["unknown"], tasks=[TASK]))).deleted == 0
        assert await backend.queue.waiting() == 0
        assert await backend.records.changes(0) == []

    async def test_a_revision_replaces_exactly_the_version_before_it(self, backend: Backend) -> None:
        first = memory("first")
        await put(backend, first)
        second = replace(first, text="second", metadata={"a": 1}, importance=0.9, version=2)
        await rewrite(backend, second)
        assert await backend.records.get([first.id]) == [second]
        with pytest.raises(Conflict):
            await rewrite(backend, replace(first, text="too late", version=2))
        assert await backend.records.get([first.id]) == [second]

    async def test_of_revisions_at_the_same_time_one_wins(self, backend: Backend) -> None:
        first = memory("first")
        await put(backend, first)
        tries = [rewrite(backend, replace(first, text=f"writer {number}", version=2)) for number in range(6)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(result) for result in results].count(Conflict) == 5
        assert len(await backend.records.history(first.id)) == 2

    async def test_history_tells_every_change_with_the_memory_as_it_was(self, backend: Backend) -> None:
        first = memory("first", metadata={"a": 1})
        await put(backend, first)
        second = replace(first, text="second", metadata={}, version=2)
        await rewrite(backend, second)
        third = replace(second, superseded_by="other", valid_to=START, version=3)
        backend.clock.forward(5)
        await backend.records.commit(Batch(revisions=[Revision(third, retire=True)]))
        changes = await backend.records.history(first.id)
        assert [change.event for change in changes] == [Add(first), Revise(first, second), Retire(second, third)]
        assert [change.at for change in changes] == [START, START, backend.clock.now()]
        await backend.records.commit(Batch(deletes=[first.id]))
        assert [change.event for change in await backend.records.history(first.id)] == [Delete(first.id)]
        assert await backend.records.history("unknown") == []

    async def test_changes_are_read_on_from_any_place(self, backend: Backend) -> None:
        items = [memory(f"note {number}", Scope(f"u{number % 2}", "p")) for number in range(6)]
        for item in items:
            await put(backend, item)
        seen, after = [], 0
        while part := await backend.records.changes(after, limit=4):
            seen += [change.event.memory.id for change in part if isinstance(change.event, Add)]
            after = part[-1].seq
        assert seen == [item.id for item in items]
        mine = await backend.records.changes(0, reach=Reach("u1", None))
        assert [change.event for change in mine] == [Add(item) for item in items[1::2]]

    async def test_the_head_of_the_log_is_its_latest_entry(self, backend: Backend) -> None:
        assert await backend.records.head() == 0
        first, second = memory("first"), memory("second")
        await put(backend, first, second)
        assert await backend.records.head() == (await backend.records.changes(0))[-1].seq
        await backend.records.commit(Batch(deletes=[first.id, second.id]))
        (*_, last) = await backend.records.changes(0)
        assert await backend.records.head() == last.seq

    async def test_a_change_says_whose_memory_it_was_even_of_one_that_is_gone(self, backend: Backend) -> None:
        gone = memory("gone", Scope("alice", "web", "c1"))
        await put(backend, gone, memory("kept", Scope("bo", "app")))
        await backend.records.commit(Batch(deletes=[gone.id]))
        told = [(change.user_id, change.project_id) for change in await backend.records.changes(0)]
        assert told == [("bo", "app"), ("alice", "web")]

    async def test_pages_cover_everything_once_in_either_order(self, backend: Backend) -> None:
        items = [memory(f"note {number}") for number in range(7)]
        await put(backend, *items)
        for newest in (True, False):
            seen: list[str] = []
            cursor: str | None = None
            for _ in range(4):
                page = await backend.records.page(HERE, limit=2, cursor=cursor, newest=newest)
                seen += [item.id for item in page.memories]
                cursor = page.cursor
            assert cursor is None
            assert seen == [item.id for item in (items[::-1] if newest else items)]

    async def test_a_page_goes_on_where_it_was_whatever_is_written_meanwhile(self, backend: Backend) -> None:
        items = [memory(f"note {number}") for number in range(4)]
        await put(backend, *items)
        page = await backend.records.page(HERE, limit=2)
        await put(backend, memory("newer"))
        await backend.records.commit(Batch(deletes=[items[2].id]))
        rest = await backend.records.page(HERE, limit=9, cursor=page.cursor)
        assert [item.text for item in (*page.memories, *rest.memories)] == [f"note {number}" for number in (3, 2, 1, 0)]
        assert rest.cursor is None

    @pytest.mark.parametrize("cursor", ["", "x", "猫", "!!!!", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "LTE"])
    async def test_a_cursor_that_is_not_ours_is_refused(self, backend: Backend, cursor: str) -> None:
        await put(backend, memory("note"))
        with pytest.raises(InvalidInput) as caught:
            await backend.records.page(HERE, limit=2, cursor=cursor)
        assert caught.value.field == "cursor"

    async def test_the_same_note_is_found_by_its_content_until_it_is_out_of_date(self, backend: Backend) -> None:
        other = Scope("u", "other")
        note = memory("said", Scope("u", "p", "c1"))
        await put(backend, memory("said", other), turn("said", scope=Scope("u", "p", "c2")))
        assert await backend.records.same(Scope("u", "p"), "said") is None
        await put(backend, note)
        assert await backend.records.same(Scope("u", "p", "c9", "agent"), "said") == note
        assert await backend.records.same(Scope("u", "p"), "other") is None
        soon = replace(note, expires_at=START + timedelta(seconds=5), version=2)
        await backend.records.commit(Batch(revisions=[Revision(soon)]))
        assert await backend.records.same(Scope("u", "p"), "said") == soon
        backend.clock.forward(5)
        assert await backend.records.same(Scope("u", "p"), "said") is None
        gone = replace(soon, expires_at=None, superseded_by="x", version=3)
        await backend.records.commit(Batch(revisions=[Revision(gone)]))
        assert await backend.records.same(Scope("u", "p"), "said") is None

    async def test_a_memory_is_located_with_what_its_chunk_covers(self, backend: Backend) -> None:
        one, other = memory("alpha beta gamma delta"), memory("猫")
        keys = await put(backend, one, other, size=11)
        found = await backend.words.search(terms("gamma"), HERE, 5)
        chunk = int(found.chunks[0])
        places = await backend.records.locate([(keys[1], -1), (10**9, 1), (keys[0], chunk)])
        assert places == [Located(keys[1], other, 0, 1), Located(keys[0], one, 11, 22)]

    async def test_spending_is_kept_in_order(self, backend: Backend) -> None:
        costs = [Usage(START + timedelta(days=day), "chat", "m", 10, day, 0.5, 1.25, "p") for day in (2, 0, 1)]
        await backend.records.spend(costs)
        await backend.records.spend([])
        assert await backend.records.usage() == [costs[1], costs[2], costs[0]]
        assert await backend.records.usage(since=START + timedelta(days=1)) == [costs[2], costs[0]]

    async def test_only_what_asked_a_model_was_spent(self, backend: Backend) -> None:
        day = timedelta(days=1)
        calls = [("answered", START - day), ("answered", START), ("failed", START), ("cached", START), ("", START)]
        await backend.records.spend([Usage(at, "p", "m", 10, 1, 0.5, outcome=outcome) for outcome, at in calls])
        assert await backend.records.spent(since=START) == (22, 1.0)
        assert await backend.records.spent(since=START + day) == (0, 0.0)
        assert [one.outcome for one in await backend.records.usage()] == [outcome for outcome, _ in calls]

    async def test_commits_at_the_same_time_are_all_kept(self, backend: Backend) -> None:
        batches = [Batch(adds=[entry(turn(f"turn {number}"))], tasks=[TASK]) for number in range(20)]
        done = await asyncio.gather(*(backend.records.commit(batch) for batch in batches))
        assert all(one.new == (True,) for one in done)
        turns = await backend.records.turns(Reach(conversation_id="c1"))
        assert [item.position for item in turns] == list(range(1, 21))
        assert await backend.queue.waiting() == 20

    async def test_a_key_at_the_same_time_is_kept_once(self, backend: Backend) -> None:
        batches = [Batch(adds=[entry(memory("same"), key="k")]) for _ in range(10)]
        done = await asyncio.gather(*(backend.records.commit(batch) for batch in batches))
        assert sum(one.new[0] for one in done) == 1
        assert len({one.ids[0] for one in done}) == 1


class ReachContract:
    """What a question may see: tenants never cross, and what is out of date stays out unless asked for."""

    async def test_no_read_crosses_a_tenant(self, backend: Backend) -> None:
        places = [(user, project) for user in ("u1", "u2") for project in ("p1", "p2")]
        mine = {place: turn(f"of {place}", scope=Scope(*place, "c", "a")) for place in places}
        await put(backend, *mine.values())
        for reach, seen in (
            (Reach("u1", "p1"), [("u1", "p1")]),
            (Reach("u1", None), [("u1", "p1"), ("u1", "p2")]),
            (Reach(None, "p2"), [("u1", "p2"), ("u2", "p2")]),
            (Reach("u1", "p1", "c", "a"), [("u1", "p1")]),
            (Reach("u1", "p1", "other"), []),
            (Reach("u1", "p1", None, "other"), []),
            (Reach("u3", None), []),
            (Reach("default", "default"), []),
            (Reach(None, None), []),
            (Reach(None, None, "c", "a"), []),
        ):
            ids = [mine[place].id for place in seen]
            assert await backend.records.ids(Where(reach)) == ids
            page = await backend.records.page(Where(reach), limit=9, newest=False)
            assert [item.id for item in page.memories] == ids
            assert [item.id for item in await backend.records.turns(reach)] == ids
            assert (await backend.records.stats(reach, "fake")).memories == len(ids)
            if reach.agent_id is None and reach.conversation_id is None:
                changes = await backend.records.changes(0, reach=reach)
                assert [change.event for change in changes] == [Add(replace(mine[p], position=1)) for p in seen]
                talks = await backend.records.conversations(reach)
                assert {(talk.user_id, talk.project_id) for talk in talks} == set(seen)

    async def test_names_are_compared_exactly(self, backend: Backend) -> None:
        for user in ("Alice", "alice", "alice ", "a%", "a_", "猫", "'; --"):
            await put(backend, memory(f"of {user}", Scope(user, "p")))
        for user in ("Alice", "alice", "alice ", "a%", "a_", "猫", "'; --"):
            page = await backend.records.page(Where(Reach(user, "p")), limit=9)
            assert [item.text for item in page.memories] == [f"of {user}"]

    async def test_only_the_kinds_asked_for_are_given(self, backend: Backend) -> None:
        await put(backend, *(memory(kind.value, kind=kind) for kind in Kind))
        where = Where(Reach(), (Kind.FACT, Kind.NOTE))
        assert [item.text for item in (await backend.records.page(where, limit=9)).memories] == ["fact", "note"]

    async def test_superseded_and_expired_memories_stay_out_unless_asked_for(self, backend: Backend) -> None:
        day = timedelta(days=1)
        await put(
            backend,
            memory("plain"),
            memory("superseded", superseded_by="x"),
            memory("expires", expires_at=START + day),
            memory("ended", valid_to=START + day),
            memory("begins", valid_from=START + day),
        )

        async def seen(where: Where) -> set[str]:
            return {item.text for item in (await backend.records.page(where, limit=9)).memories}

        assert await seen(Where(Reach())) == {"plain", "expires", "ended", "begins"}
        assert await seen(Where(Reach(), valid_at=START)) == {"plain", "expires", "ended"}
        assert await seen(Where(Reach(), valid_at=START + day)) == {"plain", "begins"}
        stale = {"plain", "superseded", "expires", "ended", "begins"}
        assert await seen(Where(Reach(), valid_at=START + day, stale=True)) == stale
        assert await seen(Where(Reach(), valid_at=START, stale=True)) == stale - {"begins"}

    async def test_conversations_are_told_the_latest_first(self, backend: Backend) -> None:
        day = timedelta(days=1)
        await put(
            backend,
            turn("a", "old", occurred_at=START),
            turn("b", "new", occurred_at=START + 2 * day),
            turn("c", "old", occurred_at=START + day),
            turn("told", "old", kind=Kind.SUMMARY, role=None, title="A title"),
        )
        new, old = await backend.records.conversations(Reach())
        assert (new.id, new.turns, new.title, new.summary) == ("new", 1, None, None)
        assert (old.id, old.turns, old.started_at, old.ended_at) == ("old", 2, START, START + day)
        assert (old.title, old.summary) == ("A title", "told")
        assert [talk.id for talk in await backend.records.conversations(Reach(), limit=1)] == ["new"]

    async def test_turns_are_given_around_a_place(self, backend: Backend) -> None:
        await put(backend, *(turn(f"turn {number}") for number in range(1, 8)), memory("a note"))
        reach = Reach(conversation_id="c1")
        assert [item.position for item in await backend.records.turns(reach)] == [1, 2, 3, 4, 5, 6, 7]
        around = await backend.records.turns(reach, around=2, span=2)
        assert [item.text for item in around] == ["turn 1", "turn 2", "turn 3", "turn 4"]

    async def test_figures_count_what_is_in_reach(self, backend: Backend) -> None:
        await put(
            backend,
            turn("a", metadata={"category": "work"}),
            memory("b", tier=Tier.GLOBAL, occurred_at=START + timedelta(days=1)),
            memory("c", Scope("other", "p")),
        )
        stats = await backend.records.stats(Reach(), "fake")
        assert (stats.memories, stats.conversations, stats.embedded) == (2, 1, 0)
        assert stats.by_kind == {"note": 1, "turn": 1}
        assert stats.by_day == {"2026-03-02": 1, "2026-03-03": 1}
        assert stats.by_category == {"other": 1, "work": 1}
        assert stats.by_tier == {"archive": 1, "global": 1}
