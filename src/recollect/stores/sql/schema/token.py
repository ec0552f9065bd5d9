"""What clients of the server show, as digests."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema.core import Key, metadata

token = sa.Table(
    "token",
    metadata,
    sa.Column("key", Key, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text),
    sa.Column("rights", sa.JSON(none_as_null=True)),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("used_at", sa.BigInteger),
    sqlite_autoincrement=True,
)
"""With `user_id` a user's own, with `rights` (project to number) a service's, with neither the server's."""
