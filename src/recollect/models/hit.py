"""What a search gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recollect.models.memory import Memory


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory with its score (0..1, higher is better) and, when asked to explain, what the score is made of.

    `start` and `end` mark the characters of the chunk that matched best.
    """

    memory: Memory
    score: float
    start: int = 0
    end: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Memories composed into text for an assistant: at most `budget` tokens, with the ids it was made from.

    `dropped` counts hits left out for want of room; `fused_by` names what wrote the text (`extractive`, or a model).
    """

    text: str
    tokens: int
    memories: tuple[str, ...]
    dropped: int = 0
    fused_by: str = "extractive"
