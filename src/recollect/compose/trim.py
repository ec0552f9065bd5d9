"""Shortens a memory to the sentences that answer the question, every word kept as it was said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from recollect.compose.likeness import words
from recollect.models import Hit
from recollect.text import tokens
from recollect.text.sentence import sentences

GAP = " … "
"""Stands where something was left out."""
LOOKED_AT = 6_000
"""Characters around the best chunk that are looked at; a longer memory is trimmed inside this window."""
_MOST_CHARACTERS = 12
"""A token has fewer characters than this: a text with more for each token of room is known to be long uncounted."""
IN_CHUNK = 0.5
"""A sentence in the chunk that matched is worth as much more as one that holds half of the asked terms."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A hit made ready to be shortened: its cost in tokens whole, and the span, worth and cost of each sentence."""

    hit: Hit
    whole: int
    spans: Sequence[tuple[int, int]]
    worths: Sequence[float]
    costs: Sequence[int]

    def cut(self, limit: int) -> str:
        """Return the text in at most `limit` tokens: whole if it fits, else its telling sentences in order."""
        text = self.hit.memory.text
        if self.whole <= limit:
            return text
        if not self.spans:
            return tokens.cut(text, limit)
        kept: list[int] = []
        left = limit
        for at in sorted(range(len(self.spans)), key=lambda at: (-self.worths[at], at)):
            if self.costs[at] + 1 <= left:
                kept.append(at)
                left -= self.costs[at] + 1
        if not kept:
            best = max(range(len(self.spans)), key=lambda at: (self.worths[at], -at))
            return tokens.cut(text[slice(*self.spans[best])], limit)
        return tokens.cut(self._joined(sorted(kept)), limit)

    def _joined(self, kept: Sequence[int]) -> str:
        """Join sentences: neighbours as they stood, others with a mark between them."""
        text = self.hit.memory.text
        found = ""
        for place, at in enumerate(kept):
            first, last = self.spans[at]
            if place and kept[place - 1] == at - 1:
                found += text[self.spans[at - 1][1] : last]
            else:
                found += (GAP if place else "") + text[first:last]
        return found


def draft(hit: Hit, asked: Collection[str], room: int, small: int) -> Draft:
    """Make a hit ready to be shortened into `room` tokens at most; one of `small` tokens is not looked into.

    Sentences are worth the share of asked terms they hold, and more when they stand in the chunk that matched best.
    """
    text = hit.memory.text
    whole = tokens.count(text) if len(text) <= _MOST_CHARACTERS * room else room + 1
    if whole <= small:
        return Draft(hit, whole, (), (), ())
    start, end = _window(text, hit)
    spans = [(start + first, start + last) for first, last in sentences(text[start:end])]
    worths = [_worth(text, span, hit, frozenset(asked)) for span in spans]
    return Draft(hit, whole, spans, worths, [tokens.count(text[slice(*span)]) for span in spans])


def _window(text: str, hit: Hit) -> tuple[int, int]:
    if len(text) <= LOOKED_AT:
        return 0, len(text)
    start = max(0, min(hit.start - LOOKED_AT // 4, len(text) - LOOKED_AT))
    return start, start + LOOKED_AT


def _worth(text: str, span: tuple[int, int], hit: Hit, asked: frozenset[str]) -> float:
    own = words(text[slice(*span)])
    overlap = len(own & asked) / (len(asked) or 1)
    inside = hit.end > hit.start and span[0] < hit.end and span[1] > hit.start
    return overlap + (IN_CHUNK if inside else 0.0) - (0.2 if len(own) < 3 else 0.0)
