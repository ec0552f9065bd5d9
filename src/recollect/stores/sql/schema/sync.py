"""What stores that exchange know of each other, and which write of a memory each of them holds. No text is in it."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

replica = sa.Table(
    "replica",
    metadata,
    sa.Column("memory_id", sa.Text, primary_key=True),
    sa.Column("life", sa.Integer, nullable=False),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("born", sa.Boolean, nullable=False),
    sa.Column("outside", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Memories that have come or gone.

The stamp is true as long as `seq` is the memory's latest change; a later change was made here. `via` is who sent that
state. `born`: it was written here first. `outside`: `never`, `here` (others may have it) or `called back`.
"""

node = sa.Table(
    "node",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("projects", sa.JSON, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("reached", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""Who may exchange with this store."""

center = sa.Table(
    "center",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("own", sa.Text, nullable=False),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("pulled", sa.BigInteger, nullable=False),
    sa.Column("pushed", sa.BigInteger, nullable=False),
    sa.Column("ahead", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("done_at", sa.BigInteger),
    sa.Column("tried_at", sa.BigInteger),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("held_until", sa.BigInteger, nullable=False),
)
"""One row: the name of this store (`own`), how far it is with its center, and which process exchanges now."""
