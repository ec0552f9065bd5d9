"""What is listed: names, annotations that are true, and descriptions that fit and are in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mcp.conftest import ERAS, Connect

from recollect import AsyncMemory
from recollect.mcp.server import INSTRUCTIONS

TOOLS = {
    "search_memories",
    "inject_context",
    "timeline",
    "get_memories",
    "add_memory",
    "forget_memory",
    "cross_project_search",
    "get_stats",
    "health_check",
}
LIMIT = 2048
DOCS = Path(__file__).resolve().parents[2] / "docs" / "mcp.md"


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    """Return each protocol in turn."""
    return str(request.param)


async def test_every_tool_is_listed_with_what_a_client_needs_to_know(connect: Connect) -> None:
    async with connect() as call:
        tools = (await call.client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.title
        assert tool.description
        assert 100 < len(tool.description.encode()) < LIMIT
        assert "\n    " not in tool.description
        assert tool.output_schema is None
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}: {name}"


async def test_annotations_are_true(connect: Connect) -> None:
    async with connect() as call:
        tools = (await call.client.list_tools()).tools
    told = {tool.name: tool.annotations for tool in tools}
    assert {name for name, one in told.items() if one and one.read_only_hint} == TOOLS - {"add_memory", "forget_memory"}
    assert {name for name, one in told.items() if one and one.destructive_hint} == {"forget_memory"}
    assert {name for name, one in told.items() if one and not one.idempotent_hint} == {"add_memory"}
    assert not any(one is None or one.open_world_hint for one in told.values())


async def test_tools_that_only_read_change_nothing(memory: AsyncMemory, connect: Connect) -> None:
    item = await memory.add("zebra", project_id="web")
    await memory.drain()
    head = await memory.app.engine.stores.records.head()
    async with connect() as call:
        await call("search_memories", query="zebra")
        await call("inject_context", query="zebra")
        await call("timeline", memory_id=item.id)
        await call("get_memories", ids=[item.id])
        await call("get_stats")
        await call("health_check")
    assert await memory.app.engine.stores.records.head() == head


async def test_instructions_fit_and_name_the_tools(connect: Connect) -> None:
    async with connect() as call:
        assert call.client.instructions == INSTRUCTIONS
    assert len(INSTRUCTIONS.encode()) < LIMIT
    assert all(name in INSTRUCTIONS for name in ("search_memories", "timeline", "get_memories", "add_memory"))


async def test_a_tool_that_is_not_there_is_told(connect: Connect) -> None:
    async with connect() as call:
        assert await call.refused("remember_everything") == "Unknown tool: remember_everything"


@pytest.mark.parametrize("name", sorted(TOOLS | {"claude_memory_cross_project_search", "memory://{id}"}))
def test_every_tool_is_in_the_docs(name: str) -> None:
    assert f"`{name}`" in DOCS.read_text(encoding="utf-8")
