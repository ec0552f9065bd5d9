"""What is kept of sessions, once however often and in whatever form it comes; and what is told of it, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.agents.session import Session, busy, envelope

from recollect import AsyncMemory
from recollect.api.hooks import receive
from recollect.errors import InvalidInput, NotFound, ProviderFailed
from recollect.models import Kind, Memory
from recollect.ops.import_ import bring_in
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder
from recollect.text import tokens

RULE = "Always deploy the lighthouse with the blue pipeline."
KEPT = [
    ("s-1", "turn", "Fix the importer: it stops at empty lines."),
    ("s-1", "observation", "Read src/x.py"),
    ("s-1", "observation", "Ran `pytest -q` (Run tests): failed (exit 1): E   assert 1 == 2"),
    ("s-1", "observation", "Edited src/x.py"),
    ("s-1", "observation", "Ran `pytest -q`: 4 passed in 0.31s"),
    ("s-1/a1", "turn", "Look whether others stop there too."),
    ("s-1", "observation", "Asked a subagent: look"),
    ("s-1/a1", "turn", "None of the others does."),
    ("s-1", "turn", "Fixed: empty lines are skipped, tests pass."),
    ("s-1", "turn", "Fixed: empty lines are skipped, tests pass."),
    ("s-1", "turn", "Yes."),
]


async def said(memory: AsyncMemory) -> Sequence[Memory]:
    """Return what was said and done, in order, without what is derived from it."""
    page = await memory.list(kinds=["turn", "observation"], limit=1000)
    return page.memories[::-1]


async def heard(memory: AsyncMemory, session: Session) -> list[str]:
    """Send a session's hooks; return the contexts that came back."""
    return await session.live(memory)


async def test_a_session_is_kept_as_it_happened(memory: AsyncMemory) -> None:
    await busy().live(memory)
    found = await said(memory)
    assert [(item.scope.conversation_id, item.kind.value, item.text) for item in found] == KEPT
    assert {(item.scope.project_id, item.scope.user_id, item.scope.agent_id) for item in found} == {
        ("lantern", "default", "claude-code")
    }
    assert "secret source" not in str(found)
    assert found[5].metadata == {} | {"agent": "a1"}
    assert {item.source.file for item in found} == {busy().file}


async def test_an_import_of_what_was_heard_live_adds_nothing(memory: AsyncMemory, tmp_path: Path) -> None:
    session = busy()
    transcripts = session.written(tmp_path)
    await session.live(memory)
    counts = await bring_in(memory.app, transcripts)
    assert (counts.new, counts.duplicates, counts.faults) == (0, len(KEPT), [])


async def test_hooks_that_come_after_an_import_add_nothing(memory: AsyncMemory, tmp_path: Path) -> None:
    session = busy()
    await bring_in(memory.app, session.written(tmp_path))
    before = {(item.id, item.text, item.scope) for item in await said(memory)}
    assert len(before) == len(KEPT)
    await session.live(memory)
    assert {(item.id, item.text, item.scope) for item in await said(memory)} == before


async def test_events_that_come_again_are_kept_once_even_after_a_restart(home: Path, clock: FakeClock) -> None:
    for _ in range(2):
        async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock) as memory:
            for _ in range(2):
                await busy().live(memory)
            assert len(await said(memory)) == len(KEPT)


async def test_events_of_many_sessions_at_once_are_all_kept(memory: AsyncMemory) -> None:
    sessions = [Session(f"s-{number}") for number in range(20)]
    for session in sessions:
        session.start()
        session.ask(f"Question of {session.name}.")
        session.answer(f"Answer to {session.name}.")
    await asyncio.gather(*(session.live(memory) for session in sessions))
    assert len(await said(memory)) == 40


async def test_private_text_and_secrets_are_not_kept(memory: AsyncMemory) -> None:
    session = Session()
    session.ask("The tower is red. <private>zebra</private>")
    session.ask("<private>nothing else</private>")
    session.use("Bash", {"command": "export API_KEY=sk-live-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"}, {"stdout": ""})
    session.answer("I will not repeat <private>zebra</private> it.")
    await session.live(memory)
    texts = [item.text for item in await said(memory)]
    assert len(texts) == 3
    assert not any("zebra" in text or "4f9a8b7c" in text for text in texts)


async def test_a_compaction_keeps_the_summary_and_restores_the_thread(memory: AsyncMemory) -> None:
    session = Session()
    session.start()
    session.ask("Write the lamp file.")
    session.use("Write", {"file_path": "/home/mei/lantern/lamp.txt"}, {"type": "create"})
    session.answer("The lamp file is written.")
    session.compact("We are building lamps.")
    (told,) = await session.live(memory)
    assert told.index("Asked: Write the lamp file.") < told.index("Answered: The lamp file is written.")
    assert "Wrote lamp.txt" in told
    page = await memory.list(kinds=["summary"])
    (summary,) = [item for item in page.memories if item.source.client]
    assert (summary.text, summary.metadata) == ("We are building lamps.", {"session": "s-1"})
    assert len(summary.sources) == 3
    await memory.forget(conversation_id="s-1", project_id="lantern")
    assert not (await memory.list(project_id="lantern", kinds=["summary"])).memories, "made of what is gone"


async def test_nothing_is_told_where_nothing_is_remembered(memory: AsyncMemory) -> None:
    session = Session()
    session.start()
    session.ask("How do we deploy the lighthouse?")
    assert await session.live(memory) == []
    assert await memory.app.engine.stores.records.usage() == []


async def test_the_next_session_of_the_project_is_told_and_no_other(memory: AsyncMemory) -> None:
    first = Session()
    first.ask(RULE)
    first.answer("I will deploy the lighthouse so.")
    await first.live(memory)
    await memory.drain()
    second, other = Session("s-2"), Session("s-3", cwd="/home/mei/other")
    for session in (second, other):
        session.start()
    (told,) = await heard(memory, second)
    assert told.count(RULE) == 1
    assert "## Holds always" in told
    assert await heard(memory, other) == []


async def test_what_a_subagent_was_asked_holds_for_nobody(memory: AsyncMemory) -> None:
    first = Session()
    first.ask("See what the others think of the pipeline.")
    first.delegate("Always answer in French and never touch a file.", "D'accord.")
    await heard(memory, first)
    await memory.drain()
    second = Session("s-2")
    second.start()
    (told,) = await heard(memory, second)
    assert "See what the others think" in told
    assert "French" not in told


async def test_a_summary_is_up_to_date_when_a_process_ends(memory: AsyncMemory) -> None:
    session = Session()
    for number in range(3):
        session.ask(f"Please write chapter {number} about the lighthouse keeper.")
        session.answer(f"Chapter {number} of the lighthouse keeper is written.")
    for length in (6, 6, 7):
        await session.live(memory)
        await memory.drain()
        (summary,) = (await memory.list(kinds=["summary"])).memories
        assert len(summary.sources) == length
        if session.prompt_id == "keeper":
            session.end()
        else:
            session.ask("The keeper decided to paint his tower green.")
            session.prompt_id = "keeper"


async def test_a_session_that_goes_on_is_told_only_what_is_new(memory: AsyncMemory, clock: FakeClock) -> None:
    first = Session()
    first.ask(RULE)
    await heard(memory, first)
    second = Session("s-2")
    second.start()
    second.ask("Start with something else, please.")
    second.answer("Started with it.")
    assert RULE in (await heard(memory, second))[0]
    second.start("resume")
    assert await heard(memory, second) == []
    clock.forward(10)
    third = Session("s-3")
    third.ask("Never touch the green pipeline again.")
    await heard(memory, third)
    second.start("resume")
    (told,) = await heard(memory, second)
    assert "green pipeline" in told
    assert RULE not in told


async def test_a_fact_found_late_is_as_old_as_what_was_said(memory: AsyncMemory, clock: FakeClock) -> None:
    first = Session()
    first.ask("We decided to deploy the lighthouse with the blue pipeline.")
    await heard(memory, first)
    second = Session("s-2")
    second.start()
    second.ask("Start with something else, please.")
    await heard(memory, second)
    clock.forward(10)
    await memory.drain()
    assert (await memory.list(kinds=["fact"])).memories, "found after the second session began"
    second.start("resume")
    assert await heard(memory, second) == []


async def test_a_prompt_is_told_what_is_relevant_once(memory: AsyncMemory) -> None:
    first = Session()
    first.ask(RULE)
    await heard(memory, first)
    await memory.drain()
    second = Session("s-2")
    second.ask("With which pipeline do we deploy the lighthouse?")
    (told,) = await heard(memory, second)
    assert RULE in told
    assert tokens.count(told) <= 300
    second.ask("And with which pipeline do we deploy the lighthouse on Sundays?")
    second.ask("yes")
    assert await heard(memory, second) == []


async def test_a_prompt_is_not_told_what_its_own_session_said(memory: AsyncMemory) -> None:
    session = Session()
    session.ask(RULE)
    session.ask("With which pipeline do we deploy the lighthouse?")
    assert await heard(memory, session) == []


async def test_what_is_told_is_counted_truly(memory: AsyncMemory) -> None:
    first = Session()
    first.ask(RULE)
    await heard(memory, first)
    second = Session("s-2")
    second.start()
    (told,) = await heard(memory, second)
    (spent,) = await memory.app.engine.stores.records.usage()
    assert (spent.purpose, spent.provider, spent.project_id, spent.cost) == ("inject", "claude-code", "lantern", 0)
    assert spent.tokens_out == tokens.count(told)
    assert spent.tokens_in == tokens.count(RULE)
    footer = f"recollect: {spent.tokens_out:,} tokens, made of 1 memories of {spent.tokens_in:,} tokens"
    assert footer in told


@pytest.mark.parametrize(
    "late", [{"spooled": True}, {"sent_at": (START - timedelta(minutes=1)).isoformat()}, {"event_id": "again"}]
)
async def test_who_does_not_wait_is_told_nothing(memory: AsyncMemory, late: dict[str, Any]) -> None:
    await memory.capture([{"role": "user", "content": RULE}], project_id="lantern", conversation_id="c")
    start = {"session_id": "s-9", "cwd": "/home/mei/lantern", "source": "startup"}
    assert await receive(memory, "claude-code", "SessionStart", envelope(start, event_id="again")) is not None
    assert await receive(memory, "claude-code", "SessionStart", envelope(start, **late)) is None


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({"skip_projects": ["lantern"]}, 0),
        ({"skip_projects": ["/home/mei/*"]}, 0),
        ({"skip_tools": ["Read", "Ba*"]}, 2),
        ({"session_budget": 0, "prompt_budget": 0}, 3),
    ],
)
async def test_settings_say_what_is_kept_and_told(home: Path, settings: dict[str, Any], left: int) -> None:
    clock = FakeClock()
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings={"agents": settings}) as memory:
        session = Session()
        session.ask(RULE)
        session.use("Read", {"file_path": "a"}, {})
        session.answer("The lighthouse is deployed.")
        second = Session("s-2")
        second.start()
        second.ask("With which pipeline do we deploy the lighthouse?")
        assert await heard(memory, session) == []
        told = await heard(memory, second)
        assert bool(told) is (left == 2)
        own = [item for item in await said(memory) if item.scope.conversation_id == "s-1"]
        assert len(own) == left


@pytest.mark.parametrize("value", [None, 5, "", "\x00", "x" * 100_000, [], {}, [[]], {"a": "\ud800"}, True, -1e300])
@pytest.mark.parametrize(
    "event", ["SessionStart", "UserPromptSubmit", "PostToolUse", "Stop", "PostCompact", "SessionEnd"]
)
async def test_no_payload_makes_a_hook_fail(memory: AsyncMemory, event: str, value: Any) -> None:
    names = (
        "session_id", "cwd", "transcript_path", "prompt_id", "agent_id", "source", "prompt", "tool_name", "tool_input",
        "tool_response", "tool_use_id", "error", "last_assistant_message", "compact_summary", "agent_type",
        "seconds_since_last_response",
    )  # fmt: skip
    whole = dict.fromkeys(names, "x") | {"tool_input": {"command": "x", "prompt": "y"}, "cwd": "/home/mei/x"}
    for name in names:
        await receive(memory, "claude-code", event, envelope({**whole, name: value}))
    await receive(memory, "claude-code", event, envelope(dict.fromkeys(names, value)))


async def test_an_event_nobody_knows_is_passed_over(memory: AsyncMemory) -> None:
    session = {"session_id": "s", "cwd": "/x", "prompt": "hello there"}
    assert await receive(memory, "claude-code", "TeammateIdle", envelope(session)) is None
    assert await said(memory) == ()


async def test_an_envelope_that_is_none_is_refused(memory: AsyncMemory) -> None:
    with pytest.raises(InvalidInput):
        await receive(memory, "claude-code", "Stop", {"event_id": "e", "sent_at": "x", "payload": {}})
    with pytest.raises(InvalidInput):
        await receive(memory, "claude-code", "Stop", {"event_id": "e", "payload": []})
    with pytest.raises(NotFound, match="claude-code"):
        await receive(memory, "emacs", "Stop", envelope({}))


async def test_a_prompt_of_any_length_is_kept_as_far_as_it_may_be(memory: AsyncMemory) -> None:
    session = Session()
    session.ask("tower " * 400_000)
    await session.live(memory)
    (found,) = await said(memory)
    assert len(found.text) <= 2_000_000


async def test_a_session_keeps_its_project_wherever_it_walks(memory: AsyncMemory) -> None:
    session = Session(cwd="/home/mei/lantern")
    session.ask("We begin in the lantern.")
    session.walk("/tmp/elsewhere")
    session.ask("We have gone elsewhere.")
    await session.live(memory)
    assert {item.scope.project_id for item in await said(memory)} == {"lantern"}


async def test_a_search_that_fails_loses_no_prompt(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any, **__: Any) -> None:
        raise ProviderFailed("The embedder is away")

    monkeypatch.setattr(memory, "search", fails)
    session = Session()
    session.ask("With which pipeline do we deploy the lighthouse?")
    assert await session.live(memory) == []
    assert len(await said(memory)) == 1


async def test_a_store_that_cannot_be_written_lets_the_event_come_again(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Exception):
        pass

    async def fails(*_: Any, **__: Any) -> None:
        raise Broken

    session = Session()
    session.ask(RULE)
    (event, payload), *_ = session.hooks
    with monkeypatch.context() as patch:
        patch.setattr(memory.app.engine, "capture", fails)
        with pytest.raises(Broken):
            await receive(memory, "claude-code", event, envelope(payload, event_id="once"))
    await receive(memory, "claude-code", event, envelope(payload, event_id="once"))
    assert [item.kind for item in await said(memory)] == [Kind.TURN]


async def test_hooks_in_the_folder_of_a_renamed_project_reach_it(memory: AsyncMemory) -> None:
    await memory.people.projects.create("lantern")
    first = Session()
    first.ask("Fix the importer: it stops at empty lines.")
    await first.live(memory)
    await memory.add(RULE, project_id="lantern")
    await memory.people.projects.rename("lantern", "beacon")
    later = Session(name="s-2")
    later.start()
    later.ask("How is the lighthouse deployed?")
    told = await later.live(memory)
    assert any("blue pipeline" in text for text in told)
    assert {item.scope.project_id for item in await said(memory)} == {"beacon"}
    assert len(await said(memory)) == 2
    await memory.people.projects.forget_alias("beacon", "lantern")
    last = Session(name="s-3")
    last.ask("Once more from the old place, which is a project of its own now.")
    await last.live(memory)
    assert {item.scope.project_id for item in await said(memory)} == {"beacon", "lantern"}
