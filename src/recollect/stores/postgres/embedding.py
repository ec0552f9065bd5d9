"""Vectors of one model as pgvector keeps them: a table of its own with an HNSW index, beside the codes in `vector`.

`vector` remains what is handed on, caught up with and rescored by; this is an index of it. It is there once `ensure`
made it, and written in the same transaction from then on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from recollect.stores.code import Floats, decode, unpack
from recollect.stores.postgres.walls import wall_off
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import SCHEMA, hold
from recollect.stores.sql.schema import model, vector

MOST = 4000
"""Dimensions that an HNSW index of halfvec takes; vectors of more are searched exactly."""

_PART = 1000

_USABLE = """
SELECT coalesce((
    SELECT string_to_array(extversion, '.')::int[] >= '{0,8}' FROM pg_extension WHERE extname = 'vector'
), false)
"""
_OFFERED = "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"


def table_of(model: int) -> str:
    """Return the name of a model's table."""
    return f"embedding_{int(model)}"


def usable(connection: sa.Connection) -> bool:
    """Return whether pgvector 0.8 or newer is there, after trying to create it where the server offers it."""
    if not is_postgresql(connection):
        return False
    if not connection.exec_driver_sql(_USABLE).scalar() and connection.exec_driver_sql(_OFFERED).scalar():
        try:
            with connection.begin_nested():
                hold(connection, SCHEMA, [1])
                connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        except sa.exc.DBAPIError:  # this user may not
            return False
    return bool(connection.exec_driver_sql(_USABLE).scalar())


def there(connection: sa.Connection, model: int) -> bool:
    """Return whether a model has its table."""
    if not is_postgresql(connection):
        return False
    found = connection.execute(sa.text("SELECT to_regclass(:name)"), {"name": table_of(model)})
    return found.scalar() is not None


def ensure(connection: sa.Connection, model: int, dimension: int) -> None:
    """Make a model's table and index, with the vectors that are there, unless it has them."""
    if dimension > MOST or there(connection, model):
        return
    hold(connection, SCHEMA, [2])
    if there(connection, model):
        return
    name = table_of(model)
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(
        f"CREATE TABLE {name} (chunk bigint PRIMARY KEY REFERENCES chunk (key) ON DELETE CASCADE, "
        f"tenant bigint NOT NULL, value halfvec({int(dimension)}) NOT NULL)"
    )
    query = sa.select(vector.c.chunk, vector.c.tenant, vector.c.code).where(vector.c.model == model)
    rows = connection.execute(query, execution_options={"yield_per": _PART})
    for part in rows.partitions():
        values = decode(*unpack([row.code for row in part], dimension))
        _write(connection, name, [row.chunk for row in part], [row.tenant for row in part], values)
    connection.exec_driver_sql(f"CREATE INDEX ix_{name}_tenant ON {name} (tenant, chunk)")
    connection.exec_driver_sql(f"CREATE INDEX ix_{name}_value ON {name} USING hnsw (value halfvec_cosine_ops)")
    wall_off(connection, name)


def ensure_all(connection: sa.Connection) -> None:
    """Make the tables and indexes of all models there are, where pgvector is."""
    if usable(connection):
        for row in connection.execute(sa.select(model.c.key, model.c.dimension)).all():
            ensure(connection, row.key, row.dimension)


def mirror(connection: sa.Connection, model: int, dimension: int, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of `vector` (chunk, tenant, code) into their model's table too, where it has one."""
    if rows and there(connection, model):
        values = decode(*unpack([bytes(row["code"]) for row in rows], dimension))  # type: ignore[call-overload]
        _write(connection, table_of(model), [row["chunk"] for row in rows], [row["tenant"] for row in rows], values)


def unmirror(connection: sa.Connection, models: Sequence[int]) -> None:
    """Drop the tables of models."""
    if is_postgresql(connection):
        for model in models:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(model)}")


def written(values: Floats) -> list[str]:
    """Return vectors as pgvector reads them."""
    return [f"[{','.join(f'{number:.5g}' for number in row)}]" for row in values.tolist()]


def _write(
    connection: sa.Connection, name: str, chunks: Sequence[object], owners: Sequence[object], values: Floats
) -> None:
    put = sa.text(
        f"INSERT INTO {name} SELECT * FROM unnest(CAST(:chunks AS bigint[]), CAST(:owners AS bigint[]), "  # noqa: S608
        "CAST(:texts AS halfvec[])) ON CONFLICT (chunk) DO UPDATE SET value = excluded.value"
    )
    connection.execute(put, {"chunks": list(chunks), "owners": list(owners), "texts": written(values)})
