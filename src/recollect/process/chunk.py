"""Cuts a long text into the pieces that are indexed, so that a message of 100 KB is found by any part of it."""

from __future__ import annotations

from collections.abc import Iterator

from recollect.process.scan import CJK_RUN
from recollect.text.sentence import sentences

AIM = 500
"""Weight a chunk aims at: Western characters, some 100 to 128 word pieces.

Words are told apart best by passages so short (measured on BEAM and CMRC).
"""
CJK_WEIGHT = 5
"""A Chinese, Japanese or Korean character says and costs as much as five Western ones: about 100 make a chunk."""
LEAST = AIM // 4
"""A last piece lighter than this joins the chunk before it, if that stays below `AIM + LEAST`."""


def chunks(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text's chunks, in order, without overlap; only white space lies outside them.

    A short text is one chunk, a blank one none. Cuts fall between sentences; a fenced block stays whole where it
    fits, and a sentence or block beyond the limit is cut at line ends or white space, failing that anywhere.
    """
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    if start >= end:
        return []
    if end - start <= AIM and _weight(text, start, end) <= AIM:
        return [(start, end)]
    packed: list[tuple[int, int]] = []
    weight = 0
    for first, last in _pieces(text):
        more = _weight(text, first, last)
        if packed and weight + more <= AIM:
            packed[-1] = (packed[-1][0], last)
            weight += more
        else:
            packed.append((first, last))
            weight = more
    return _joined(text, packed)


def _weight(text: str, start: int, end: int) -> int:
    if text.isascii():
        return end - start
    return end - start + (CJK_WEIGHT - 1) * sum(map(len, CJK_RUN.findall(text, start, end)))


def _joined(text: str, packed: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join a light last chunk to the one before it."""
    if len(packed) > 1:
        (start, before), (_, end) = packed[-2:]
        light = _weight(text, *packed[-1]) < LEAST
        if light and _weight(text, start, before) + _weight(text, *packed[-1]) <= AIM + LEAST:
            packed[-2:] = [(start, end)]
    return packed


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a text, those beyond the limit in parts."""
    for start, end in sentences(text):
        if _weight(text, start, end) <= AIM:
            yield start, end
        else:
            yield from _parts(text, start, end)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        cut = _cut(text, start, end)
        first, last = start, cut
        while last > first and text[last - 1].isspace():
            last -= 1
        yield first, last
        start = cut
        while start < end and text[start].isspace():
            start += 1


def _cut(text: str, start: int, end: int) -> int:
    """Return where the part that begins at `start` ends: at the last line end or white space that keeps it short."""
    stop = min(end, start + AIM)
    if not text.isascii():
        while _weight(text, start, stop) > AIM:
            stop = start + max(1, (stop - start) * AIM // _weight(text, start, stop))
    if stop >= end:
        return end
    floor = start + (stop - start) // 2
    for mark in ("\n", " ", "，", "、", "\t"):
        at = text.rfind(mark, floor, stop)
        if at > 0:
            return at + 1
    return stop
