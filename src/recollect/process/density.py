"""Measures how much a text says: greetings, bare acknowledgements and tool noise near 0, any answer clearly above."""

from __future__ import annotations

import re
from functools import cache
from math import exp

from recollect.process.scan import CJK_RUN, Scan
from recollect.text.rules import longest_first, rules

_SHORT = 14
_SENTENCE = 5
_BLOB_LENGTH = 400
_BLOB = re.compile(rf"\S{{{_BLOB_LENGTH},}}")


def density(scan: Scan) -> float:
    """Return how much a text says, 0..1.

    Nothing informative gives 0.1 (0.3 for a sentence of small words), one informative word (`Lisbon`, `42`, `on
    Friday`) 0.4, a full sentence 0.6 to 0.8. The figure is `1 - 0.6 exp(-(n - 1) / 8)` for n informative words (two
    Chinese characters count as one), less for text that repeats itself or is one long blob.
    """
    count = _informative(scan)
    if count <= 0:
        return _hollow_density(scan)
    spread = _spread(scan)
    if len(scan.text) >= _BLOB_LENGTH and _BLOB.search(scan.text):
        spread *= 0.4
    return round((1 - 0.6 * exp(-(count - 1) / 8)) * spread, 3)


def _hollow_density(scan: Scan) -> float:
    """Return 0 for no words at all, 0.1 for noise, 0.3 for a sentence of small words ("Can you do it like we did?")."""
    if not scan.words and not scan.cjk:
        return 0.0
    return 0.3 if len(scan.distinct - _chatter()) >= _SENTENCE else 0.1


def _informative(scan: Scan) -> float:
    words = scan.distinct
    if 1 < len(scan.words) <= _SHORT and not words.isdisjoint(_in_phrases()):
        words = frozenset(_phrases().sub("", scan.joined).split())
    count = float(len(words - _noise()))
    if scan.cjk:
        count += sum(len(piece) for run in CJK_RUN.findall(scan.text) for piece in _hollow().split(run)) / 2
    return count


def _spread(scan: Scan) -> float:
    """Return 1 for ordinary text, down to 0.2 where the same few words stand again and again (logs, progress bars)."""
    said = len(scan.words)
    if said < 40:
        return 1.0
    return min(1.0, max(0.2, 6 * len(scan.distinct) / said))


@cache
def _chatter() -> frozenset[str]:
    return frozenset(word.rstrip(".") for word in rules("classify")["density"]["noise_en"].split())


@cache
def _noise() -> frozenset[str]:
    return _chatter() | frozenset(rules("classify")["density"]["stop_en"].split())


@cache
def _in_phrases() -> frozenset[str]:
    """Return a word of each phrase: most texts hold none of them."""
    return frozenset(max(phrase.split(), key=len) for phrase in rules("classify")["density"]["phrases_en"])


@cache
def _phrases() -> re.Pattern[str]:
    phrases = sorted(rules("classify")["density"]["phrases_en"], key=len, reverse=True)
    return re.compile(f" (?:{'|'.join(map(re.escape, phrases))})(?= )")


@cache
def _hollow() -> re.Pattern[str]:
    return re.compile(longest_first(" ".join(rules("classify")["density"]["noise_zh"])))
