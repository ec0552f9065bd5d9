"""Flags texts that seem written to steer an assistant that reads them; they are kept, found and shown as flagged.

A flag is no proof: who writes about prompt injection is flagged too. So it only keeps a memory out of what assistants
are told unasked, and nothing is lost by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from recollect.capture.normalise import FLAG, normalise
from recollect.models import FLAGS
from recollect.text.kept import kept
from recollect.text.needles import Needles
from recollect.text.rules import rules
from recollect.text.sentence import blocks

HIDDEN = "hidden"
"""The flag of a text in which characters that nobody sees carry something."""

_TAGS = re.compile("[\U000e0000-\U000e007f]")
_WAVED = re.compile(f"\U0001f3f4{FLAG}")
_SMUGGLED = re.compile("[\u202d\u202e]|[\u200b-\u200d\u2060-\u2064\ufeff]{3,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_DISGUISED = re.compile("[\uff21-\uff5a\u24b6-\u24e9\U0001d400-\U0001d7ff]")
"""Letters that only look like the plain ones: of full width, circled, mathematical."""
_ORDER = re.compile("[\u202a\u202b\u2066-\u2068]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_INLINE = re.compile(r"`[^`\n]{1,400}`")


SHORT = 64
"""Characters of a text that is likely to come again, as the name of a speaker does with every turn."""


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    pattern: re.Pattern[str]
    prose: bool


def flags(text: str) -> tuple[str, ...]:
    """Return the names of what a text is suspected of (`override`, `hidden`, …), in order; empty for most texts.

    Wants the text as it came: what is hidden in it goes when it is normalised. Time grows linearly with the text.
    """
    found = [HIDDEN] if not text.isascii() and _hides(text) else []
    seen = text if text.isascii() else normalise(text)
    if not seen.isascii() and _DISGUISED.search(seen):
        seen = unicodedata.normalize("NFKC", seen)
    lower = seen.lower()
    prose: str | None = None
    known, cues = _rules()
    for rule in [known[index] for index in sorted({*cues.found_in(lower)})]:
        if rule.name in found:
            continue
        if rule.prose and prose is None:
            prose = _prose(seen)
        if rule.pattern.search(prose if rule.prose and prose is not None else seen):
            found.append(rule.name)
    return tuple(found)


def flagged(metadata: Mapping[str, Any], *texts: str | None, known: Sequence[str] = ()) -> Mapping[str, Any]:
    """Return metadata with the flags of the texts and those known before, and with no others.

    So nobody flags or clears a text from outside.
    """
    found = tuple(dict.fromkeys((*known, *(name for text in texts if text for name in _flags(text)))))
    if not found and FLAGS not in metadata:
        return metadata
    rest = {name: value for name, value in metadata.items() if name != FLAGS}
    return {**rest, FLAGS: list(found)} if found else rest


@kept(size=1024, longest=SHORT)
def _flags(text: str) -> tuple[str, ...]:
    return flags(text)


def _hides(text: str) -> bool:
    if _SMUGGLED.search(text) or (_ORDER.search(text) and not _RIGHT_TO_LEFT.search(text)):
        return True
    return _TAGS.search(text) is not None and _TAGS.search(_WAVED.sub("", text)) is not None


def _prose(text: str) -> str:
    """Return a text without its code, fenced or quoted in a line."""
    if "`" not in text and "~~~" not in text:
        return text
    return _INLINE.sub(" ", "\n".join(text[part.start : part.end] for part in blocks(text) if not part.code))


@cache
def _rules() -> tuple[tuple[_Rule, ...], Needles[int]]:
    """Return the rules in their order, and the cues, each of which stands for the place of its rule."""
    table = rules("poison")
    made = tuple(
        _Rule(
            rule.get("name", name),
            re.compile("|".join(f"(?:{pattern})" for pattern in rule["patterns"]), re.IGNORECASE | re.MULTILINE),
            rule.get("prose", False),
        )
        for name, rule in table.items()
    )
    return made, Needles((cue, index) for index, rule in enumerate(table.values()) for cue in rule["cues"])
