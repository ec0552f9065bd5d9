"""What projects have in common is found, explained, and kept to what an actor may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.errors import Denied, InvalidInput
from recollect.models import AuditFilter, Isolation, Member, Person, Project, Right, User
from recollect.retrieve.alike import likeness, middle
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder

SETTINGS = {"worker": {"poll": 0.02}, "project": {"enable_cross_project_search": True, "max_projects_per_search": 9}}


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=SETTINGS) as memory:
        await memory.add("parse_ledger in ledger.py rounds amounts wrongly", project_id="bank")
        await memory.add("Alice Smith wrote ledger.py for the bank", project_id="bank")
        await memory.add("parse_ledger of ledger.py must round half up", project_id="books")
        await memory.add("ledger.py was moved by Alice Smith", project_id="books")
        await memory.add("Tulips need little water in winter", project_id="garden")
        await memory.add("garden.py counts tulips", project_id="garden")
        await memory.drain()
        yield memory


async def test_related_projects_come_most_alike_first_with_what_ties_them(memory: AsyncMemory) -> None:
    found = await memory.related_projects("bank")
    assert found[0].project_id == "books"
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    best = found[0]
    assert {"ledger.py", "parse_ledger"} <= {tie.name for tie in best.ties}
    assert all(tie.here >= 1 and tie.there >= 1 for tie in best.ties)
    assert set(best.parts) == {"meaning", "entities"}
    assert all(0 <= part <= 1 for part in best.parts.values())
    assert best.pairs
    for pair in best.pairs:
        assert (pair.here.scope.project_id, pair.there.scope.project_id) == ("bank", "books")
    assert "bank" not in {one.project_id for one in found}


async def test_a_project_with_nothing_in_it_is_like_none(memory: AsyncMemory) -> None:
    assert await memory.related_projects("nowhere") == []


async def test_words_alone_tell_likeness_where_there_are_no_vectors(home: Path) -> None:
    async with AsyncMemory(home, settings={**SETTINGS, "embedder": {"provider": "none"}}) as memory:
        await memory.add("ledger.py rounds", project_id="a")
        await memory.add("ledger.py fails", project_id="b")
        (found,) = await memory.related_projects("a")
        assert (found.project_id, set(found.parts), found.pairs) == ("b", {"entities"}, ())


async def test_others_know_what_is_of_use_here(memory: AsyncMemory) -> None:
    for query in ("how to round ledger amounts", None):
        found = await memory.recommend("bank", query=query, limit=2)
        assert found.hits
        assert all(hit.memory.scope.project_id != "bank" for hit in found.hits)
        assert found.hits[0].memory.scope.project_id == "books"
    assert [one.query for one in await memory.search_history()] == ["how to round ledger amounts"]


async def test_a_graph_over_projects_tells_who_knows_what(memory: AsyncMemory) -> None:
    graph = await memory.graph_across()
    assert set(graph.projects) == {"bank", "books", "garden"}
    first = next(node for node in graph.nodes if node.name == "ledger.py")
    assert dict(first.mentions) == {"bank": 2, "books": 2}
    assert "garden.py" not in {node.name for node in graph.nodes}
    every = await memory.graph_across(shared=False)
    assert "garden.py" in {node.name for node in every.nodes}
    named = await memory.graph_across(project_ids=["garden", "bank"], shared=False)
    assert named.projects == ("garden", "bank")
    assert dict(next(node for node in named.nodes if node.name == "ledger.py").mentions) == {"bank": 2}
    known = {node.name.casefold() for node in graph.nodes}
    assert all({edge.subject.casefold(), edge.object.casefold()} & known for edge in graph.edges)


async def test_nobody_learns_of_what_he_may_not_read(memory: AsyncMemory) -> None:
    app = memory.app
    for who in ("al", "bo"):
        await app.people.add_user(User(who, who, START))
    for name, isolation in (("bank", "relaxed"), ("books", "relaxed"), ("garden", "shared")):
        await app.projects.add(Project(name, name, START, isolation=Isolation(isolation)), "bo")
    await app.people.set_member(Member("bank", "al", Right.READ, START))
    await app.access.changed()
    al = memory.acting(Person("al"))
    assert {one.project_id for one in await al.related_projects("bank")} <= {"garden"}
    assert {hit.memory.scope.project_id for hit in (await al.recommend("bank", query="ledger")).hits} <= {"garden"}
    graph = await al.graph_across(shared=False)
    assert set(graph.projects) == {"bank", "garden"}
    assert all(set(node.mentions) <= {"bank", "garden"} for node in graph.nodes)
    for ask in (al.related_projects, al.recommend, lambda name: al.graph_across(project_ids=[name])):
        with pytest.raises(Denied):
            await ask("books")


async def test_each_is_in_the_log_and_off_where_search_is(memory: AsyncMemory, tmp_path: Path) -> None:
    await memory.related_projects("bank")
    await memory.graph_across()
    found = await memory.app.audit.entries(AuditFilter(), limit=9, newest=False)
    assert [entry.deed.action for entry in found] == ["related_projects", "graph_across"]
    assert found[0].deed.projects[0] == "bank"
    async with AsyncMemory(tmp_path / "other", embed=FakeEmbedder()) as closed:
        refused = (
            lambda: closed.related_projects("bank"),
            lambda: closed.recommend("bank"),
            lambda: closed.graph_across(limit=1),
        )
        for ask in refused:
            with pytest.raises(Denied, match="not enabled"):
                await ask()
        mistaken = (
            lambda: closed.related_projects("a\nb"),
            lambda: closed.recommend(""),
            lambda: closed.graph_across(limit=0),
        )
        for mistake in mistaken:
            with pytest.raises(InvalidInput):
                await mistake()


def test_a_middle_is_of_length_one_and_nothing_has_none() -> None:
    one = FakeEmbedder().one("zebra").vector
    assert middle({}) is None
    assert middle({1: (one, 0)}) is None
    assert middle({1: (bytes(len(one)), 3)}) is None
    made = middle({1: (one, 1), 2: (one, 1)})
    assert made is not None
    assert likeness(made, one) == pytest.approx(1.0, abs=1e-5)
