"""Locks that PostgreSQL's writers take, so that what is read by number is complete.

In SQLite writers follow each other, and a reader that has seen entry 10 has seen entry 9. In PostgreSQL they write side
by side: numbers are given out in one order and become visible in another. So

- who writes memories of a tenant holds that tenant to the end of the transaction. What is read by number in a tenant
  (its changes, its vectors, its newest key) is then complete, and what is looked up before it is written (keys,
  conversations, entities) cannot be written by another in between. Writers of different tenants do not meet.
- who appends to the change log announces, by a shared lock that nobody waits for, the number after which its entries
  will stand. Who reads the log over all tenants asks first for the last number given out, then for the least announced,
  and reads up to the lesser of the two: whatever was given out below it has been committed or rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from recollect.stores.sql.dialect import is_postgresql

_SPACE = 40
"""Bits that a number takes in the key of a lock; above them stands the sort."""

TENANT, VECTORS, LOG, SCHEMA = 0x7274, 0x7276, 0x726C, 0x7273

_HOLD = sa.text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")

HOLD_SCHEMA = f"SELECT pg_advisory_xact_lock({(SCHEMA << _SPACE) | 3})"
"""Held by whoever makes the schema that our tables will be in."""

_LAST = "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM change_seq_seq)"

SETTLED = f"""
SELECT {_LAST};
SELECT min(((classid::bigint & {(1 << (_SPACE - 32)) - 1}) << 32) | objid::bigint) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> {_SPACE - 32} = {LOG}
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - of constants

ANNOUNCE = (
    f"""
CREATE FUNCTION recollect_announce() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF current_setting('recollect.announced', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
        PERFORM pg_advisory_xact_lock_shared(({LOG}::bigint << {_SPACE}) | {_LAST});
        PERFORM set_config('recollect.announced', pg_current_xact_id()::text, true);
    END IF;
    RETURN NULL;
END $body$
""",
    "CREATE TRIGGER change_announced BEFORE INSERT ON change FOR EACH STATEMENT EXECUTE FUNCTION recollect_announce()",
)


def hold(connection: sa.Connection, sort: int, numbers: Iterable[int]) -> None:
    """Hold these (tenants, as a rule) to the end of the transaction, after whoever holds them; no-op in SQLite."""
    if is_postgresql(connection):
        keys = sorted({(sort << _SPACE) | number for number in numbers})
        if keys:
            connection.execute(_HOLD, {"keys": keys})
