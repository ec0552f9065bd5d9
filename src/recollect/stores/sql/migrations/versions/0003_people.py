"""Projects, their members and grants, users, and what tokens may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("isolation", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_project")),
        sa.UniqueConstraint("id", name=op.f("uq_project_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "project_alias",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name=op.f("pk_project_alias")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_project_alias_project_id", "project_alias", ["project_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person")),
        sa.UniqueConstraint("id", name=op.f("uq_person_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "member",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_member_user_id", "member", ["user_id"], unique=False)
    op.create_table(
        "project_grant",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_project_grant")),
        sa.UniqueConstraint("id", name=op.f("uq_project_grant_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_grant_project_id", "project_grant", ["project_id"], unique=False)
    op.create_index("ix_project_grant_user_id", "project_grant", ["user_id"], unique=False)
    edition = op.create_table(
        "people_edition",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people_edition")),
    )
    op.execute(sa.insert(edition).values(key=1, edition=0))
    for column in (
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("rights", sa.JSON(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("token", column)
