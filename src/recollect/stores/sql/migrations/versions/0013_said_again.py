"""Only notes and facts are looked up by their content: turns, most of all memories, leave that index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    noted = sa.text("kind IN ('note', 'fact')")
    op.drop_index("ix_memory_tenant_content_hash", "memory")
    op.create_index(
        "ix_memory_tenant_content_hash",
        "memory",
        ["tenant", "content_hash"],
        unique=False,
        sqlite_where=noted,
        postgresql_where=noted,
    )
