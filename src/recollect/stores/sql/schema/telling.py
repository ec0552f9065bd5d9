"""What assistants were told, and which memories it was made of."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

telling = sa.Table(
    "telling",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.Text),
    sa.Column("agent_id", sa.Text),
    sa.Column("turn", sa.Text),
    sa.Column("tokens", sa.Integer, nullable=False),
    sa.Column("whole", sa.Integer),
    sa.Column("budget", sa.Integer),
    sa.Index("ix_telling_at", "at"),
    sa.Index("ix_telling_turn", "turn"),
    sa.Index("ix_telling_conversation_id_project_id_user_id_key", "conversation_id", "project_id", "user_id", "key"),
    sa.Index("ix_telling_project_id_user_id", "project_id", "user_id"),
    sqlite_autoincrement=True,
)

told = sa.Table(
    "told",
    metadata,
    sa.Column("telling", Key, sa.ForeignKey("telling.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("memory", sa.Text, nullable=False),
    sa.Index("ix_told_memory", "memory"),
    sqlite_with_rowid=False,
)
