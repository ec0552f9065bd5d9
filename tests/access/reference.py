"""The rules of access said again, as plainly as they can be: what the real ones are compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from recollect.models import Actor, Person, Service

NONE, READ, WRITE, ADMIN, OWNER = range(5)


@dataclass
class World:
    """Everything that decides, in dictionaries; memories by id as (user, project)."""

    users: set[str] = field(default_factory=set)
    isolation: dict[str, str] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    members: dict[tuple[str, str], int] = field(default_factory=dict)
    grants: list[tuple[str, str, int, datetime]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    memories: dict[str, tuple[str, str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def right(self, actor: Person | Service, project: str, now: datetime) -> int:
        """Return the right of an actor who is let in; everybody's in `default` is none of these."""
        if isinstance(actor, Service):
            return max([int(right) for name, right in actor.rights if name in (project, "*")], default=NONE)
        if project == "default" or project not in self.isolation:
            return NONE
        rights = [self.members.get((project, actor.user_id), NONE)]
        rights += [right for p, u, right, until in self.grants if (p, u) == (project, actor.user_id) and now < until]
        rights += [READ] if self.isolation[project] == "shared" else []
        return max(rights)

    def is_in(self, actor: Actor, now: datetime) -> bool:
        """Whether an actor is let in at all."""
        if actor.token_id and actor.token_id not in self.tokens:
            return False
        if isinstance(actor, Person | Service) and actor.until is not None and now >= actor.until:
            return False
        return not isinstance(actor, Person) or actor.user_id in self.users

    def reads(self, actor: Actor, user: str, project: str, now: datetime, *, named: bool) -> bool:
        """Whether an actor reads a user's memories in a project, by a request that names it or does not."""
        if not self.is_in(actor, now):
            return False
        if not isinstance(actor, Person | Service):
            return True
        strict = project != "default" and self.isolation.get(project, "strict") == "strict"
        if strict and not named:
            return False
        if isinstance(actor, Person) and project == "default":
            return user == actor.user_id
        return self.right(actor, project, now) >= READ

    def writes(self, actor: Actor, user: str, project: str, now: datetime) -> bool:
        """Whether an actor writes, changes and deletes a user's memories in a project."""
        if not self.is_in(actor, now) or project in self.archived:
            return False
        if not isinstance(actor, Person | Service):
            return True
        right = self.right(actor, project, now)
        if isinstance(actor, Service):
            return right >= WRITE
        own = user == actor.user_id
        if project == "default":
            return own
        return right >= ADMIN or (own and right >= WRITE) or (own and self.is_free(project))

    def is_free(self, project: str) -> bool:
        """Whether a project is nobody's and empty, so that its first writer gets it."""
        return project not in self.isolation and all(place != project for _, place in self.memories.values())

    def is_refused(self, actor: Actor, user: str | None, project: str | None, now: datetime) -> bool:
        """Whether a reading request is refused as a whole, rather than answered with what may be read."""
        if not self.is_in(actor, now):
            return True
        if project is None or not isinstance(actor, Person | Service):
            return False
        if self.right(actor, project, now) >= READ:
            return False
        if isinstance(actor, Person):
            own = user in {None, actor.user_id}
            return not own if project == "default" else project in self.isolation
        return True

    def readable(self, actor: Actor, user: str | None, project: str | None, now: datetime) -> set[str]:
        """Return the ids of the memories that a reading request reaches."""
        return {
            name
            for name, (whose, where) in self.memories.items()
            if user in {None, whose}
            and project in {None, where}
            and self.reads(actor, whose, where, now, named=project is not None)
        }
