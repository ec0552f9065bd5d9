"""Things memories speak of, and how they hang together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EntityType(StrEnum):
    """What sort of thing an entity is."""

    PERSON = "person"
    NAME = "name"
    IDENTIFIER = "identifier"
    FILE = "file"
    URL = "url"
    VERSION = "version"
    ERROR = "error"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a text, as it is written there and of which type."""

    name: str
    type: EntityType


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing known in a user's project; `mentions` counts the memories that name it."""

    id: int
    name: str
    type: EntityType
    user_id: str
    project_id: str
    mentions: int


@dataclass(frozen=True, slots=True)
class Relation:
    """Two entities and how they are related; `weight` counts the memories that say so."""

    subject: str
    predicate: str
    object: str
    weight: int
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntityPath:
    """How one entity leads to another within a user's project: `entities` in order, and the relation of each step.

    A step may go against its relation; of several between two entities the strongest is told.
    """

    user_id: str
    project_id: str
    entities: tuple[str, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Community:
    """Entities of a user's project that have more to do with each other than with the rest.

    `size` counts them, `entities` names those with the strongest ties first (not all of a large one), and `weight`
    counts what ties them: for each two of them the memories that relate them, and those that name both.
    """

    user_id: str
    project_id: str
    size: int
    weight: int
    entities: tuple[str, ...]
