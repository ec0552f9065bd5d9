"""Users, members and grants as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from recollect.errors import Conflict, NotFound
from recollect.models import Directory, Grant, Isolation, Member, Project, Right, Status, User
from recollect.stores.sql.database import Database
from recollect.stores.sql.edition import edition, turn
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import member, person, project, project_alias, project_grant, token


class SqlPeople:
    """The People port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edition(self) -> int:
        """Return the number of the present state."""
        return await self._database.read(edition)

    async def directory(self, usual: Isolation) -> Directory:
        """Return everything."""
        return await self._database.read(lambda connection: _directory(connection, usual))

    async def add_user(self, user: User) -> bool:
        """Add a user unless the id is taken."""

        def work(connection: sa.Connection) -> bool:
            if _known(connection, person, user.id):
                return False
            values = {"id": user.id, "name": user.name, "created_at": micros(user.created_at)}
            connection.execute(sa.insert(person).values(values))
            turn(connection)
            return True

        return await self._database.write(work)

    async def remove_user(self, user_id: str) -> bool:
        """Remove a user and all that lets him in."""

        def work(connection: sa.Connection) -> bool:
            held = sa.select(member.c.project_id).where(member.c.user_id == user_id, member.c.right == Right.OWNER)
            for name in connection.execute(held).scalars().all():
                _keep_owner(connection, name, user_id)
            for table in (member, project_grant, token):
                connection.execute(sa.delete(table).where(table.c.user_id == user_id))
            gone = connection.execute(sa.delete(person).where(person.c.id == user_id)).rowcount > 0
            if gone:
                turn(connection)
            return gone

        return await self._database.write(work)

    async def set_member(self, held: Member) -> None:
        """Set a user's right in a project."""

        def work(connection: sa.Connection) -> None:
            _both(connection, held.project_id, held.user_id)
            here = sa.and_(member.c.project_id == held.project_id, member.c.user_id == held.user_id)
            old = connection.execute(sa.select(member.c.right).where(here)).scalar()
            if old == Right.OWNER and held.right is not Right.OWNER:
                _keep_owner(connection, held.project_id, held.user_id)
            if held.right is Right.NONE:
                connection.execute(sa.delete(member).where(here))
            elif old is not None:
                connection.execute(sa.update(member).where(here).values(right=int(held.right)))
            else:
                connection.execute(sa.insert(member).values(_member_row(held)))
            turn(connection)

        await self._database.write(work)

    async def add_grant(self, grant: Grant) -> None:
        """Add a grant."""

        def work(connection: sa.Connection) -> None:
            _both(connection, grant.project_id, grant.user_id)
            connection.execute(
                sa.insert(project_grant).values(
                    id=grant.id,
                    project_id=grant.project_id,
                    user_id=grant.user_id,
                    right=int(grant.right),
                    since=micros(grant.since),
                    until=micros(grant.until),
                    granted_by=grant.granted_by,
                )
            )
            turn(connection)

        await self._database.write(work)

    async def remove_grant(self, project_id: str, grant_id: str) -> bool:
        """End a grant."""
        here = sa.and_(project_grant.c.project_id == project_id, project_grant.c.id == grant_id)
        return await self._removed(here) > 0

    async def expire(self, now: datetime) -> int:
        """Remove grants that have ended."""
        return await self._removed(project_grant.c.until <= micros(now))

    async def _removed(self, which: sa.ColumnElement[bool]) -> int:
        def work(connection: sa.Connection) -> int:
            gone = connection.execute(sa.delete(project_grant).where(which)).rowcount
            if gone:
                turn(connection)
            return gone

        return await self._database.write(work)


def project_of(row: sa.Row[tuple[object, ...]]) -> Project:
    """Return a project from its row."""
    return Project(
        row.id,
        row.name,
        moment(row.created_at),
        row.description,
        row.business,
        Isolation(row.isolation),
        Status(row.status),
        dict(row.settings),
    )


def add_member(connection: sa.Connection, held: Member) -> None:
    """Write a member who is none yet."""
    connection.execute(sa.insert(member).values(_member_row(held)))


def _directory(connection: sa.Connection, usual: Isolation) -> Directory:
    projects = {row.id: project_of(row) for row in connection.execute(sa.select(project).order_by(project.c.id))}
    members: dict[str, dict[str, Member]] = {}
    for row in connection.execute(sa.select(member).order_by(member.c.project_id, member.c.user_id)):
        held = Member(row.project_id, row.user_id, Right(row.right), moment(row.since))
        members.setdefault(row.project_id, {})[row.user_id] = held
    grants: dict[str, tuple[Grant, ...]] = {}
    for row in connection.execute(sa.select(project_grant).order_by(project_grant.c.key)):
        given = Grant(
            row.id,
            row.project_id,
            row.user_id,
            Right(row.right),
            moment(row.since),
            moment(row.until),
            row.granted_by,
        )
        grants[row.project_id] = (*grants.get(row.project_id, ()), given)
    users = {
        row.id: User(row.id, row.name, moment(row.created_at))
        for row in connection.execute(sa.select(person).order_by(person.c.id))
    }
    tokens = frozenset(connection.execute(sa.select(token.c.id)).scalars())
    aliases = {row.alias: row.project_id for row in connection.execute(sa.select(project_alias))}
    return Directory(edition(connection), projects, members, grants, users, tokens, usual, aliases)


def _member_row(held: Member) -> dict[str, object]:
    return {
        "project_id": held.project_id,
        "user_id": held.user_id,
        "right": int(held.right),
        "since": micros(held.since),
    }


def _known(connection: sa.Connection, table: sa.Table, name: str) -> bool:
    return connection.execute(sa.select(table.c.key).where(table.c.id == name)).first() is not None


def _both(connection: sa.Connection, project_id: str, user_id: str) -> None:
    """Raise NotFound unless both are there."""
    if not _known(connection, project, project_id):
        raise NotFound(f"There is no project {project_id!r}", hint="Make it first: `recollect project create`.")
    if not _known(connection, person, user_id):
        raise NotFound(f"There is no user {user_id!r}", hint="Add him first: `recollect user add`.")


def _keep_owner(connection: sa.Connection, project_id: str, besides: str) -> None:
    """Raise Conflict where nobody but this user owns a project."""
    others: Sequence[str] = (
        connection.execute(
            sa.select(member.c.user_id).where(
                member.c.project_id == project_id, member.c.right == Right.OWNER, member.c.user_id != besides
            )
        )
        .scalars()
        .all()
    )
    if not others:
        raise Conflict(
            f"{besides!r} is the last owner of {project_id!r}", hint="Make somebody else an owner first, or delete it."
        )
