"""All seams on one page: what the middle of recollect needs from stores and providers.

Keys: a store numbers its memories and chunks with integers of its own (`key`), which never leave one store; ids are for
everyone else. Every method that reads takes a `Where` or a `Reach`, and a store must not look beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from recollect.exchange import (
        Answered,
        Asking,
        Batch,
        Census,
        Committed,
        Condition,
        Keyed,
        Keys,
        Line,
        Located,
        ModelTask,
        Page,
        Reindexed,
        Scored,
        Scores,
        Taken,
        Traits,
        Unembedded,
    )
    from recollect.models import (
        Change,
        Chunk,
        Conversation,
        Coordinate,
        Embedding,
        Entity,
        Job,
        JobState,
        Kind,
        Memory,
        Owner,
        Reach,
        Relation,
        Scope,
        Stats,
        Task,
        Token,
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

    async def close(self) -> None:
        """Release files and threads; the object is unusable afterwards."""


class Queue(Protocol):
    """Jobs, born with the write that needs them. A claimed job whose lease ran out is claimed again."""

    async def claim(self, worker: str, *, limit: int, lease: float, besides: Collection[str] = ()) -> list[Job]:
        """Claim up to `limit` ready jobs in order for `lease` seconds; no job goes to two workers at once.

        Jobs of the names in `besides` are left alone.
        """

    async def extend(self, worker: str, *, lease: float) -> None:
        """Let a worker keep its claims for `lease` seconds from now."""

    async def workers(self) -> list[str]:
        """Return the names of the workers that hold claims."""

    async def release(self, worker: str) -> int:
        """Make the jobs a worker claimed ready again (it is gone); return how many."""

    async def finish(self, ids: Sequence[int]) -> None:
        """Remove jobs that are done; finishing a job twice does nothing."""

    async def fail(self, job_id: int, error: str, *, retry_in: float | None) -> None:
        """Put a job back for later, or park it with its error when `retry_in` is `None`."""

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


class Vectors(Protocol):
    """Search by meaning. Every vector names its model, and only vectors of one model are ever compared."""

    async def put(self, model: str, rows: Mapping[int, bytes]) -> None:
        """Store float32 vectors by chunk key; storing one again replaces it, an unknown chunk is passed over."""

    async def unembedded(self, model: str, *, limit: int, memory_ids: Sequence[str] | None = None) -> list[Unembedded]:
        """Return chunks (all, or of these memories) that ought to have a vector of `model` and have none."""

    async def search(self, model: str, vector: bytes, where: Where, limit: int) -> Scored:
        """Return the best `limit` memories by cosine."""

    async def score(self, model: str, vector: bytes, where: Where, keys: Keys) -> Scores:
        """Return the cosine of each of these memories, `nan` where it has no vector or is out of reach."""

    async def models(self) -> list[str]:
        """Return the names of the models that have vectors here."""

    async def drop(self, model: str | None = None) -> int:
        """Forget the vectors of a model (or all), so that they are made again; return how many."""


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

    async def neighbours(self, reach: Reach, name: str, *, limit: int = 50) -> Sequence[Relation]:
        """Return the relations of an entity, the strongest first."""


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
    ) -> list[Owner]:
        """Return the owners by one coordinate (with a name: that one), who wrote first first; `kinds` are counted.

        With a user, only that user's memories count.
        """

    async def users(
        self, *, coordinate: Coordinate | None = None, names: Sequence[str] = (), limit: int = 1000
    ) -> list[str]:
        """Return the users who have memories, by name; with a coordinate, under one of these names of it."""


class Tokens(Protocol):
    """What clients of the server show to be let in, kept as digests. Durable when a call returns."""

    async def add(self, held: Token) -> bool:
        """Keep a token; one whose digest is there already stays as it is, and the answer is `False`."""

    async def list(self) -> list[Token]:
        """Return all tokens, oldest first."""

    async def revoke(self, ids: Sequence[str]) -> int:
        """Remove the tokens with these ids; return how many were there."""


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


class Embed(Protocol):
    """Texts to vectors of one model."""

    @property
    def model(self) -> str:
        """The name of the vector space; vectors of different names never meet."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    @property
    def window(self) -> int:
        """How many word pieces of a text count; what is longer is cut."""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; raise EmbedderMissing or ProviderFailed."""


@runtime_checkable
class Local(Protocol):
    """An embedder that runs on this machine and needs weights for it."""

    def weights(self) -> Literal["loaded", "here", "missing"]:
        """Return where the weights are: in memory, on this machine, or nowhere. Loads nothing."""


@runtime_checkable
class EmbedQuestion(Protocol):
    """What an embedder may offer besides: to leave alone a question that it does not understand."""

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what `embed` gives, `None` when the share of word pieces it knows is not above `least`."""


class Rerank(Protocol):
    """A model that scores texts against a question."""

    @property
    def model(self) -> str:
        """The model's name."""

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score (0..1) a text, in order."""


class Chat(Protocol):
    """A language model that answers a conversation."""

    @property
    def model(self) -> str:
        """The model's name."""

    def stream(self, messages: Sequence[Mapping[str, str]], *, temperature: float = 0.2) -> AsyncGenerator[str]:
        """Yield the answer piece by piece; raise ProviderFailed or ProviderRefused. Closing it ends the request."""


class Models(Protocol):
    """The language models that the settings name, by what they are asked to do.

    At the end of every chain of models stands the offline rule, which is the caller's: `ask` returns `None` for it.
    """

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task; none is asked where this is false."""

    async def ask(self, asking: Asking) -> Answered | None:
        """Return the first good answer of the task's models, `None` when none gives one or the budget is spent.

        An answer that does not fit the schema counts as none of that model. Never raises for what a model did.
        """

    def stream(self, asking: Asking) -> AsyncGenerator[str]:
        """Yield the answer of the first model that begins one; raise ProviderFailed when none does or it breaks off."""


class Cache(Protocol):
    """Bytes under a key for a while. Losing an entry is always allowed."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or `None`."""

    async def set(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep a value for `ttl` seconds at most."""


class Clock(Protocol):
    """The time of day, so that tests need not wait."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""


class Tracker(Protocol):
    """Told about progress of long work; every long verb takes one."""

    def __call__(self, done: int, total: int | None, note: str = "") -> Any:
        """Hear that `done` of `total` (`None`: unknown) is done."""
