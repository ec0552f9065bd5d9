"""A project: a namespace of memories that several people share, and who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from recollect.models.right import Right


class Isolation(StrEnum):
    """How far a project's memories go beyond it.

    STRICT: only to requests that name the project. RELAXED: also into questions over several projects, for whoever may
    read it. SHARED: every user of the store may read it, and it is part of such questions for everybody.
    """

    STRICT = "strict"
    RELAXED = "relaxed"
    SHARED = "shared"


class Status(StrEnum):
    """Whether a project is worked in. An archived one is read-only."""

    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Project:
    """A project that was made on purpose, or by a user's first write into it.

    `id` is the `project_id` of its memories, `business` any word such as `general`, `crypto`, `advert` or `life`.
    `settings` are for its clients to keep.
    """

    id: str
    name: str
    created_at: datetime
    description: str = ""
    business: str = "general"
    isolation: Isolation = Isolation.STRICT
    status: Status = Status.ACTIVE
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """A project as somebody sees it: his right in it; `made` is false where memories are all there is of it."""

    project: Project
    right: Right
    made: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """A user's right in a project, until it is changed."""

    project_id: str
    user_id: str
    right: Right
    since: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """A right for a while: it ends by itself, at `until`."""

    id: str
    project_id: str
    user_id: str
    right: Right
    since: datetime
    until: datetime
    granted_by: str = ""
