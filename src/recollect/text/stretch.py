"""Stretches of local time and the arithmetic on them: days, weeks, months, seasons, years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from recollect.models import Span

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (local wall-clock time, as everywhere in this file)
FAR = datetime(2200, 1, 1)  # noqa: DTZ001
DAYS = {"day": 1, "week": 7, "fortnight": 14}
MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Wall-clock time from `start` up to `end`; `floating` when its year was not said but guessed."""

    start: datetime
    end: datetime
    floating: bool = False

    def utc(self, asked_at: datetime) -> Span:
        """Return the stretch in UTC, read in the time zone of `asked_at` (UTC when it has none)."""
        zone = asked_at.tzinfo or UTC
        return Span(*(place.replace(tzinfo=zone).astimezone(UTC) for place in (self.start, self.end)))


def midnight(now: datetime) -> datetime:
    """Return the beginning of the day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def day(start: datetime, offset: int = 0, hours: tuple[int, int] = (0, 24)) -> Stretch:
    """Return the hours of the day that lies `offset` days from `start`'s."""
    first = midnight(start) + timedelta(days=offset)
    return Stretch(first + timedelta(hours=hours[0]), first + timedelta(hours=hours[1]))


def plus_months(start: datetime, months: int) -> datetime:
    """Return the first of the month that lies `months` from `start`'s; raise ValueError outside of the calendar."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return midnight(start).replace(year=year, month=month + 1, day=1)


def months(year: int, month: int, length: int = 1) -> Stretch:
    """Return whole months; raise ValueError for a month or year that is none."""
    first = datetime(year, month, 1)  # noqa: DTZ001
    return Stretch(first, plus_months(first, length))


def whole(unit: str, now: datetime, step: int = 0) -> Stretch:
    """Return the calendar day, week (from Monday), weekend, month, quarter, year or decade `step` from now's."""
    if unit == "weekend":
        week = whole("week", now, step)
        return Stretch(week.start + timedelta(days=5), week.end)
    if unit in DAYS:
        back = now.weekday() if unit != "day" else 0
        first = midnight(now) + timedelta(days=step * DAYS[unit] - back)
        return Stretch(first, first + timedelta(days=DAYS[unit]))
    length = MONTHS[unit]
    first = plus_months(now, -((now.year * 12 + now.month - 1) % length))
    first = plus_months(first, step * length)
    return Stretch(first, plus_months(first, length))


def ago(amount: int, unit: str, now: datetime) -> Stretch:
    """Return the time `amount` units before now (after it when negative), as wide as the unit is vague.

    Days are exact, weeks are seven days around the day, months and years are calendar ones.
    """
    if unit in {"hour", "minute", "second"}:
        place, width = now - timedelta(**{f"{unit}s": amount}), timedelta(**{f"{unit}s": 1}) / 2
        return Stretch(place - width, place + width)
    if unit == "day":
        return day(now, -amount)
    if unit in DAYS:
        middle = midnight(now) - timedelta(days=amount * DAYS[unit])
        return Stretch(middle - timedelta(days=3), middle + timedelta(days=4))
    return whole(unit, now, -amount)


def past(amount: int, unit: str, now: datetime) -> Stretch:
    """Return the stretch that ends with today and began `amount` units ago."""
    end = midnight(now) + timedelta(days=1)
    if unit in {"hour", "minute", "second"}:
        return Stretch(now - timedelta(**{f"{unit}s": amount}), now)
    if unit in DAYS:
        return Stretch(midnight(now) - timedelta(days=amount * DAYS[unit]), end)
    first = plus_months(now, -amount * MONTHS[unit])
    return Stretch(first + timedelta(days=min(now.day, 28) - 1), end)


def third(stretch: Stretch, part: int) -> Stretch:
    """Return the early (0), middle (1) or late (2) third."""
    width = (stretch.end - stretch.start) / 3
    first = midnight(stretch.start + width * part)
    return replace(stretch, start=first, end=stretch.end if part == 2 else midnight(stretch.start + width * (part + 1)))


def shifted(stretch: Stretch, years: int) -> Stretch:
    """Return the same days some years later; 29 February becomes the 28th."""
    return replace(stretch, start=_in_year(stretch.start, years), end=_in_year(stretch.end, years))


def settled(stretch: Stretch, now: datetime) -> Stretch:
    """Return a stretch whose year was not said in the last year it can have been: it has begun by now."""
    return replace(shifted(stretch, -1) if stretch.start > now else stretch, floating=True)


def _in_year(place: datetime, years: int) -> datetime:
    try:
        return place.replace(year=place.year + years)
    except ValueError:
        return place.replace(year=place.year + years, day=28)
