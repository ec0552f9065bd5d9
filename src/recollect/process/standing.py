"""Recognises what somebody wants to hold from then on: instructions and preferences."""

from __future__ import annotations

import re
from functools import cache

from recollect.text.needles import Needles
from recollect.text.rules import rules

LOOKED_AT = 500
"""Characters in which a preference is looked for: it is said at the outset of a message, if at all."""


def standing(text: str) -> bool:
    """Whether a text opens with a standing instruction ("always …", "以后…") or states a preference of the speaker."""
    if _pattern("opens").match(text):
        return True
    start = text[:LOOKED_AT]
    return bool(_cues().found_in(start.lower())) and _pattern("prefers").search(start) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("|".join(rules("standing")[name]), re.IGNORECASE)


@cache
def _cues() -> Needles[bool]:
    return Needles((cue, True) for cue in rules("standing")["cues"])
