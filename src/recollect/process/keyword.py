"""Picks the few words a text is about, without a dictionary or a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache, lru_cache

from recollect.models import Mention
from recollect.process.scan import HAN_RUN, Scan, scan
from recollect.text.rules import longest_first, rules

MOST = 8
"""So many keywords a text has at most."""
LOOKED_AT = 20_000
"""Characters looked at in a long text."""
NAMED = 1.6
"""A word that is part of a name weighs this much more than one that is not."""

_LONGEST = 40
_LONGEST_HAN = 4
_ROOTS = tuple(min(length, 12) ** 0.5 for length in range(_LONGEST))


def keywords(text: str | Scan, names: Collection[Mention] = ()) -> tuple[str, ...]:
    """Return up to `MOST` keywords in lower case, the weightiest first: said often, long, or part of one of `names`.

    Chinese pieces are what stands between function words (two to four characters); in longer runs, the pairs and
    triples that are said again.
    """
    seen = text if isinstance(text, Scan) else scan(text[:LOOKED_AT])
    weights = _western(seen.words, {part for name in names for part in name.name.lower().split()})
    if seen.cjk:
        for piece, count in Counter(_han(seen.text[:LOOKED_AT])).items():
            weights[piece] = count * (1.0 + 0.7 * len(piece))
        _fold_parts(weights)
    ranked = sorted(weights, key=weights.__getitem__, reverse=True)
    return tuple(ranked[:MOST])


def _western(words: list[str], named: Collection[str]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for said in words:
        if len(said) < _LONGEST + 2 and (word := _telling(said)):
            counts[word] = counts.get(word, 0) + 1
    return {word: count * _ROOTS[len(word)] * (NAMED if word in named else 1.0) for word, count in counts.items()}


@lru_cache(maxsize=1 << 14)
def _telling(said: str) -> str:
    """Return what a word counts as, nothing when it can be no keyword; few words make up most of what is said."""
    word = said.removesuffix("'s")
    counts = 2 < len(word) < _LONGEST and word.isalnum() and not word.isdigit()
    return word if counts and word not in _plain() else ""


def _han(text: str) -> Iterator[str]:
    for run in HAN_RUN.findall(text):
        for piece in _function_words().split(run):
            if 2 <= len(piece) <= _LONGEST_HAN:
                yield piece
            elif len(piece) > _LONGEST_HAN:
                yield from _repeated(piece, text)


def _repeated(piece: str, text: str) -> Iterator[str]:
    """Yield the triples and pairs of a long piece that the text says again."""
    for size in (4, 3, 2):
        for at in range(len(piece) - size + 1):
            part = piece[at : at + size]
            if text.count(part) > 1:
                yield part


def _fold_parts(weights: dict[str, float]) -> None:
    """Leave out a piece that only ever stands inside a heavier one."""
    ranked = sorted((word for word in weights if not word.isascii()), key=lambda word: -weights[word])[: 4 * MOST]
    for at, word in enumerate(ranked):
        if any(word in longer for longer in ranked[:at]):
            weights.pop(word, None)


@cache
def _plain() -> frozenset[str]:
    density = rules("classify")["density"]
    return (
        frozenset(density["stop_en"].split())
        | frozenset(density["noise_en"].split())
        | frozenset(rules("extract")["keyword"]["plain"].split())
    )


@cache
def _function_words() -> re.Pattern[str]:
    return re.compile(longest_first(rules("extract")["keyword"]["chinese"]))
