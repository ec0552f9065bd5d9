"""Brings some rows of one store to what they are in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from recollect.errors import StoreBusy, StoreError, StoreMoved
from recollect.stores.postgres.embedding import mirror, table_of, there
from recollect.stores.sql.copying.note import End, let_pass, read_note
from recollect.stores.sql.copying.rows import (
    APPENDED,
    OWN_JOBS,
    Keyed,
    Row,
    found,
    key_of,
    put,
    tables,
    take_out,
    written,
)
from recollect.stores.sql.copying.target import APART, check_loose
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.schema import chunk, job, metadata, model, vector
from recollect.stores.sql.write import some

Touched = Mapping[str, Iterable[Row]]
"""Keys by table."""


def take_over(target: Database, touched: Touched, rows: Mapping[str, Keyed]) -> None:
    """Have the rows of these keys as they are in `rows`; those that are not there are deleted.

    Raises StoreError that names the table and the key of a row that the target cannot hold.
    """
    try:
        target.write_now(lambda connection: replace(connection, touched, rows))
    except (StoreBusy, StoreMoved):
        raise
    except StoreError:
        for name, keyed in rows.items():
            name_the_culprit(target, metadata.tables[name], keyed.values())
        raise


def name_the_culprit(target: Database, table: sa.Table, rows: Iterable[Row]) -> None:
    """Insert rows one by one; raise StoreError that names the first one that cannot be."""
    for row in rows:
        try:
            target.write_now(lambda connection, row=row: put(connection, table, [row]))  # type: ignore[misc]
        except (StoreBusy, StoreMoved):
            raise
        except StoreError as error:
            raise StoreError(
                f"The row {written(key_of(table, row))} of {table.name} cannot be copied: {error.message}",
                hint="Delete or mend it in the source, then start again; what was copied stays.",
            ) from error


def replace(connection: sa.Connection, touched: Touched, rows: Mapping[str, Keyed]) -> None:
    """Do it in the caller's transaction. All are taken out before any comes in: what is unique may have changed hands.

    Of two that want the same, the first stands; the other's own entry comes later and finds the place free.
    """
    check_loose(connection)
    note = read_note(connection)
    left = note is not None and note.end is End.LEFT
    if left:
        let_pass(connection, through=True)
    ordered = [table for table in tables() if touched.get(table.name)]
    for table in reversed(ordered):
        if table.name not in APPENDED:
            keys = list(touched[table.name])
            if table.name == vector.name:
                _unmirror(connection, keys)
            take_out(connection, table, keys)
    for table in ordered:
        put(connection, table, list(rows.get(table.name, {}).values()))
    _mirror(connection, rows)
    drop_own_jobs(connection)
    if left:
        let_pass(connection, through=False)


def drop_own_jobs(connection: sa.Connection) -> None:
    """Delete the jobs that the store's own triggers left while it was filled: who copies sees to what they are for."""
    connection.execute(sa.delete(job).where(sa.or_(job.c.id >= APART, job.c.name.in_(OWN_JOBS))))


def differing(connection: sa.Connection, touched: Touched, rows: Mapping[str, Keyed]) -> list[tuple[str, Row, str]]:
    """Return which of these keys are not as they should be: table, key, and `missing`, `left over` or `different`."""
    wrong = []
    for table in tables():
        keys = list(dict.fromkeys(touched.get(table.name, ())))
        if not keys:
            continue
        wanted, here = rows.get(table.name, {}), found(connection, table, keys)
        wrong += [(table.name, key, how) for key in keys if (how := _compared(wanted.get(key), here.get(key)))]
    return wrong


def _compared(wanted: Row | None, here: Row | None) -> str:
    if wanted == here:
        return ""
    return "missing" if here is None else "left over" if wanted is None else "different"


def _unmirror(connection: sa.Connection, keys: list[Row]) -> None:
    """Take vectors out of pgvector's tables too, before their rows go."""
    if not is_postgresql(connection):
        return
    gone: dict[int, list[int]] = {}
    for row in found(connection, vector, keys).values():
        values = dict(zip(vector.c.keys(), row, strict=True))
        gone.setdefault(values["model"], []).append(values["chunk"])
    for which, chunks in gone.items():
        if there(connection, which):
            own = sa.table(table_of(which), sa.column("chunk"))
            connection.execute(sa.delete(own).where(own.c.chunk.in_(chunks)))


def _mirror(connection: sa.Connection, rows: Mapping[str, Keyed]) -> None:
    """Write the vectors of these chunks to pgvector's tables, where their models have one: they went with the chunk."""
    if not is_postgresql(connection):
        return
    place = vector.c.keys().index("chunk")
    chunks = {key for (key,) in rows.get(chunk.name, {})} | {row[place] for row in rows.get(vector.name, {}).values()}
    models = [row for row in connection.execute(sa.select(model)).all() if chunks and there(connection, row.key)]
    for part in some(sorted(chunks)) if models else ():
        stored = connection.execute(sa.select(vector).where(vector.c.chunk.in_(part))).mappings().all()
        for one in models:
            mirror(connection, one.key, one.dimension, [dict(row) for row in stored if row["model"] == one.key])
