"""All seams on one page: what the middle of recollect needs from stores and providers.

Keys: a store numbers its memories and chunks with integers of its own (`key`), which never leave one store; ids are for
everyone else. Every method that reads takes a `Where` or a `Reach`, and a store must not look beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

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
        Mention,
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

    Keys = NDArray[np.int64]
    Scores = NDArray[np.float32]
    Line = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A memory to be added, the chunks it is found by, and its `key`: the same key twice is the same memory."""

    memory: Memory
    chunks: Sequence[Chunk]
    key: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A memory to be replaced if it still has `memory.version - 1`; `chunks` is `None` when its text stays.

    With a new text, what was derived from the old one alone is deleted, and its mentions and relations with it.
    `retire` marks the change as the end of its truth instead of a correction. `key` takes the place of the key it was
    added under.
    """

    memory: Memory
    chunks: Sequence[Chunk] | None = None
    retire: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes: all of it or nothing.

    `mentions` and `relations` (subject, predicate, object by name) belong to the memory whose id they stand under;
    `links` tie two memories by id and a name. `tasks` become jobs in the same transaction, unless nothing was new.
    """

    adds: Sequence[Entry] = ()
    revisions: Sequence[Revision] = ()
    deletes: Sequence[str] = ()
    mentions: Mapping[str, Sequence[Mention]] = field(default_factory=dict)
    relations: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)
    links: Sequence[tuple[str, str, str]] = ()
    tasks: Sequence[Task] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """What a transaction did: per added entry its id, and whether it was new (`False`: its key was there already)."""

    ids: tuple[str, ...] = ()
    new: tuple[bool, ...] = ()
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Keyed:
    """A memory by the key it was added under: its id, and the bytes its text takes as UTF-8."""

    key: str
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """Memories in order, and the cursor that continues after them (`None` at the end)."""

    memories: tuple[Memory, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Located:
    """A memory, its key, and the characters of it that a chunk covers."""

    key: int
    memory: Memory
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A chunk that has no vector of a model yet: the text of its memory from where it starts, and the speaker."""

    chunk: int
    text: str
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Scored:
    """Memories and their scores, best first: three columns of one length. `chunks` holds each one's best chunk.

    `mean` and `deviation` are those of the scores of all memories in reach, for bringing scores to one scale.
    """

    keys: Keys
    scores: Scores
    chunks: Keys
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Traits:
    """What ranking needs to know about memories besides their text: columns of one length, in the order asked for.

    `before` and `after` are the keys of the neighbours in the conversation (-1: none), `conversations` numbers them
    (-1: none). `words` is the length of the text in words, `times` when it was said (seconds since 1970). `roles` and
    `kinds` are places in `Role` and `Kind` (-1: none), `speakers` is `models.name_code` of the speaker (0: none).
    `questions` marks texts that ask something, `pieces` counts chunks, `standing` marks instructions and preferences,
    `allowed` those that meet all the conditions. `mixed` says whether users and others both speak in reach.
    """

    keys: Keys
    before: Keys
    after: Keys
    conversations: Keys
    words: Scores
    times: NDArray[np.float64]
    roles: NDArray[np.int8]
    kinds: NDArray[np.int8]
    speakers: NDArray[np.uint32]
    questions: NDArray[np.bool_]
    pieces: Scores
    standing: NDArray[np.bool_]
    dense: NDArray[np.bool_]
    allowed: NDArray[np.bool_]
    mixed: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a store took from an export: how many lines of each sort were new, and how many memories were there."""

    new: Mapping[str, int]
    known: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a store: schema and analysis versions, journal mode, counts; `models` counts vectors by model.

    `unembedded` counts chunks that ought to have a vector of the model asked about and have none.
    """

    schema: str | None
    analysis: int
    journal: str
    memories: int
    chunks: int
    unembedded: int
    models: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Census:
    """How much a store holds, over all tenants: memories by kind, and what the metrics show beside them.

    `active` counts conversations that had a turn since the moment asked about; `turns` are those of all conversations.
    `cost` is in US dollars, `size` in bytes on disk.
    """

    kinds: Mapping[str, int]
    vectors: int
    conversations: int
    active: int
    turns: int
    tokens: int
    cost: float
    size: int


@dataclass(frozen=True, slots=True)
class Reindexed:
    """One step of building the index anew: the key to go on after (`None`: done), memories seen, memories changed."""

    last: int | None
    seen: int
    changed: int


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
        self, coordinate: Coordinate, *, kinds: Sequence[Kind] = (), name: str | None = None, limit: int = 1000
    ) -> list[Owner]:
        """Return the owners by one coordinate (with a name: that one), who wrote first first; `kinds` are counted."""

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
