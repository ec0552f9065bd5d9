"""Whether a sentence that a model wrote is borne out by the memories it names: pure, and the same for every model.

It catches what can be caught without understanding: sentences about something else, names and numbers that nobody
said. It cannot catch a sentence that turns the said words round.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from recollect.models import Memory
from recollect.text.dates import spans
from recollect.text.script import HAN
from recollect.text.words import question, terms

ENOUGH = 0.6
"""Share of a sentence's weighed terms that its sources must hold: models change little words, not the rest."""
ENOUGH_SIGNS = 0.4
"""The same for Chinese, by characters: a word put in other words changes more of them."""
LOOKED_AT = 8_000
"""Characters of a source that are read."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?!\d)|(\d{4})年(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?")
_NAME = re.compile(r"(?<![.!?:] )(?<!^)(?<![\w'’-])[A-Z][\w'’-]*[\w]")
_SUBJECT = re.compile(r"^[A-Z][\w-]+(?=['’]s\b| (?:\w+s|\w+ed|will|had|can|met|went|got|made|chose|left|told|said)\b)")
"""A capital at the outset says nothing, but before a verb, or as an owner, the word is who the sentence is about."""
_DAY = timedelta(days=1)
_MONTHS = {calendar.month_name[number]: number for number in range(1, 13)}
_PLAIN = frozenset((*_MONTHS, *calendar.day_name, "User", "Assistant", "The", "They", "He", "She", "It"))
"""Capitalised words that name nobody."""
_ROLES = frozenset("用户助手助理")
_SIGN = re.compile(f"[{HAN}]")
_LITTLE = frozenset("的了在是我你他她它们和与也都就而及有将会已于对为把被这那个并要从到以")
"""Characters that stand in every other sentence."""


def supported(sentence: str, sources: Sequence[Memory]) -> bool:
    """Whether the sources bear a sentence out: enough shared words, each number, each date and each name.

    A date may also be one that the words of a source mean, counted from when they were said ("next Friday").
    """
    if not sources:
        return False
    held = frozenset(term for item in sources for term in _terms_of(item))
    left, meant = _dates_taken(sentence, sources)
    if not meant or not _numbers(left) <= {number for item in sources for number in _numbers(_said(item))}:
        return False
    return _worded(left, held) and all(
        any(term in held for term in terms(name))
        for name in (*_NAME.findall(left), *_SUBJECT.findall(left))
        if name not in _PLAIN and terms(name)
    )


def _worded(sentence: str, held: frozenset[str]) -> bool:
    """Whether enough of what a sentence says is in the terms of its sources: Western words and Chinese characters.

    Names do not count here: each of them must be there.
    """
    signs = [sign for sign in _SIGN.findall(sentence) if sign not in _LITTLE]
    names = {term for name in (*_NAME.findall(sentence), *_SUBJECT.findall(sentence)) for term in terms(name)}
    words = [term for term in question(_SIGN.sub(" ", sentence)) if not term[0].isdigit() and term not in names]
    if signs and sum(sign in held or sign in _ROLES for sign in signs) < ENOUGH_SIGNS * len(signs):
        return False
    return _weight(term for term in words if term in held) >= ENOUGH * _weight(words)


def touches(sentence: str, sources: Sequence[Memory]) -> bool:
    """Whether a sentence shares a term with any of the sources."""
    return not frozenset(question(sentence)).isdisjoint(term for item in sources for term in _terms_of(item))


def _dates_taken(sentence: str, sources: Sequence[Memory]) -> tuple[str, bool]:
    """Return a sentence without its dates, and whether the sources mean each of them."""
    ranges = [place for item in sources for place in _meant(item)]
    for name, number in _MONTHS.items():
        if re.search(rf"\b{name}\b", sentence) and not any(_in_month(start, end, number) for start, end in ranges):
            return sentence, False
    for match in _DATE.finditer(sentence):
        year, month, day = (
            int(part) if part else 0 for part in (match.groups()[:3] if match[1] else match.groups()[3:])
        )
        try:
            first = datetime(year, month or 1, day or 1, tzinfo=UTC)
        except ValueError:
            return sentence, False
        last = first + (_DAY if day else timedelta(days=31 if month else 366))
        if not any(start < last + _DAY and first - _DAY < end for start, end in ranges):
            return sentence, False
    left = _DATE.sub(" ", sentence)
    return re.sub(rf"\b(?:{'|'.join(_PLAIN)})\b(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?", " ", left), True


def _in_month(start: datetime, end: datetime, number: int) -> bool:
    return (
        start.month <= number <= end.month
        if start.year == end.year
        else end - start < timedelta(days=366) and (number >= start.month or number <= end.month)
    )


def _meant(item: Memory) -> Iterable[tuple[datetime, datetime]]:
    """Return the stretches of time that a memory speaks of; that it was said is one of them."""
    yield item.occurred_at, item.occurred_at + _DAY
    for found in spans(item.text[:LOOKED_AT], item.occurred_at):
        yield found.span.start, found.span.end
        # A day without a year is the last one that has begun; who plans means the next.
        yield _later(found.span.start), _later(found.span.end)


def _later(moment: datetime) -> datetime:
    return moment + timedelta(days=365) if moment.year < 9998 else moment


def _terms_of(item: Memory) -> list[str]:
    return terms(" ".join(part for part in (_said(item), item.speaker, item.title) if part))


def _said(item: Memory) -> str:
    return item.text[:LOOKED_AT]


def _numbers(text: str) -> set[str]:
    return {match.replace(",", "") for match in _NUMBER.findall(text)}


def _weight(found: Iterable[str]) -> int:
    return sum(min(len(term), 8) for term in found)
