"""Time expressions in questions and statements, as the stretches of time they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recollect.models import Span
from recollect.text import dates_chinese, dates_english
from recollect.text.stretch import EPOCH, FAR, Stretch, midnight, months, shifted, third

_LONGEST = 20_000
_MOST = 200
_HINT = re.compile(
    r"\d|day|morrow|week|month|year|quarter|night|morn|noon|even|spring|summer|autumn|fall|winter|recent|late|hour|min|decade"
    r"|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|fortnight|[年月日天周週晚早近期拜季度小时前]|今|昨",
)
_EARLY_LATE = (
    re.compile(r"\b(?:early|beginning of|start of)[\s-]+(?:in\s+)?(?:the\s+)?$"),
    re.compile(r"\b(?:mid|middle of)[\s-]+(?:in\s+)?(?:the\s+)?$"),
    re.compile(r"\b(?:late|end of)[\s-]+(?:in\s+)?(?:the\s+)?$"),
)
_EARLY_LATE_AFTER = (re.compile(r"[初头頭]|上旬"), re.compile(r"中旬|中(?=[，。的])"), re.compile(r"[底末]|下旬"))
_BEFORE = re.compile(r"\b(?:before|until|till|up to|prior to|by)\s+(?:in\s+|the\s+)*$")
_AFTER = re.compile(r"\bafter\s+(?:in\s+|the\s+)*$")
_SINCE = re.compile(r"\b(?:since|starting|from)\s+(?:in\s+|the\s+)*$|[自从從]$")
_BEFORE_AFTERWARDS = re.compile(r"(?:之|以)前")
_AFTER_AFTERWARDS = re.compile(r"(?:之|以)?[后後](?!天)")
_SINCE_AFTERWARDS = re.compile(r"以[来來]|至今|から")
_RANGE_LEAD = re.compile(r"\b(?:between|from)\s+(?:the\s+)?$|[从從自在]$")
_RANGE_MIDDLE = re.compile(
    r"\s+(?:and|to|until|till|through)\s+(?:the\s+)?|\s*[-–—~～]\s*|[到至和]|から", re.IGNORECASE
)
_RANGE_ALONE = re.compile(r"\s+(?:to|until|till|through)\s+(?:the\s+)?|\s*[-–—~～]\s*|[到至]|から")
_REACH_BACK = 24
_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LEADS = frozenset(("early", "of", "mid", "late", "in", "the", "before", "until", "till", "to", "by", "after", "since"))
_LEADS |= {"starting", "from", "between"}
_MAY = re.compile(r"\b(?:between|from)\s+(\w+)\s+(?:and|to)\s+(\w+)\b(?:\s+(\d{4})\b)?")


@dataclass(frozen=True, slots=True)
class Dated:
    """A stretch of time a text speaks of, and the characters `start` to `end` that say so."""

    span: Span
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    stretch: Stretch
    start: int
    end: int


def spans(text: str, asked_at: datetime) -> list[Dated]:
    """Return the stretches of time a text means, in its order, without overlap; times in UTC.

    Words like 'yesterday' are counted from `asked_at` in its own time zone. A month, day or season without a year is
    the last one that has begun. Weeks run from Monday; '05/07/2023' is May 7. 'Since X' ends with today (or with X when
    that is later), 'before X' begins in 1970. What is no date ('2023-02-31') is passed over; nothing is raised. Reads
    the first 20,000 characters and returns at most 200.
    """
    text = _lower(text[:_LONGEST])
    if not _HINT.search(text):
        return []
    now = asked_at.replace(tzinfo=None)
    dated: list[Dated] = []
    for one in _related(text, _atoms(text, now), now):
        try:
            dated.append(Dated(one.stretch.utc(asked_at), one.start, one.end))
        except (OverflowError, ValueError):
            continue
    return dated


def _lower(text: str) -> str:
    """Return text in lower case, character for character, so that places in it stay what they are."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_SMALL)


def _led(before: str) -> str:
    """Return what stands before an expression if it ends with a word that could bear on it, else nothing."""
    words = before.replace("-", " ").split()
    return before if words and (words[-1] in _LEADS or not words[-1].isascii()) else ""


def _atoms(text: str, now: datetime) -> list[_Found]:
    found: list[_Found] = _month_range(text, now)
    taken = found[0].end if found else -1
    tables = [dates_english] if text.isascii() else [dates_english, dates_chinese]
    for table in tables:
        for match in table.pattern().finditer(text):
            if found and found[0].start < match.end() and match.start() < taken:
                continue
            try:
                stretch = table.resolve(match, now)
            except (OverflowError, ValueError):
                continue
            if stretch is not None:
                found.append(_Found(stretch, match.start(), match.end()))
            if len(found) >= _MOST:
                break
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[_Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(_narrowed(text, one, kept[-1].end if kept else 0))
    return kept


def _month_range(text: str, now: datetime) -> list[_Found]:
    """'between May and July [2023]': months that would be doubtful words on their own."""
    match = _MAY.search(text)
    numbers = dates_english.month_numbers()
    if not match or match[1].casefold() not in numbers or match[2].casefold() not in numbers:
        return []
    first, last = numbers[match[1].casefold()], numbers[match[2].casefold()]
    year = int(match[3]) if match[3] else now.year
    if not 1 < year < FAR.year:
        return []
    end = months(year, last)
    if not match[3] and end.start > now:
        end = shifted(end, -1)
    start = months(end.start.year - (first > last), first)
    return [_Found(Stretch(start.start, end.end), match.start(), match.end())]


def _narrowed(text: str, one: _Found, floor: int) -> _Found:
    """Apply 'early', 'mid' and 'late' beside a stretch of at least a month."""
    if one.stretch.end - one.stretch.start < timedelta(days=28):
        return one
    before = _led(text[max(floor, one.start - _REACH_BACK) : one.start])
    for part in range(3):
        if match := _EARLY_LATE[part].search(before):
            return _Found(third(one.stretch, part), one.start - len(match[0]), one.end)
        if match := _EARLY_LATE_AFTER[part].match(text, one.end):
            return _Found(third(one.stretch, part), one.start, match.end())
    return one


def _related(text: str, atoms: list[_Found], now: datetime) -> list[_Found]:
    """Join ranges, and open stretches by 'since', 'before' and 'after'."""
    related: list[_Found] = []
    place = 0
    while place < len(atoms):
        one = atoms[place]
        floor = related[-1].end if related else 0
        before = _led(text[max(floor, one.start - _REACH_BACK) : one.start])
        if place + 1 < len(atoms) and (ranged := _range(text, one, atoms[place + 1], before)):
            related.append(ranged)
            place += 2
            continue
        related.append(_opened(text, one, before, now))
        place += 1
    return related


def _range(text: str, one: _Found, other: _Found, before: str) -> _Found | None:
    lead = _RANGE_LEAD.search(before)
    middle = (_RANGE_MIDDLE if lead else _RANGE_ALONE).fullmatch(text, one.end, other.start)
    if not middle:
        return None
    first, last = one.stretch, other.stretch
    if last.floating and not first.floating:
        last = _within(last, first.start.year)
        last = shifted(last, 1) if last.end <= first.start else last
    elif first.floating:
        first = _within(first, last.start.year)
        first = shifted(first, -1) if first.start > last.start else first
    if first.start >= last.end:
        return None
    return _Found(Stretch(first.start, last.end), one.start - (len(lead[0]) if lead else 0), other.end)


def _within(stretch: Stretch, year: int) -> Stretch:
    return shifted(stretch, year - stretch.start.year)


def _opened(text: str, one: _Found, before: str, now: datetime) -> _Found:
    stretch = one.stretch
    today = midnight(now) + timedelta(days=1)
    for lead, trail, start, end in (
        (_BEFORE, _BEFORE_AFTERWARDS, EPOCH, stretch.start),
        (_SINCE, _SINCE_AFTERWARDS, stretch.start, max(today, stretch.end)),
        (_AFTER, _AFTER_AFTERWARDS, stretch.end, max(today, FAR if stretch.end >= today else today)),
    ):
        if match := lead.search(before):
            begin, stop = one.start - len(match[0]), one.end
        elif match := trail.match(text, one.end):
            begin, stop = one.start, match.end()
        else:
            continue
        return _Found(replace(stretch, start=start, end=end), begin, stop) if start < end else one
    return one
