"""To forget a user or a project is an order that stands: no node that was away brings back what was made before it."""

from __future__ import annotations

from functools import reduce
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ops.sync.fleet import Fleet, Member, texts_on_disk

from recollect.errors import InvalidInput
from recollect.merge import agreed
from recollect.models import Forgotten, Going, Project
from recollect.ops.export import export
from recollect.ops.restore import restore
from recollect.ops.sync import center, orders, wire
from recollect.ops.sync.center import Visit

SECOND = 1_000_000


async def pair(fleet: Fleet, **more: Any) -> tuple[Member, Member]:
    return await fleet.member("a", **more), await fleet.member("b")


async def texts(one: Member, **where: Any) -> list[str]:
    return [item.text for item in (await one.memory.list(**({"user_id": "alice"} | where))).memories]


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


async def test_what_a_node_wrote_while_it_was_away_does_not_come_back(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("known to all", user_id="alice")
    await fleet.settle()
    await b.memory.add("written while away, about the quokka", user_id="alice")
    await b.memory.add("of somebody else", user_id="bo")
    a.clock.forward(60)
    await a.memory.forget(user_id="alice")
    await a.sync()
    b.clock.forward(120)
    await b.memory.add("written after that", user_id="alice")
    assert (await b.sync()).deleted == 2
    await fleet.settle()
    assert await texts(a) == await texts(b) == ["written after that"]
    assert await texts(a, user_id="bo") == ["of somebody else"]
    await fleet.close()
    assert b"quokka" not in texts_on_disk(fleet.home)


async def test_what_is_private_goes_too_but_not_what_is_never_exchanged(fleet: Fleet) -> None:
    a, b = await fleet.member("a"), await fleet.member("b", projects=("*", "!diary"))
    await b.memory.add("my secret", user_id="alice", metadata={"visibility": "private"})
    await b.memory.add("dear diary", user_id="alice", project_id="diary")
    a.clock.forward(60)
    await a.memory.forget(user_id="alice")
    await fleet.settle()
    assert await texts(b) == ["dear diary"]


async def test_a_project_is_forgotten_everywhere_too(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await b.memory.add("of the old shop", user_id="alice", project_id="shop")
    await b.memory.add("of the new one", user_id="alice", project_id="market")
    a.clock.forward(60)
    await a.memory.forget(project_id="shop")
    await fleet.settle()
    assert await texts(b) == await texts(a) == ["of the new one"]


async def test_some_memories_of_a_user_are_forgotten_by_deletes_alone(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await b.memory.add("written while away", user_id="alice", metadata={"category": "tea"})
    a.clock.forward(60)
    await a.memory.forget(user_id="alice", filters={"category": "tea"})
    await a.memory.forget(user_id="alice", conversation_id="c1")
    await fleet.settle()
    assert await texts(a) == ["written while away"]
    assert await a.memory.app.sync.forgotten() == []


async def test_a_clock_that_is_behind_loses_nothing_written_after_it_heard(fleet: Fleet) -> None:
    a, b = await fleet.member("a"), await fleet.member("b", skew=-86_400.0 * 30)
    await a.memory.forget(user_id="alice")
    await fleet.settle()
    await b.memory.add("dated a month ago, written now", user_id="alice")
    await fleet.settle()
    assert await texts(a) == await texts(b) == ["dated a month ago, written now"]


async def test_an_import_on_purpose_lifts_the_order_for_all(fleet: Fleet, tmp_path: Path) -> None:
    a, b = await pair(fleet)
    await a.memory.add("kept in an export", user_id="alice")
    with (tmp_path / "all.jsonl").open("wb") as out:
        await export(a.memory.app.dump, out, silent)
    a.clock.forward(60)
    await a.memory.forget(user_id="alice")
    await fleet.settle()
    assert [order.lifted for order in await b.memory.app.sync.forgotten()] == [False]
    a.clock.forward(60)
    await restore(a.memory.app, tmp_path / "all.jsonl", silent)
    await fleet.settle()
    assert await texts(a) == await texts(b) == ["kept in an export"]
    assert [order.lifted for order in await b.memory.app.sync.forgotten()] == [True]


async def test_a_project_that_takes_over_older_memories_lifts_the_order(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.app.projects.add(Project("draft", "draft", a.memory.app.engine.now()))
    await a.memory.add("older than the order", user_id="alice", project_id="draft")
    await fleet.settle()
    a.clock.forward(60)
    await a.memory.forget(project_id="final")
    await fleet.settle()
    a.clock.forward(60)
    await a.memory.app.projects.rename("draft", "final")
    await fleet.settle()
    assert await texts(b, project_id="final") == ["older than the order"]


async def test_a_node_that_may_not_write_everywhere_may_not_order_for_all(fleet: Fleet) -> None:
    a, b = await fleet.member("a", granted=("web",)), await fleet.member("b")
    await b.memory.add("in another project", user_id="alice", project_id="app")
    await b.memory.add("in its own", user_id="alice", project_id="web")
    b.clock.forward(1)
    a.clock.forward(60)
    await a.memory.forget(user_id="alice")
    await a.memory.forget(project_id="app")
    await fleet.settle()
    assert len(await texts(b)) == 2
    await a.memory.forget(project_id="web")
    await fleet.settle()
    assert await texts(b) == ["in another project"]


async def test_a_node_of_a_release_that_knows_no_orders_is_refused_what_was_forgotten(fleet: Fleet) -> None:
    a, _ = await pair(fleet)
    await a.memory.add("of long ago", user_id="alice")
    fleet.clock.forward(60)
    await fleet.hub.forget(user_id="alice")
    store = await a.memory.app.sync.name()
    node = await center.visitor(fleet.hub.app, a.secret, store)
    page = await a.memory.app.sync.departing(0, lambda _: Going.YES)
    sent = wire.packed({}, page.replicas, {"next": page.next, "head": page.head})
    answer = await center.push(fleet.hub.app, Visit(node, store, page.head), sent)
    assert answer["refusals"] == [{"id": page.replicas[0].id, "reason": "It was to be forgotten"}]
    assert (await fleet.hub.list(user_id="alice")).memories == ()


async def test_orders_are_told_again_to_a_node_that_went_back_to_a_backup(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("known to all", user_id="alice")
    await fleet.settle()
    a.clock.forward(60)
    await a.memory.forget(user_id="alice")
    await fleet.settle()
    await b.memory.app.database.write(lambda connection: connection.exec_driver_sql("DELETE FROM forgotten"))
    await b.reopen()
    await fleet.settle()
    assert len(await b.memory.app.sync.forgotten()) == 1


@pytest.mark.parametrize(
    "value",
    [None, {}, [[]], [["alice", "", 1, 1, 1, "x"]], [["", "", 1, 1, 1, "x", False]], [["a", "", -1, 1, 1, "x", False]],
     [["a", "", 1, 0, 1, "x", False]], [["a", "", 1, 1, 1, "", False]], [["a" * 2000, "", 1, 1, 1, "x", False]],
     [["a", "", True, 1, 1, "x", False]], [["a", "", 1, 1, 1, "x", 0]]],
)  # fmt: skip
def test_orders_that_are_none_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        orders.read(value)


def test_orders_are_read_as_they_were_written() -> None:
    told = [Forgotten("陈", "web", 5, 2, 7, "store"), Forgotten("", "web", 5, 2, 7, "store", lifted=True)]
    assert orders.read(orders.written(told)) == told
    assert orders.digest(told) != orders.digest(told[:1])


notes = st.builds(
    Forgotten,
    user_id=st.just("alice"),
    project_id=st.just(""),
    at=st.integers(0, 9),
    version=st.integers(1, 3),
    noted_at=st.integers(0, 9),
    origin=st.sampled_from("ab"),
    lifted=st.booleans(),
)


@given(st.lists(notes, min_size=2, max_size=4, unique_by=lambda one: one.stamp))
def test_in_whatever_order_stores_hear_they_end_alike(told: list[Forgotten]) -> None:
    ends = {reduce(agreed, order) for order in permutations(told)}
    ends |= {reduce(agreed, [*told, *told])}
    assert len(ends) == 1
