"""Builds hits for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recollect.models import Hit, Kind, Memory, Role, Scope

Make = Callable[..., Hit]
START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def hit(
    text: str, score: float = 0.5, *, number: int = 0, days: float = 0, start: int = 0, end: int = 0, **more: Any
) -> Hit:
    """Return a hit; `number` makes its id, `more` are fields of its memory."""
    when = START + timedelta(days=days)
    identity = f"0195f000-0000-7000-8000-{number:012x}"
    plain = Memory(identity, Kind.TURN, text, Scope(), when, when, "", role=Role.USER, speaker="Mei")
    memory = replace(plain, **more)
    return Hit(memory, score, start, end)


@pytest.fixture
def make() -> Make:
    """Return a maker of hits."""
    return hit
