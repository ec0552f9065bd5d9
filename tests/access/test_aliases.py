"""A project is still reached by the ids it had before, with the rights one has in it, until those are forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.errors import Conflict, Denied, NotFound
from recollect.models import Person
from recollect.testing.embedder import FakeEmbedder

SETTINGS = {"worker": {"poll": 0.02}, "project": {"enable_cross_project_search": True}}


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=SETTINGS) as memory:
        for name in ("ann", "bo"):
            await memory.people.members.add_user(name)
        await memory.people.projects.create("web", owner="ann")
        await memory.add("the zeppelin flies", project_id="web")
        await memory.drain()
        yield memory


async def test_who_uses_the_old_id_reaches_the_renamed_project(memory: AsyncMemory) -> None:
    projects = memory.people.projects
    assert await projects.rename("web", "site") == 1
    assert await projects.rename("web", "house") == 1  # it may itself be named by the id it had
    assert await projects.aliases("house") == ["site", "web"]
    for name in ("web", "site", "house"):
        assert (await projects.get(name)).project.id == "house"
        found = await memory.search("zeppelin", project_id=name)
        assert "zeppelin" in found[0].memory.text
        assert {hit.memory.scope.project_id for hit in found} == {"house"}
        kept = await memory.add(f"told as {name}", project_id=name)
        assert kept.scope.project_id == "house"
    across = await memory.search_across("zeppelin", project_ids=["web", "house"])
    assert [project.project_id for project in across.projects] == ["house"]
    assert [member.user_id for member in await memory.people.members.members("web")] == ["ann"]
    assert await memory.forget(project_id="site") == 4
    ann = memory.acting(Person("ann"))
    assert (await ann.add("hers", project_id="web")).scope.project_id == "house"


async def test_rights_are_those_in_the_project_as_it_is_called_now(memory: AsyncMemory) -> None:
    await memory.people.projects.rename("web", "site")
    bo = memory.acting(Person("bo"))
    for name in ("web", "site"):
        with pytest.raises(Denied):
            await bo.search("zeppelin", project_id=name)
        with pytest.raises(Denied):
            await bo.add("mine", project_id=name)  # it is not free to be taken
    with pytest.raises(Conflict):
        await bo.people.projects.create("web")
    await bo.people.projects.create("mill")
    with pytest.raises(Conflict):
        await bo.people.projects.rename("mill", "web")
    with pytest.raises(NotFound):
        await bo.people.projects.forget_alias("site", "web")


async def test_a_merged_project_is_reached_where_it_went(memory: AsyncMemory) -> None:
    await memory.people.projects.create("house", owner="bo")
    await memory.people.projects.merge("web", "house")
    assert await memory.people.projects.aliases("house") == ["web"]
    assert [hit.memory.scope.project_id for hit in await memory.search("zeppelin", project_id="web")] == ["house"]
    with pytest.raises(Denied):
        await memory.acting(Person("ann")).search("zeppelin", project_id="web")


async def test_an_alias_ends_when_it_is_forgotten_taken_back_or_its_project_is_gone(memory: AsyncMemory) -> None:
    projects = memory.people.projects
    await projects.rename("web", "site")
    await projects.forget_alias("site", "web")
    assert await projects.aliases("site") == []
    assert await memory.search("zeppelin", project_id="web") == []
    with pytest.raises(NotFound, match="never called 'web'"):
        await projects.forget_alias("site", "web")
    await projects.rename("site", "web")
    await projects.rename("web", "site")
    await projects.rename("site", "web")
    assert await projects.aliases("web") == ["site"]
    await projects.create("site")
    assert await projects.aliases("web") == []
    assert await memory.search("zeppelin", project_id="site") == []
    await projects.rename("web", "third")
    with pytest.raises(NotFound):
        await projects.delete("web")  # what is for good is named by its present id
    await projects.delete("third")
    assert await memory.search("zeppelin", project_id="web") == []
    assert (await memory.add("anew", project_id="web")).scope.project_id == "web"
