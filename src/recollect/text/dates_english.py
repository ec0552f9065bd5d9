"""Time expressions as English writes them, and dates in digits."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache

from recollect.text.rules import rules
from recollect.text.stretch import Stretch, ago, day, months, past, plus_months, settled, whole

_YEAR = r"(?:1[89]|20|21)\d\d"
_UNIT = r"second|minute|hour|day|week|fortnight|month|quarter|year|decade"
_PREPOSITION = re.compile(
    r"\b(?:in|since|before|after|during|of|by|until|till|from|between|last|this|next|early|mid|late|around|for)[\s-]+(?:the\s+)?$"
    r"|\d(?:st|nd|rd|th)?\s+(?:and|to|through)\s+(?:the\s+)?$",
    re.IGNORECASE,
)


@cache
def _table() -> dict[str, dict[str, int]]:
    english = rules("dates")["english"]
    numbers: dict[str, int] = {}
    for index, name in enumerate(english["months"].split()):
        numbers[name] = index + 1
    for index, name in enumerate(english["short_months"].split()):
        numbers[name] = index + 1 if name != "sept" else 9
    weekdays = {name: index for index, name in enumerate(english["weekdays"].split())}
    doubtful = dict.fromkeys(english["doubtful"].split(), 1)
    return {**english, "months": numbers, "weekdays": weekdays, "doubtful": doubtful}


def month_numbers() -> dict[str, int]:
    """Return the number of each month by its folded names."""
    return _table()["months"]


def _openings(table: dict[str, dict[str, int]]) -> str:
    """Return what an expression can begin with; without it every rule would be tried at every word."""
    names = ("months", "weekdays", "seasons", "numbers", "days", "recent")
    words = [word for name in names for word in table[name]]
    words += ["last", "past", "previous", "this", "current", "next", "coming", "the", "tonight", "in ", "on "]
    words += ["during", "since", "q1", "q2", "q3", "q4"]
    return "|".join(sorted({word[:3].replace(" ", "\\s") for word in words if word}))


@cache
def pattern() -> re.Pattern[str]:
    """Return the pattern for expressions in lower-case text; its outer group names the rule that resolves it."""
    table = _table()
    month, weekday, season, part, number, days, recent = (
        "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in table[name]), key=len, reverse=True))
        for name in ("months", "weekdays", "seasons", "parts", "numbers", "days", "recent")
    )
    nth = r"\d{1,2}(?:st|nd|rd|th)?"
    step = r"(?:last|past|previous|this|current|next|coming|the\s+following)"
    return re.compile(
        rf"""(?<![\w.])(?=\d|{_openings(table)})(?:
        (?P<iso>(?P<iy>\d{{4}})(?P<is>[-/.])(?P<im>\d{{1,2}})(?:(?P=is)(?P<id>\d{{1,2}}))?(?!(?P=is)?\d)(?=$|[^\w]|T\d))
        |(?P<slash>(?P<s1>\d{{1,2}})(?P<ss>[/.])(?P<s2>\d{{1,2}})(?P=ss)(?P<sy>\d{{4}})(?!\w))
        |(?P<ago>(?P<an>\d{{1,4}}|{number})\s+(?P<au>{_UNIT})s?\s+(?P<aw>ago|earlier|from\s+now)\b)
        |(?P<coming>in\s+(?P<cn>\d{{1,4}}|{number})\s+(?P<cu>{_UNIT})s?\b(?!\s+\w+ing\b))
        |(?P<past>(?:the\s+)?(?:last|past|previous)\s+(?P<pn>\d{{1,4}}|{number})\s+(?P<pu>{_UNIT})s?\b)
        |(?P<recent>(?:{recent})\b)
        |(?P<day>(?P<dd>{days})(?:\s+(?P<dp>{part}))?\b)
        |(?P<part>(?P<ps>this|last)\s+(?P<pp>{part})\b|tonight\b)
        |(?P<step>(?:the\s+)?(?P<st>{step})\s+(?:(?P<su>week|weekend|month|quarter|year|decade)\b(?!\s*end)
            |(?P<sw>{weekday})\b|(?P<sm>{month})\b|(?P<sn>{season})\b))
        |(?P<weekend>(?:the|on)\s+weekend\b)
        |(?P<dmy>(?P<d1>{nth})\s+(?:of\s+)?(?P<m1>{month})\b\.?(?:,?\s+(?P<y1>{_YEAR}))?(?!\w))
        |(?P<mdy>(?P<m2>{month})\.?\s+(?:the\s+)?(?P<d2>{nth})(?!\w)(?:,?\s+(?P<y2>{_YEAR})(?!\w))?)
        |(?P<my>(?P<m3>{month})\b\.?(?:,?\s+(?:of\s+)?(?P<y3>{_YEAR})(?!\w))?)
        |(?P<weekday>(?P<w1>{weekday})(?:\s+(?P<wp>{part}))?\b)
        |(?P<season>(?P<n1>{season})\s+(?:of\s+)?(?P<y4>{_YEAR})(?!\w)|(?:in|during|since)\s+(?:the\s+)?(?P<n2>{season})\b)
        |(?P<quarter>q(?P<q1>[1-4])\b(?:\s+(?:of\s+)?(?P<y5>{_YEAR})(?!\w))?)
        |(?P<year>(?P<y6>{_YEAR})(?!\w|[.,]\d|[-/]\d|\s*(?:%|px|mb|gb|kb|ms|users|rows|lines|tokens|bytes)\b))
        )""",
        re.VERBOSE,
    )


def resolve(match: re.Match[str], now: datetime) -> Stretch | None:
    """Return what a match of `pattern` means at `now`, or `None`; raise ValueError or OverflowError for no date."""
    return _RULES[str(match.lastgroup)](match, now)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _table()["numbers"][" ".join(word.casefold().split())]


def _iso(match: re.Match[str], _now: datetime) -> Stretch | None:
    year, month = int(match["iy"]), int(match["im"])
    if match["id"]:
        return day(datetime(year, month, int(match["id"])))  # noqa: DTZ001
    return months(year, month) if match["is"] != "." and len(match["im"]) == 2 else None


def _slash(match: re.Match[str], _now: datetime) -> Stretch:
    first, second = int(match["s1"]), int(match["s2"])
    if match["ss"] == "." or first > 12:
        first, second = second, first
    return day(datetime(int(match["sy"]), first, second))  # noqa: DTZ001


def _ago(match: re.Match[str], now: datetime) -> Stretch:
    amount, unit = _number(match["an"]), match["au"].casefold()
    sign = -1 if match["aw"].casefold().startswith("from") else 1
    if amount < 0:
        ends = [ago(sign * count, unit, now) for count in (2, 5)]
        return Stretch(min(one.start for one in ends), max(one.end for one in ends))
    return ago(sign * amount, unit, now)


def _coming(match: re.Match[str], now: datetime) -> Stretch:
    return ago(-abs(_number(match["cn"])), match["cu"].casefold(), now)


def _past(match: re.Match[str], now: datetime) -> Stretch:
    amount = _number(match["pn"])
    return past(amount if amount > 0 else 5, match["pu"].casefold(), now)


def _recent(match: re.Match[str], now: datetime) -> Stretch:
    return past(_table()["recent"][" ".join(match["recent"].casefold().split())], "day", now)


def _hours(part: str | None) -> tuple[int, int]:
    hours = rules("dates")["english"]["parts"][part.casefold()] if part else (0, 24)
    return hours[0], hours[1]


def _day(match: re.Match[str], now: datetime) -> Stretch:
    offset = _table()["days"][" ".join(match["dd"].casefold().split())]
    return day(now, offset, _hours(match["dp"]))


def _part(match: re.Match[str], now: datetime) -> Stretch:
    if not match["ps"]:
        return day(now, 0, _hours("night"))
    return day(now, -1 if match["ps"].casefold() == "last" else 0, _hours(match["pp"]))


def _step(match: re.Match[str], now: datetime) -> Stretch:
    word = match["st"].casefold()
    step = -1 if word in {"last", "past", "previous"} else 0 if word in {"this", "current"} else 1
    if match["su"]:
        return whole(match["su"].casefold(), now, step)
    if match["sw"]:
        return _weekday_by(step, _table()["weekdays"][match["sw"].casefold()], now)
    if match["sm"]:
        return _cycle(months(now.year, _table()["months"][match["sm"].casefold()]), step, now)
    return _cycle(_season_of(match["sn"], now.year), step, now)


def _weekday_by(step: int, weekday: int, now: datetime) -> Stretch:
    offset = weekday - now.weekday()
    if step < 0:
        return day(now, offset - 7 if offset >= 0 else offset)
    return day(now, offset + 7 if step else offset)


def _cycle(this_year: Stretch, step: int, now: datetime) -> Stretch:
    """Return the one of a yearly stretch that is over (-1), of this year (0), or still to begin (1)."""
    span = this_year
    if step < 0 and span.end > now:
        span = Stretch(plus_months(span.start, -12), plus_months(span.end, -12))
    if step > 0 and span.start <= now:
        span = Stretch(plus_months(span.start, 12), plus_months(span.end, 12))
    return span


def _weekend(_match: re.Match[str], now: datetime) -> Stretch:
    span = whole("weekend", now)
    return span if span.start <= now else whole("weekend", now, -1)


def _dated(number: int, month: str, year: str | None, now: datetime) -> Stretch:
    index = _table()["months"][month.casefold()]
    if year:
        return day(datetime(int(year), index, number))  # noqa: DTZ001
    if (index, number) == (2, 29):
        return day(datetime(_leap_year(now), 2, 29))  # noqa: DTZ001
    return settled(day(datetime(now.year, index, number)), now)  # noqa: DTZ001


def _leap_year(now: datetime) -> int:
    for year in range(now.year, now.year - 9, -1):
        if year % 4 == 0 and (year % 100 or year % 400 == 0) and (year, 2, 29) <= (now.year, now.month, now.day):
            return year
    return now.year


def _dmy(match: re.Match[str], now: datetime) -> Stretch | None:
    return _dated(int(match["d1"].rstrip("stndrhSTNDRH")), match["m1"], match["y1"], now)


def _mdy(match: re.Match[str], now: datetime) -> Stretch | None:
    return _dated(int(match["d2"].rstrip("stndrhSTNDRH")), match["m2"], match["y2"], now)


def _my(match: re.Match[str], now: datetime) -> Stretch | None:
    name, year = match["m3"], match["y3"]
    index = _table()["months"][name.casefold()]
    if year:
        return months(int(year), index)
    led = _PREPOSITION.search(match.string, max(0, match.start() - 16), match.start())
    if name.casefold() in _table()["doubtful"] and not led:
        return None
    return settled(months(now.year, index), now)


def _weekday(match: re.Match[str], now: datetime) -> Stretch:
    offset = _table()["weekdays"][match["w1"].casefold()] - now.weekday()
    return day(now, offset if offset <= 0 else offset - 7, _hours(match["wp"]))


def _season_of(name: str, year: int) -> Stretch:
    return months(year, _table()["seasons"][name.casefold()], 3)


def _season(match: re.Match[str], now: datetime) -> Stretch:
    if match["y4"]:
        return _season_of(match["n1"], int(match["y4"]))
    return settled(_season_of(match["n2"], now.year), now)


def _quarter(match: re.Match[str], now: datetime) -> Stretch:
    first = int(match["q1"]) * 3 - 2
    return months(int(match["y5"]), first, 3) if match["y5"] else settled(months(now.year, first, 3), now)


def _year(match: re.Match[str], _now: datetime) -> Stretch | None:
    led = _PREPOSITION.search(match.string, max(0, match.start() - 16), match.start())
    lone = match.string[max(0, match.start() - 4) : match.start()].casefold().endswith(("the ", "and ", " to ", "-"))
    return months(int(match["y6"]), 1, 12) if led or lone else None


_RULES = {
    "iso": _iso,
    "slash": _slash,
    "ago": _ago,
    "coming": _coming,
    "past": _past,
    "recent": _recent,
    "day": _day,
    "part": _part,
    "step": _step,
    "weekend": _weekend,
    "dmy": _dmy,
    "mdy": _mdy,
    "my": _my,
    "weekday": _weekday,
    "season": _season,
    "quarter": _quarter,
    "year": _year,
}
