"""The tables, described once for SQLite and PostgreSQL.

Times are microseconds since 1970 in UTC. A tenant is a pair of user and project: every index starts with it, so that a
question never reads another tenant's rows. Indexes over a part of a table are so on PostgreSQL too, as the migrations
say: to say it here would load that dialect for everyone.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")

NOTED = "kind IN ('note', 'fact')"
"""What is looked up by its content: a query must say it in these words for the index to serve it."""

tenant = sa.Table(
    "tenant",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.UniqueConstraint("user_id", "project_id"),
    sa.Index("ix_tenant_project_id", "project_id"),
    sqlite_autoincrement=True,
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("tenant", Key, sa.ForeignKey("tenant.key"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("turns", sa.Integer, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("tenant", "name"),
    sqlite_autoincrement=True,
)

memory = sa.Table(
    "memory",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("dedupe", sa.Text, nullable=False, unique=True),
    sa.Column("tenant", Key, sa.ForeignKey("tenant.key"), nullable=False),
    sa.Column("conversation", Key, sa.ForeignKey("conversation.key"), nullable=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("agent_id", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("role", sa.Text),
    sa.Column("speaker", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("keywords", sa.JSON, nullable=False),
    sa.Column("entities", sa.JSON, nullable=False),
    sa.Column("importance", sa.Float, nullable=False),
    sa.Column("urgency", sa.Float, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("metadata", sa.JSON, nullable=False),
    sa.Column("client", sa.Text),
    sa.Column("file", sa.Text),
    sa.Column("message_id", sa.Text),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("repeats", sa.Integer, nullable=False),
    sa.Column("dense", sa.Boolean, nullable=False),
    sa.Column("standing", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", sa.BigInteger, nullable=False),
    sa.Column("valid_from", sa.BigInteger),
    sa.Column("valid_to", sa.BigInteger),
    sa.Column("superseded_by", sa.Text),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_memory_tenant_key", "tenant", "key"),
    sa.Index("ix_memory_conversation_position", "conversation", "position"),
    sa.Index(
        "ix_memory_tenant_content_hash",
        "tenant",
        "content_hash",
        sqlite_where=sa.text(NOTED),
    ),
    sa.Index(
        "ix_memory_superseded_by",
        "superseded_by",
        sqlite_where=sa.text("superseded_by IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

chunk = sa.Table(
    "chunk",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), nullable=False),
    sa.Column("tenant", Key, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("terms", sa.Text, nullable=False),
    sa.Column("words", sa.Float, nullable=False),
    sa.Index("ix_chunk_memory", "memory"),
    sqlite_autoincrement=True,
)

model = sa.Table(
    "model",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("dimension", sa.Integer, nullable=False),
)

vector = sa.Table(
    "vector",
    metadata,
    sa.Column("seq", Key, primary_key=True),
    sa.Column("chunk", Key, sa.ForeignKey("chunk.key", ondelete="CASCADE"), nullable=False),
    sa.Column("model", Key, sa.ForeignKey("model.key"), nullable=False),
    sa.Column("tenant", Key, nullable=False),
    sa.Column("code", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("chunk", "model"),
    sa.Index("ix_vector_tenant_model_seq", "tenant", "model", "seq"),
    sqlite_autoincrement=True,
)

change = sa.Table(
    "change",
    metadata,
    sa.Column("seq", Key, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("memory_id", sa.Text, nullable=False),
    sa.Column("memory", Key, nullable=False),
    sa.Column("tenant", Key, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("before", sa.JSON),
    sa.Index("ix_change_memory_id", "memory_id"),
    sa.Index("ix_change_tenant_seq", "tenant", "seq"),
    sqlite_autoincrement=True,
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_at", sa.BigInteger, nullable=False),
    sa.Column("leased_until", sa.BigInteger, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("owner", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("ix_job_state_name_turn_id", "state", "name", "turn", "id"),
    sa.Index("ix_job_owner_name_turn", "owner", "name", "turn"),
    sqlite_autoincrement=True,
)

entity = sa.Table(
    "entity",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("tenant", Key, sa.ForeignKey("tenant.key"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant", "folded"),
)

mention = sa.Table(
    "mention",
    metadata,
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("entity", Key, sa.ForeignKey("entity.key"), primary_key=True),
    sa.Index("ix_mention_entity_memory", "entity", "memory"),
    sqlite_with_rowid=False,
)

relation = sa.Table(
    "relation",
    metadata,
    sa.Column("subject", Key, sa.ForeignKey("entity.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("predicate", sa.Text, primary_key=True),
    sa.Column("object", Key, sa.ForeignKey("entity.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("valid_from", sa.BigInteger),
    sa.Column("valid_to", sa.BigInteger),
    sa.Index("ix_relation_object", "object"),
    sa.Index("ix_relation_memory", "memory"),
    sqlite_with_rowid=False,
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("other", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Index("ix_link_other", "other"),
    sqlite_with_rowid=False,
)

derivation = sa.Table(
    "derivation",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_derivation_memory", "memory"),
    sqlite_with_rowid=False,
)
