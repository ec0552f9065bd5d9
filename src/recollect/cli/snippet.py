"""The part of a text that shows why it was found, with the words that matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

import click

from recollect.cli.out import cells
from recollect.text.script import CJK
from recollect.text.words import question, terms

_WORD = re.compile(f"[^\\W{CJK}]+(?:[-./'’][^\\W{CJK}]+)*")
_CJK = re.compile(f"[{CJK}]")
Span = tuple[int, int]


def highlighted(word: str) -> str:
    """Return a word in colour, for terminals."""
    return click.style(word, fg="yellow", bold=True)


def starred(word: str) -> str:
    """Return a word between asterisks, where there is no colour."""
    return f"*{word}*"


def marked(text: str, query: str, room: int, mark: Callable[[str], str] = highlighted) -> str:
    """Return up to `room` columns of the text where most words of the question stand, those words marked."""
    line = " ".join(text.split())
    spans = matches(line, frozenset(question(query)))
    start, end = window(line, spans, room)
    shown = [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
    parts = ["…" if start else ""]
    at = start
    for first, last in shown:
        parts += [line[at:first], mark(line[first:last])]
        at = last
    return "".join([*parts, line[at:end], "…" if end < len(line) else ""])


def matches(text: str, asked: Collection[str]) -> list[Span]:
    """Return where words of the question stand in a text, in order, without overlap."""
    found = [match.span() for match in _WORD.finditer(text) if not asked.isdisjoint(terms(match[0]))]  # type: ignore[attr-defined]
    folded = text.casefold()
    if len(folded) == len(text):
        for term in asked:
            if _CJK.search(term):
                found += [match.span() for match in re.finditer(re.escape(term), folded)]
    return list(_merged(sorted(found)))


def window(text: str, spans: Sequence[Span], room: int) -> Span:
    """Return the stretch of at most `room` columns that shows most spans; the start of the text if it shows as many."""
    best, most = 0, -1
    for start in [0, *(max(0, first - room // 4) for first, _ in spans)]:
        end = _fitting(text, start, room)
        count = sum(start <= first and last <= end for first, last in spans)
        if count > most:
            best, most = start, count
    while best and not text[best - 1].isspace() and not _CJK.match(text[best]):
        best -= 1
    return best, _fitting(text, best, room)


def _fitting(text: str, start: int, room: int) -> int:
    """Return where a stretch from `start` ends that fits, between words if it can."""
    end, used = start, 2
    while end < len(text) and used < room:
        used += cells(text[end])
        end += 1
    blank = text.rfind(" ", start, end)
    return blank if end < len(text) and blank > end - 20 and blank > start else end


def _merged(spans: Sequence[Span]) -> Iterator[Span]:
    at: Span | None = None
    for first, last in spans:
        if at is not None and first <= at[1]:
            at = (at[0], max(at[1], last))
            continue
        if at is not None:
            yield at
        at = (first, last)
    if at is not None:
        yield at
