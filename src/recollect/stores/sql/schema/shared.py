"""What the servers of a store must know of each other: who signed out, and what was answered under which key."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import metadata

session_end = sa.Table(
    "session_end",
    metadata,
    sa.Column("once", sa.Text, primary_key=True),
    sa.Column("ends", sa.BigInteger, nullable=False),
)
"""Sessions of browsers that are over, each with the second (since 1970) at which it would have ended by itself."""

reply = sa.Table(
    "reply",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.JSON(none_as_null=True)),
    sa.Column("body", sa.LargeBinary),
    sa.Index("ix_reply_until", "until"),
)
"""Answers to writes under an Idempotency-Key. While one is being made it has no status, and is its holder's."""
