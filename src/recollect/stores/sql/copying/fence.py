"""The fence around a store that was left: the database refuses every write, whatever process it comes from.

A process that still has the old address open would write what nobody reads any more. It is told so instead.
"""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.copying.rows import tables
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.left import LEFT, LEFT_STATE

_PASSING = "(SELECT passing FROM move_note)"
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE {when} ON "{table}" WHEN NOT {passing} BEGIN
    SELECT RAISE(ABORT, '{said}');
END
"""
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION move_fence() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF {_PASSING} THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '{LEFT}' USING ERRCODE = '{LEFT_STATE}';
END $body$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER "{name}" BEFORE INSERT OR UPDATE OR DELETE ON "{table}"
FOR EACH ROW EXECUTE FUNCTION move_fence()
"""


def hold_off(connection: sa.Connection) -> None:
    """Let no other transaction write until this one ends; those that try wait. SQLite does so by itself."""
    if is_postgresql(connection):
        names = ", ".join(f'"{table.name}"' for table in tables())
        connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def fence(connection: sa.Connection) -> None:
    """Refuse every write from the end of this transaction on, those excepted that `let_pass` lets through."""
    if is_postgresql(connection):
        connection.exec_driver_sql(_FUNCTION)
    for table in tables():
        for name, text in _triggers(connection, table):
            connection.exec_driver_sql(text.format(name=name, table=table.name))


def unfence(connection: sa.Connection) -> None:
    """Take writes again."""
    server = is_postgresql(connection)
    for table in tables():
        for name, _ in _triggers(connection, table):
            connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS "{name}"' + (f' ON "{table.name}"' if server else ""))
    if server:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS move_fence()")


def _triggers(connection: sa.Connection, table: sa.Table) -> list[tuple[str, str]]:
    """Return the triggers of a table, which come before its others by name: by name PostgreSQL calls them."""
    if is_postgresql(connection):
        return [(f"a_move_fence_{table.name}", _POSTGRES)]
    return [
        (f"a_move_fence_{when.lower()}_{table.name}", _SQLITE.replace("{when}", when).replace("{passing}", _PASSING)
         .replace("{said}", LEFT))
        for when in ("INSERT", "UPDATE", "DELETE")
    ]  # fmt: skip
