"""A node and its center, one thing at a time: what goes, what comes, what is refused, and what is never undone."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import Any

import pytest
from tests.ops.sync.fleet import Fleet, Member, shared_state, texts_on_disk

from recollect.errors import Conflict, Denied, ProviderFailed
from recollect.models import Change, Kind
from recollect.ops.sync import wire
from recollect.ops.sync.enrol import revoke
from recollect.ops.sync.exchange import Exchange, Moved
from recollect.ops.sync.state import figures, state
from recollect.testing.embedder import FakeEmbedder


async def pair(fleet: Fleet, **more: Any) -> tuple[Member, Member]:
    return await fleet.member("a", **more), await fleet.member("b")


async def texts(one: Member, **where: Any) -> list[str]:
    return [item.text for item in (await one.memory.list(**({"user_id": "alice"} | where))).memories]


def versions(changes: list[Change]) -> list[str]:
    return [item.text for change in changes if (item := getattr(change.event, "memory", None)) is not None]


async def test_what_one_writes_the_other_finds(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    kept = await a.memory.add("Alice likes oolong 茶", user_id="alice", title="Tea", metadata={"n": [1, None, "é"]})
    assert (await a.sync()).sent == 1
    assert (await b.sync()).fetched == 1
    assert await b.memory.get(kept.id) == kept
    assert [hit.memory.id for hit in await b.memory.search("oolong", user_id="alice")] == [kept.id]


async def test_exchanging_again_moves_nothing(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("once", user_id="alice")
    await fleet.settle()
    assert [await a.sync(), await b.sync()] == [Moved(), Moved()]
    assert len(await b.memory.history((await b.memory.list(user_id="alice")).memories[0].id)) == 1


async def test_of_two_edits_made_at_once_one_stands_and_both_are_in_the_history(fleet: Fleet) -> None:
    a, b = await pair(fleet, skew=86_400.0)
    kept = await a.memory.add("first", user_id="alice")
    await fleet.settle()
    await b.memory.update(kept.id, text="said at b")
    await a.memory.update(kept.id, text="said at a, whose clock is ahead")
    await fleet.settle()
    for memory in (a.memory, b.memory, fleet.hub):
        assert (await memory.get(kept.id)).text == "said at a, whose clock is ahead"
    assert versions(await fleet.hub.history(kept.id)) == ["first", "said at b", "said at a, whose clock is ahead"]


async def test_a_clock_that_is_behind_loses_no_later_edit(fleet: Fleet) -> None:
    a, b = await pair(fleet, skew=86_400.0 * 365)
    kept = await a.memory.add("first", user_id="alice")
    await a.memory.update(kept.id, text="second, dated next year")
    await fleet.settle()
    await b.memory.update(kept.id, text="third, by a clock that is right")
    await fleet.settle()
    assert (await a.memory.get(kept.id)).text == "third, by a clock that is right"


async def test_deleted_is_deleted_also_by_a_node_that_was_away(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    kept = await a.memory.add("secret plan", user_id="alice")
    await fleet.settle()
    await b.memory.update(kept.id, text="secret plan, improved while away")
    await a.memory.delete(kept.id)
    await a.sync()
    await b.sync()
    await fleet.settle()
    for memory in (a.memory, b.memory, fleet.hub):
        assert (await memory.list(user_id="alice")).memories == ()
        await memory.drain()
    for name in ("a", "b", "center"):
        assert b"secret plan" not in texts_on_disk(fleet.home / name), name


async def test_what_was_deleted_before_it_ever_left_leaves_no_trace_elsewhere(fleet: Fleet) -> None:
    a, _ = await pair(fleet)
    kept = await a.memory.add("never mind", user_id="alice")
    await a.memory.delete(kept.id)
    assert (await a.sync()).sent == 0
    assert kept.id.encode() not in texts_on_disk(fleet.home / "center")


async def test_a_page_the_center_took_while_the_connection_broke_is_ended_too(fleet: Fleet) -> None:
    a, _ = await pair(fleet)
    await a.sync()
    kept = await a.memory.add("taken, but not acknowledged", user_id="alice")
    a.courier.breaks = ["", "after"]
    with pytest.raises(ProviderFailed):
        await a.sync()
    assert (await fleet.hub.get(kept.id)).id == kept.id
    await a.reopen()
    await a.memory.delete(kept.id)
    await a.sync()
    assert (await fleet.hub.list(user_id="alice")).memories == ()


async def test_forgetting_a_user_travels(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    for number in range(3):
        await a.memory.add(f"fact {number}", user_id="alice")
        await a.memory.add(f"fact {number}", user_id="bo")
    await fleet.settle()
    await b.memory.forget(user_id="alice")
    await fleet.settle()
    assert (await texts(a), len(await texts(a, user_id="bo"))) == ([], 3)


async def test_private_memories_stay_and_what_becomes_private_is_called_back(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("my diary", user_id="alice", metadata={"visibility": "private"})
    kept = await a.memory.add("our plan", user_id="alice")
    await fleet.settle()
    assert await texts(b) == ["our plan"]
    await a.memory.update(kept.id, metadata={"visibility": "private"})
    await fleet.settle()
    assert await texts(b) == []
    assert sorted(await texts(a)) == ["my diary", "our plan"]
    assert b"diary" not in texts_on_disk(fleet.home / "center")
    assert b"our plan" not in texts_on_disk(fleet.home / "center")
    await a.memory.update(kept.id, metadata={})
    await fleet.settle()
    assert await texts(b) == ["our plan"]


async def test_making_private_what_came_from_elsewhere_keeps_only_the_change_to_oneself(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    kept = await a.memory.add("common", user_id="alice")
    await fleet.settle()
    await b.memory.update(kept.id, text="my view of it", metadata={"visibility": "private"})
    await fleet.settle()
    assert (await a.memory.get(kept.id)).text == "common"
    assert (await b.memory.get(kept.id)).text == "my view of it"


async def test_only_projects_that_are_named_are_exchanged(fleet: Fleet) -> None:
    a = await fleet.member("a", projects=["web", "crypto-*"])
    b = await fleet.member("b", projects=["app"])
    for project, said in (("web", None), ("crypto-eu", None), ("app", None), ("web", "shared")):
        metadata = {} if said is None else {"visibility": said}
        await a.memory.add(f"{project} {said}", user_id="alice", project_id=project, metadata=metadata)
    await fleet.settle()
    assert {item.text for item in (await fleet.hub.list(user_id="alice")).memories} == {
        "web None", "crypto-eu None", "web shared",
    }  # fmt: skip
    assert await texts(b) == ["web shared"]


async def test_a_project_that_is_named_later_is_fetched_and_sent_from_the_start(fleet: Fleet) -> None:
    a, b = await fleet.member("a", projects=["web"]), await fleet.member("b", projects=["app"])
    await a.memory.add("kept", user_id="alice", project_id="web")
    await a.memory.add("not yet", user_id="alice", project_id="app")
    await fleet.settle()
    assert await texts(b) == []
    for one in (a, b):
        one._node["projects"] = ["web", "app"]
        await one.reopen()
    await fleet.settle()
    assert sorted(await texts(b)) == ["kept", "not yet"]


async def test_a_node_neither_sees_nor_touches_what_it_was_not_granted(fleet: Fleet) -> None:
    a, b = await fleet.member("a"), await fleet.member("b", granted=("app",))
    secret = await a.memory.add("of the web", user_id="alice", project_id="web")
    await fleet.settle()
    assert await texts(b) == []
    await b.memory.add("mine", user_id="alice", project_id="web")
    assert (await b.sync()).refused == 1
    forged = {"gone": {"id": secret.id, "stamp": [9, 9, "b"]}}
    received = wire.unpacked(_page(forged))
    answer = await b.courier.push(_page(forged), {"head": 5, "projects": "*", "model": ""})
    assert (len(received.replicas), answer["refused"], answer["deleted"]) == (1, 1, 0)
    assert (await fleet.hub.get(secret.id)).text == "of the web"


def _page(*lines: Any) -> bytes:
    every = ({"recollect": "sync", "version": 1}, *lines, {"end": {"next": 1, "lines": len(lines)}})
    return gzip.compress("".join(json.dumps(line) + "\n" for line in every).encode())


async def test_who_is_not_known_or_shut_out_is_refused(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    b.courier._secret = "node_wrong"
    with pytest.raises(Denied, match="not known"):
        await b.sync()
    await revoke(fleet.hub.app, "a")
    with pytest.raises(Denied):
        await a.sync()
    assert "denied" in (await a.memory.app.sync.link()).error
    a.courier._hub = b.memory
    with pytest.raises(Denied, match="no center"):
        await a.sync()


async def test_the_same_message_captured_on_two_nodes_is_one_memory(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    turn = [{"role": "user", "content": "I moved to Kyoto.", "message_id": "m1"}]
    for one in (a, b):
        await one.memory.capture(turn, conversation_id="c", user_id="alice", project_id="web")
        one.clock.forward(1)
    (mine,) = (await b.memory.list(user_id="alice", kinds=["turn"])).memories
    await b.memory.update(mine.id, text="I moved to Kyoto in May.")
    await fleet.settle()
    states = [await shared_state(memory) for memory in (fleet.hub, a.memory, b.memory)]
    assert states[0] == states[1] == states[2]
    assert [body["text"] for body in states[0].values() if body["kind"] == "turn"] == ["I moved to Kyoto in May."]


async def test_derived_facts_are_not_sent_and_are_nowhere_double(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    said = "I live in Berlin and work as a teacher."
    for one, name in ((a, "m1"), (b, "m2")):
        await one.memory.capture(
            [{"role": "user", "content": said, "message_id": name}], conversation_id=name, user_id="alice"
        )
        await one.memory.drain()
    await fleet.settle()
    for memory in (a.memory, b.memory, fleet.hub):
        facts = (await memory.list(user_id="alice", kinds=["fact"])).memories
        assert len({fact.content_hash for fact in facts}) == len(facts)
        assert {len(fact.sources) for fact in facts} == {2}
    kept = await a.memory.add(said, user_id="alice", kind="fact")
    assert kept.kind is Kind.FACT
    await fleet.settle()
    for memory in (a.memory, b.memory, fleet.hub):
        facts = (await memory.list(user_id="alice", kinds=["fact"])).memories
        assert [item.text for item in facts].count(said) == 1


async def test_a_node_restored_from_a_backup_is_told_what_it_forgot(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("before", user_id="alice")
    await fleet.settle()
    await a.memory.close()
    shutil.copytree(fleet.home / "a", fleet.home / "backup")
    await a.open()
    gone = (await a.memory.list(user_id="alice")).memories[0]
    await a.memory.add("after", user_id="alice")
    await a.memory.delete(gone.id)
    await fleet.settle()
    await a.memory.close()
    shutil.rmtree(fleet.home / "a")
    shutil.copytree(fleet.home / "backup", fleet.home / "a")
    await a.open()
    assert await texts(a) == ["before"]
    await fleet.settle()
    assert await texts(a) == ["after"]
    assert await texts(b) == ["after"]


async def test_a_center_that_lost_everything_is_filled_again(fleet: Fleet) -> None:
    a, b = await pair(fleet)
    await a.memory.add("kept by a", user_id="alice")
    await b.memory.add("kept by b", user_id="alice")
    await fleet.settle()
    await fleet.hub.close()
    nodes = fleet.members
    shutil.rmtree(fleet.home / "center")
    await fleet.open()
    fleet.members = []
    for one in nodes:
        await one.memory.close()
        await fleet.member(one.name)
    await fleet.settle()
    assert {item.text for item in (await fleet.hub.list(user_id="alice")).memories} == {"kept by a", "kept by b"}


async def test_one_process_exchanges_at_a_time_and_status_tells_how_it_went(fleet: Fleet) -> None:
    a, _ = await pair(fleet)
    await a.memory.add("x", user_id="alice")
    assert (await figures(a.memory.app))["to_send"] > 0
    await a.memory.app.sync.hold("another process", 60)
    with pytest.raises(Conflict):
        await Exchange(a.memory.app, a.courier).once()
    await a.memory.app.sync.free("another process")
    a.courier.breaks = ["before"]
    with pytest.raises(ProviderFailed):
        await a.sync()
    assert "cut" in (await state(a.memory.app))["error"]
    await a.sync()
    told = await state(a.memory.app)
    assert (told["to_send"], told["to_fetch"], told["error"]) == (0, 0, None)
    assert {"to_send": 0, "to_fetch": 0, "refused": 0}.items() <= (await figures(a.memory.app)).items()
    assert [one["name"] for one in (await state(fleet.hub.app))["nodes"]] == ["a", "b"]
    assert await figures(fleet.hub.app) == {"nodes": 2}


async def test_vectors_travel_where_both_use_one_model(fleet: Fleet) -> None:
    a = await fleet.member("a")
    makers = [FakeEmbedder(), FakeEmbedder()]
    await fleet.hub.close()
    await fleet.open(embed=makers[0])
    await a.reopen(embed=makers[1])
    kept = await a.memory.add("green tea from Uji", user_id="alice")
    await a.memory.drain()
    await a.sync()
    await fleet.hub.drain()
    assert makers[0].texts == []
    assert makers[1].texts
    condition = await fleet.hub.app.upkeep.condition(makers[0].model)
    assert (condition.models, condition.unembedded) == ({makers[0].model: 1}, 0)
    assert [hit.memory.id for hit in await fleet.hub.search("green tea", user_id="alice")] == [kept.id]


async def test_the_receiver_makes_its_own_vectors_where_the_models_differ(fleet: Fleet) -> None:
    a = await fleet.member("a")
    own = FakeEmbedder("another", 64)
    await fleet.hub.close()
    await fleet.open(embed=own)
    await a.reopen(embed=FakeEmbedder())
    await a.memory.add("green tea from Uji", user_id="alice")
    await a.memory.drain()
    await a.sync()
    await fleet.hub.drain()
    assert any("Uji" in text for text in own.texts)
