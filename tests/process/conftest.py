"""Builds memories for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from recollect.models import Kind, Memory, Role, Scope

Make = Callable[..., Memory]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def make() -> Make:
    """Return a maker of memories: `make("text", role=…, kind=…, speaker=…, days=…)`."""

    def memory(
        text: str,
        *,
        role: Role | None = Role.USER,
        kind: Kind = Kind.TURN,
        speaker: str | None = None,
        days: float = 0,
        title: str | None = None,
    ) -> Memory:
        when = START + timedelta(days=days)
        return Memory(
            id=f"m{abs(hash((text, days))):x}",
            kind=kind,
            text=text,
            scope=Scope(),
            created_at=when,
            occurred_at=when,
            content_hash="",
            role=role,
            speaker=speaker,
            title=title,
        )

    return memory
