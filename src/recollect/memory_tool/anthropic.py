"""The tool classes for Anthropic's SDK, the only file that imports it: `pip install 'recollect[anthropic]'`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from anthropic.lib.tools import BetaAbstractMemoryTool, BetaAsyncAbstractMemoryTool, ToolError
from anthropic.types.beta import (
    BetaCacheControlEphemeralParam,
    BetaMemoryTool20250818Command,
    BetaMemoryTool20250818CreateCommand,
    BetaMemoryTool20250818DeleteCommand,
    BetaMemoryTool20250818InsertCommand,
    BetaMemoryTool20250818RenameCommand,
    BetaMemoryTool20250818StrReplaceCommand,
    BetaMemoryTool20250818ViewCommand,
)

from recollect.errors import InvalidInput, RecollectError
from recollect.library import AsyncMemory
from recollect.memory_tool.files import Files, scope_of
from recollect.sync import Memory


class RecollectMemoryTool(BetaAbstractMemoryTool):
    """Claude's memory tool for `Anthropic()`, with files that are memories.

    ```python
    with RecollectMemoryTool(user_id="alice") as tool:
        client.beta.messages.tool_runner(model="…", max_tokens=1024, messages=[…], tools=[tool]).until_done()
    ```

    Give an open `memory`, which stays open, or the `home` of one that the tool opens and closes itself.
    """

    def __init__(
        self,
        memory: Memory | None = None,
        *,
        home: str | Path | None = None,
        user_id: str | None = None,
        project_id: str | None = None,
        agent_id: str | None = None,
        cache_control: BetaCacheControlEphemeralParam | None = None,
    ) -> None:
        super().__init__(cache_control=cache_control)
        _either(memory, home)
        scope = scope_of(user_id, project_id, agent_id)
        self._own = memory is None
        self._memory = memory or Memory(home)
        self._files = Files(self._memory.behind, scope)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the memory if the tool opened it."""
        if self._own:
            self._memory.close()

    def execute(self, command: BetaMemoryTool20250818Command) -> str:
        """Do a command, an unknown one too: it is refused."""
        return self._do(command)

    def view(self, command: BetaMemoryTool20250818ViewCommand) -> str:
        """Show a file or a directory."""
        return self._do(command)

    def create(self, command: BetaMemoryTool20250818CreateCommand) -> str:
        """Make a new file."""
        return self._do(command)

    def str_replace(self, command: BetaMemoryTool20250818StrReplaceCommand) -> str:
        """Replace a text in a file."""
        return self._do(command)

    def insert(self, command: BetaMemoryTool20250818InsertCommand) -> str:
        """Put lines into a file."""
        return self._do(command)

    def delete(self, command: BetaMemoryTool20250818DeleteCommand) -> str:
        """Delete a file or a directory."""
        return self._do(command)

    def rename(self, command: BetaMemoryTool20250818RenameCommand) -> str:
        """Move a file or a directory."""
        return self._do(command)

    def clear_all_memory(self) -> str:
        """Delete every file of this tool's user, project and agent."""
        try:
            return self._memory.wait(self._files.clear())
        except RecollectError as error:
            raise ToolError(str(error)) from error

    def _do(self, command: BetaMemoryTool20250818Command) -> str:
        try:
            return self._memory.wait(self._files.run(_name(command), dict(command)))
        except RecollectError as error:
            raise ToolError(str(error)) from error


class AsyncRecollectMemoryTool(BetaAsyncAbstractMemoryTool):
    """The same for `AsyncAnthropic()`, over an `AsyncMemory`; close it with `aclose()` or `async with`."""

    def __init__(
        self,
        memory: AsyncMemory | None = None,
        *,
        home: str | Path | None = None,
        user_id: str | None = None,
        project_id: str | None = None,
        agent_id: str | None = None,
        cache_control: BetaCacheControlEphemeralParam | None = None,
    ) -> None:
        super().__init__(cache_control=cache_control)
        _either(memory, home)
        scope = scope_of(user_id, project_id, agent_id)
        self._own = memory is None
        self._memory = memory or AsyncMemory(home)
        self._files = Files(self._memory, scope)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the memory if the tool opened it."""
        if self._own:
            await self._memory.close()

    async def execute(self, command: BetaMemoryTool20250818Command) -> str:
        """Do a command, an unknown one too: it is refused."""
        return await self._do(command)

    async def view(self, command: BetaMemoryTool20250818ViewCommand) -> str:
        """Show a file or a directory."""
        return await self._do(command)

    async def create(self, command: BetaMemoryTool20250818CreateCommand) -> str:
        """Make a new file."""
        return await self._do(command)

    async def str_replace(self, command: BetaMemoryTool20250818StrReplaceCommand) -> str:
        """Replace a text in a file."""
        return await self._do(command)

    async def insert(self, command: BetaMemoryTool20250818InsertCommand) -> str:
        """Put lines into a file."""
        return await self._do(command)

    async def delete(self, command: BetaMemoryTool20250818DeleteCommand) -> str:
        """Delete a file or a directory."""
        return await self._do(command)

    async def rename(self, command: BetaMemoryTool20250818RenameCommand) -> str:
        """Move a file or a directory."""
        return await self._do(command)

    async def clear_all_memory(self) -> str:
        """Delete every file of this tool's user, project and agent."""
        try:
            return await self._files.clear()
        except RecollectError as error:
            raise ToolError(str(error)) from error

    async def _do(self, command: BetaMemoryTool20250818Command) -> str:
        try:
            return await self._files.run(_name(command), dict(command))
        except RecollectError as error:
            raise ToolError(str(error)) from error


def _name(command: object) -> object:
    """Return what a command is called: the SDK builds commands without checking them."""
    return getattr(command, "command", None)


def _either(memory: object, home: object) -> None:
    if memory is not None and home is not None:
        raise InvalidInput("Both a memory and a home are given", field="home", hint="Give one of the two.")
