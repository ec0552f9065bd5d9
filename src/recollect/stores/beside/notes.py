"""Notes of what something beside the records has still to hear of, written by the database itself.

Triggers write them in the transaction that changes a row, whoever changes it and on whatever way, a deleted memory's
cascade among them; they leave a job behind as well. A note says only *that* something changed. What is true is read
when the job is done, so notes may be done twice and in any order.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import SCHEMA, hold
from recollect.stores.sql.write import push_jobs, some

ROWS: Final = {"INSERT": "NEW", "DELETE": "OLD", "UPDATE": "NEW"}
"""The row that a trigger sees."""

_JOB = "INSERT INTO job (name, payload, state, attempts, run_at, leased_until, created_at)"
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {notes}_{table}_{when} AFTER {when} ON {table} {only} BEGIN
    INSERT INTO {notes} ({columns}) {noted};
    {into} SELECT '{job}', '{{}}', 'ready', 0, 0, 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000000
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE name = '{job}' AND state = 'ready');
END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION {notes}_{table}_{when}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO {notes} ({columns}) {noted};
    IF FOUND THEN
        {into} VALUES
            ('{job}', '{{}}', 'ready', 0, 0, 0, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint));
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER {notes}_{table}_{when} AFTER {when} ON {table} {each}
EXECUTE FUNCTION {notes}_{table}_{when}()
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose changes are noted. `noted` selects what its notes say, `{row}` standing for the changed row.

    With `only`, updates alone are noted, and of these those that change one of these columns.
    """

    table: str
    noted: str
    only: tuple[str, ...] = ()


class Notes:
    """The notes of one thing beside the records: their table (`seq` first), their job, and what they are written of.

    `table` has a MetaData of its own: it is made when a store is first opened with that thing. `fill` notes all that
    there is.
    """

    def __init__(
        self, table: sa.Table, job: str, watched: Sequence[Watched], fill: Callable[[sa.Connection], None]
    ) -> None:
        self.table, self._job, self._watched, self._fill = table, job, watched, fill
        self._own = sa.Table(f"{table.name}_note", table.metadata, sa.Column("store", sa.Text, primary_key=True))

    def ensure(self, connection: sa.Connection) -> str:
        """Begin to note, unless that has begun, with all that there is; return this store's name for that thing."""
        found = self._name(connection)
        if found is not None:
            return found
        hold(connection, SCHEMA, [4])
        found = self._name(connection)  # another process may have begun it meanwhile
        if found is not None:
            return found
        self.table.metadata.create_all(connection)
        name = secrets.token_hex(4)
        connection.execute(sa.insert(self._own).values(store=name))
        for watched in self._watched:
            for when in ("UPDATE",) if watched.only else tuple(ROWS):
                self._watch(connection, watched, when)
        self._fill(connection)
        return name

    def drop(self, connection: sa.Connection) -> None:
        """Note no more, and forget what was noted."""
        server = is_postgresql(connection)
        for watched in self._watched:
            for when in ("UPDATE",) if watched.only else tuple(ROWS):
                name = f"{self.table.name}_{watched.table}_{when}"
                connection.exec_driver_sql(
                    f"DROP TRIGGER IF EXISTS {name}" + (f" ON {watched.table}" if server else "")
                )
                if server:
                    connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")
        self.table.metadata.drop_all(connection)

    def note(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note something, and leave a job for it."""
        if rows:
            connection.execute(sa.insert(self.table), rows)
            self.push(connection)

    def push(self, connection: sa.Connection) -> None:
        """Leave a job."""
        push_jobs(connection, [Task(self._job, {})], 0)

    def remind(self, connection: sa.Connection) -> None:
        """Leave a job where notes were begun, for those whose own job was lost."""
        if self._name(connection) is not None:
            self.push(connection)

    def waiting(self, connection: sa.Connection) -> int:
        """Return how many notes wait."""
        return int(connection.execute(sa.select(sa.func.count()).select_from(self.table)).scalar_one())

    def oldest(self, connection: sa.Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Return the oldest notes."""
        return connection.execute(sa.select(self.table).order_by(self.table.c.seq).limit(limit)).all()

    def take_out(self, connection: sa.Connection, seqs: Sequence[int]) -> None:
        """Take out notes that were done."""
        for part in some(seqs):
            connection.execute(sa.delete(self.table).where(self.table.c.seq.in_(part)))

    def _watch(self, connection: sa.Connection, watched: Watched, when: str) -> None:
        columns = ", ".join(column.name for column in self.table.c if column.name != "seq")
        said = {"notes": self.table.name, "table": watched.table, "when": when, "columns": columns}
        said |= {"job": self._job, "into": _JOB}
        row = ROWS[when]
        if not is_postgresql(connection):
            changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in watched.only)
            only = f"WHEN {changed}" if changed else ""
            connection.exec_driver_sql(_SQLITE.format(noted=watched.noted.format(row=row), only=only, **said))
            return
        changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in watched.only)
        if changed:
            noted, each = watched.noted.format(row=row), f"FOR EACH ROW WHEN ({changed})"
        else:
            noted = f"SELECT n.* FROM touched t CROSS JOIN LATERAL ({watched.noted.format(row='t')}) n"  # noqa: S608 - constants
            each = f"REFERENCING {row} TABLE AS touched FOR EACH STATEMENT"
        connection.exec_driver_sql(_FUNCTION.format(noted=noted, **said))
        connection.exec_driver_sql(_TRIGGER.format(each=each, **said))

    def _name(self, connection: sa.Connection) -> str | None:
        postgresql = is_postgresql(connection)
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one() if postgresql else None
        if not sa.inspect(connection).has_table(self._own.name, schema=schema):
            return None
        return connection.execute(sa.select(self._own.c.store)).scalar()
