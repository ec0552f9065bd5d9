"""What assistants were told is kept by id, never by word; who may know of it, and that it goes with what it is of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.agents.session import Session

from recollect import AsyncMemory
from recollect.errors import Denied, NotFound
from recollect.models import Occasion, Person, Reach, Scope
from recollect.ops.import_ import untold
from recollect.ops.prove import look, witness
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder
from recollect.text import tokens

RULE = "Always deploy the lighthouse with the blue pipeline."
QUESTION = "How do we deploy the lighthouse?"


async def remembered(memory: AsyncMemory) -> None:
    first = Session()
    first.ask(RULE)
    first.answer("I will deploy the lighthouse so.")
    await first.live(memory)
    await memory.drain()


async def asked(memory: AsyncMemory, name: str = "s-2") -> list[str]:
    session = Session(name)
    session.start()
    session.ask(QUESTION)
    return await session.live(memory)


async def test_a_session_is_told_and_what_it_was_told_is_kept_by_id(memory: AsyncMemory) -> None:
    await remembered(memory)
    told = await asked(memory)
    talk, found = await memory.tellings("s-2", project_id="lantern")
    assert talk.id == "s-2"
    assert [one.way for one in found] == [Occasion.SESSION, *[Occasion.PROMPT] * (len(told) - 1)]
    for one, text in zip(found, told, strict=True):
        assert (one.tokens, one.scope) == (tokens.count(text), Scope("default", "lantern", "s-2", "claude-code"))
        assert one.memories
        assert one.whole
    assert [one.budget for one in found] == [1500, 300][: len(found)]
    turn = found[-1].turn
    if len(found) > 1:
        assert turn is not None
        assert (await memory.get(turn)).text == QUESTION


async def test_a_prompt_that_is_told_something_is_tied_to_its_turn(memory: AsyncMemory) -> None:
    await remembered(memory)
    session = Session("s-2")
    session.ask(QUESTION)
    assert len(await session.live(memory)) == 1
    _, (one,) = await memory.tellings("s-2", project_id="lantern")
    assert one.way is Occasion.PROMPT
    assert (await memory.get(one.turn or "")).text == QUESTION


async def test_a_memory_knows_how_often_it_was_told(memory: AsyncMemory) -> None:
    await remembered(memory)
    await asked(memory)
    await asked(memory, "s-3")
    _, found = await memory.tellings("s-2", project_id="lantern")
    uses = await memory.uses(found[0].memories[0])
    assert {use.scope.conversation_id for use in uses} == {"s-2", "s-3"}
    with pytest.raises(NotFound):
        await memory.uses("00000000-0000-7000-8000-000000000000")
    with pytest.raises(NotFound):
        await memory.tellings("nowhere")


async def test_nothing_is_kept_where_it_is_not_wanted(home: Path, clock: FakeClock) -> None:
    settings: Any = {"agents": {"keep_told_days": 0}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as memory:
        await remembered(memory)
        assert await asked(memory)
        assert (await memory.tellings("s-2", project_id="lantern"))[1] == []


async def test_it_outlives_a_restart_and_not_its_days(home: Path, clock: FakeClock) -> None:
    for days in (90, 1):
        settings: Any = {"agents": {"keep_told_days": days}}
        async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as memory:
            if days == 90:
                await remembered(memory)
                assert await asked(memory)
                continue
            _, (old, *_) = await memory.tellings("s-2", project_id="lantern")
            clock.forward(2 * 86_400)
            memory.app.noting.note(replace(old, at=clock.now(), tokens=7))
            assert [one.tokens for one in (await memory.tellings("s-2", project_id="lantern"))[1]] == [7]


async def test_a_deleted_memory_is_in_no_telling_even_one_that_is_not_kept_yet(memory: AsyncMemory) -> None:
    await remembered(memory)
    await asked(memory)
    await memory.forget(conversation_id="s-1", project_id="lantern")
    _, found = await memory.tellings("s-2", project_id="lantern")
    left = {name for one in found for name in one.memories}
    for name in left:
        assert (await memory.get(name)).scope.conversation_id != "s-1"


async def test_what_was_forgotten_is_proven_gone(memory: AsyncMemory) -> None:
    await remembered(memory)
    await asked(memory)
    _, found = await memory.tellings("s-2", project_id="lantern")
    ids = {name for one in found for name in one.memories}
    seen = await witness(memory, Reach("default", "lantern"), None)
    seen.pieces += [name.encode() for name in ids]
    deleted = await memory.forget(user_id="default", project_id="lantern")
    await memory.drain()
    assert await memory.app.tellings.told(Scope("default", "lantern", "s-2"), limit=9) == []
    proof = await look(memory, seen, deleted, untold)
    told = [trace for trace in proof.traces if trace.piece not in ids]
    assert told == [], "no word of what was told is left"


async def test_who_may_read_the_conversation_knows_and_of_what_he_may_read_only(memory: AsyncMemory) -> None:
    office = memory.people
    for name in ("ann", "bo", "cy"):
        await office.members.add_user(name)
    await office.projects.create("web", owner="ann")
    await office.projects.create("attic", owner="ann")
    await office.members.set_member("web", "bo", "READ")
    ann, bo, cy = (memory.acting(Person(name)) for name in ("ann", "bo", "cy"))
    await ann.capture([{"role": "user", "content": QUESTION}], conversation_id="c1", project_id="web")
    open_, closed = await ann.add(RULE, project_id="web"), await ann.add("The attic key is green", project_id="attic")
    made = await ann.context("lighthouse", project_id="web")
    made = type(made)(made.text, made.tokens, (closed.id, open_.id))
    await ann.note_told(made, Occasion.REST, project_id="web", conversation_id="c1", budget=200)
    assert (await ann.tellings("c1", project_id="web"))[1][0].memories == (closed.id, open_.id)
    _, (seen,) = await bo.tellings("c1", project_id="web")
    assert (seen.memories, seen.tokens, seen.budget) == ((open_.id,), made.tokens, 200)
    assert [use.times for use in await bo.uses(open_.id)] == [1]
    with pytest.raises((NotFound, Denied)):
        await bo.uses(closed.id)
    with pytest.raises((NotFound, Denied)):
        await cy.tellings("c1", project_id="web")
