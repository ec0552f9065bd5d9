"""Requests and answers of the memory routes."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from recollect.api.schema.field import (
    Body,
    Content,
    Cursor,
    Filters,
    Identifier,
    Kinds,
    Limit,
    Metadata,
    Moment,
    Question,
    Scoped,
    Share,
    Title,
)

T = TypeVar("T")
MOST_NOTES = 1000


class Written(Body):
    """What a note may carry."""

    content: Content
    metadata: Metadata | None = None
    title: Title | None = None
    kind: Literal["note", "fact"] = "note"
    occurred_at: Moment | None = None
    expires_at: Moment | None = None
    importance: Share | None = None


class AddRequest(Written, Scoped):
    """A memory to be added."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "alice",
                    "content": "用户偏好使用Python进行数据分析",
                    "metadata": {"category": "preferences", "topic": "programming", "confidence": 0.9},
                }
            ]
        }
    )


class BatchRequest(Scoped):
    """Memories to be added together: all of them or none."""

    memories: Annotated[list[Written], Field(min_length=1, max_length=MOST_NOTES)]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "alice",
                    "memories": [
                        {"content": "喜欢早上喝咖啡", "metadata": {"category": "habits"}},
                        {"content": "工作时间是9-17点", "metadata": {"category": "schedule"}},
                    ],
                }
            ]
        }
    )


class SearchRequest(Scoped):
    """A question to the memories."""

    query: Question
    limit: Limit = 10
    kinds: Kinds | None = None
    filters: Filters | None = None
    asked_at: Annotated[Moment | None, Field(description="What 'yesterday' is counted from.")] = None
    explain: Annotated[bool, Field(description="Tell what each score is made of.")] = False
    stale: Annotated[bool, Field(description="Superseded and expired memories too.")] = False

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"user_id": "alice", "query": "编程语言偏好", "limit": 10}]}
    )


class Changes(Body):
    """What is to become of a memory; what is not given stays, `metadata` is replaced as a whole, null clears a time."""

    content: Content | None = None
    metadata: Metadata | None = None
    title: Title | None = None
    importance: Share | None = None
    tier: Literal["global", "quick", "archive"] | None = None
    expires_at: Moment | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None


class UpdateRequest(Changes):
    """A memory and what is to become of it."""

    memory_id: Identifier

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "memory_id": "01997e5a-0000-7000-8000-000000000000",
                    "content": "用户偏好使用Python和JavaScript进行开发",
                    "metadata": {"category": "preferences", "topic": "programming", "updated": True},
                }
            ]
        }
    )


class ListRequest(Scoped):
    """Which memories to list; with neither user nor project those of the user `default`."""

    kinds: Kinds | None = None
    filters: Filters | None = None
    limit: Limit = 100
    cursor: Cursor | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"project_id": "web", "kinds": ["note"]}]})


class ForgetRequest(Scoped):
    """What to forget: everything of the ids that are named, or what of it meets the filters."""

    filters: Filters | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"conversation_id": "c1", "project_id": "web"}]})


class CountRequest(Body):
    """Which memories to count; with neither user nor project those of the user `default`."""

    user_id: Identifier | None = None
    project_id: Identifier | None = None
    conversation_id: Identifier | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"project_id": "web"}]})


class Envelope(BaseModel, Generic[T]):
    """How the memory routes answer; `message` speaks Chinese unless Accept-Language prefers another language."""

    success: Literal[True]
    message: str = Field(examples=["记忆添加成功"])
    data: T
    timestamp: str = Field(examples=["2026-01-01T10:05:00.000000Z"])


class Added(BaseModel):
    """A memory that was added: its text as it is kept, normalised and with secrets masked."""

    memory_id: str
    user_id: str
    content: str


class Batch(BaseModel):
    """The memories that were added, in order."""

    memories: list[Added]
    total: int


class Found(BaseModel):
    """A memory and how well it answers (0 to 1)."""

    id: str
    content: str
    score: float
    kind: str
    metadata: dict[str, Any]
    project_id: str
    user_id: str
    conversation_id: str | None
    created_at: str
    occurred_at: str
    parts: dict[str, float] | None = Field(None, description="What the score is made of, where asked for.")


class Search(BaseModel):
    """Memories that answer, the best first."""

    memories: list[Found]
    total: int
    took_ms: float
    search: Literal["words"] | None = Field(None, description="`words` where nothing could be asked for by meaning.")


class Origin(BaseModel):
    """Where a memory came from."""

    client: str | None
    file: str | None
    message_id: str | None


class MemoryAnswer(BaseModel):
    """A memory with all its fields."""

    id: str
    content: str
    kind: str
    role: str | None
    speaker: str | None
    title: str | None
    keywords: list[str]
    entities: list[str]
    importance: float
    urgency: float
    tier: str
    metadata: dict[str, Any]
    project_id: str
    user_id: str
    conversation_id: str | None
    agent_id: str | None
    source: Origin
    sources: list[str]
    repeats: int
    created_at: str
    occurred_at: str
    valid_from: str | None
    valid_to: str | None
    superseded_by: str | None
    expires_at: str | None
    version: int


class Listed(BaseModel):
    """One page of memories, the newest first."""

    user_id: str
    memories: list[MemoryAnswer]
    total: int = Field(description="How many there are on all pages.")
    next_cursor: str | None


class Paged(BaseModel):
    """One page of memories, the newest first."""

    memories: list[MemoryAnswer]
    next_cursor: str | None


class Forgotten(BaseModel):
    """How many memories are gone."""

    deleted: int


class Counts(BaseModel):
    """Figures over memories; days are UTC."""

    memories: int
    conversations: int
    entities: int
    by_kind: dict[str, int]
    by_day: dict[str, int]
    by_category: dict[str, int]
    by_tier: dict[str, int]
    embedded: int
    waiting: int
    parked: int


class Removed(BaseModel):
    """A memory that is gone."""

    memory_id: str


class Cleared(BaseModel):
    """How many memories of a user are gone."""

    user_id: str
    deleted: int


class Figures(BaseModel):
    """Figures over a user's memories; days are UTC, memories without a category count as `other`."""

    user_id: str
    total_memories: int
    date_distribution: dict[str, int]
    category_distribution: dict[str, int]
    kind_distribution: dict[str, int]
    tier_distribution: dict[str, int]
    conversations: int
    entities: int


class Step(BaseModel):
    """One change of a memory; `changed` maps each field to what it was and what it became."""

    seq: int
    at: str
    event: str
    version: int | None
    content: str | None
    changed: dict[str, list[Any]]


class History(BaseModel):
    """Every change of a memory, the oldest first; after a delete only the delete is left."""

    memory_id: str
    history: list[Step]
