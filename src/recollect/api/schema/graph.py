"""Answers of the graph."""

from __future__ import annotations

from pydantic import BaseModel


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
