"""Where sentences begin and end, so that text is cut where a reader would cut it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from recollect.text.rules import rules

_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+(?=\s)|[。！？；｡]++[”’」』）】]*+|\n+")
_WORD_BEFORE = re.compile(r"[\w.]+$")
_LOOK_BACK = 24


@dataclass(frozen=True, slots=True)
class Block:
    """Characters `start` to `end` of a text; `code` tells a fenced code block, fences included, from prose."""

    start: int
    end: int
    code: bool


def blocks(text: str) -> list[Block]:
    """Return a text as prose and fenced code, in order, without gaps; a fence that is never closed runs to the end."""
    found: list[Block] = []
    done = 0
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[0].strip().strip(opened[1][0]):
            found += _block(done, opened.start(), code=False)
            done = fence.end()
            found += _block(opened.start(), done, code=True)
            opened = None
    if opened is not None:
        found += _block(done, opened.start(), code=False)
        found += _block(opened.start(), len(text), code=True)
    else:
        found += _block(done, len(text), code=False)
    return found


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences, in order; only white space lies outside them.

    Western and East Asian marks and line ends close a sentence; abbreviations, initials, numbers and addresses do not.
    A fenced code block is one sentence. Time grows linearly with the text.
    """
    if "```" not in text and "~~~" not in text:
        return list(_prose(text, 0, len(text)))
    found: list[tuple[int, int]] = []
    for block in blocks(text):
        if block.code:
            found.append((block.start, block.end))
        else:
            found += _prose(text, block.start, block.end)
    return found


def _block(start: int, end: int, *, code: bool) -> list[Block]:
    return [Block(start, end, code)] if end > start else []


def _prose(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark in _END.finditer(text, start, end):
        if mark[0] == "." and _abbreviates(text, start, mark):
            continue
        stop = mark.end()
        if piece := text[start:stop].lstrip():
            yield stop - len(piece), stop - len(piece) + len(piece.rstrip())
        start = stop
    if piece := text[start:end].lstrip():
        yield end - len(piece), end - len(piece) + len(piece.rstrip())


@cache
def _abbreviations() -> tuple[frozenset[str], frozenset[str]]:
    table = rules("sentences")
    return frozenset(table["abbreviations"].split()), frozenset(table["often_last"].split())


def _abbreviates(text: str, start: int, mark: re.Match[str]) -> bool:
    """Tell whether a single dot belongs to the word before it: an abbreviation, an initial or a list number."""
    before = text[max(start, mark.start() - _LOOK_BACK) : mark.start()]
    abbreviations, often_last = _abbreviations()
    last = before[before.rfind(" ") + 1 :]
    if len(last) > 1 and last.isalpha() and last.casefold() not in abbreviations:
        return False
    word = _WORD_BEFORE.search(before)
    if not word:
        return False
    folded = word[0].casefold()
    following = text[mark.end() : mark.end() + 2].strip()
    if folded in abbreviations:
        return folded not in often_last or not following.isupper()
    if len(folded) == 1 and word[0].isalpha() and word[0].isascii():
        return word[0].isupper() and word[0] != "I"
    ahead = text[max(start, mark.start() - _LOOK_BACK) : mark.start() - len(folded)]
    return folded.isdigit() and len(folded) < 4 and not ahead.rpartition("\n")[2].strip()
