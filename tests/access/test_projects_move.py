"""Renaming and merging keep everything findable with its history; deleting leaves nothing, proven by the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.errors import Denied
from recollect.models import Person, Revise
from recollect.testing.embedder import FakeEmbedder

QUICK = {"worker": {"poll": 0.02}}


def said(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def filled(memory: AsyncMemory) -> None:
    for name in ("ann", "bo"):
        await memory.people.members.add_user(name)
    await memory.people.projects.create("web", owner="ann")
    await memory.people.projects.create("shop", owner="bo")
    for project in ("web", "shop"):
        await memory.capture([said(f"Mina likes {project}-tabs")], conversation_id="c1", project_id=project)
        await memory.add(f"Oskar deploys {project} on Fridays", project_id=project)
    await memory.add("only web knows the zeppelin", project_id="web", user_id="ann")
    await memory.drain()


async def test_a_rename_moves_memories_with_their_history(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await filled(memory)
        before = (await memory.search("zeppelin", project_id="web"))[0].memory
        assert await memory.people.projects.rename("web", "site") >= 3
        found = (await memory.search("zeppelin", project_id="site"))[0].memory
        assert (found.id, found.scope.project_id, found.version) == (before.id, "site", before.version + 1)
        assert isinstance((await memory.history(found.id))[-1].event, Revise)
        assert (await memory.search("zeppelin", project_id="web"))[0].memory == found  # by the id it had
        ann = memory.acting(Person("ann"))
        assert (await ann.search("zeppelin", project_id="site"))[0].memory.id == found.id


async def test_a_merge_makes_two_projects_one_and_gives_nobody_a_right(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await filled(memory)
        assert (await memory.search("Mina", project_id="shop"))[0].score > 0  # what is held in memory must follow
        whole = len((await memory.list(project_id="web")).memories) + len(
            (await memory.list(project_id="shop")).memories
        )
        moved = await memory.people.projects.merge("web", "shop")
        assert moved >= 3
        assert len((await memory.list(project_id="shop")).memories) == whole
        texts = [hit.memory.text for hit in await memory.search("who likes tabs", project_id="shop", kinds=["turn"])]
        assert {"Mina likes web-tabs", "Mina likes shop-tabs"} <= set(texts)
        talks = await memory.conversations(project_id="shop")
        assert [(talk.id, talk.turns) for talk in talks] == [("c1", 2)]
        turns = await memory.search("Mina likes web-tabs", project_id="shop", kinds=["turn"])
        around = await memory.timeline(turns[0].memory.id)
        assert [item.position for item in around] == [1, 2]
        entities = await memory.app.engine.stores.graph.list(await memory.reading(None, "shop"))
        assert [(one.name, one.mentions) for one in entities] == [("Fridays", 2)]
        assert (await memory.search("zeppelin", project_id="web"))[0].memory.scope.project_id == "shop"
        with pytest.raises(Denied):
            await memory.acting(Person("ann")).search("zeppelin", project_id="shop")
        assert (await memory.people.projects.get("web")).project.id == "shop"
        await memory.drain()
        assert (await memory.stats(project_id="shop")).embedded > 0


async def test_nothing_of_a_deleted_project_is_left_in_the_file(home: Path) -> None:
    secret = "quetzalcoatlus"
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await memory.people.members.add_user("ann")
        await memory.people.projects.create(
            "web", owner="ann", description=f"all about {secret}", settings={"k": secret}
        )
        turns = [said(f"Bolek saw a {secret} near Kraków on day {day}") for day in range(30)]
        await memory.capture(turns, conversation_id=f"talk-{secret}", project_id="web")
        note = await memory.add(f"the {secret} sleeps", project_id="web", title=secret, metadata={"x": secret})
        await memory.update(note.id, text=f"the {secret} wakes")
        await memory.drain()
        assert await memory.search(secret, project_id="web")
        assert await memory.people.projects.delete("web") >= 31
        await memory.drain()
        assert (await memory.list(project_id="web")).memories == ()
        assert await memory.people.projects.list() == []
    for path in home.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert secret.encode() not in held, path.name
            assert b"Bolek" not in held, path.name


async def test_an_archived_project_is_read_only_for_the_system_too(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as memory:
        await filled(memory)
        await memory.people.projects.archive("web")
        assert await memory.search("zeppelin", project_id="web")
        for attempt in (
            memory.add("new", project_id="web"),
            memory.capture([said("new")], project_id="web"),
            memory.forget(project_id="web"),
            memory.delete((await memory.search("zeppelin", project_id="web"))[0].memory.id),
        ):
            with pytest.raises(Denied, match="web"):
                await attempt
        await memory.people.projects.restore("web")
        assert await memory.forget(project_id="web") > 0
