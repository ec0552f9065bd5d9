"""One look at a text that all rules share, so that no rule reads it word by word again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recollect.text.kept import kept
from recollect.text.script import CJK, HAN

CJK_RUN = re.compile(f"[{CJK}]+")
HAN_RUN = re.compile(f"[{HAN}]+")

SHORT = 2_000
"""Characters of a text that is worth keeping for when it is read again."""

_WORD = re.compile(r"[a-z0-9\u00df-\u024f\u0370-\u04ff]+(?:'[a-z]+)?")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_ODD_APOSTROPHE = re.compile(r"'(?:(?![a-z])|(?<![a-z0-9]')|[a-z]+[0-9'])")
"""An apostrophe that stands elsewhere than between two parts of a contraction."""
_WORDLIKE = bytes(
    ord(sign.lower()) if sign.isascii() and (sign.isalnum() or sign == "'") else 32 for sign in map(chr, range(256))
)
"""ASCII in lower case, with blanks for all that is no part of a word."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A text, its words in lower case: in order, each once, and joined by single spaces; and whether it holds CJK."""

    text: str
    words: list[str]
    distinct: frozenset[str]
    joined: str
    cjk: bool


@kept(size=512, longest=SHORT)
def scan(text: str) -> Scan:
    """Read a text; words are Latin, Greek and Cyrillic runs with digits, contractions kept whole.

    Several rules read a text within moments: when it is captured, derived from and summed up.
    """
    if text.isascii():
        plain = text.encode().translate(_WORDLIKE).decode()
        found = _ASCII_WORD.findall(plain) if _ODD_APOSTROPHE.search(plain) else plain.split()
        return Scan(text, found, frozenset(found), f" {' '.join(found)} ", cjk=False)
    found = _WORD.findall(text.lower().replace("\u2019", "'"))
    return Scan(text, found, frozenset(found), f" {' '.join(found)} ", cjk=CJK_RUN.search(text) is not None)
