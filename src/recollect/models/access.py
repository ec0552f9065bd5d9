"""What a decision is made of, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from recollect.models.actor import User
from recollect.models.project import Grant, Isolation, Member, Project
from recollect.models.scope import Within


class Action(StrEnum):
    """What an actor wants to do.

    READ: search, list, read, listen to, count or export memories. WRITE: keep, change or delete them. MANAGE: change a
    project, its members, grants and tokens. OWN: rename, merge, archive or delete it. WATCH: see figures over all
    projects. OPERATE: look after the store: users, all tokens, jobs, imports of whole exports.
    """

    READ = "read"
    WRITE = "write"
    MANAGE = "manage"
    OWN = "own"
    WATCH = "watch"
    OPERATE = "operate"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an actor may, and if so how far: `within` is the most he reaches (`None`: everything).

    `claims` says that the project is not known yet, and becomes the actor's by this write. `reason` says why not.
    """

    allowed: bool
    within: Within | None = None
    claims: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything about projects and people that decisions look at, as it stood at one moment.

    `edition` is another one after every change. `tokens` are the ids of those that open. `usual` is the isolation of
    projects that nobody has made on purpose. `aliases` are the ids that projects had before, each with its present one.
    """

    edition: int = 0
    projects: Mapping[str, Project] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, Member]] = field(default_factory=dict)
    grants: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()
    usual: Isolation = Isolation.STRICT
    aliases: Mapping[str, str] = field(default_factory=dict)
