"""What passes through the ports: batches in; rows, scores and counts out.

Keys are a store's own numbers for its memories and chunks, which never leave it; columns are numpy arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from recollect.models import AuditHead, Chunk, Deed, Forgotten, Memory, Mention, Span, Task

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
    `deed` goes into the audit log if anything is deleted, with how many memories went.

    A fact or observation all of whose sources have been deleted meanwhile is not written, nor is a summary one of whose
    has: neither may outlive what it tells.
    """

    adds: Sequence[Entry] = ()
    revisions: Sequence[Revision] = ()
    deletes: Sequence[str] = ()
    mentions: Mapping[str, Sequence[Mention]] = field(default_factory=dict)
    relations: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)
    links: Sequence[tuple[str, str, str]] = ()
    tasks: Sequence[Task] = ()
    deed: Deed | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """What a transaction did: per added entry its id, and whether it was new (`False`: its key was there already).

    `noted` is where the audit log had come to with its deletions, if it was to note them.
    """

    ids: tuple[str, ...] = ()
    new: tuple[bool, ...] = ()
    deleted: int = 0
    noted: AuditHead | None = None


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
    """A chunk that has no vector of a model yet: its memory's text from where it starts, and its project."""

    chunk: int
    text: str
    project_id: str


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
class Tenancy:
    """A user in a project: the store's own key for it, and the places its changes and vectors have come to."""

    key: int
    user_id: str
    project_id: str
    changes: int
    vectors: int


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


Intent = Literal["lookup", "overview", "newest", "assistant"]
"""What a question wants: one thing that was said, a summary, the present state, or what the assistant said."""


@dataclass(frozen=True, slots=True)
class Rephrased:
    """What a model reads in a question besides its words.

    `texts` are other ways to say it, to be searched for as well; `names` the people it speaks of, as they may have
    signed; `spans` the stretches of time it is about. Each may be empty. `intent` adds to what the rules see.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    intent: Intent | None = None


ModelTask = Literal["classification", "summarization", "extraction", "fusion", "completion"]
"""What a language model may be asked to do; the settings name a preferred model and fallbacks for each."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question to a language model, and what it is for; where it is `background`, nobody waits for the answer.

    `messages` are `{"role", "content"}` in order. With `schema` (a JSON schema) the answer is to be JSON that fits it.
    `limit` is the most tokens of the answer; it and `temperature` are the task's own where they are `None`. `purpose`
    is what the usage notes it under, `cached` whether an equal question may be answered from the cache.
    """

    task: ModelTask
    purpose: str
    messages: Sequence[Mapping[str, str]]
    schema: Mapping[str, Any] | None = None
    temperature: float | None = None
    limit: int | None = None
    cached: bool = True
    project_id: str = "default"
    background: bool = False


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one model said: its text without its reasoning, and the tokens it took (`None`: it does not tell).

    Of the tokens in, `cached_in` came from the provider's own cache. `complete` is false where the limit cut it short.
    """

    text: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    cached_in: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """What a language model answered: its text, the JSON in it where a schema was given, and which model it was."""

    text: str
    data: Any
    model: str
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """A value for a cache: kept for `ttl` seconds at most, and not where the cache was cleared since `epoch`."""

    key: str
    value: bytes
    ttl: float
    epoch: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of one table, in order, ready for JSON: a blob is `{"base64": …}`, a JSON column its text."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Gone:
    """What was forgotten and is to stay so: memories by id, and orders about users and projects."""

    ids: tuple[str, ...] = ()
    orders: tuple[Forgotten, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What rows need to be read by: the schema and analysis versions, and the highest key each table has given out."""

    schema: str
    analysis: int
    heads: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request (its digest); without a status it is being made by somebody now."""

    request: bytes
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
