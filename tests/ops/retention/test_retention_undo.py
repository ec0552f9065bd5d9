"""What a policy has put away comes back exactly as it was, from a file and from PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ops.retention.conftest import Opener
from tests.ops.retention.kept import LONG, filled, forward, ran, whole

from recollect.errors import Conflict, NotFound
from recollect.models import RunState
from recollect.ops.retention.run import preview, undo

OLD: dict[str, Any] = {"name": "old", "older_than": 30}


@pytest.mark.parametrize("action", ["delete", "warm", "cold", "summarise", "archive", "merge"])
async def test_undoing_a_run_gives_back_every_line_of_the_export(keep: Opener, action: str) -> None:
    policy = {"name": "near", "action": "merge"} if action == "merge" else {**OLD, "action": action}
    memory = await keep(policy)
    await filled(memory)
    if action == "merge":
        await repeated(memory)
    if action == "archive":
        await lifted(memory)
    before = await whole(memory)
    (outlook,) = await preview(memory.app)
    assert outlook.memories > 0, outlook
    (run,) = await ran(memory)
    assert (run.state, run.memories >= outlook.memories) == (RunState.DONE, True)
    if action in {"delete", "archive", "merge"}:
        assert await whole(memory) != before
    else:
        assert await whole(memory) == before, "an export holds whole texts, wherever they lie"
        assert run.bytes_after < run.bytes_before / 2
    found, undone = await undo(memory.app, memory.actor, run.id)
    await memory.drain()
    assert await whole(memory) == before
    assert (found.state, undone.restored, undone.kept) == (RunState.UNDONE, found.undone, 0)
    with pytest.raises(Conflict, match="undone"):
        await undo(memory.app, memory.actor, run.id)


async def repeated(memory: Any) -> None:
    """Write notes that say nearly the same."""
    for more in ("", " again", " once more"):
        await memory.add(f"Bo parks the red bicycle behind the old library{more}", user_id="bo", project_id="web")
    await memory.drain()


async def lifted(memory: Any) -> None:
    """Bring a note to hand, so that it can be archived."""
    page = await memory.list(user_id="bo", filters={"kind": "note"})
    await memory.update(page.memories[0].id, tier="quick")


async def test_near_repeats_become_one_that_counts_them(keep: Opener) -> None:
    memory = await keep({"name": "near", "action": "merge"})
    await repeated(memory)
    await ran(memory)
    left = [item for item in (await memory.list(user_id="bo")).memories if "bicycle" in item.text]
    assert [item.repeats for item in left] == [3]


async def test_a_deleted_memory_takes_its_facts_along_and_its_facts_come_back(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "delete", "kinds": ["turn"]})
    said = [{"role": "user", "content": "We decided to use PostgreSQL for the orders service.", "speaker": "Bo"}]
    await memory.capture(said, conversation_id="c", user_id="bo")
    await memory.drain()
    facts = [item for item in (await memory.list(user_id="bo")).memories if item.kind == "fact"]
    assert facts
    for fact in facts:
        await memory.update(fact.id, metadata={**fact.metadata, "seen": True})
    forward(memory, 40)
    before = await whole(memory)
    (run,) = await ran(memory)
    assert (await memory.list(user_id="bo")).memories == ()
    await undo(memory.app, memory.actor, run.id)
    await memory.drain()
    assert await whole(memory) == before


async def test_what_was_changed_or_written_again_since_stays_as_it_is(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "delete", "kinds": ["note"]}, {**OLD, "name": "w", "action": "warm"})
    await filled(memory)
    (deleted, shelved) = await ran(memory)
    again = await memory.add("The cat sleeps on the warm roof of the bakery", user_id="bo", project_id="web")
    turns = (await memory.list(user_id="bo", filters={"kind": "turn"})).memories
    long = next(item for item in turns if len(item.text) >= 400)
    await memory.update(long.id, text="It was said otherwise.")
    (_, undone) = await undo(memory.app, memory.actor, shelved.id)
    assert (await memory.get(long.id)).text == "It was said otherwise."
    assert undone.restored == shelved.memories - 1
    (_, undone) = await undo(memory.app, memory.actor, deleted.id)
    assert undone.restored + undone.kept == deleted.memories
    assert (await memory.get(again.id)).id == again.id


async def test_after_its_time_a_deletion_is_for_good(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "delete", "kinds": ["turn"]}, retention={"undo_days": 7})
    await filled(memory)
    (run,) = await ran(memory)
    forward(memory, 6.9)
    await ran(memory)
    assert (await memory.app.retention.run(run.id)).state is RunState.DONE
    forward(memory, 0.2)
    await ran(memory)
    assert (await memory.app.retention.run(run.id)).state is RunState.EXPIRED
    with pytest.raises(Conflict, match="expired"):
        await undo(memory.app, memory.actor, run.id)
    with pytest.raises(NotFound):
        await undo(memory.app, memory.actor, "no-such-run")


async def test_a_shelved_memory_is_read_searched_changed_and_remembered_whole(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "cold"})
    await filled(memory)
    turns = {item.id: item.text for item in (await memory.list(user_id="bo", limit=1000)).memories}
    (run,) = await ran(memory)
    assert run.memories > 0
    assert {item.id: item.text for item in (await memory.list(user_id="bo", limit=1000)).memories} == turns
    hits = await memory.search("granite quarry storm", user_id="bo")
    assert any(LONG.strip() in hit.memory.text for hit in hits)
    assert any("花岗岩" in hit.memory.text for hit in await memory.search("采石场的花岗岩", user_id="bo"))
    assert LONG.strip() in (await memory.context("granite from the quarry", user_id="bo", budget=4000)).text
    long = next(name for name, text in turns.items() if len(text) >= 400)
    await memory.update(long, metadata={"seen": True})
    (_, revised) = await memory.history(long)
    assert (revised.event.before.text, revised.event.memory.text) == (turns[long], turns[long])


async def test_a_policy_runs_again_only_for_what_is_new(keep: Opener) -> None:
    memory = await keep({**OLD, "action": "warm"})
    await filled(memory)
    (first,) = await ran(memory)
    assert await ran(memory) == []
    await memory.add(LONG * 6 + "And then some.", user_id="bo")
    forward(memory, 31)
    (second,) = await ran(memory)
    assert (first.memories > 1, second.memories) == (True, 1)
    assert [one.id for one in await memory.app.retention.runs()] == [second.id, first.id]
