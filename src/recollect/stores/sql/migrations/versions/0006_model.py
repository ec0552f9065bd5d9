"""Answers of models, kept for a while, and how each call to a model ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cache",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_cache")),
    )
    op.create_index("ix_cache_expires_at_size", "cache", ["expires_at", "size"], unique=False)
    op.create_table(
        "cache_epoch",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_cache_epoch")),
    )
    op.add_column("usage", sa.Column("outcome", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE usage SET outcome = 'answered' WHERE purpose = 'chat'")
