"""Full texts are verbatim and fit into what clients take; a timeline shows what was around; resources are memories."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents
from tests.mcp.conftest import Connect, ids_in

from recollect import AsyncMemory
from recollect.testing.clock import FakeClock
from recollect.text.tokens import count

NOBODY = "00000000-0000-7000-8000-000000000000"
HOSTILE = "````\n# not a heading\n```text\n<script>\n| a |\n"


async def talk(memory: AsyncMemory, *texts: str, **more: Any) -> list[str]:
    turns = [{"role": "user", "content": text, "speaker": "Bo"} for text in texts]
    done = await memory.capture(turns, project_id="web", **more)
    return [str(name) for name in done.ids]


async def test_texts_are_verbatim_and_nothing_in_them_ends_their_fence(memory: AsyncMemory, connect: Connect) -> None:
    (name,) = await talk(memory, HOSTILE, conversation_id="c1")
    kept = (await memory.get(name)).text
    async with connect() as call:
        text = await call("get_memories", ids=[name])
    assert f"\n`````text\n{kept}\n`````" in text
    assert "turn, Bo, " in text
    assert "conversation c1" in text


async def test_ids_are_taken_in_every_form_that_was_shown(memory: AsyncMemory, connect: Connect) -> None:
    item = await memory.add("zebra", project_id="web", metadata={"team": "zoo"})
    async with connect() as call:
        for form in (
            item.id,
            item.id.upper(),
            item.id[-8:],
            f"`{item.id}`",
            f"[{item.id[-8:]}]",
            f"memory://{item.id}",
        ):
            text = await call("get_memories", ids=[form])
            assert ids_in(text)[0] == item.id
            assert '"team": "zoo"' in text
        assert (await call("get_memories", ids=[item.id, item.id])).count("zebra") == 1


async def test_a_memory_of_somebody_else_is_not_there(memory: AsyncMemory, connect: Connect) -> None:
    hers = await memory.add("zebra", user_id="alice", project_id="web")
    mine = await memory.add("gnu", project_id="zoo")
    async with connect() as call:
        for tool in ("get_memories", "forget_memory"):
            assert "There is no memory" in await call.refused(tool, ids=[hers.id])
        assert "There is no memory" in await call.refused("timeline", memory_id=hers.id)
        assert "There is no memory" in await call.refused("get_memories", ids=[mine.id], project_id="web")
        assert "gnu" in await call("get_memories", ids=[mine.id])
        assert "zebra" in await call("get_memories", ids=[hers.id], user_id="alice")
        with pytest.raises(MCPError, match="There is no memory"):
            await call.client.read_resource(f"memory://{hers.id}")


async def test_what_is_found_is_shown_beside_what_is_not(memory: AsyncMemory, connect: Connect) -> None:
    item = await memory.add("zebra", project_id="web")
    async with connect() as call:
        text = await call("get_memories", ids=[NOBODY, item.id])
        assert "zebra" in text
        assert f"There is no memory {NOBODY}" in text
        assert "ids: " in await call.refused("get_memories", ids=[])
        assert "ids.0: " in await call.refused("get_memories", ids=["x"])
        assert "no id" in await call.refused("get_memories", ids=["x" * 60])
        assert "There is no memory" in await call.refused("get_memories", ids=["%%%%%%%%"])


async def test_a_text_larger_than_an_answer_is_read_in_parts(memory: AsyncMemory, connect: Connect) -> None:
    item = await memory.add("".join(f"Line {number} of the ledger.\n" for number in range(4000)), project_id="web")
    parts, start = [], 0
    async with connect() as call:
        while True:
            text = await call("get_memories", ids=[item.id], start=start)
            assert count(text) < 8000
            parts.append(text.split("```text\n")[1].rsplit("\n```", 1)[0])
            if "To read on: " not in text:
                break
            start = int(text.rsplit("start=", 1)[1].rstrip(")"))
        assert "has" in await call.refused("get_memories", ids=[item.id], start=len(item.text))
    assert len(parts) > 3
    assert "".join(parts).split() == item.text.split()


async def test_texts_that_do_not_fit_are_named(memory: AsyncMemory, connect: Connect) -> None:
    notes = [{"text": f"{number} " + "ledger of the year. " * 300} for number in range(12)]
    kept = await memory.add_all(notes, project_id="web")
    async with connect() as call:
        text = await call("get_memories", ids=[item.id for item in kept])
    assert count(text) < 8000
    assert set(ids_in(text)) == {item.id for item in kept}
    assert "ask for them in another call: " in text
    assert kept[-1].id in text.split("another call: ")[1]


async def test_a_timeline_shows_the_conversation_around_a_memory_in_order(
    memory: AsyncMemory, connect: Connect
) -> None:
    names = await talk(memory, *(f"zebra {number}" for number in range(9)), conversation_id="c1")
    await talk(memory, "something else", conversation_id="c2")
    async with connect() as call:
        text = await call("timeline", memory_id=names[4], span=2)
        assert ids_in(text) == names[2:7]
        assert "**→** " in next(line for line in text.splitlines() if names[4] in line)
        assert "Conversation `c1`" in text
        assert ids_in(await call("timeline", query="zebra 7", span=0)) == [names[7]]
        assert "Nothing is remembered" in await call("timeline", query="x", project_id="empty")
        assert "span: " in await call.refused("timeline", span=-1)


async def test_a_note_is_shown_among_what_was_kept_around_it(
    memory: AsyncMemory, connect: Connect, clock: FakeClock
) -> None:
    names = []
    for number in range(5):
        names.append((await memory.add(f"note {number}", project_id="web")).id)
        clock.forward(60)
    await memory.add("elsewhere", project_id="zoo")
    async with connect() as call:
        assert ids_in(await call("timeline", memory_id=names[2], span=1)) == names[1:4]
        assert ids_in(await call("timeline", span=1)) == names[3:]


async def test_a_timeline_of_long_texts_keeps_what_is_nearest(memory: AsyncMemory, connect: Connect) -> None:
    names = await talk(memory, *(f"{number} " + "账本" * 300 for number in range(81)), conversation_id="c1")
    async with connect() as call:
        text = await call("timeline", memory_id=names[40], span=40)
    shown = ids_in(text)
    assert count(text) < 8000
    assert 10 < len(shown) < 81
    place = names.index(shown[0])
    assert shown == names[place : place + len(shown)]
    assert "more were left out" in text


async def test_a_memory_is_a_resource(memory: AsyncMemory, connect: Connect) -> None:
    item = await memory.add("zebra", project_id="web")
    async with connect() as call:
        (template,) = (await call.client.list_resource_templates()).resource_templates
        assert template.uri_template == "memory://{id}"
        (content,) = (await call.client.read_resource(f"memory://{item.id}")).contents
        assert isinstance(content, TextResourceContents)
        assert content.mime_type == "text/markdown"
        assert "zebra" in content.text
        for address in (f"memory://{NOBODY}", "memory://..%2f..%2fetc", "memory://x", "other://x"):
            with pytest.raises(MCPError) as failed:
                await call.client.read_resource(address)
            assert "Traceback" not in str(failed.value)


async def test_prompts_bring_what_is_remembered(memory: AsyncMemory, connect: Connect) -> None:
    await memory.add("The zebra sleeps in Lisbon", project_id="web")
    await memory.add("Not this", project_id="zoo")
    async with connect() as call:
        prompts = {prompt.name for prompt in (await call.client.list_prompts()).prompts}
        assert prompts == {"recall", "catch_up", "remember", "forget"}

        async def said(name: str, **arguments: str) -> str:
            (message,) = (await call.client.get_prompt(name, arguments)).messages
            assert isinstance(message.content, TextContent)
            assert message.role == "user"
            return message.content.text

        assert "Lisbon" in await said("recall", topic="where does the zebra sleep")
        assert "Lisbon" in (latest := await said("catch_up"))
        assert "Not this" not in latest
        assert "add_memory" in await said("remember", text="tabs, always")
        assert "forget_memory" in await said("forget", topic="tabs")
        with pytest.raises(MCPError):
            await call.client.get_prompt("recall", {})
