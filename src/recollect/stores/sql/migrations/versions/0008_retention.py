"""What retention has put away, and how to bring it back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _runs()
    _waste()
    _boxes()


def _runs() -> None:
    op.create_table(
        "retention_run",
        sa.Column("key", Key, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("memories", sa.BigInteger(), nullable=False),
        sa.Column("bytes_before", sa.BigInteger(), nullable=False),
        sa.Column("bytes_after", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_retention_run")),
        sa.UniqueConstraint("id", name=op.f("uq_retention_run_id")),
        sqlite_autoincrement=True,
    )


def _waste() -> None:
    op.create_table(
        "waste",
        sa.Column("key", Key, nullable=False),
        sa.Column("run", Key, nullable=False),
        sa.Column("memory_id", sa.Text(), nullable=False),
        sa.Column("tenant", Key, nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["retention_run.key"], name=op.f("fk_waste_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_waste")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_waste_run_key", "waste", ["run", "key"], unique=False)
    op.create_index("ix_waste_memory_id", "waste", ["memory_id"], unique=False)
    op.create_index("ix_waste_tenant", "waste", ["tenant"], unique=False)
    op.create_table(
        "waste_source",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("waste", Key, nullable=False),
        sa.ForeignKeyConstraint(["waste"], ["waste.key"], name=op.f("fk_waste_source_waste"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source", "waste", name=op.f("pk_waste_source")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_waste_source_waste", "waste_source", ["waste"], unique=False)


def _boxes() -> None:
    op.create_table(
        "box",
        sa.Column("key", Key, nullable=False),
        sa.Column("tenant", Key, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_box")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_box_name", "box", ["name"], unique=False)
    op.create_index("ix_box_tenant", "box", ["tenant"], unique=False)
    op.create_table(
        "shelved",
        sa.Column("memory", Key, autoincrement=False, nullable=False),
        sa.Column("box", Key, nullable=False),
        sa.Column("run", Key, nullable=False),
        sa.ForeignKeyConstraint(["memory"], ["memory.key"], name=op.f("fk_shelved_memory"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["box"], ["box.key"], name=op.f("fk_shelved_box")),
        sa.ForeignKeyConstraint(["run"], ["retention_run.key"], name=op.f("fk_shelved_run")),
        sa.PrimaryKeyConstraint("memory", name=op.f("pk_shelved")),
    )
    op.create_index("ix_shelved_box", "shelved", ["box"], unique=False)
    op.create_index("ix_shelved_run", "shelved", ["run"], unique=False)
