"""What questions over several projects give back, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from recollect.models.hit import Hit
from recollect.models.memory import Memory

Merge = Literal["score", "time", "project"]
"""How answers become one list: the best first, the latest first, or a turn for each project."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A project that was searched: `count` hits of it are shown, `total` were found before any were left out."""

    project_id: str
    name: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Across:
    """What a search in several projects found.

    `projects` are those that were searched, in the order they were asked for or written to, the last first. `left` are
    those there was no room for, `denied` those that were named and may not be read.
    """

    hits: tuple[Hit, ...]
    projects: tuple[Searched, ...]
    left: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    milliseconds: float = 0.0
    cached: bool = False

    @property
    def total(self) -> int:
        """Hits in all projects."""
        return sum(project.total for project in self.projects)

    def name_of(self, project_id: str) -> str:
        """Return the name of a project that was searched."""
        return next((one.name for one in self.projects if one.project_id == project_id), project_id)


@dataclass(frozen=True, slots=True)
class PastSearch:
    """A search over several projects that a user made: kept for him, and for nobody else."""

    id: int
    at: datetime
    user_id: str
    query: str
    projects: tuple[str, ...]
    merge: Merge
    found: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Tie:
    """Something two projects have in common: an entity, and how many memories of each name it."""

    name: str
    sort: str
    here: int
    there: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two memories of two projects that are close in meaning, and how close (cosine)."""

    here: Memory
    there: Memory
    likeness: float


@dataclass(frozen=True, slots=True)
class Related:
    """A project like another one: how much (0..1), what that is made of, and what ties the two together.

    `parts` are `meaning` (cosine of the middles of their memories) and `entities` (shared ones, rare ones counting
    more), each 0..1.
    """

    project_id: str
    name: str
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedEntity:
    """An entity as several projects know it: how many memories name it in each."""

    name: str
    sort: str
    mentions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SharedRelation:
    """How two entities are related, in which projects, and how many memories say so."""

    subject: str
    predicate: str
    object: str
    weight: int
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AcrossGraph:
    """What several projects speak of, and how it hangs together: entities that more than one knows come first."""

    projects: tuple[str, ...]
    nodes: tuple[SharedEntity, ...]
    edges: tuple[SharedRelation, ...]
