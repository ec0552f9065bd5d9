"""What is kept for a while and may be lost at any time: answers of language models."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

cache = sa.Table(
    "cache",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("ix_cache_expires_at_size", "expires_at", "size"),
)

cache_epoch = sa.Table(
    "cache_epoch",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
)
"""One row: how often the cache has been cleared."""
