"""What happens to a project at one machine happens to its memories at all: renamed, merged into another, deleted."""

from __future__ import annotations

import pytest
from tests.ops.sync.fleet import Fleet, Member, shared_state, texts_on_disk

from recollect.library import AsyncMemory
from recollect.models import Project

SAID = "I live in Berlin and work as a teacher."


async def shops(fleet: Fleet) -> tuple[Member, Member]:
    """Return two nodes that both have the project `shop`, with turns, a note, and facts derived by each store."""
    a, b = await fleet.member("a"), await fleet.member("b")
    turn = {"role": "user", "content": SAID, "message_id": "m1"}
    await a.memory.capture([turn], conversation_id="talk", user_id="alice", project_id="shop")
    await a.memory.add("about the shop 店", user_id="alice", project_id="shop")
    await b.memory.add("of another user", user_id="bo", project_id="shop")
    await make(a.memory, "shop")
    await fleet.settle()
    assert await facts(b.memory, "shop")
    return a, b


async def make(memory: AsyncMemory, name: str) -> None:
    assert await memory.app.projects.add(Project(name, name, memory.app.engine.now()))


async def facts(memory: AsyncMemory, project: str) -> list[str]:
    page = await memory.list(user_id="alice", project_id=project, kinds=["fact"])
    return [item.text for item in page.memories]


async def texts(memory: AsyncMemory, project: str) -> set[str]:
    return {item.text for item in (await memory.list(project_id=project, limit=1000)).memories}


async def everywhere_in(fleet: Fleet, project: str) -> None:
    """Check that all stores hold the same in one project and nothing elsewhere, what they derived included."""
    a, *_ = fleet.members
    expected = await texts(a.memory, project)
    assert {SAID, "about the shop 店", "of another user"} <= expected
    states = [await shared_state(memory) for memory in stores(fleet)]
    for memory, state in zip(stores(fleet), states, strict=True):
        assert state == states[0]
        assert await texts(memory, project) == expected
        for user in ("alice", "bo"):  # not by the former id, which may lead to the new one
            inside = {item.scope.project_id for item in (await memory.list(user_id=user, limit=1000)).memories}
            assert inside == {project}
        assert len(await facts(memory, project)) == len(set(await facts(memory, project)))
        assert len(await memory.search("shop", user_id="alice", project_id=project)) > 0
        hits = await memory.search("shop", user_id="alice", limit=50)
        assert {hit.memory.scope.project_id for hit in hits} == {project}


def stores(fleet: Fleet) -> list[AsyncMemory]:
    return [fleet.hub, *(member.memory for member in fleet.members)]


async def test_a_project_that_is_renamed_is_renamed_everywhere(fleet: Fleet) -> None:
    a, b = await shops(fleet)
    before = {item.id: item.version for item in (await b.memory.list(project_id="shop")).memories}
    await a.memory.app.projects.rename("shop", "store")
    await fleet.settle()
    await everywhere_in(fleet, "store")
    after = {item.id: item.version for item in (await b.memory.list(project_id="store")).memories}
    assert {after[name] - version for name, version in before.items() if name in after} == {1}


async def test_a_project_that_is_renamed_at_the_center_is_renamed_at_the_nodes(fleet: Fleet) -> None:
    await shops(fleet)
    await make(fleet.hub, "shop")
    await fleet.hub.app.projects.rename("shop", "店")
    await fleet.settle()
    await everywhere_in(fleet, "店")


async def test_projects_that_are_merged_are_merged_everywhere(fleet: Fleet) -> None:
    a, b = await shops(fleet)
    turn = {"role": "user", "content": "We moved to Kyoto.", "message_id": "m2"}
    await b.memory.capture([turn], conversation_id="talk", user_id="alice", project_id="store")
    await fleet.settle()
    await make(a.memory, "store")
    await a.memory.app.projects.merge("shop", "store")
    await fleet.settle()
    await everywhere_in(fleet, "store")
    assert "We moved to Kyoto." in await texts(fleet.hub, "store")


async def test_what_a_node_that_was_away_wrote_into_a_renamed_project_is_lost_nowhere(fleet: Fleet) -> None:
    a, b = await shops(fleet)
    await a.memory.app.projects.rename("shop", "store")
    late = await b.memory.add("written while away", user_id="alice", project_id="shop")
    await fleet.settle()
    for memory in stores(fleet):
        assert (await memory.get(late.id)).text == "written while away"


@pytest.mark.parametrize("where", ["node", "center"])
async def test_a_project_that_is_deleted_is_deleted_everywhere(fleet: Fleet, where: str) -> None:
    a, b = await shops(fleet)
    await a.memory.add("stays", user_id="alice", project_id="other")
    await b.memory.update((await b.memory.list(user_id="bo")).memories[0].id, text="changed while away by another user")
    await fleet.settle()
    await (a.memory if where == "node" else fleet.hub).app.projects.erase("shop")
    await fleet.settle()
    for memory in stores(fleet):
        assert await texts(memory, "shop") == set()
        assert "stays" in await texts(memory, "other")
        await memory.drain()
    for name in ("a", "b", "center"):
        assert b"work as a teacher" not in texts_on_disk(fleet.home / name), name
