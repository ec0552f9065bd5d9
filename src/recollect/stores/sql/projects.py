"""Projects as rows, and all that lies under their ids."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from recollect.errors import Conflict, NotFound
from recollect.models import Member, Project, Right
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.edition import turn
from recollect.stores.sql.erase import erase, forget_rights
from recollect.stores.sql.move import move, move_people
from recollect.stores.sql.people import add_member
from recollect.stores.sql.row import micros
from recollect.stores.sql.schema import member, memory, project, project_alias, project_grant, tenant, waste


class SqlProjects:
    """The Projects port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def add(self, made: Project, owner: str | None = None) -> bool:
        """Make a project unless the id is taken."""
        return await self._database.write(lambda connection: _add(connection, made, owner))

    async def claim(self, made: Project, owner: str) -> bool:
        """Make a project where nothing is."""

        def work(connection: sa.Connection) -> bool:
            taken = _written(connection, made.id) or _meant(connection, made.id) is not None
            return not taken and _add(connection, made, owner)

        return await self._database.write(work)

    async def change(self, changed: Project) -> None:
        """Take over what may change."""
        values = {name: value for name, value in _row(changed).items() if name not in {"id", "created_at"}}

        def work(connection: sa.Connection) -> None:
            _there(connection, changed.id)
            connection.execute(sa.update(project).where(project.c.id == changed.id).values(values))
            turn(connection)

        await self._database.write(work)

    async def rename(self, old: str, new: str) -> int:
        """Move everything to a new id."""

        def work(connection: sa.Connection) -> int:
            _there(connection, old)
            taken = _has(connection, new) or _written(connection, new)
            if taken or _meant(connection, new) not in {None, old}:
                raise Conflict(f"There is a project {new!r} already", hint="Merge into it, or choose another id.")
            connection.execute(sa.update(project).where(project.c.id == old).values(id=new))
            moved = move(connection, old, new, micros(self._clock.now()))
            move_people(connection, old, new)
            _call(connection, old, new)
            turn(connection)
            return moved

        return await self._database.write(work)

    async def merge(self, source: str, target: str) -> int:
        """Move all memories of one project into another."""

        def work(connection: sa.Connection) -> int:
            _there(connection, source)
            _there(connection, target)
            moved = move(connection, source, target, micros(self._clock.now()))
            _remove(connection, source)
            _call(connection, source, target)
            turn(connection)
            return moved

        return await self._database.write(work)

    async def erase(self, project_id: str) -> int:
        """Remove a project and all that is its."""

        def work(connection: sa.Connection) -> int:
            if not _has(connection, project_id) and not _written(connection, project_id):
                raise NotFound(f"There is no project {project_id!r}", hint="`recollect project list` shows them.")
            gone = erase(connection, project_id, micros(self._clock.now()))
            _remove(connection, project_id)
            connection.execute(sa.delete(project_alias).where(project_alias.c.project_id == project_id))
            turn(connection)
            return gone

        return await self._database.write(work)

    async def forget_alias(self, project_id: str, alias: str) -> bool:
        """Have an id that a project had before mean nothing any more."""

        def work(connection: sa.Connection) -> bool:
            held = sa.delete(project_alias).where(project_alias.c.alias == alias)
            gone = connection.execute(held.where(project_alias.c.project_id == project_id)).rowcount > 0
            if gone:
                turn(connection)
            return gone

        return await self._database.write(work)


def _add(connection: sa.Connection, made: Project, owner: str | None) -> bool:
    if _has(connection, made.id):
        return False
    connection.execute(sa.insert(project).values(_row(made)))
    connection.execute(sa.delete(project_alias).where(project_alias.c.alias == made.id))  # made anew: its own again
    if owner is not None:
        add_member(connection, Member(made.id, owner, Right.OWNER, made.created_at))
    turn(connection)
    return True


def _row(made: Project) -> dict[str, Any]:
    return {
        "id": made.id,
        "name": made.name,
        "description": made.description,
        "business": made.business,
        "isolation": made.isolation.value,
        "status": made.status.value,
        "settings": dict(made.settings),
        "created_at": micros(made.created_at),
    }


def _call(connection: sa.Connection, old: str, new: str) -> None:
    """Have what was called `old`, or by a name from before that, be reached as `new`."""
    here = project_alias.c
    connection.execute(sa.update(project_alias).where(here.project_id == old).values(project_id=new))
    connection.execute(sa.delete(project_alias).where(here.alias.in_([old, new])))
    connection.execute(sa.insert(project_alias).values(alias=old, project_id=new))


def _meant(connection: sa.Connection, name: str) -> str | None:
    """Return the project that had this id before, `None` where there is none."""
    query = sa.select(project_alias.c.project_id).where(project_alias.c.alias == name)
    return connection.execute(query).scalar()


def _has(connection: sa.Connection, project_id: str) -> bool:
    return connection.execute(sa.select(project.c.key).where(project.c.id == project_id)).first() is not None


def _there(connection: sa.Connection, project_id: str) -> None:
    if not _has(connection, project_id):
        raise NotFound(f"There is no project {project_id!r}", hint="`recollect project list` shows them.")


def _written(connection: sa.Connection, project_id: str) -> bool:
    """Whether there are memories under an id, or some that retention has deleted and could bring back."""
    tenants = sa.select(tenant.c.key).where(tenant.c.project_id == project_id)
    found = (sa.select(table.c.key).where(table.c.tenant.in_(tenants)).limit(1) for table in (memory, waste))
    return any(connection.execute(query).first() is not None for query in found)


def _remove(connection: sa.Connection, project_id: str) -> None:
    """Remove a project's row, members, grants and rights."""
    for table in (member, project_grant):
        connection.execute(sa.delete(table).where(table.c.project_id == project_id))
    connection.execute(sa.delete(project).where(project.c.id == project_id))
    forget_rights(connection, project_id)
