"""The audit log: rows that are only ever added."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", Key, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("projects", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("times", sa.BigInteger, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("ix_audit_actor_seq", "actor", "seq"),
    sa.Index("ix_audit_at", "at"),
)
"""`projects` and `detail` are JSON as it was digested: a driver that writes it otherwise must not break the chain."""
