"""The decision: may this actor do this there, and how far. Pure: it looks at nothing but what it is given.

Rights in a project: a member's right, the highest grant that has not ended, and READ for every user where the project
is shared; a service has those of its token. In the project `default` every user keeps and reads his own memories, and
nobody else's. READ reaches all memories of a project, WRITE one's own, ADMIN those of others too. What names no project
goes through all that one may, but reads none that is strict. What is archived is read-only, for the system too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from recollect.models import (
    DEFAULT,
    EVERYWHERE,
    Action,
    Actor,
    Directory,
    Isolation,
    Person,
    Reach,
    Right,
    Service,
    Status,
    System,
    Verdict,
    Within,
)

NEEDED: Final = {
    Action.READ: Right.READ,
    Action.WRITE: Right.WRITE,
    Action.MANAGE: Right.ADMIN,
    Action.OWN: Right.OWNER,
    Action.WATCH: Right.READ,
    Action.OPERATE: Right.ADMIN,
}
"""The right an action needs: in the project it is about, for WATCH and OPERATE in every project."""

OVER_ALL: Final = frozenset({Action.WATCH, Action.OPERATE})
"""What is done to the store as a whole."""

NOWHERE: Final = Within()


def decide(actor: Actor, action: Action, asked: Reach, known: Directory, now: datetime) -> Verdict:
    """Return whether `actor` may do `action` to what `asked` names, and the most he then reaches."""
    if (outside := _outside(actor, known, now)) is not None:
        return outside
    if isinstance(actor, System):
        return _system(action, asked, known)
    if action in OVER_ALL:
        allowed = isinstance(actor, Service) and right_of(actor, EVERYWHERE, known, now) >= NEEDED[action]
        return Verdict(allowed, reason="" if allowed else f"It needs {NEEDED[action].name} in every project")
    if asked.project_id is None:
        return Verdict(allowed=True, within=_over_several(actor, action, known, now))
    return _named(actor, action, asked, known, now)


def right_of(actor: Actor, project: str, known: Directory, now: datetime) -> Right:
    """Return an actor's right in a project, without regard to whether it is archived."""
    if isinstance(actor, System):
        return Right.OWNER
    if isinstance(actor, Service):
        return max((right for name, right in actor.rights if name in {project, EVERYWHERE}), default=Right.NONE)
    if project in {DEFAULT, EVERYWHERE}:
        return Right.NONE
    held = known.members.get(project, {}).get(actor.user_id)
    rights = [Right.NONE if held is None else held.right]
    rights += [
        grant.right
        for grant in known.grants.get(project, ())
        if grant.user_id == actor.user_id and grant.since <= now < grant.until
    ]
    if isolation_of(project, known) is Isolation.SHARED:
        rights.append(Right.READ)
    return max(rights)


def isolation_of(project: str, known: Directory) -> Isolation:
    """Return how far a project's memories go; `default` is never strict, one that nobody made is as usual."""
    if project == DEFAULT:
        return Isolation.RELAXED
    held = known.projects.get(project)
    return known.usual if held is None else held.isolation


def _outside(actor: Actor, known: Directory, now: datetime) -> Verdict | None:
    """Return a refusal for whoever is not let in any more, `None` for everybody else."""
    if actor.token_id and actor.token_id not in known.tokens:
        return Verdict(allowed=False, reason="The token was revoked")
    if isinstance(actor, System):
        return None
    if actor.until is not None and now >= actor.until:
        return Verdict(allowed=False, reason="The token has expired")
    if isinstance(actor, Person) and actor.user_id not in known.users:
        return Verdict(allowed=False, reason="The user is not known here")
    return None


def _system(action: Action, asked: Reach, known: Directory) -> Verdict:
    if action is not Action.WRITE:
        return Verdict(allowed=True)
    if asked.project_id is not None:
        return (
            Verdict(allowed=False, reason=ARCHIVED) if _is_archived(asked.project_id, known) else Verdict(allowed=True)
        )
    closed = _archived(known)
    return Verdict(allowed=True, within=Within(projects=None, besides=closed) if closed else None)


ARCHIVED: Final = "The project is archived, which makes it read-only"


def _named(actor: Person | Service, action: Action, asked: Reach, known: Directory, now: datetime) -> Verdict:
    """Decide about one project."""
    project = asked.project_id or DEFAULT
    if action is Action.WRITE and _is_archived(project, known):
        return Verdict(allowed=False, reason=ARCHIVED)
    right = right_of(actor, project, known, now)
    own = isinstance(actor, Person) and asked.user_id in {None, actor.user_id}
    if action in {Action.MANAGE, Action.OWN}:
        allowed = right >= NEEDED[action] and project != DEFAULT
        return Verdict(allowed, reason="" if allowed else f"It needs {NEEDED[action].name} in the project")
    if right >= _for_all(actor, action):
        return Verdict(allowed=True, within=Within(frozenset({project})))
    if own and (project == DEFAULT or right >= NEEDED[action]):
        return Verdict(allowed=True, within=_only_own(actor, {project}))
    if isinstance(actor, Person) and project not in known.projects and project != DEFAULT:
        return _unclaimed(action, own=own)
    return Verdict(allowed=False, reason=f"It needs {_missing(actor, action, own=own).name} in the project")


def _unclaimed(action: Action, *, own: bool) -> Verdict:
    """Decide about a project that nobody has made: a user's first write makes it his, to read there is nothing."""
    if action is Action.READ:
        return Verdict(allowed=True, within=NOWHERE)
    return Verdict(own, within=NOWHERE, claims=own, reason="" if own else "It needs ADMIN in the project")


def _over_several(actor: Person | Service, action: Action, known: Directory, now: datetime) -> Within:
    """Return what an actor reaches without naming a project."""
    closed = _archived(known) if action is Action.WRITE else frozenset[str]()
    if action is Action.READ:
        closed = frozenset(name for name, project in known.projects.items() if project.isolation is Isolation.STRICT)
    needed = _for_all(actor, action)
    if isinstance(actor, Service):
        if right_of(actor, EVERYWHERE, known, now) >= needed:
            return _everywhere(closed, action, known)
        names = (name for name, _ in actor.rights if isolation_of(name, known) is not Isolation.STRICT)
        wanted = names if action is Action.READ else (name for name, _ in actor.rights)
        return Within(frozenset(one for one in wanted if right_of(actor, one, known, now) >= needed) - closed)
    rights = {name: right_of(actor, name, known, now) for name in known.projects if name not in closed}
    whole = frozenset(name for name, right in rights.items() if right >= needed)
    own = frozenset({name for name, right in rights.items() if right >= NEEDED[action]} - whole | {DEFAULT})
    if action is Action.READ and known.usual is Isolation.SHARED:
        return Within(None, (frozenset(known.projects) - whole) | {DEFAULT}, actor.user_id, own)
    return Within(whole, user_id=actor.user_id, own=own)


def _everywhere(closed: frozenset[str], action: Action, known: Directory) -> Within:
    """Return every project but those that are closed; those nobody made are open unless they are strict as usual."""
    if action is Action.READ and known.usual is Isolation.STRICT:
        return Within(frozenset(known.projects) - closed | {DEFAULT})
    return Within(projects=None, besides=closed)


def _for_all(actor: Person | Service, action: Action) -> Right:
    """Return the right that an action needs where it is about memories of any user."""
    others = action is Action.WRITE and isinstance(actor, Person)
    return Right.ADMIN if others else NEEDED[action]


def _missing(actor: Person | Service, action: Action, *, own: bool) -> Right:
    return NEEDED[action] if own else _for_all(actor, action)


def _only_own(actor: Person | Service, projects: Iterable[str]) -> Within:
    user = actor.user_id if isinstance(actor, Person) else None
    return Within(user_id=user, own=frozenset(projects))


def _archived(known: Directory) -> frozenset[str]:
    return frozenset(name for name, project in known.projects.items() if project.status is Status.ARCHIVED)


def _is_archived(project: str, known: Directory) -> bool:
    held = known.projects.get(project)
    return held is not None and held.status is Status.ARCHIVED
