"""Time expressions as Chinese writes them, and Japanese where it writes alike."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from recollect.text.rules import longest_first, rules
from recollect.text.stretch import Stretch, ago, day, months, past, settled, whole

_NUMERAL = "一二三四五六七八九十"
_WEEK = "周|週|星期|礼拜"


def _table() -> dict[str, Any]:
    table: dict[str, Any] = rules("dates")["chinese"]
    return table


@cache
def pattern() -> re.Pattern[str]:
    """Return the pattern that finds an expression; its outer group names the rule that resolves it."""
    days, parts, years, steps, units, recent = (
        longest_first(" ".join(_table()[name])) for name in ("days", "parts", "years", "steps", "units", "recent")
    )
    numbers = "".join(_table()["numbers"])
    year = rf"(?:(?:{years})|(?<!\d)\d{{4}}年)"
    return re.compile(
        rf"""(?P<ago>(?![\d{_NUMERAL}]+月[之以]前)(?P<an>\d{{1,4}}|[{numbers}]{{1,3}}|半)\s*[个個]?(?P<au>{units})(?:之|以)?前)
        |(?P<past>(?:最近|过去|過去|近)(?:的)?(?P<pn>\d{{1,4}}|[{numbers}]{{1,3}})\s*[个個]?(?P<pu>{units})(?:以?内)?)
        |(?P<recent>{recent})
        |(?P<step>(?P<st>{steps})[个個]?(?:(?P<sk>{_WEEK})(?P<sw>末|[一二三四五六日天](?!本))?
            |(?P<sq>季度)|(?P<sm>月)(?:(?P<sd>\d{{1,2}}|[{_NUMERAL}]{{1,3}})[日号號])?))
        |(?P<dated>(?P<y1>{year})?(?:的|\s)?(?<![个個\d])(?P<m1>\d{{1,2}}|[{_NUMERAL}]{{1,2}})月(?:份)?
            (?:(?P<d1>\d{{1,2}}|[{_NUMERAL}]{{1,3}})[日号號])?)
        |(?P<quarter>(?P<y2>{year})?第?(?P<q1>[1-4一二三四])季度)
        |(?P<season>(?P<y3>{year})(?:的)?(?P<n1>[春夏秋冬])[天季]?)
        |(?P<year>(?P<y4>{year})(?!前))
        |(?P<day>(?P<dd>{days})(?P<dp>{parts})|(?P<d0>(?:大前|前|昨|今|明|后)天|昨日|今日|明日|一昨日))
        |(?P<weekday>(?:{_WEEK})(?P<w1>末|[一二三四五六日天](?!本))|(?P<w2>[月火水木金土日])曜日?)
        |(?P<number>(?<![\d月])(?P<n2>\d{{1,2}})[号號](?![楼线院机店门]))""",
        re.VERBOSE,
    )


def resolve(match: re.Match[str], now: datetime) -> Stretch | None:
    """Return what a match of `pattern` means at `now`, or `None`; raise ValueError or OverflowError for no date."""
    return _RULES[str(match.lastgroup)](match, now)


def _number(word: str) -> int:
    """Return a number up to 99 in digits or Chinese numerals; -1 for 'a few'."""
    if word.isdigit():
        return int(word)
    numbers = _table()["numbers"]
    if len(word) == 1:
        return int(numbers[word])
    tens, _, ones = word.rpartition("十")
    return (numbers.get(tens, 1) if "十" in word else 0) * 10 + (numbers.get(ones, 0) if ones else 0)


def _year_of(word: str, now: datetime) -> int:
    years = _table()["years"]
    return now.year + int(years[word]) if word in years else int(word[:4])


def _ago(match: re.Match[str], now: datetime) -> Stretch:
    unit = str(_table()["units"][match["au"]])
    if match["an"] == "半":
        return ago(6, "month", now) if unit == "year" else ago(15, "day", now)
    amount = _number(match["an"])
    if amount < 0:
        return Stretch(ago(5, unit, now).start, ago(2, unit, now).end)
    return ago(amount, unit, now)


def _past(match: re.Match[str], now: datetime) -> Stretch:
    amount = _number(match["pn"])
    return past(amount if amount > 0 else 5, str(_table()["units"][match["pu"]]), now)


def _recent(match: re.Match[str], now: datetime) -> Stretch:
    return past(int(_table()["recent"][match["recent"]]), "day", now)


def _step(match: re.Match[str], now: datetime) -> Stretch:
    step = int(_table()["steps"][match["st"]])
    if match["sq"]:
        return whole("quarter", now, step)
    if match["sm"]:
        month = whole("month", now, step)
        return day(month.start.replace(day=_number(match["sd"]))) if match["sd"] else month
    if not match["sw"]:
        return whole("week", now, step)
    if match["sw"] == "末":
        return whole("weekend", now, step)
    return day(whole("week", now, step).start, int(_table()["weekdays"][match["sw"]]))


def _dated(match: re.Match[str], now: datetime) -> Stretch:
    month = _number(match["m1"])
    year = _year_of(match["y1"], now) if match["y1"] else now.year
    span = months(year, month)
    if match["d1"]:
        span = day(datetime(year, month, _number(match["d1"])))  # noqa: DTZ001
    return span if match["y1"] else settled(span, now)


def _quarter(match: re.Match[str], now: datetime) -> Stretch:
    first = _number(match["q1"]) * 3 - 2
    if match["y2"]:
        return months(_year_of(match["y2"], now), first, 3)
    return settled(months(now.year, first, 3), now)


def _season(match: re.Match[str], now: datetime) -> Stretch:
    return months(_year_of(match["y3"], now), int(_table()["seasons"][match["n1"]]), 3)


def _year(match: re.Match[str], now: datetime) -> Stretch:
    return months(_year_of(match["y4"], now), 1, 12)


def _day(match: re.Match[str], now: datetime) -> Stretch:
    if match["d0"]:
        return day(now, int(_table()["days"][match["d0"]]))
    first, last = _table()["parts"][match["dp"]]
    return day(now, int(_table()["days"][match["dd"]]), (first, last))


def _weekday(match: re.Match[str], now: datetime) -> Stretch:
    if match["w1"] == "末":
        span = whole("weekend", now)
        return span if span.start <= now else whole("weekend", now, -1)
    offset = int(_table()["weekdays"][match["w1"] or match["w2"]]) - now.weekday()
    return day(now, offset if offset <= 0 else offset - 7)


def _number_day(match: re.Match[str], now: datetime) -> Stretch:
    """'7号': of this month, or of the last when it is still to come."""
    number = int(match["n2"])
    if number > now.day:
        now = now.replace(day=1) - timedelta(days=1)
    return day(now.replace(day=number))


_RULES = {
    "ago": _ago,
    "past": _past,
    "recent": _recent,
    "step": _step,
    "dated": _dated,
    "quarter": _quarter,
    "season": _season,
    "year": _year,
    "day": _day,
    "weekday": _weekday,
    "number": _number_day,
}
