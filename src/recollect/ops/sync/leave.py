"""What may leave a store: decided by the project of a memory, and by how far the memory itself says it may be seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from recollect.models import Going, Memory
from recollect.settings import NodeSettings

KEY: Final = "visibility"
"""The metadata key by which a memory says how far it may be seen."""
PRIVATE, PROJECT, SHARED = "private", "project", "shared"
VISIBILITIES: Final = (PRIVATE, PROJECT, SHARED)


def matches(patterns: Sequence[str], project: str) -> bool:
    """Whether a project is among those meant: by one pattern at least, and by none that begins with `!`."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")] or ["*"]
    excepted = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(fnmatchcase(project, one) for one in wanted) and not any(fnmatchcase(project, one) for one in excepted)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings of one store say about leaving."""

    projects: tuple[str, ...] = ("*",)
    visibility: str = PROJECT
    private: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: NodeSettings) -> Rules:
        """Return the rules of these settings."""
        return cls(settings.projects, settings.visibility, settings.private_projects, settings.shared_projects)

    def visibility_of(self, item: Memory) -> str:
        """Return how far a memory may be seen: as it says itself, else as its project does, else as usual."""
        said = item.metadata.get(KEY)
        if said in VISIBILITIES:
            return str(said)
        project = item.scope.project_id
        if self.private and matches(self.private, project):
            return PRIVATE
        return SHARED if self.shared and matches(self.shared, project) else self.visibility

    def to_center(self, item: Memory) -> Going:
        """Decide about a memory of a node."""
        if self.visibility_of(item) == PRIVATE:
            return Going.PRIVATE
        return Going.YES if matches(self.projects, item.scope.project_id) else Going.NO

    def to_node(self, item: Memory, granted: Sequence[str], wished: Sequence[str]) -> Going:
        """Decide about a memory of the center: a node gets the projects it may and wants, and what is shared."""
        seen = self.visibility_of(item)
        if seen == PRIVATE:
            return Going.PRIVATE
        project = item.scope.project_id
        wanted = seen == SHARED or matches(wished, project)
        return Going.YES if wanted and matches(granted, project) else Going.NO

    def digest(self, *more: object) -> str:
        """Return what is another one when the rules, or what else counts, have changed."""
        parts = [self.projects, self.visibility, self.private, self.shared, *more]
        return hashlib.sha256(json.dumps(parts, default=list).encode()).hexdigest()[:32]
