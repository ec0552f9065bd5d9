"""Prompts that people choose by name: recall, remember, catch_up, forget."""

from __future__ import annotations

from typing import Annotated, Final

from mcp.server import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from pydantic import Field

from recollect.errors import InvalidInput, RecollectError
from recollect.mcp.desk import Call, Desk
from recollect.mcp.failure import told
from recollect.mcp.held import fitting, joined
from recollect.mcp.row import short_line

BUDGET: Final = 3000
"""Tokens of memories in a prompt."""
LATEST: Final = 30
"""Memories that catching up looks at."""

Topic = Annotated[str, Field(max_length=10_000, description="What it is about.")]
Text = Annotated[str, Field(max_length=100_000, description="What to remember.")]


class Prompting:
    """Prompts over one library."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def offer(self, server: MCPServer[None]) -> None:
        """Add the prompts to a server."""
        server.prompt(title="Recall", description="What is remembered about a topic.")(self.recall)
        server.prompt(title="Catch up", description="What happened last in this project.")(self.catch_up)
        server.prompt(title="Remember", description="Keep something for later sessions.")(self.remember)
        server.prompt(title="Forget", description="Find what is remembered about a topic, and delete it.")(self.forget)

    async def recall(self, topic: Topic, call: Call) -> str:
        """Return what is remembered about a topic, and the wish to hear it."""
        whose = self._desk.whose(call, None, None)
        try:
            made = await self._desk.of(call).context(topic, **whose.named(), budget=BUDGET)
        except RecollectError as error:
            raise _failed(error) from error
        return joined(
            f"Tell me what is remembered about: {topic}",
            made.text or f"(Nothing was found in project `{whose.project_id}`.)",
            "Say what holds now, with dates, and what was left open. Say so where it is not enough; search_memories, "
            "timeline and get_memories find more.",
        )

    async def catch_up(self, call: Call) -> str:
        """Return the latest memories, and the wish to hear where things stand."""
        whose = self._desk.whose(call, None, None)
        try:
            page = await self._desk.of(call).list(**whose.named(), limit=LATEST)
        except RecollectError as error:
            raise _failed(error) from error
        lines, _ = fitting([short_line(item) for item in page.memories], BUDGET)
        return joined(
            f"Where do we stand in project `{whose.project_id}`?",
            lines or "(Nothing is remembered yet.)",
            "These are the latest memories, the newest first. Say in a few lines what was done last, what was decided "
            "and what is left open.",
        )

    async def remember(self, text: Text) -> str:
        """Return the wish to keep something."""
        return joined(
            "Keep this with add_memory, worded so that it makes sense alone, with a title and a category:", text
        )

    async def forget(self, topic: Topic) -> str:
        """Return the wish to delete what is remembered about a topic."""
        return joined(
            f"I want this to be forgotten: {topic}",
            "Find it with search_memories, show me what you found and ask me which of it to delete; then call "
            "forget_memory with those ids only.",
        )


def _failed(error: RecollectError) -> MCPError:
    code = INVALID_PARAMS if isinstance(error, InvalidInput) else INTERNAL_ERROR
    return MCPError(code=code, message=told(error))
