"""What every store must hold to: nothing a caller names reaches beyond what its reach lies `within`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import numpy as np

from recollect.exchange import Batch
from recollect.models import EntityType, Mention, Reach, Scope, Where, Within, name_code
from recollect.testing.backend import Backend
from recollect.testing.sample import put, turn
from recollect.testing.vectors import FAKE, embed_all
from recollect.text.words import question

Place = tuple[str, str]

USERS: Final = ("u1", "U1", "u%")
PROJECTS: Final = ("p1", "P1", "猫'")
PLACES: Final = tuple(product(USERS, PROJECTS))

WITHINS: Final = (
    Within(),
    Within(frozenset({"p1"})),
    Within(frozenset({"p1", "猫'"})),
    Within(frozenset({"nowhere"})),
    Within(None),
    Within(None, frozenset({"p1"})),
    Within(None, frozenset({"p1", "P1"}), "u1", frozenset({"P1"})),
    Within(user_id="u1", own=frozenset({"p1", "P1"})),
    Within(frozenset({"猫'"}), user_id="u1", own=frozenset({"p1"})),
    Within(user_id=None, own=frozenset({"p1"})),
    Within(user_id="u%", own=frozenset({"p%", "猫'"})),
)
"""All sorts of the most that somebody may reach; of 'own' projects it is the memories of one user."""

NAMED: Final = (
    (None, None),
    ("u1", None),
    (None, "p1"),
    ("u1", "p1"),
    ("U1", "P1"),
    ("u%", "猫'"),
    ("nobody", "p1"),
)
"""What a caller names: a user, a project, both or none."""


def cases() -> Iterator[tuple[Reach, list[Place]]]:
    """Yield each reach with the places that lie in it, told apart from how `Reach` does that."""
    for within, (user, project) in product(WITHINS, NAMED):
        inside = []
        for place in PLACES:
            if within.projects is not None:
                whole = place[1] in set(within.projects)
            else:
                whole = place[1] not in set(within.besides)
            own = within.user_id is not None and (place[0], place[1]) in {(within.user_id, one) for one in within.own}
            if (whole or own) and user in {None, place[0]} and project in {None, place[1]}:
                inside.append(place)
        yield Reach(user, project, within=within), inside


async def fill(backend: Backend) -> dict[Place, int]:
    """Keep one turn in each place, with a vector, a speaker, an entity and a relation; return their keys."""
    keys = {}
    for number, (user, project) in enumerate(PLACES):
        item = turn(f"zebra crossing number{number}", scope=Scope(user, project, "c"), speaker=f"S{number}")
        (keys[user, project],) = await put(backend, item)
        mentions = {item.id: [Mention("Zebra", EntityType.PERSON)]}
        await backend.records.commit(Batch(mentions=mentions, relations={item.id: [("Zebra", "knows", "Lion")]}))
    await embed_all(backend, FAKE)
    return keys


class WithinContract:
    """`Reach.within` is the most that is read, whatever else a reach names, in every port that takes one."""

    async def test_records_are_not_widened(self, backend: Backend) -> None:
        keys = await fill(backend)
        for reach, inside in cases():
            where, count = Where(reach), len(inside)
            of = [keys[place] for place in inside]
            page = await backend.records.page(where, limit=99, newest=False)
            assert [(item.scope.user_id, item.scope.project_id) for item in page.memories] == inside, reach
            ids = await backend.records.ids(where)
            assert list((await backend.records.keys(ids)).values()) == of, reach
            assert len(ids) == count, reach
            assert len(
                await backend.records.turns(Reach(reach.user_id, reach.project_id, "c", None, reach.within))
            ) == (count), reach
            assert (await backend.records.stats(reach, "fake")).memories == count, reach
            changes = await backend.records.changes(0, reach=reach)
            assert [(change.user_id, change.project_id) for change in changes] == inside, reach
            talks = await backend.records.conversations(reach)
            assert {(talk.user_id, talk.project_id) for talk in talks} == set(inside), reach
            assert len(talks) == count, reach

    async def test_words_are_not_widened(self, backend: Backend) -> None:
        keys = await fill(backend)
        every, terms = np.array([*keys.values()]), question("zebra")
        for reach, inside in cases():
            of = sorted(keys[place] for place in inside)
            assert sorted((await backend.words.search(terms, Where(reach), 99)).keys.tolist()) == of, reach
            scores = await backend.words.score(terms, Where(reach), every)
            assert sorted(every[scores > 0].tolist()) == of, reach

    async def test_vectors_are_not_widened(self, backend: Backend) -> None:
        keys = await fill(backend)
        every, asked = np.array([*keys.values()]), FAKE.one("zebra crossing").vector
        for reach, inside in cases():
            of = sorted(keys[place] for place in inside)
            assert sorted((await backend.vectors.search("fake", asked, Where(reach), 99)).keys.tolist()) == of, reach
            scores = await backend.vectors.score("fake", asked, Where(reach), every)
            assert sorted(every[~np.isnan(scores)].tolist()) == of, reach

    async def test_lore_is_not_widened(self, backend: Backend) -> None:
        keys = await fill(backend)
        after = {}
        for number, (user, project) in enumerate(PLACES):
            (after[user, project],) = await put(
                backend, turn(f"so{number}", scope=Scope(user, project, "c"), speaker=f"S{number}")
            )
        every = np.array([*keys.values()])
        speakers = {place: name_code(f"S{number}") for number, place in enumerate(PLACES)}
        for reach, inside in cases():
            where, of = Where(reach), [keys[place] for place in inside]
            assert (await backend.lore.traits(where, every)).keys.tolist() == of, reach
            found = await backend.lore.neighbours(where, every)
            assert sorted(found.tolist()) == sorted(after[place] for place in inside), reach
            recent = await backend.lore.recent(where, 99)
            assert sorted(recent.tolist()) == sorted(of + [after[place] for place in inside]), reach
            assert await backend.lore.speakers(where) == {speakers[place] for place in inside}, reach

    async def test_the_graph_is_not_widened(self, backend: Backend) -> None:
        keys = await fill(backend)
        every = list(await backend.graph.known(Reach(None, None, within=Within(None)), ["zebra"]))
        assert len(every) == len(PLACES)
        for reach, inside in cases():
            places = [(one.user_id, one.project_id) for one in await backend.graph.entities(reach, ["zebra"])]
            assert sorted(places) == sorted(inside), reach
            assert len(await backend.graph.known(reach, ["zebra"])) == len(inside), reach
            listed = {(one.user_id, one.project_id) for one in await backend.graph.list(reach, limit=99)}
            assert listed == set(inside), reach
            found = await backend.graph.mentions(Where(reach), every, 99)
            assert sorted(found.tolist()) == sorted(keys[place] for place in inside), reach
            related = await backend.graph.neighbours(reach, "Zebra")
            assert sum(one.weight for one in related) == len(inside), reach
            ways = await backend.graph.paths(reach, "Zebra", "Lion", limit=99)
            assert sorted((one.user_id, one.project_id) for one in ways) == sorted(inside), reach
            groups = await backend.graph.communities(reach, limit=99)
            assert sorted((one.user_id, one.project_id) for one in groups) == sorted(inside), reach
