"""What retention has done, what it has put away, and where texts lie that are not in their rows."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

retention_run = sa.Table(
    "retention_run",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("begun_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("memories", sa.BigInteger, nullable=False),
    sa.Column("bytes_before", sa.BigInteger, nullable=False),
    sa.Column("bytes_after", sa.BigInteger, nullable=False),
    sa.Column("undone", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
"""One run of one policy. `last` is the key of the memory it has come to; its rules are those it began with."""

waste = sa.Table(
    "waste",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("run", Key, sa.ForeignKey("retention_run.key", ondelete="CASCADE"), nullable=False),
    sa.Column("memory_id", sa.Text, nullable=False),
    sa.Column("tenant", Key, nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_waste_run_key", "run", "key"),
    sa.Index("ix_waste_memory_id", "memory_id"),
    sa.Index("ix_waste_tenant", "tenant"),
    sqlite_autoincrement=True,
)
"""Memories as they were before a run: `left` is the version it left behind, 0 where it deleted the memory."""

waste_source = sa.Table(
    "waste_source",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("waste", Key, sa.ForeignKey("waste.key", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_waste_source_waste", "waste"),
    sqlite_with_rowid=False,
)
"""What a memory in the waste was derived from: it goes with that."""

box = sa.Table(
    "box",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("tenant", Key, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Index("ix_box_name", "name"),
    sa.Index("ix_box_tenant", "tenant"),
    sqlite_autoincrement=True,
)
"""Texts of memories of one tenant, compressed together: here (`body`), or in object storage under a name."""

shelved = sa.Table(
    "shelved",
    metadata,
    sa.Column("memory", Key, sa.ForeignKey("memory.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("box", Key, sa.ForeignKey("box.key"), nullable=False),
    sa.Column("run", Key, sa.ForeignKey("retention_run.key"), nullable=False),
    sa.Index("ix_shelved_box", "box"),
    sa.Index("ix_shelved_run", "run"),
)
"""Memories whose text lies in a box; in their row stands how it begins."""
