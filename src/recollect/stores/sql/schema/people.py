"""Projects, who is in them, and for how long."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

project = sa.Table(
    "project",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("business", sa.Text, nullable=False),
    sa.Column("isolation", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

project_alias = sa.Table(
    "project_alias",
    metadata,
    sa.Column("alias", sa.Text, primary_key=True),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Index("ix_project_alias_project_id", "project_id"),
    sqlite_with_rowid=False,
)
"""The ids that projects had before, by which they are still reached."""

person = sa.Table(
    "person",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

member = sa.Table(
    "member",
    metadata,
    sa.Column("project_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("right", sa.Integer, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Index("ix_member_user_id", "user_id"),
    sqlite_with_rowid=False,
)

project_grant = sa.Table(
    "project_grant",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("right", sa.Integer, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("granted_by", sa.Text, nullable=False),
    sa.Index("ix_project_grant_project_id", "project_id"),
    sa.Index("ix_project_grant_user_id", "user_id"),
    sqlite_autoincrement=True,
)

people_edition = sa.Table(
    "people_edition",
    metadata,
    sa.Column("key", Key, primary_key=True, autoincrement=False),
    sa.Column("edition", sa.BigInteger, nullable=False),
)
"""One row, whose number grows with every change of these tables and of the tokens."""
