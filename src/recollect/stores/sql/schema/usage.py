"""What calls to models cost."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("tokens_in", sa.Integer, nullable=False),
    sa.Column("tokens_out", sa.Integer, nullable=False),
    sa.Column("cost", sa.Float, nullable=False),
    sa.Column("milliseconds", sa.Float, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, server_default="", nullable=False),
    sa.Index("ix_usage_at", "at"),
)
