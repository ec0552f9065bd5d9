"""The rules by which secrets are known, read from `data/secrets.toml` on first use."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from recollect.text.needles import Needles

EDGE: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"
"""Where a token may start: at the start of a run, so that a run is tried once, or after an escaped line end."""

SUFFIX: Final = r"(?:[_-]?(?:value|prod|dev|test|staging|live|old|new|[0-9]{1,3}))?"
CLOSING: Final = r"""(?:\\{0,3}["'`\])*”」]){0,3}"""
SIGN: Final = r"(?:=>|:=|={1,3}|:\s{0,4}&?(?:str|string|secretstr|text)\s{0,4}=|[:：＝]\*{0,2}"
VERB: Final = r"|就?是|为|為|は|는|은"
QUOTED: Final = (
    r"""(?:[rbuf@]{0,2}\\{0,3}(?:"(?P<secret_a>[^"\n]{1,512})"|'(?P<secret_b>[^'\n]{1,512})'"""
    r"|`(?P<secret_c>[^`\n]{1,512})`|[“「『‘](?P<secret_d>[^”」』’\n]{1,512})[”」』’])"
)
BARE: Final = r"|(?P<secret>(?:[!#$%*+./0-9:=?@^_a-z~-]|&(?!\w{1,64}=)){1,512}+)(?![(\[{]))"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret: its pattern, the test its value must pass, and whether the pattern sees lower-cased text."""

    kind: str
    pattern: str
    check: str
    folded: bool


@dataclass(frozen=True, slots=True)
class Book:
    """All rules in the order they apply, the names of client machinery, and the words that are no secrets.

    Hints stand for the index of their rule. `hints` are looked for in any text, `run_hints` and `starts` where the text
    has a long run. `card` is the rule for long numbers.
    """

    wrappers: tuple[str, ...]
    rules: tuple[Rule, ...]
    words: dict[str, str]
    hints: Needles[int]
    run_hints: Needles[int]
    starts: tuple[tuple[str, int], ...]
    any_start: tuple[str, ...]
    card: int


compiled: Final = cache(re.compile)
"""Compiles a pattern when it is first needed: most rules never are."""


@cache
def book() -> Book:
    """Return the rules that ship with the package."""
    with files("recollect").joinpath("data/secrets.toml").open("rb") as file:
        data = tomllib.load(file)
    tokens, places = data["token"], data["place"]
    rules = (*map(_token, tokens), *map(_place, places))
    starts = _hints(tokens, "starts", 0)
    return Book(
        wrappers=tuple(data["wrappers"]),
        rules=rules,
        words=data["words"],
        hints=Needles(_hints(places, "hints", len(tokens))),
        run_hints=Needles(_hints(tokens, "hints", 0)),
        starts=starts,
        any_start=tuple(start for start, _ in starts),
        card=next(index for index, rule in enumerate(rules) if rule.check == "card"),
    )


def _hints(entries: list[dict[str, Any]], key: str, first: int) -> tuple[tuple[str, int], ...]:
    return tuple((hint, index) for index, entry in enumerate(entries, first) for hint in entry.get(key, ()))


def _token(entry: dict[str, Any]) -> Rule:
    pattern = entry["pattern"]
    flags, body = ("(?x)", pattern[4:]) if pattern.startswith("(?x)") else ("", pattern)
    return Rule(entry["kind"], f"{flags}{EDGE}{body}", "varied", folded=False)


def _place(entry: dict[str, Any]) -> Rule:
    pattern = entry["pattern"] if "pattern" in entry else _assignment(entry)
    return Rule(entry["kind"], pattern, entry.get("check", "any"), folded=True)


def _assignment(entry: dict[str, Any]) -> str:
    name, before = entry["name"], entry.get("before", ())
    behind = "|".join(rf"(?<={word}{name})|(?<={word}[_\- ]{name})" for word in before)
    sign = SIGN + (VERB if entry.get("spoken") else "") + ")"
    return rf"{name}(?:{behind}){SUFFIX}{CLOSING}[ \t]{{0,8}}{sign}[ \t]{{0,8}}{QUOTED}{BARE}"
