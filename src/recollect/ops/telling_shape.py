"""What assistants were told as the JSON that the edges answer with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from recollect.models import Telling, Use
from recollect.ops.shape import time_of

SHOWN: Final = 50
"""Conversations that are named where a memory was told in more."""


def telling_of(told: Telling) -> dict[str, Any]:
    """Return a telling."""
    return {
        "id": told.id,
        "at": time_of(told.at),
        "way": told.way.value,
        "agent_id": told.scope.agent_id,
        "turn": told.turn,
        "memories": list(told.memories),
        "tokens": told.tokens,
        "tokens_of_memories": told.whole,
        "budget": told.budget,
    }


def usage_of(memory_id: str, uses: Sequence[Use]) -> dict[str, Any]:
    """Return how often a memory was told, and in which conversations, where it was told last first."""
    talks = [use for use in uses if use.scope.conversation_id is not None]
    return {
        "memory_id": memory_id,
        "told": sum(use.times for use in uses),
        "last_told_at": time_of(max((use.last_at for use in uses), default=None)),
        "conversations": [_talk(use) for use in talks[:SHOWN]],
        "more_conversations": max(0, len(talks) - SHOWN),
    }


def _talk(use: Use) -> dict[str, Any]:
    return {
        "conversation_id": use.scope.conversation_id,
        "user_id": use.scope.user_id,
        "project_id": use.scope.project_id,
        "told": use.times,
        "last_told_at": time_of(use.last_at),
    }
