"""INSERTs of many rows hold what SQLAlchemy's own would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recollect.stores.sql.database import Database
from recollect.stores.sql.json_text import json_text
from recollect.stores.sql.many import insert_many

ODD = "猫 'quoted' ? %s :name"
VALUES: list[dict[str, Any]] = [
    {"said": ODD, "tags": ["a", "é"], "about": {"n": 1}, "dense": True, "weight": 0.1, "code": b"\0x"},
    {"said": "", "tags": [], "about": {}, "dense": False, "weight": 1, "code": b""},
    {"said": "x", "tags": [[], {}, None], "about": None, "dense": True, "weight": -0.0, "code": b"\xff"},
]
TABLE = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("said", sa.Text),
    sa.Column("tags", sa.JSON),
    sa.Column("about", sa.JSON),
    sa.Column("dense", sa.Boolean),
    sa.Column("weight", sa.Float),
    sa.Column("code", sa.LargeBinary),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "many.db")
    made.write_now(TABLE.create)
    yield made
    made.close_now()


def rows(connection: sa.Connection) -> list[Any]:
    raw = connection.exec_driver_sql("SELECT said, tags, about, dense, weight, code, typeof(about) FROM kept").all()
    return [*map(tuple, raw), *connection.execute(sa.select(TABLE.c.tags, TABLE.c.about, TABLE.c.dense)).all()]


def test_what_is_written_is_what_sqlalchemy_would_write(database: Database) -> None:
    def work(connection: sa.Connection) -> tuple[list[Any], list[Any]]:
        connection.execute(sa.insert(TABLE), VALUES)
        theirs = rows(connection)
        connection.execute(sa.delete(TABLE))
        insert_many(connection, TABLE, [dict(reversed(row.items())) for row in VALUES])
        return theirs, rows(connection)

    theirs, ours = database.write_now(work)
    assert ours == theirs
    assert len(ours) == 2 * len(VALUES)


def test_nothing_is_no_work(database: Database) -> None:
    database.write_now(lambda connection: insert_many(connection, TABLE, []))
    assert database.read_now(rows) == []


@pytest.mark.parametrize("value", [[], {}, None, 0, False, "", [0], {"a": []}, ["猫"], 1.5])
def test_json_is_compact_and_keeps_what_it_is_of(value: object) -> None:
    assert json_text(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
