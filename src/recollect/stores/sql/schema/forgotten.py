"""Users and projects of whom everything was to be forgotten, for stores that were away. No text is in it."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("noted_at", sa.BigInteger, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("lifted", sa.Boolean, nullable=False),
    sa.UniqueConstraint("user_id", "project_id"),
    sqlite_autoincrement=True,
)
""""" in place of a user or project: all of them."""
