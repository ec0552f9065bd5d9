"""Requests and answers of questions over several projects."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recollect.across.arguments import MOST_NAMED
from recollect.api.schema.capture import ContextAnswer
from recollect.api.schema.field import Body, Filters, Identifier, Kinds, Limit, Moment, Question


class AcrossRequest(Body):
    """A question to several projects: those that are named, or all that may be read."""

    query: Question
    project_ids: Annotated[list[Identifier] | None, Field(max_length=MOST_NAMED)] = None
    include_all_projects: Annotated[bool, Field(description="All active projects that may be read instead.")] = False
    merge_strategy: Annotated[
        Literal["score", "time", "project"],
        Field(description="The best first, the latest first, or one of each project in turn."),
    ] = "score"
    max_results_per_project: Limit = 10
    limit: Annotated[Limit | None, Field(description="How many in all.")] = 20
    user_id: Annotated[Identifier | None, Field(description="Only this user's memories.")] = None
    agent_id: Annotated[Identifier | None, Field(description="Only those of this agent.")] = None
    kinds: Kinds | None = None
    filters: Filters | None = None
    asked_at: Annotated[Moment | None, Field(description="What 'yesterday' is counted from.")] = None
    explain: Annotated[bool, Field(description="Tell what each score is made of.")] = False
    stale: Annotated[bool, Field(description="Superseded and expired memories too.")] = False

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"query": "Python编程最佳实践", "project_ids": ["web", "api"], "max_results_per_project": 10}]
        }
    )


class AcrossContextRequest(Body):
    """A question to several projects, and how much may be said about it."""

    query: Question
    project_ids: Annotated[list[Identifier] | None, Field(max_length=MOST_NAMED)] = None
    include_all_projects: Annotated[bool, Field(description="All active projects that may be read instead.")] = False
    merge_strategy: Annotated[
        Literal["score", "time", "project"],
        Field(description="Which results are offered to the text where more are found than it looks at."),
    ] = "score"
    max_results_per_project: Limit = 10
    user_id: Annotated[Identifier | None, Field(description="Only this user's memories.")] = None
    budget: Annotated[int | None, Field(ge=20, le=1_000_000, description="Most tokens of the text.")] = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "How do we deploy?", "project_ids": ["web", "api"], "budget": 400}]}
    )


class AcrossContext(ContextAnswer):
    """Text made of what several projects know; `projects` counts the memories in it by project."""

    projects: dict[str, int]


class AcrossResult(BaseModel):
    """One result, with the project it is of."""

    id: str
    title: str
    summary: str
    relevance_score: float
    project_id: str
    project_name: str
    content: str
    score: float
    kind: str
    metadata: dict[str, Any]
    user_id: str
    conversation_id: str | None
    created_at: str
    occurred_at: str
    parts: dict[str, float] | None = None


class ProjectStats(BaseModel):
    """A project that was searched: `count` of its results are here, `total` were found."""

    name: str
    count: int
    total: int


class AcrossAnswer(BaseModel):
    """What several projects know; `projects_left` had no room, `projects_denied` may not be read."""

    success: Literal[True]
    query: str
    results: list[AcrossResult]
    project_stats: dict[str, ProjectStats]
    total_found: int
    projects_searched: int
    search_time_ms: float
    projects_left: list[str]
    projects_denied: list[str]


class PastSearchAnswer(BaseModel):
    """A search that a user made across projects."""

    id: int
    at: str
    user_id: str
    query: str
    project_ids: list[str]
    merge_strategy: str
    total_found: int
    search_time_ms: float


class SearchHistory(BaseModel):
    """A page of what a user searched for, the latest first."""

    searches: list[PastSearchAnswer]
    next_cursor: str | None


class ForgottenSearches(BaseModel):
    """How many searches were deleted."""

    deleted: int


class SharedEntity(BaseModel):
    """An entity two projects have in common, and how many memories of each name it."""

    name: str
    type: str
    here: int
    there: int


class Excerpt(BaseModel):
    """A memory, shortened."""

    id: str
    summary: str


class Alike(BaseModel):
    """Two memories of two projects that are close in meaning."""

    here: Excerpt
    there: Excerpt
    likeness: float


class RelatedProject(BaseModel):
    """A project like another one, and what ties the two together."""

    project_id: str
    project_name: str
    score: float
    parts: dict[str, float]
    shared_entities: list[SharedEntity]
    alike: list[Alike]


class RelatedProjects(BaseModel):
    """Projects like one, the most alike first."""

    project_id: str
    related: list[RelatedProject]


class Recommendations(BaseModel):
    """What other projects know about a question, or about what a project was last about."""

    project_id: str
    results: list[AcrossResult]
    project_stats: dict[str, ProjectStats]


class GraphEntity(BaseModel):
    """An entity, and how many memories of each project name it."""

    name: str
    type: str
    mentions: int
    projects: dict[str, int]


class GraphRelation(BaseModel):
    """How two entities are related, and where that is said."""

    subject: str
    predicate: str
    object: str
    weight: int
    projects: list[str]


class GraphAcross(BaseModel):
    """What several projects speak of: entities that more than one knows come first."""

    projects: list[str]
    entities: list[GraphEntity]
    relations: list[GraphRelation]
