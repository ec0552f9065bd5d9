"""What users searched for across projects."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

search_history = sa.Table(
    "search_history",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("projects", sa.JSON, nullable=False),
    sa.Column("merge", sa.Text, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Column("milliseconds", sa.Float, nullable=False),
    sa.Index("ix_search_history_user_id_key", "user_id", "key"),
    sqlite_autoincrement=True,
)
