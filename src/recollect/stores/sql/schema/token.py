"""What clients of the server show, as digests."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

token = sa.Table(
    "token",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
