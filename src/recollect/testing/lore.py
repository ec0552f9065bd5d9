"""What every Lore must do: tell ranking the truth about memories, never beyond its reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from recollect.exchange import Batch, Revision
from recollect.models import Compare, Kind, Op, Reach, Role, Scope, Where, name_code
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import HERE, memory, put, turn

KINDS, ROLES = tuple(Kind), tuple(Role)


class LoreContract:
    """Traits, recency, speakers."""

    async def test_traits_tell_what_was_written(self, backend: Backend) -> None:
        keys = await put(
            backend,
            turn("Where do you live?", speaker="Bo Smith", role=Role.USER),
            turn("在哪里？", speaker="Al", role=Role.ASSISTANT, occurred_at=START + timedelta(seconds=90)),
            memory("always use tabs", standing=True),
            memory("ok", dense=False, kind=Kind.FACT),
        )
        traits = await backend.lore.traits(HERE, np.array(keys))
        assert traits.keys.tolist() == keys
        assert traits.before.tolist() == [-1, keys[0], -1, -1]
        assert traits.after.tolist() == [keys[1], -1, -1, -1]
        assert traits.conversations[0] == traits.conversations[1] >= 0
        assert traits.conversations[2:].tolist() == [-1, -1]
        assert traits.times.tolist() == [
            START.timestamp(),
            START.timestamp() + 90,
            START.timestamp(),
            START.timestamp(),
        ]
        assert traits.roles.tolist() == [ROLES.index(Role.USER), ROLES.index(Role.ASSISTANT), -1, -1]
        assert [KINDS[code] for code in traits.kinds] == [Kind.TURN, Kind.TURN, Kind.NOTE, Kind.FACT]
        assert traits.speakers.tolist() == [name_code("Bo"), name_code("Al"), 0, 0]
        assert traits.questions.tolist() == [True, True, False, False]
        assert traits.standing.tolist() == [False, False, True, False]
        assert traits.dense.tolist() == [True, True, True, False]
        assert traits.words.tolist() == [1, 1, 1, 1]
        assert traits.pieces.tolist() == [1, 1, 1, 1]
        assert traits.allowed.all()
        assert traits.mixed
        assert (await backend.lore.neighbours(HERE, np.array(keys[:1]))).tolist() == [keys[1]]
        assert (await backend.lore.neighbours(HERE, np.array(keys[2:]))).tolist() == []

    async def test_traits_keep_the_order_asked_for_and_pass_over_what_is_out_of_reach(self, backend: Backend) -> None:
        keys = await put(backend, memory("a"), memory("b", Scope("other", "p")), memory("c"))
        traits = await backend.lore.traits(HERE, np.array([keys[2], keys[1], 10**9, keys[0]]))
        assert traits.keys.tolist() == [keys[2], keys[0]]
        assert not traits.mixed
        nobody = await backend.lore.traits(Where(Reach(None, None)), np.array(keys))
        assert len(nobody.keys) == len(nobody.allowed) == 0
        none = await backend.lore.traits(HERE, np.empty(0, np.int64))
        assert len(none.keys) == 0

    async def test_several_tenants_are_told_in_the_order_asked_for(self, backend: Backend) -> None:
        keys = await put(backend, *(memory(f"n{n}", Scope("u", f"p{n % 3}")) for n in range(6)))
        asked = np.array([keys[5], keys[0], keys[4], keys[1]])
        assert (await backend.lore.traits(Where(Reach("u", None)), asked)).keys.tolist() == asked.tolist()

    async def test_what_does_not_meet_the_conditions_is_marked(self, backend: Backend) -> None:
        keys = await put(
            backend,
            memory("a", metadata={"n": 1}),
            memory("b", metadata={"n": 1}, superseded_by="x"),
            memory("c", metadata={"n": 2}),
            memory("d", metadata={"n": 1}, valid_from=START + timedelta(days=1)),
        )
        where = Where(Reach(), filter=Compare("metadata.n", Op.EQ, 1), valid_at=START)
        traits = await backend.lore.traits(where, np.array(keys))
        assert traits.keys.tolist() == keys
        assert traits.allowed.tolist() == [True, False, False, False]

    async def test_a_long_memory_counts_its_pieces_and_words(self, backend: Backend) -> None:
        (key,) = await put(backend, memory("abcdefghij" * 3), size=10)
        traits = await backend.lore.traits(HERE, np.array([key]))
        assert (traits.pieces.tolist(), traits.words.tolist()) == ([3], [3])

    async def test_a_change_shows_at_once(self, backend: Backend) -> None:
        item = memory("a")
        keys = await put(backend, item)
        await backend.lore.traits(HERE, np.array(keys))
        await backend.records.commit(Batch(revisions=[Revision(replace(item, standing=True, version=2))]))
        keys += await put(backend, turn("next", speaker="Zoe"))
        traits = await backend.lore.traits(HERE, np.array(keys))
        assert traits.standing.tolist() == [True, False]
        assert await backend.lore.speakers(HERE) == {name_code("Zoe")}

    async def test_the_latest_come_newest_first(self, backend: Backend) -> None:
        keys = await put(backend, *(memory(f"n{n}") for n in range(5)), memory("old", superseded_by="x"))
        await put(backend, memory("other", Scope("other", "p")))
        assert (await backend.lore.recent(HERE, 3)).tolist() == keys[4:1:-1]
        assert (await backend.lore.recent(Where(Reach(None, None)), 3)).tolist() == []

    async def test_only_those_who_speak_in_reach_are_told(self, backend: Backend) -> None:
        await put(
            backend,
            turn("a", speaker="Bo"),
            turn("b", speaker="user"),
            turn("c"),
            turn("d", scope=Scope("other", "default", "c"), speaker="Al"),
        )
        assert await backend.lore.speakers(HERE) == {name_code("Bo")}
        assert await backend.lore.speakers(Where(Reach(None, "default"))) == {name_code("Bo"), name_code("Al")}
        assert await backend.lore.speakers(Where(Reach("nobody", "p"))) == frozenset()
