"""Memories, prompts and scripted models for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recollect.models import Kind, Memory, Role, Scope

Make = Callable[..., Memory]
START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def make() -> Make:
    """Return a maker of turns: `make(1, "text", speaker="Bo", days=2)`; the number makes the id."""

    def made(number: int, text: str, *, days: float = 0, **more: Any) -> Memory:
        when = START + timedelta(days=days)
        identity = f"0195f000-0000-7000-8000-{number:012x}"
        plain = Memory(
            identity, Kind.TURN, text, Scope(conversation_id="c1"), when, when, "", role=Role.USER, speaker="Bo"
        )
        return replace(plain, **more)

    return made
