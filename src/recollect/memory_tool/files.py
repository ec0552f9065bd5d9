"""The commands of Anthropic's memory tool over files that are memories, in its exact words and without its SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from recollect.capture.identifier import identifier
from recollect.capture.intake import MAX_TEXT
from recollect.errors import Conflict, InvalidInput, NotFound, TooLarge
from recollect.library import AsyncMemory
from recollect.memory_tool.arguments import arguments
from recollect.memory_tool.edit import inserted, replaced
from recollect.memory_tool.paths import ROOT, above, path_of
from recollect.memory_tool.show import change_view, directory_view, file_view
from recollect.memory_tool.tree import Tree
from recollect.models import DEFAULT, Memory, Scope

TRIES: Final = 100
"""How often a change is made anew because another one came first; each time, that one was kept."""


def scope_of(user_id: str | None, project_id: str | None, agent_id: str | None) -> Scope:
    """Return whose files are meant; raise InvalidInput for an id that cannot be one."""
    given = {"user_id": user_id, "project_id": project_id, "agent_id": agent_id}
    user, project, agent = (None if one is None else identifier(one, name) for name, one in given.items())
    return Scope(user or DEFAULT, project or DEFAULT, agent_id=agent)


class Files:
    """The files below `/memories` of one user, project and agent.

    A file is a note: its path is the title, its content the text. Every command returns the text for the model; what
    it refuses is raised as InvalidInput, NotFound or Conflict, with the text for the model as the message.
    """

    def __init__(self, memory: AsyncMemory, scope: Scope) -> None:
        self._tree = Tree(memory, scope)
        self._editing = asyncio.Lock()

    async def run(self, command: object, given: Mapping[str, Any]) -> str:
        """Do what a model asked for by name, with its unchecked input; raise InvalidInput for what cannot be used."""
        name, known = arguments(command, given)
        done: str = await getattr(self, name)(**known)
        return done

    async def view(self, path: str, view_range: Sequence[int] | None = None) -> str:
        """Show a file (or lines of it, the last one given or -1) with line numbers, or a directory two levels deep."""
        place = path_of(path)
        item = None if place == ROOT else await self._tree.read(place)
        if item is not None:
            return file_view(item.text, path, view_range)
        found = await self._tree.below(place)
        if not found and place != ROOT:
            raise _nowhere(path)
        return directory_view({file.path: file.size for file in found}, place, path)

    async def create(self, path: str, file_text: str) -> str:
        """Make a new file, and the directories it lies in."""
        place = path_of(path)
        taken = Conflict(f"File {path} already exists")
        if place == ROOT or await self._tree.exists(place):
            raise taken
        await self._room(place)
        try:
            await self._tree.create(place, _fitting(file_text, path))
        except Conflict:
            raise taken from None
        return f"File created successfully at: {path}"

    async def str_replace(self, path: str, old_str: str, new_str: str) -> str:
        """Replace the one place of a text in a file, and show the lines around it as they are kept."""
        line = 0

        def change(text: str) -> str:
            nonlocal line
            changed, line = replaced(text, old_str, new_str, path)
            return changed

        return change_view(await self._edit(path, change), line)

    async def insert(self, path: str, insert_line: int, insert_text: str) -> str:
        """Put lines into a file after a line of it; 0 is before the first."""
        await self._edit(path, lambda text: inserted(text, insert_line, insert_text))
        return f"The file {path} has been edited."

    async def delete(self, path: str) -> str:
        """Delete a file, or a directory with all that is in it, for good."""
        place = path_of(path)
        if place == ROOT:
            raise InvalidInput(f"Cannot delete the {ROOT} directory itself")
        if not await self._tree.remove(place):
            raise NotFound(f"The path {path} does not exist")
        return f"Successfully deleted {path}"

    async def rename(self, old_path: str, new_path: str) -> str:
        """Move a file, or a directory with all that is in it, in one step."""
        old, new = path_of(old_path), path_of(new_path)
        if old == ROOT:
            raise InvalidInput(f"Cannot rename the {ROOT} directory itself")
        for _ in range(TRIES):
            if new == ROOT or await self._tree.exists(new):
                raise Conflict(f"The destination {new_path} already exists")
            found = await self._tree.below(old)
            if not found:
                raise NotFound(f"The path {old_path} does not exist")
            if new.startswith(f"{old}/"):
                raise InvalidInput(f"Cannot move {old_path} into itself")
            await self._room(new)
            try:
                await self._tree.move([(file, path_of(new + file.path.removeprefix(old))) for file in found])
            except (Conflict, NotFound):
                continue
            return f"Successfully renamed {old_path} to {new_path}"
        raise _busy(old_path)

    async def clear(self) -> str:
        """Delete every file for good."""
        await self._tree.remove(ROOT)
        return "All memory cleared"

    async def _edit(self, path: str, change: Callable[[str], str]) -> str:
        """Change a file as it is at that moment, and return its text as it is kept: no edit of another is lost."""
        place = path_of(path)
        for _ in range(TRIES):
            async with self._editing:
                item = await self._read(place, path)
                text = _fitting(change(item.text), path)
                try:
                    return (await self._tree.edit(item, place, text)).text
                except (Conflict, NotFound):
                    continue
        raise _busy(path)

    async def _read(self, place: str, path: str) -> Memory:
        item = None if place == ROOT else await self._tree.read(place)
        if item is not None:
            return item
        if place == ROOT or await self._tree.exists(place):
            raise InvalidInput(f"The path {path} is not a file.")
        raise _nowhere(path)

    async def _room(self, place: str) -> None:
        """Raise Conflict when a file stands where a path needs a directory."""
        for directory in above(place):
            if await self._tree.is_file(directory):
                raise Conflict(f"The path {directory} is a file, not a directory")


def _nowhere(path: str) -> NotFound:
    return NotFound(f"The path {path} does not exist. Please provide a valid path.")


def _busy(path: str) -> Conflict:
    return Conflict(f"The path {path} is being changed by others at this moment. Try again.")


def _fitting(text: str, path: str) -> str:
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"File {path} would have {len(text)} characters, the limit is {MAX_TEXT:,}. Split it into several files."
        )
    return text
