"""The policies of PostgreSQL's row-level security, which hold once it is switched on."""

from __future__ import annotations

from alembic import op

from recollect.stores.postgres.walls import TABLES, policy

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in TABLES.items():
            op.get_bind().exec_driver_sql(policy(table, column))
