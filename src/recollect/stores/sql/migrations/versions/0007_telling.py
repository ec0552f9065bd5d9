"""What assistants were told: which memories went into which prompt, and what it cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "telling",
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("turn", sa.Text(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=True),
        sa.Column("budget", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_telling")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_telling_at", "telling", ["at"], unique=False)
    op.create_index("ix_telling_turn", "telling", ["turn"], unique=False)
    op.create_index(
        "ix_telling_conversation_id_project_id_user_id_key",
        "telling",
        ["conversation_id", "project_id", "user_id", "key"],
        unique=False,
    )
    op.create_index("ix_telling_project_id_user_id", "telling", ["project_id", "user_id"], unique=False)
    op.create_table(
        "told",
        sa.Column("telling", KEY, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["telling"], ["telling.key"], name=op.f("fk_told_telling"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("telling", "place", name=op.f("pk_told")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_told_memory", "told", ["memory"], unique=False)
