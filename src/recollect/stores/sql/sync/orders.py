"""Orders to forget that stand: noted here, heard from others, and carried out over what this store holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from recollect.merge import agreed
from recollect.models import Forgotten, Reach, Task
from recollect.stores.sql.delete import delete_all
from recollect.stores.sql.lock import SCHEMA, TENANT, hold
from recollect.stores.sql.schema import forgotten, memory, search_history, tenant
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.write import push_jobs, some

_COLUMNS = tuple(forgotten.c[name] for name in Forgotten.__dataclass_fields__)
_WIPE = Task("scrub", {})
_TURN = 5
"""Which lock keeps two writers from noting about the same whom at once."""


def orders(connection: sa.Connection) -> list[Forgotten]:
    """Return every order, by whom it is about."""
    rows = connection.execute(sa.select(*_COLUMNS).order_by(forgotten.c.user_id, forgotten.c.project_id))
    return [Forgotten(**row) for row in rows.mappings()]


def forbid(connection: sa.Connection, reach: Reach, now: int, own: str) -> None:
    """Note that everything in reach that was made until now is to be nowhere; `own` is the name of this store."""
    named = [(reach.user_id or "", reach.project_id or "")]
    if reach.within is not None:  # whoever may not reach all of it orders what he may
        keys = tenants_in(connection, reach)
        found = sa.select(tenant.c.user_id, tenant.c.project_id)
        named = [tuple(row) for part in some(keys) for row in connection.execute(found.where(tenant.c.key.in_(part)))]
    forbid_all(connection, named, now, own)


def forbid_all(connection: sa.Connection, named: Iterable[tuple[str, str]], now: int, own: str) -> None:
    """Note it of these users and projects."""
    hold(connection, SCHEMA, [_TURN])
    for user, project in named:
        old = _noted(connection, user, project)
        version = 1 if old is None else old.version + 1
        at = now if old is None else max(now, old.at)
        _write(connection, Forgotten(user, project, at, version, now, own))


def lift(connection: sa.Connection, project_id: str, now: int, own: str) -> None:
    """Lift what was ordered about a project: it takes over memories that are older than the order."""
    for order in orders(connection):
        if order.project_id == project_id and not order.lifted:
            _lift(connection, order, now, own)


def lift_over(connection: sa.Connection, made: Iterable[tuple[str, str, int]], now: int, own: str) -> None:
    """Lift every order over memories (user, project, when made) that were brought back on purpose."""
    standing = [order for order in orders(connection) if not order.lifted]
    for user, project, at in made if standing else ():
        for order in [order for order in standing if order.covers(user, project, at)]:
            standing.remove(order)
            _lift(connection, order, now, own)


def agree(
    connection: sa.Connection,
    told: Sequence[Forgotten],
    exchanged: Callable[[str], bool],
    now: int,
    *,
    again: bool = False,
) -> int:
    """Take over orders and carry out those that are new here (`again`: all), in the projects that are `exchanged`.

    Returns how many memories went.
    """
    hold(connection, SCHEMA, [_TURN])
    here = {order.whom: order for order in orders(connection)}
    fresh = []
    for order in told:
        old = here.get(order.whom)
        now_standing = order if old is None else agreed(old, order)
        if now_standing != old:
            _write(connection, now_standing)
            here[order.whom] = now_standing
            fresh.append(now_standing)
    standing = [order for order in (here.values() if again else fresh) if not order.lifted]
    gone = sum(_carry_out(connection, order, exchanged, now) for order in standing)
    if gone:
        push_jobs(connection, [_WIPE], now)
    return gone


def _carry_out(connection: sa.Connection, order: Forgotten, exchanged: Callable[[str], bool], now: int) -> int:
    """Delete what an order is about, and what else is known of it."""
    query = sa.select(tenant.c.key, tenant.c.user_id, tenant.c.project_id)
    if order.user_id:
        query = query.where(tenant.c.user_id == order.user_id)
    if order.project_id:
        query = query.where(tenant.c.project_id == order.project_id)
    keys = [row.key for row in connection.execute(query) if exchanged(row.project_id)]
    hold(connection, TENANT, keys)
    ids: list[str] = []
    for part in some(keys):
        made = sa.select(memory.c.id).where(memory.c.tenant.in_(part), memory.c.created_at <= order.at)
        ids += connection.execute(made).scalars()
    if order.user_id and not order.project_id:
        about = sa.and_(search_history.c.user_id == order.user_id, search_history.c.at <= order.at)
        connection.execute(sa.delete(search_history).where(about))
    return delete_all(connection, ids, now) if ids else 0


def _noted(connection: sa.Connection, user: str, project: str) -> Forgotten | None:
    here = sa.and_(forgotten.c.user_id == user, forgotten.c.project_id == project)
    row = connection.execute(sa.select(*_COLUMNS).where(here)).mappings().first()
    return None if row is None else Forgotten(**row)


def _lift(connection: sa.Connection, order: Forgotten, now: int, own: str) -> None:
    _write(connection, Forgotten(*order.whom, order.at, order.version + 1, now, own, lifted=True))


def _write(connection: sa.Connection, order: Forgotten) -> None:
    here = sa.and_(forgotten.c.user_id == order.user_id, forgotten.c.project_id == order.project_id)
    connection.execute(sa.delete(forgotten).where(here))
    connection.execute(sa.insert(forgotten).values({name: getattr(order, name) for name in order.__slots__}))
