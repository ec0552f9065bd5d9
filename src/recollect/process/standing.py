"""Recognises what somebody wants to hold from then on: instructions and preferences."""

from __future__ import annotations

import re
from functools import cache

from recollect.text.rules import rules

LOOKED_AT = 500
"""Characters in which a preference is looked for: it is said at the outset of a message, if at all."""


def standing(text: str) -> bool:
    """Whether a text opens with a standing instruction ("always …", "以后…") or states a preference of the speaker."""
    opens, prefers = _patterns()
    return opens.match(text) is not None or prefers.search(text, 0, LOOKED_AT) is not None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = rules("standing")
    return tuple(re.compile("|".join(table[name]), re.IGNORECASE) for name in ("opens", "prefers"))  # type: ignore[return-value]
