"""A tree of files in the records: a file is found by its key, and what is in a directory by how keys begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recollect.capture.file import file_at, file_edited, file_key, file_moved, path_in
from recollect.engine import Engine
from recollect.errors import NotFound
from recollect.library import AsyncMemory
from recollect.models import Memory, Scope


@dataclass(frozen=True, slots=True)
class Placed:
    """A file: its path, the id of its memory, and its size in bytes."""

    path: str
    id: str
    size: int


class Tree:
    """The files of one user, project and agent. There are no directories but those that files are in."""

    def __init__(self, memory: AsyncMemory, scope: Scope) -> None:
        self._memory = memory
        self._scope = scope

    async def exists(self, path: str) -> bool:
        """Tell whether there is a file, or a directory, at a path."""
        return bool(await self._found(path, limit=1))

    async def is_file(self, path: str) -> bool:
        """Tell whether there is a file at a path."""
        return await self._file(path) is not None

    async def below(self, path: str) -> list[Placed]:
        """Return the file at a path, or the files in and below that directory, ordered by path."""
        return await self._found(path)

    async def read(self, path: str) -> Memory | None:
        """Return the file at a path, `None` where there is none."""
        found = await self._file(path)
        if found is None:
            return None
        return next(iter(await (await self._engine()).stores.records.get([found.id])), None)

    async def create(self, path: str, text: str) -> None:
        """Write a new file; raise Conflict when there is one already."""
        engine = await self._engine()
        await engine.put([(file_at(path, text, self._scope, engine.now()), self._key(path))])

    async def edit(self, item: Memory, path: str, text: str) -> Memory:
        """Write a file's next content and return it as it is kept.

        Raises Conflict when it was changed meanwhile, NotFound when it was deleted.
        """
        engine = await self._engine()
        edited = file_edited(item, text, engine.now())
        if edited.text == item.text:
            return item
        await engine.put([(edited, self._key(path))])
        return edited

    async def move(self, moves: Sequence[tuple[Placed, str]]) -> None:
        """Give files new paths, all at once; raise Conflict or NotFound when one of them changed meanwhile."""
        engine = await self._engine()
        items = await engine.stores.records.get([file.id for file, _ in moves])
        if len(items) < len(moves):
            raise NotFound("A file was deleted meanwhile")
        paths = [path for _, path in moves]
        await engine.put([(file_moved(item, path), self._key(path)) for item, path in zip(items, paths, strict=True)])

    async def remove(self, path: str) -> int:
        """Delete the file at a path, or every file in and below that directory, for good; return how many."""
        return await (await self._engine()).remove([file.id for file in await self._found(path)])

    async def _file(self, path: str) -> Placed | None:
        # The key of a path is the first of all keys that begin with it.
        found = await self._found(path, limit=1)
        return found[0] if found and found[0].path == path else None

    async def _found(self, path: str, limit: int | None = None) -> list[Placed]:
        found = await (await self._engine()).stores.records.under(self._key(path), limit=limit)
        return [Placed(path_in(one.key), one.id, one.size) for one in found]

    def _key(self, path: str) -> str:
        return file_key(self._scope, path)

    async def _engine(self) -> Engine:
        """Return the engine, with its worker running; raise RecollectError once the memory is closed."""
        return (await self._memory.__aenter__()).app.engine
