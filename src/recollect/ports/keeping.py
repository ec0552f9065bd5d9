"""A store as a whole: whose memories it holds, what it takes to look after it, to move it and to back it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from recollect.exchange import Census, Condition, Layout, Line, Piece, Reindexed, Reply, Taken, Tenancy
    from recollect.models import Chunk, Coordinate, Kind, Memory, Owner, Reach


class Dump(Protocol):
    """Everything a store holds as lines that another store can take over exactly.

    A line is its sort and its values, ready for JSON. In order: `conversation`; `memory` and `change` in the order of
    the change log, a memory (in its present form, with what it mentions and relates) where it was added; `link`;
    `usage`; `job` (undone ones that a restored store could not know of); `vector` if asked for.
    """

    async def pour(
        self, sink: Callable[[str, Mapping[str, Any]], None], *, reach: Reach | None = None, vectors: bool = False
    ) -> None:
        """Hand every line (of these tenants) to `sink`, from one consistent view; `sink` runs on a store's thread."""

    async def take(self, lines: Sequence[Line], index: Callable[[Memory], Sequence[Chunk]]) -> Taken:
        """Write lines, which must be valid, in one transaction; what is there already (by id or key) stays as it is.

        `index` gives the chunks of a new memory. Taking the same lines again does nothing.
        """


class Owners(Protocol):
    """Who has memories, across all tenants: for whoever may see everything a store holds."""

    async def owners(
        self,
        coordinate: Coordinate,
        *,
        kinds: Sequence[Kind] = (),
        name: str | None = None,
        user: str | None = None,
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[Owner]:
        """Return the owners by one coordinate (with a name: that one), who wrote first first; `kinds` are counted.

        With a user, only that user's memories count; with a reach, only those of its tenants.
        """

    async def users(
        self,
        *,
        coordinate: Coordinate | None = None,
        names: Sequence[str] = (),
        limit: int = 1000,
        reach: Reach | None = None,
    ) -> list[str]:
        """Return the users who have memories, by name; with a coordinate, under one of these names of it.

        With a reach, only memories of its tenants count.
        """


class Tenancies(Protocol):
    """Which tenants there are, and how far each has come: cheap enough to be asked before every search."""

    async def tenancies(self, reach: Reach, model: str) -> list[Tenancy]:
        """Return the tenants in reach that have ever had a memory, the one written to last first.

        A tenancy is another one after every change of its memories or of their vectors of `model`.
        """


class Upkeep(Protocol):
    """What looking after a store needs."""

    async def condition(self, model: str) -> Condition:
        """Return the state of the store; `model` is the embedder's."""

    async def problems(self) -> list[str]:
        """Read the whole store and return what is damaged; raise StoreDamaged where it cannot be read at all."""

    async def reindex(self, after: int, index: Callable[[Memory], Sequence[Chunk]], *, limit: int = 500) -> Reindexed:
        """Bring the chunks of up to `limit` memories with keys beyond `after` to what `index` says, in one transaction.

        A chunk whose characters stay the same keeps its vector.
        """

    async def settle(self, analysis: int) -> None:
        """Build the word index anew from the chunks, and note the analysis version they were made with."""

    async def census(self, since: datetime) -> Census:
        """Count everything; a conversation is active when it had a turn since then. May read much: ask seldom."""

    async def ending(self, digits: str, *, limit: int = 3) -> list[str]:
        """Return up to `limit` ids of memories that end in these characters."""


class Tables(Protocol):
    """A whole store as rows, for backups: every table, whatever its rows mean."""

    async def copy(self, sink: Callable[[Piece], None]) -> Layout:
        """Hand every row to `sink` in pieces, tables in an order in which they can be filled, from one view.

        Rows that stay as they were make equal pieces again, for the most part. `sink` runs on a store's thread.
        """

    async def fill(self, pieces: Iterable[Piece], layout: Layout) -> None:
        """Write rows into a store that has none, all of them or nothing; raise StoreError where it has some."""


class Replies(Protocol):
    """Answers to writes under a key of the client's, so that a write that is sent twice is done once.

    They may be lost in a crash. When anything is deleted from the store all of them go, for they may tell it.
    """

    async def take(self, key: str, request: bytes, holder: str, *, lease: float) -> Reply | None:
        """Take a key to answer under it, for `lease` seconds at most; return what another has answered or is making.

        `None` says that the key is the holder's now; of several who take it at once it is for one.
        """

    async def extend(self, key: str, holder: str, *, lease: float) -> None:
        """Let the holder's time begin anew; nothing where the key is not his any more."""

    async def keep(self, key: str, holder: str, answer: Reply, *, ttl: float) -> None:
        """Keep the holder's answer for `ttl` seconds, unless something was deleted since it took the key."""

    async def drop(self, key: str, holder: str | None = None) -> None:
        """Let the next request under a key be the first; with a holder only where the key is still his."""

    async def clear(self) -> None:
        """Forget all."""
