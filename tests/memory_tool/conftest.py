"""Tools over a store of the test's own, and a short way to say what a model would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import RecollectError
from recollect.memory_tool.files import Files, scope_of
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

QUICK = {"worker": {"poll": 0.02}}


class Said:
    """The tool as a model sees it: what a command answered, refusals too."""

    def __init__(self, files: Files) -> None:
        self.files = files

    async def __call__(self, command: str, *args: Any, **more: Any) -> str:
        """Do a command; a refusal is answered with `! ` in front."""
        names = {"rename": ("old_path", "new_path"), "str_replace": ("path", "old_str", "new_str")}
        names |= {"create": ("path", "file_text"), "insert": ("path", "insert_line", "insert_text")}
        given = dict(zip(names.get(command, ("path", "view_range")), args, strict=False))
        try:
            return await self.files.run(command, {**given, **more})
        except RecollectError as error:
            return f"! {error}"

    async def text(self, path: str) -> str:
        """Return a file's content as its view shows it."""
        head, *lines = (await self("view", path)).split("\n")
        assert head == f"Here's the content of {path} with line numbers:"
        assert [line[:7] for line in lines] == [f"{number:>6}\t" for number in range(1, len(lines) + 1)]
        return "\n".join(line[7:] for line in lines)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=QUICK) as opened:
        yield opened


@pytest.fixture
def tool(memory: AsyncMemory) -> Callable[..., Said]:
    """Return what makes a tool of a user, project and agent."""

    def made(user: str | None = None, project: str | None = None, agent: str | None = None) -> Said:
        return Said(Files(memory, scope_of(user, project, agent)))

    return made


@pytest.fixture
def say(tool: Callable[..., Said]) -> Said:
    return tool()
