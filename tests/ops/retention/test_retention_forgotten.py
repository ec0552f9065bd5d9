"""Delete means gone: also out of the waste, out of boxes, out of object storage, at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.ops.retention.conftest import Opener
from tests.ops.retention.kept import CHINESE, LONG, filled, forward, opened, ran, raw, whole

from recollect import AsyncMemory
from recollect.errors import NotFound, StoreError
from recollect.ops.retention.run import undo

COLD = {"name": "cold", "action": "cold", "older_than": 30}
WARM = {"name": "warm", "action": "warm", "older_than": 30}
GONE = {"name": "gone", "action": "delete", "older_than": 30}
SECRET = "The quokka lives behind the third lighthouse. "
HIDDEN = "在第三座灯塔后面住着短尾矮袋鼠。"


async def two_users(memory: AsyncMemory) -> None:
    """Write long texts of two users into the same project; they are old now."""
    for user, text in (("mei", SECRET * 20), ("mei", HIDDEN * 40), ("bo", LONG * 8), ("bo", CHINESE * 15)):
        said = [{"role": "assistant", "content": text}]
        await memory.capture(said, conversation_id=f"of-{user}", user_id=user, project_id="web")
    await memory.drain()
    forward(memory, 60)


@pytest.mark.parametrize("policy", [COLD, WARM, GONE], ids=["cold", "warm", "deleted"])
async def test_what_a_user_forgets_is_nowhere_after_it_was_put_away(home: Path, policy: dict[str, object]) -> None:
    async with opened(home, [policy]) as memory:
        await two_users(memory)
        (run,) = await ran(memory)
        assert run.memories >= 4
        if policy is not GONE:
            assert len(await memory.search("quokka lighthouse", user_id="mei")) > 0
        await memory.forget(user_id="mei")
        await memory.drain()
        assert await memory.app.retention.holding(["mei's"]) == {}
        left = await memory.app.retention.boxes.every()
        assert not any("quokka" in text or "短尾" in text for texts in left.values() for text in texts.values())
        _, undone = await undo(memory.app, memory.actor, run.id)
        assert undone.restored > 0
        assert (await memory.list(user_id="mei")).memories == ()
        assert {item.text for item in (await memory.list(user_id="bo", limit=100)).memories} >= {
            LONG * 8,
            CHINESE * 15,
        }
    content = raw(home, home.parent / "cold")
    assert b"quokka lives" not in content
    assert "短尾矮袋鼠".encode() not in content


async def test_one_memory_one_talk_or_one_project_is_taken_out_of_the_waste(keep: Opener) -> None:
    memory = await keep(GONE)
    await filled(memory, talks=4)
    names = [item.id for item in (await memory.list(user_id="bo", project_id="web", limit=100)).memories]
    (run,) = await ran(memory)
    await memory.delete(names[0])
    with pytest.raises(NotFound):
        await memory.delete(names[0])
    await memory.forget(user_id="bo", conversation_id="talk-1")
    await memory.forget(user_id="bo", filters={"conversation_id": "talk-2"})
    await undo(memory.app, memory.actor, run.id)
    await memory.drain()
    back = (await memory.list(user_id="bo", limit=100)).memories
    assert {item.scope.conversation_id for item in back} - {None} == {"talk-0", "talk-3"}
    assert names[0] not in {item.id for item in back}
    assert names[-1] in {item.id for item in back}


async def test_a_project_that_is_deleted_leaves_nothing_in_the_waste(keep: Opener) -> None:
    memory = await keep(GONE)
    await filled(memory)
    (run,) = await ran(memory)
    await memory.app.projects.erase("web")
    await undo(memory.app, memory.actor, run.id)
    assert (await memory.list(project_id="web")).memories == ()
    assert len((await memory.list(project_id="家")).memories) == 1


async def test_a_fact_in_the_waste_goes_with_the_turn_it_was_made_of(keep: Opener) -> None:
    memory = await keep({**GONE, "kinds": ["fact"]})
    said = [{"role": "user", "content": "We decided to use PostgreSQL for the orders service.", "speaker": "Bo"}]
    (turn,) = (await memory.capture(said, conversation_id="c", user_id="bo")).ids
    await memory.drain()
    forward(memory, 60)
    (run,) = await ran(memory)
    assert run.memories == 1
    await memory.delete(str(turn))
    await undo(memory.app, memory.actor, run.id)
    assert (await memory.list(user_id="bo")).memories == ()


async def test_cold_texts_are_found_by_word_while_their_place_is_away(home: Path) -> None:
    async with opened(home, [COLD]) as memory:
        await two_users(memory)
        await ran(memory)
        place = home.parent / "cold"
        shutil.move(place, home.parent / "moved")
        hits = await memory.search("quokka lighthouse", user_id="mei")
        assert hits[0].memory.text.startswith("The quokka lives")
        assert f"[the rest lies at {place}]" in hits[0].memory.text
        assert (await memory.context("quokka lighthouse", user_id="mei")).memories
        with pytest.raises((StoreError, NotFound)):
            await whole(memory)
        with pytest.raises((StoreError, NotFound)):
            await memory.update(hits[0].memory.id, title="It would lose the rest")
        shutil.move(home.parent / "moved", place)
        assert (await memory.get(hits[0].memory.id)).text == SECRET * 20


async def test_a_forget_waits_for_a_place_that_is_away_and_then_takes_effect_there(home: Path) -> None:
    async with opened(home, [COLD]) as memory:
        await two_users(memory)
        await ran(memory)
        place, moved = home.parent / "cold", home.parent / "moved"
        memory.app.retention.boxes.forget()
        shutil.move(place, moved)
        await memory.forget(user_id="mei")
        assert await memory.search("quokka lighthouse", user_id="mei") == []
        shutil.move(moved, place)
        await memory.app.engine.stores.queue.retry()
        await memory.drain()
        await memory.app.retention.boxes.sweep()
    assert b"quokka lives" not in raw(home, place)


async def test_sealed_cold_texts_cannot_be_read_without_the_passphrase(home: Path) -> None:
    sealed = {"retention": {"passphrase": "correct horse"}}
    async with opened(home, [COLD], **sealed) as memory:
        await two_users(memory)
        await ran(memory)
        assert b"quokka lives" not in raw(home.parent / "cold")
        assert "quokka lives" in (await memory.search("quokka lighthouse", user_id="mei"))[0].memory.text
    async with opened(home, [COLD], retention={"passphrase": "wrong"}) as memory:
        assert "[the rest lies at" in (await memory.search("quokka lighthouse", user_id="mei"))[0].memory.text
