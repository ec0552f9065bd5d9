"""Answers of the graph."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=512)]


class EntityAnswer(BaseModel):
    """A thing memories speak of, and how many do."""

    name: str
    type: str
    user_id: str
    project_id: str
    mentions: int


class Entities(BaseModel):
    """Entities, the most mentioned first."""

    entities: list[EntityAnswer]
    next_cursor: str | None


class RelationAnswer(BaseModel):
    """Two entities and how they are related; `weight` counts the memories that say so."""

    subject: str
    predicate: str
    object: str
    weight: int
    valid_from: str | None
    valid_to: str | None


class Neighbours(BaseModel):
    """The relations of an entity, the strongest first."""

    name: str
    neighbours: list[RelationAnswer]


class PathAnswer(BaseModel):
    """How one entity leads to another: `entities` in order, and the strongest relation of each step."""

    user_id: str
    project_id: str
    entities: list[str]
    relations: list[RelationAnswer]


class Paths(BaseModel):
    """The shortest paths between two entities."""

    model_config = ConfigDict(populate_by_name=True)

    start: str = Field(alias="from")
    end: str = Field(alias="to")
    paths: list[PathAnswer]


class CommunityAnswer(BaseModel):
    """Entities tied closely: how many, how many memories tie them, and the names of those tied most."""

    user_id: str
    project_id: str
    size: int
    weight: int
    entities: list[str]


class Communities(BaseModel):
    """Groups of entities, the most tied first."""

    communities: list[CommunityAnswer]
