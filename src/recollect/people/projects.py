"""What is done with projects: make, set, rename, merge, archive, delete."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from recollect.access.acting import Acting
from recollect.access.decide import right_of
from recollect.capture.identifier import identifier
from recollect.capture.metadata import metadata_of
from recollect.errors import Conflict, InvalidInput, NotFound
from recollect.models import (
    DEFAULT,
    EVERYWHERE,
    Action,
    Deed,
    Isolation,
    Person,
    Project,
    Reach,
    Scope,
    Seen,
    Status,
)
from recollect.ports import Owners, Projects

LONGEST_NAME: Final = 200
LONGEST_DESCRIPTION: Final = 4000
MOST: Final = 10_000


class ProjectVerbs:
    """Projects, for one actor. What he may not read is not there."""

    def __init__(self, acting: Acting, projects: Projects, owners: Owners) -> None:
        self._acting, self._projects, self._owners = acting, projects, owners

    async def list(self, *, status: str | None = None) -> list[Seen]:
        """Return the projects that may be read, by id; of those that nobody made the ones with memories."""
        wanted = None if status is None else _status(status)
        known = await self._acting.access.known()
        now, actor = self._acting.access.clock.now(), self._acting.actor
        found = {name: Seen(project, right_of(actor, name, known, now)) for name, project in known.projects.items()}
        allowed = {name: seen for name, seen in found.items() if await self._reads(name)}
        for owner in await self._owners.owners("project_id", limit=MOST):
            if owner.name not in known.projects:
                implicit = Project(owner.name, owner.name, owner.first_at, isolation=known.usual)
                allowed[owner.name] = Seen(implicit, right_of(actor, owner.name, known, now), made=False)
        return [allowed[name] for name in sorted(allowed) if wanted in {None, allowed[name].project.status}]

    async def get(self, project_id: str) -> Seen:
        """Return one project; raise NotFound where it is not there or may not be read."""
        name = await self._acting.access.named(identifier(project_id, "project_id"))
        known = await self._acting.access.known()
        project = known.projects.get(name)
        if project is None or not await self._reads(name):
            raise NotFound(f"There is no project {name!r}", hint="`recollect project list` shows those there are.")
        return Seen(project, right_of(self._acting.actor, name, known, self._acting.access.clock.now()))

    async def create(
        self,
        project_id: str,
        *,
        name: str | None = None,
        description: str = "",
        business: str = "general",
        isolation: str | None = None,
        settings: Mapping[str, Any] | None = None,
        owner: str | None = None,
    ) -> Seen:
        """Make a project; a user who makes one owns it, others name an `owner` or leave it to the system.

        Raises Conflict where it is there, InvalidInput, and Denied for a user where memories lie under its id.
        """
        made = self._made(project_id, name, description, business, isolation, settings)
        actor = self._acting.actor
        if isinstance(actor, Person):
            if owner not in {None, actor.user_id}:
                raise InvalidInput("A user makes projects of his own", field="owner", hint="Leave owner out.")
            await self._acting.access.check(actor, Action.READ, Scope(actor.user_id, DEFAULT))
            done = await self._projects.claim(made, actor.user_id)
        else:
            await self._acting.access.require(actor, Action.OPERATE)
            done = await self._projects.add(made, await self._owner(owner))
        if not done:
            raise Conflict(
                f"The project id {made.id!r} is taken", hint="Choose another, or ask its owner to let you in."
            )
        await self._did("project_create", made.id)
        return await self.get(made.id)

    async def change(
        self,
        project_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        business: str | None = None,
        isolation: str | None = None,
        settings: Mapping[str, Any] | None = None,
        status: str | None = None,
    ) -> Seen:
        """Set what is given, `settings` as a whole; its isolation and status are for owners."""
        old = (await self.get(project_id)).project
        given = self._made(
            old.id,
            old.name if name is None else name,
            old.description if description is None else description,
            old.business if business is None else business,
            old.isolation.value if isolation is None else isolation,
            old.settings if settings is None else settings,
        )
        changed = replace(given, created_at=old.created_at, status=old.status if status is None else _status(status))
        farther = (changed.isolation, changed.status) != (old.isolation, old.status)
        await self._acting.access.require(self._acting.actor, Action.OWN if farther else Action.MANAGE, old.id)
        await self._projects.change(changed)
        await self._did("project_change", old.id, isolation=changed.isolation.value, status=changed.status.value)
        return await self.get(old.id)

    async def archive(self, project_id: str) -> Seen:
        """Make a project read-only."""
        return await self.change(project_id, status=Status.ARCHIVED)

    async def restore(self, project_id: str) -> Seen:
        """Make an archived project active again."""
        return await self.change(project_id, status=Status.ACTIVE)

    async def aliases(self, project_id: str) -> builtins.list[str]:
        """Return the ids that a project had before, by which it is still reached; raise NotFound."""
        project = (await self.get(project_id)).project
        known = await self._acting.access.known()
        return sorted(alias for alias, name in known.aliases.items() if name == project.id)

    async def forget_alias(self, project_id: str, alias: str) -> None:
        """Have an id that a project had before mean nothing any more; raise NotFound where it is none."""
        project = (await self.get(project_id)).project
        await self._acting.access.require(self._acting.actor, Action.OWN, project.id)
        old = identifier(alias, "alias")
        if not await self._projects.forget_alias(project.id, old):
            raise NotFound(
                f"The project {project.id!r} was never called {old!r}", hint="It has other aliases, or none."
            )
        await self._did("project_alias_forget", project.id, old)

    async def rename(self, project_id: str, new_id: str) -> int:
        """Give a project another id; return how many memories moved. Raises Conflict where the id is taken.

        Whoever still uses the id it had reaches it, until that is forgotten.
        """
        old = (await self.get(project_id)).project.id
        new = _id(new_id, "new_id")
        await self._acting.access.require(self._acting.actor, Action.OWN, old)
        if new == old:
            return 0
        await self._active(old)
        moved = await self._projects.rename(old, new)
        await self._did("project_rename", old, new, memories=moved)
        return moved

    async def merge(self, project_id: str, into: str) -> int:
        """Move a project's memories into another, which keeps its members, and remove the first.

        Returns how many memories moved. One has to own both.
        """
        source, target = (await self.get(project_id)).project.id, (await self.get(into)).project.id
        if source == target:
            raise InvalidInput("A project is not merged into itself", field="into", hint="Name another project.")
        for name in (source, target):
            await self._acting.access.require(self._acting.actor, Action.OWN, name)
            await self._active(name)
        moved = await self._projects.merge(source, target)
        await self._did("project_merge", source, target, memories=moved)
        return moved

    async def delete(self, project_id: str) -> int:
        """Delete a project and all that is its, for good; return how many memories went."""
        name = _id(project_id, "project_id")
        await self._acting.access.require(self._acting.actor, Action.OWN, name)
        gone = await self._projects.erase(name)
        await self._did("project_delete", name, memories=gone)
        return gone

    async def _reads(self, name: str) -> bool:
        verdict = await self._acting.access.verdict(self._acting.actor, Action.READ, Reach(None, name))
        return verdict.allowed and not verdict.claims

    async def _owner(self, owner: str | None) -> str | None:
        if owner is None:
            return None
        name = identifier(owner, "owner")
        if name not in (await self._acting.access.known()).users:
            raise NotFound(f"There is no user {name!r}", hint="Add him first: `recollect user add`.")
        return name

    async def _active(self, name: str) -> None:
        if (await self._acting.access.known()).projects[name].status is Status.ARCHIVED:
            raise Conflict(f"The project {name!r} is archived", hint="Restore it first: it is read-only.")

    async def _did(self, action: str, *projects: str, **detail: str | int | bool) -> None:
        await self._acting.access.changed()
        await self._acting.access.note(self._acting.actor, Deed(action, projects=projects, detail=detail))

    def _made(
        self,
        project_id: str,
        name: str | None,
        description: str,
        business: str,
        isolation: str | None,
        settings: Mapping[str, Any] | None,
    ) -> Project:
        """Return a project of these values, checked."""
        access = self._acting.access
        made_id = _id(project_id, "project_id")
        if not isinstance(settings, Mapping | None):
            raise InvalidInput("settings is no object", field="settings", hint="Give a JSON object.")
        return Project(
            made_id,
            _line(made_id if name is None else name, "name", LONGEST_NAME) or made_id,
            access.clock.now(),
            _line(description, "description", LONGEST_DESCRIPTION),
            _line(business, "business", LONGEST_NAME) or "general",
            access.usual if isolation is None else _isolation(isolation),
            settings=metadata_of(settings, "settings"),
        )


def _id(value: str, field: str) -> str:
    name = identifier(value, field)
    if name in {DEFAULT, EVERYWHERE}:
        raise InvalidInput(f"{name!r} is nobody's project", field=field, hint="Choose another id.")
    return name


def _line(value: str, field: str, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{field} is not text", field=field, hint="Give it as a string.")
    clean = value.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if len(clean) > longest:
        raise InvalidInput(f"{field} has {len(clean)} characters", field=field, hint=f"{longest} are the most.")
    return clean


def _isolation(value: str) -> Isolation:
    try:
        return Isolation(value)
    except ValueError as error:
        names = ", ".join(Isolation)
        raise InvalidInput(f"{value!r} is no isolation", field="isolation", hint=f"Give {names}.") from error


def _status(value: str) -> Status:
    try:
        return Status(value)
    except ValueError as error:
        raise InvalidInput(f"{value!r} is no status", field="status", hint=f"Give {', '.join(Status)}.") from error
