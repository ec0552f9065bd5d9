"""The memories themselves, what they are found by, and the work they leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from recollect.exchange import Batch, Committed, Keyed, Keys, Located, Page, Scored, Scores, Traits, Unembedded
    from recollect.models import (
        Change,
        Community,
        Conversation,
        Entity,
        EntityPath,
        Job,
        JobState,
        Memory,
        Reach,
        Relation,
        Scope,
        Stats,
        Task,
        Usage,
        Where,
    )


class Records(Protocol):
    """The only truth. Writes are durable when `commit` returns, and seen by every process within a second."""

    async def commit(self, batch: Batch) -> Committed:
        """Write a batch in one transaction.

        Raises Conflict when a revision's version has moved on, or its new key is that of another memory.
        """

    async def get(self, ids: Sequence[str]) -> list[Memory]:
        """Return the memories with these ids in their order; unknown ids are left out."""

    async def fetch(self, keys: Sequence[int]) -> list[Memory]:
        """Return the memories with these keys in their order; unknown keys are left out."""

    async def locate(self, places: Sequence[tuple[int, int]]) -> list[Located]:
        """Return the memories with these keys in their order, each with the characters of one of its chunks.

        A place is the key of a memory and that of a chunk (-1 for the whole text); unknown memories are left out.
        """

    async def keys(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the key of each id that is known."""

    async def page(self, where: Where, *, limit: int, cursor: str | None = None, newest: bool = True) -> Page:
        """Return one page of memories by the order they were written."""

    async def ids(self, where: Where) -> list[str]:
        """Return the ids of all memories that meet the conditions, in the order they were written."""

    async def under(self, prefix: str, *, limit: int | None = None) -> list[Keyed]:
        """Return the (first `limit`) memories whose key begins so, ordered by key, code point by code point."""

    async def same(self, scope: Scope, content_hash: str) -> Memory | None:
        """Return the note or fact of this user and project with this content, if there is one that still holds."""

    async def history(self, memory_id: str) -> list[Change]:
        """Return every change of one memory, oldest first; after a delete only the delete is left."""

    async def changes(self, after: int, *, limit: int = 1000, reach: Reach | None = None) -> list[Change]:
        """Return the change log after a place in it, oldest first."""

    async def head(self) -> int:
        """Return the place of the latest entry of the change log (0: there is none)."""

    async def conversations(self, reach: Reach, *, limit: int = 100) -> list[Conversation]:
        """Return conversations, the latest first."""

    async def turns(self, reach: Reach, *, around: int | None = None, span: int = 0) -> list[Memory]:
        """Return a conversation's turns in order; with `around`, those within `span` positions of it."""

    async def stats(self, reach: Reach, model: str) -> Stats:
        """Count what is in reach; `embedded` counts chunks that have a vector of `model`."""

    async def spend(self, usage: Sequence[Usage]) -> None:
        """Note what calls to models cost."""

    async def usage(self, *, since: datetime | None = None) -> list[Usage]:
        """Return what was spent, oldest first."""

    async def spent(self, *, since: datetime) -> tuple[int, float]:
        """Return the tokens and dollars that calls to models have taken since then, in every process."""

    async def close(self) -> None:
        """Release files and threads; the object is unusable afterwards."""


class Queue(Protocol):
    """Jobs, born with the write that needs them. A claimed job whose lease ran out is claimed again."""

    async def claim(self, worker: str, *, limit: int, lease: float, besides: Collection[str] = ()) -> list[Job]:
        """Claim up to `limit` ready jobs for `lease` seconds; no job goes to two workers at once.

        Those of one name and one owner come in order. Where several owners wait, each gets the same share, however
        many jobs it has; an owner who waits alone gets all. Jobs of the names in `besides` are left alone.
        """

    async def extend(self, worker: str, *, lease: float) -> None:
        """Let a worker keep its claims for `lease` seconds from now."""

    async def workers(self) -> list[str]:
        """Return the names of the workers that hold claims."""

    async def release(self, worker: str) -> int:
        """Make the jobs a worker claimed ready again (it is gone); return how many."""

    async def finish(self, ids: Sequence[int]) -> None:
        """Remove jobs that are done; finishing a job twice does nothing."""

    async def fail(self, job_id: int, error: str, *, retry_in: float | None, worker: str | None = None) -> None:
        """Put a job back for later, or park it with its error when `retry_in` is `None`.

        Nothing happens where `worker` is named and no longer holds the job: its lease ran out, and another has it.
        """

    async def push(self, tasks: Sequence[Task]) -> None:
        """Add jobs of their own, outside any write."""

    async def waiting(self) -> int:
        """Return how many jobs are not done and not parked."""

    async def count(self) -> dict[tuple[str, JobState], int]:
        """Return how many jobs there are of each name in each state; what there is none of is left out."""

    async def jobs(self, *, limit: int = 100) -> list[Job]:
        """Return jobs, parked ones first, then in order."""

    async def parked(self, name: str) -> list[Job]:
        """Return the parked jobs of a name."""

    async def retry(self, ids: Sequence[int] | None = None) -> int:
        """Make parked jobs (all, or these) ready again; return how many."""


class Words(Protocol):
    """Search by words: BM25 over prepared terms, as a share (0..1) of the most a text could score.

    A memory scores by its best chunk and is found at once.
    """

    async def search(self, terms: Sequence[str], where: Where, limit: int) -> Scored:
        """Return the best `limit` memories that share a term with the question."""

    async def score(self, terms: Sequence[str], where: Where, keys: Keys) -> Scores:
        """Return the score of each of these memories, 0 where it shares no term or is out of reach."""


class Near(Protocol):
    """What a search needs of vectors."""

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best `limit` memories by cosine."""

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Return the cosine of each of these memories, `nan` where it has no vector or is out of reach."""


class Vectors(Near, Protocol):
    """Search by meaning. Every vector names its model, and only vectors of one model are ever compared."""

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store float32 vectors by chunk key; storing one again replaces it, an unknown chunk is passed over."""

    async def unembedded(self, model: str, *, limit: int, memory_ids: Sequence[str] | None = None) -> list[Unembedded]:
        """Return chunks (all, or of these memories) that ought to have a vector of `model` and have none."""

    async def models(self) -> list[str]:
        """Return the names of the models that have vectors here."""

    async def drop(self, model: str | None = None) -> int:
        """Forget the vectors of a model (or all), so that they are made again; return how many."""


class Spread(Protocol):
    """What words and vectors held in memory can do besides: give candidates of every tenant, not of the best alone.

    Each method returns `None` where the tenants do not fit in memory.
    """

    async def words(self, terms: Sequence[str], where: Where, limit: int, each: int) -> Scored | None:
        """Return what `Words.search` does, and the best `each` memories of every tenant besides."""

    async def vectors(self, model: str, vector: bytes, where: Where, limit: int, each: int) -> Scored | None:
        """Return what `Vectors.search` does, and the best `each` memories of every tenant besides."""

    async def tenants(self, where: Where, keys: Keys) -> Keys | None:
        """Return the key of each memory's tenant, -1 where the memory is out of reach."""

    async def sums(self, model: str, where: Where) -> Mapping[int, tuple[bytes, int]] | None:
        """Return the sum of each tenant's vectors (float32) and how many they are."""


class Lore(Protocol):
    """What ranking needs to know about memories besides their text."""

    async def traits(self, where: Where, keys: Keys) -> Traits:
        """Return the traits of those of the keys that are in reach, in order; `allowed` marks what meets `where`."""

    async def neighbours(self, where: Where, keys: Keys) -> Keys:
        """Return the keys of the turns right before and after these in their conversations, those in reach."""

    async def recent(self, where: Where, limit: int) -> Keys:
        """Return the keys of the latest memories, newest first."""

    async def speakers(self, where: Where) -> frozenset[int]:
        """Return `models.name_code` of everyone who speaks in reach."""


class Graph(Protocol):
    """Entities, and the memories and relations that tie them together."""

    async def entities(self, reach: Reach, names: Sequence[str]) -> list[Entity]:
        """Return the entities with these names (folded), in reach."""

    async def list(self, reach: Reach, *, limit: int = 100) -> list[Entity]:
        """Return entities, the most mentioned first."""

    async def known(self, reach: Reach, names: Sequence[str]) -> Sequence[int]:
        """Return the ids of the entities with these names (folded), in reach: `entities` without counting."""

    async def mentions(self, where: Where, entities: Sequence[int], limit: int) -> Keys:
        """Return the keys of memories that mention any of the entities, the newest first."""

    async def neighbours(
        self, reach: Reach, name: str, *, at: datetime | None = None, limit: int = 50
    ) -> Sequence[Relation]:
        """Return the relations of an entity, the strongest first; with `at` only what was said to hold then."""

    async def paths(
        self, reach: Reach, start: str, end: str, *, at: datetime | None = None, hops: int = 4, limit: int = 10
    ) -> Sequence[EntityPath]:
        """Return the shortest paths of at most `hops` relations between two entities, whichever way these point.

        A path stays within a user's project; each project gives its own shortest ones. They come by length, then by the
        names along them. There is none from an entity to itself, and none is told where it is too far to look.
        """

    async def communities(self, reach: Reach, *, at: datetime | None = None, limit: int = 20) -> Sequence[Community]:
        """Return groups of two and more entities that are tied closely, those with the most ties first.

        What ties entities are relations, and memories (the latest, where they are many) that name both; with `at` only
        what was said to hold then. The same ties give the same groups.
        """
