"""Turns in the queue, so that many workers share it fairly; and what servers must know of each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_FIRST = {"sqlite": "json_extract(payload, '$.ids[0]')", "postgresql": "payload -> 'ids' ->> 0"}


def upgrade() -> None:
    op.add_column("job", sa.Column("owner", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("job", sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False))
    first = _FIRST[op.get_bind().dialect.name]
    op.execute(f"UPDATE job SET owner = coalesce((SELECT tenant FROM memory WHERE memory.id = {first}), 0)")  # noqa: S608
    op.execute(
        "UPDATE job SET turn = place.turn FROM (SELECT id, row_number() OVER (PARTITION BY owner, name ORDER BY id)"
        " AS turn FROM job) AS place WHERE job.id = place.id AND job.state <> 'parked'"
    )
    op.create_index("ix_job_state_name_turn_id", "job", ["state", "name", "turn", "id"], unique=False)
    op.create_index("ix_job_owner_name_turn", "job", ["owner", "name", "turn"], unique=False)
    op.drop_index("ix_job_state_run_at", table_name="job")
    op.create_table(
        "session_end",
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("once", name=op.f("pk_session_end")),
    )
    op.create_table(
        "reply",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reply")),
    )
    op.create_index("ix_reply_until", "reply", ["until"], unique=False)
