"""What every Owners must do: count who has memories, each name exactly, across all tenants."""

from __future__ import annotations

from datetime import timedelta

from recollect.exchange import Batch
from recollect.models import Kind, Owner, Scope
from recollect.ports import Owners
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import memory, put, turn

LATER = START + timedelta(hours=1)


class OwnersContract:
    """Users, projects, conversations and agents with their totals, and which users stand behind a name."""

    async def test_each_coordinate_is_counted_with_its_first_and_last_memory(
        self, backend: Backend, owners: Owners
    ) -> None:
        await put(
            backend,
            turn("one", scope=Scope("bo", "web", "c1", "bot")),
            turn("two", scope=Scope("bo", "app", "c1"), created_at=LATER),
            memory("three", Scope("Al", "web"), created_at=LATER),
        )
        assert await owners.owners("user_id") == [
            Owner("user_id", "bo", 2, START, LATER),
            Owner("user_id", "Al", 1, LATER, LATER),
        ]
        assert await owners.owners("project_id") == [
            Owner("project_id", "web", 2, START, LATER),
            Owner("project_id", "app", 1, LATER, LATER),
        ]
        assert await owners.owners("conversation_id") == [Owner("conversation_id", "c1", 2, START, LATER)]
        assert await owners.owners("agent_id") == [Owner("agent_id", "bot", 1, START, START)]

    async def test_only_the_kinds_and_the_name_asked_for_are_counted(self, backend: Backend, owners: Owners) -> None:
        for user in ("Alice", "alice", "a%", "猫"):
            await put(backend, memory("note", Scope(user, "p")), memory("fact", Scope(user, "p"), kind=Kind.FACT))
        (found,) = await owners.owners("user_id", kinds=[Kind.FACT], name="alice")
        assert (found.name, found.memories) == ("alice", 1)
        assert await owners.owners("user_id", name="ALICE") == []
        assert [one.memories for one in await owners.owners("user_id")] == [2, 2, 2, 2]
        assert len(await owners.owners("user_id", limit=3)) == 3

    async def test_only_the_memories_of_a_user_are_counted_when_one_is_named(
        self, backend: Backend, owners: Owners
    ) -> None:
        await put(
            backend,
            memory("a", Scope("bo", "web")),
            memory("b", Scope("Bo", "web")),
            memory("c", Scope("bo", "app"), created_at=LATER),
        )
        found = await owners.owners("project_id", user="bo")
        assert [(one.name, one.memories) for one in found] == [("web", 1), ("app", 1)]
        assert await owners.owners("project_id", user="nobody") == []

    async def test_users_are_found_behind_a_name(self, backend: Backend, owners: Owners) -> None:
        await put(
            backend,
            memory("a", Scope("u1", "p1", None, "bot")),
            memory("b", Scope("u2", "p1", None, "bot")),
            turn("c", scope=Scope("u3", "p2", "c9")),
        )
        assert await owners.users() == ["u1", "u2", "u3"]
        assert await owners.users(limit=2) == ["u1", "u2"]
        assert await owners.users(coordinate="agent_id", names=["bot", "else"]) == ["u1", "u2"]
        assert await owners.users(coordinate="conversation_id", names=["c9"]) == ["u3"]
        assert await owners.users(coordinate="project_id", names=["p1"]) == ["u1", "u2"]
        assert await owners.users(coordinate="agent_id", names=[]) == []

    async def test_nobody_is_left_once_the_memories_are_gone(self, backend: Backend, owners: Owners) -> None:
        item = turn("said", scope=Scope("u1", "p1", "c1", "bot"))
        await put(backend, item)
        await backend.records.commit(Batch(deletes=[item.id]))
        assert await owners.users() == []
        for coordinate in ("user_id", "project_id", "conversation_id", "agent_id"):
            assert await owners.owners(coordinate) == []
