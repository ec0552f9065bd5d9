"""Which outbox the index at a place has: a store may go from one index to another while both are used."""

from __future__ import annotations

import zlib

import sqlalchemy as sa

from recollect.stores.beside.outbox import USUAL, Outbox
from recollect.stores.sql.dialect import insert_new

_OWN = sa.MetaData()

_place = sa.Table(
    "outbox_place",
    _OWN,
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)
"""The outbox of each place. A place is an address without keys, and what the names of its collections begin with."""


def outbox_at(connection: sa.Connection, place: str) -> Outbox:
    """Return the outbox of the index at a place; the first place has the usual one."""
    _OWN.create_all(connection)
    known = {row.place: row.name for row in connection.execute(sa.select(_place))}
    if place not in known:
        known[place] = f"outbox_{zlib.crc32(place.encode()):08x}" if known else USUAL.table.name
        connection.execute(insert_new(_place).values(place=place, name=known[place]))
    return Outbox(known[place])


def drop_others(connection: sa.Connection, place: str | None) -> list[str]:
    """Note nothing any more for indexes at other places (`None`: at any), and return where these are."""
    _OWN.create_all(connection)
    others = connection.execute(sa.select(_place).where(_place.c.place.is_distinct_from(place))).all()
    for row in others:
        Outbox(row.name).drop(connection)
        connection.execute(sa.delete(_place).where(_place.c.place == row.place))
    return [row.place for row in others]
