"""What is done with users, members of projects and grants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from recollect.access.acting import Acting
from recollect.access.decide import right_of
from recollect.capture.identifier import identifier
from recollect.capture.ids import new_id
from recollect.capture.instant import instant
from recollect.errors import InvalidInput, NotFound
from recollect.models import DEFAULT, EVERYWHERE, Action, Deed, Grant, Member, Person, Project, Right, User
from recollect.ports import People

LONGEST_NAME: Final = 200
LONGEST_GRANT: Final = timedelta(days=366)
NAMES: Final[Mapping[str, Right]] = {right.name: right for right in Right}


class MemberVerbs:
    """Users, members and grants, for one actor."""

    def __init__(self, acting: Acting, people: People) -> None:
        self._acting, self._people = acting, people

    async def users(self) -> list[User]:
        """Return all users, by id; for a user only himself."""
        known = await self._acting.access.known()
        if isinstance(self._acting.actor, Person):
            return [known.users[self._acting.actor.user_id]] if self._acting.actor.user_id in known.users else []
        await self._acting.require(Action.OPERATE)
        return [known.users[name] for name in sorted(known.users)]

    async def add_user(self, user_id: str, *, name: str | None = None) -> User:
        """Add a user and return him; one who is there already stays as he is."""
        await self._acting.require(Action.OPERATE)
        made = identifier(user_id, "user_id")
        if made in {DEFAULT, EVERYWHERE, "system"}:
            raise InvalidInput(f"{made!r} is nobody's name", field="user_id", hint="Choose another id.")
        called = made if name is None else identifier(name, "name")[:LONGEST_NAME]
        if await self._people.add_user(User(made, called, self._acting.access.clock.now())):
            await self._did("user_add", (), made)
        return (await self._acting.access.known()).users[made]

    async def remove_user(self, user_id: str) -> None:
        """Remove a user with memberships, grants and tokens; what he wrote stays. Raises NotFound, and Conflict."""
        await self._acting.require(Action.OPERATE)
        name = identifier(user_id, "user_id")
        if not await self._people.remove_user(name):
            raise NotFound(f"There is no user {name!r}", hint="`recollect user list` shows those there are.")
        await self._did("user_remove", (), name)

    async def members(self, project_id: str) -> list[Member]:
        """Return the members of a project that may be read, by user; raise NotFound."""
        project = await self._project(project_id)
        held = (await self._acting.access.known()).members.get(project.id, {})
        return [held[name] for name in sorted(held)]

    async def set_member(self, project_id: str, user_id: str, right: str) -> Member:
        """Give a user a right in a project in place of the one he had; NONE takes him out.

        An admin sets rights up to ADMIN, an owner all; everybody may leave. Raises NotFound, Denied, and Conflict where
        it would leave the project without an owner.
        """
        project, user, given = await self._project(project_id), identifier(user_id, "user_id"), right_named(right)
        held = (await self._acting.access.known()).members.get(project.id, {}).get(user)
        old = Right.NONE if held is None else held.right
        leaves = given is Right.NONE and isinstance(self._acting.actor, Person) and self._acting.actor.user_id == user
        if not leaves:
            await self._may_give(project.id, max(given, old))
        made = Member(project.id, user, given, self._acting.access.clock.now())
        await self._people.set_member(made)
        await self._did("member", (project.id,), user, right=given.name, before=old.name)
        return made

    async def grants(self, project_id: str) -> list[Grant]:
        """Return the grants of a project that have not ended, in the order they were made; raise NotFound."""
        project = await self._project(project_id)
        now = self._acting.access.clock.now()
        given = (await self._acting.access.known()).grants.get(project.id, ())
        return [grant for grant in given if now < grant.until]

    async def grant(self, project_id: str, user_id: str, right: str, until: datetime | str) -> Grant:
        """Give a user a right until a time, at which it ends by itself: READ, WRITE or ADMIN, for a year at most."""
        project, user, given = await self._project(project_id), identifier(user_id, "user_id"), right_named(right)
        if not Right.READ <= given <= Right.ADMIN:
            raise InvalidInput(f"{given.name} is not given for a while", field="right", hint="Give READ, WRITE, ADMIN.")
        await self._may_give(project.id, given)
        now = self._acting.access.clock.now()
        ends = instant(until, "until")
        if not now < ends <= now + LONGEST_GRANT:
            raise InvalidInput(f"until is {ends.isoformat()}", field="until", hint="Give a time within the next year.")
        actor = self._acting.actor
        by = actor.user_id if isinstance(actor, Person) else actor.token_id or "system"
        made = Grant(new_id(now), project.id, user, given, now, ends, by)
        await self._people.add_grant(made)
        await self._people.expire(now)
        await self._did("grant", (project.id,), user, right=given.name, until=ends.isoformat())
        return made

    async def revoke_grant(self, project_id: str, grant_id: str) -> None:
        """End a grant at once; raise NotFound."""
        project = await self._project(project_id)
        await self._acting.access.require(self._acting.actor, Action.MANAGE, project.id)
        if not await self._people.remove_grant(project.id, identifier(grant_id, "grant_id")):
            raise NotFound(f"There is no grant {grant_id!r}", hint="It may have ended already.")
        await self._did("grant_revoke", (project.id,), grant_id)

    async def _project(self, project_id: str) -> Project:
        """Return a project the actor has a right in; raise NotFound."""
        access = self._acting.access
        name = await access.named(identifier(project_id, "project_id"))
        known = await access.known()
        verdict_right = right_of(self._acting.actor, name, known, access.clock.now())
        if name not in known.projects or verdict_right < Right.READ:
            raise NotFound(f"There is no project {name!r}", hint="`recollect project list` shows those there are.")
        await access.require(self._acting.actor, Action.READ, name)
        return known.projects[name]

    async def _may_give(self, project_id: str, right: Right) -> None:
        await self._acting.access.require(self._acting.actor, Action.MANAGE, project_id)
        if right is Right.OWNER:
            await self._acting.access.require(self._acting.actor, Action.OWN, project_id)

    async def _did(self, action: str, projects: tuple[str, ...], target: str, **detail: str) -> None:
        await self._acting.access.changed()
        deed = Deed(action, projects=projects, target=target, detail=detail)
        await self._acting.access.note(self._acting.actor, deed)


def right_named(value: str) -> Right:
    """Return a right by its name, in any case; raise InvalidInput."""
    found = NAMES.get(str(value).strip().upper())
    if found is None:
        raise InvalidInput(f"{value!r} is no right", field="right", hint=f"Give {', '.join(NAMES)}.")
    return found
