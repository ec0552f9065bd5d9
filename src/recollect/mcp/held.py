"""Holds what a tool answers under what clients take: Claude Code warns at 10,000 tokens and cuts at 25,000."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from recollect.text.tokens import count

BUDGET: Final = 7500
"""Tokens of one answer, by recollect's count: other tokenizers see up to a quarter more."""

_RUN = re.compile(r"`{3,}")


def fitting(blocks: Iterable[str], budget: int = BUDGET) -> tuple[list[str], int]:
    """Return the first blocks that fit into a budget together, and how many tokens they take."""
    kept, used = [], 0
    for block in blocks:
        size = count(block) + 1
        if used + size > budget:
            break
        kept.append(block)
        used += size
    return kept, used


def fenced(text: str) -> str:
    """Return a text verbatim between fences that nothing in it can close."""
    longest = max((len(run) for run in _RUN.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def joined(*blocks: str | Sequence[str]) -> str:
    """Return paragraphs as one text; a sequence is one paragraph of lines, what is empty is left out."""
    parts = [block if isinstance(block, str) else "\n".join(block) for block in blocks]
    return "\n\n".join(part for part in parts if part)
