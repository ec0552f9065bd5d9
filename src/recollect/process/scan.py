"""One look at a text that all rules share, so that no rule reads it word by word again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from recollect.text.script import CJK, HAN

CJK_RUN = re.compile(f"[{CJK}]+")
HAN_RUN = re.compile(f"[{HAN}]+")

SHORT = 2_000
"""Characters of a text that is worth keeping for when it is read again."""

_WORD = re.compile(r"[a-z0-9\u00df-\u024f\u0370-\u04ff]+(?:'[a-z]+)?")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


@dataclass(frozen=True, slots=True)
class Scan:
    """A text, its words in lower case and order, the same joined by single spaces, and whether it holds CJK."""

    text: str
    words: list[str]
    joined: str
    cjk: bool


def scan(text: str) -> Scan:
    """Read a text once; words are Latin, Greek and Cyrillic runs with digits, contractions kept whole."""
    return _often(text) if len(text) <= SHORT else _read(text)


@lru_cache(maxsize=512)
def _often(text: str) -> Scan:
    """Several rules read a text within moments: when it is captured, derived from and summed up."""
    return _read(text)


def _read(text: str) -> Scan:
    lower = text.lower()
    if text.isascii():
        found = _ASCII_WORD.findall(lower)
        return Scan(text, found, f" {' '.join(found)} ", cjk=False)
    found = _WORD.findall(lower.replace("\u2019", "'"))
    return Scan(text, found, f" {' '.join(found)} ", cjk=CJK_RUN.search(text) is not None)
