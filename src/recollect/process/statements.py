"""Finds sentences that stand alone as facts: instructions, preferences, who somebody is, decisions and plans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from recollect.models import Kind, Memory, Role
from recollect.process.cues import Cues
from recollect.process.density import density
from recollect.process.scan import CJK_RUN, SHORT, Scan, scan
from recollect.text.rules import rules
from recollect.text.sentence import sentences

LOOKED_AT = 20_000
"""Characters looked at; longer texts are pasted documents, which state nothing about their user."""
LONGEST = 400
"""A longer sentence does not stand alone as one fact."""

_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Mm]y|[Mm]e|[Mm]ine|[Ww]e|[Oo]ur|[Ll]et['’]s|[Uu]s)\b|[我咱]")
_DIGIT = re.compile(r"\d")
_LIST_MARK = re.compile(r"(?:[-*+•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence that states something, of which category, and the characters of the turn it stands at."""

    text: str
    category: str
    start: int
    end: int


def statements(memory: Memory, seen: Scan | None = None) -> tuple[Statement, ...]:
    """Return the statements of a turn, in order; memories of other kinds are statements already and give none.

    The sentence is kept verbatim; where it speaks in the first person its speaker is put in front ("Mei: I prefer
    tabs"). Questions, suppositions, quotations and code state nothing. Of assistants only decisions and plans count.
    """
    if memory.kind is not Kind.TURN or memory.role not in (Role.USER, Role.ASSISTANT, None):
        return ()
    found = []
    for category, start, end in stated(seen or scan(memory.text[:LOOKED_AT]), memory.role):
        text = memory.text[start:end].strip()
        if memory.speaker and _FIRST_PERSON.search(text):
            text = f"{memory.speaker}: {text}"
        found.append(Statement(text, category, start, end))
    return tuple(found)


def stated(seen: Scan, role: Role | None) -> tuple[tuple[str, int, int], ...]:
    """Return category, start and end of each sentence that states something in the mouth of this role."""
    return _often(seen.text, role) if len(seen.text) <= SHORT else tuple(_stated(seen, role))


@lru_cache(maxsize=512)
def _often(text: str, role: Role | None) -> tuple[tuple[str, int, int], ...]:
    """A turn is asked for its statements when it is captured, derived from and summed up, within moments."""
    return tuple(_stated(scan(text), role))


def _stated(seen: Scan, role: Role | None) -> Iterator[tuple[str, int, int]]:
    text = seen.text
    likely = _likely(seen) if len(text) <= LOOKED_AT else {}
    if not likely:
        return
    words = frozenset[str]().union(*likely.values())
    for start, end in sentences(text):
        if end - start > LONGEST or text.startswith(("```", "~~~"), start) or not _holds(text[start:end], words):
            continue
        mark = _LIST_MARK.match(text, start, end)
        first = mark.end() if mark else start
        sentence = scan(text[first:end])
        category = _category(sentence, role)
        if category and density(sentence) >= rules("statements")[category]["least"]:
            yield category, first, end


def _holds(sentence: str, words: Iterable[str]) -> bool:
    lower = sentence.lower() if sentence.isascii() else sentence.lower().replace("\u2019", "'")
    return any(word in lower for word in words)


def _likely(seen: Scan) -> dict[str, set[str]]:
    """Return the categories whose cues a text meets, those about time only where it tells a time, with their words."""
    told = _cues().told(seen)
    if not told:
        return {}
    table = rules("statements")
    timed = "time" in told or _DIGIT.search(seen.text) is not None
    return {name: told[name] for name in table["order"] if name in told and (timed or not table[name].get("time"))}


def _category(sentence: Scan, role: Role | None) -> str | None:
    for name in _likely(sentence):
        if not _patterns(name, role, cjk=sentence.cjk).search(sentence.text):
            continue
        if not rules("statements")[name].get("time") or _time().search(sentence.text):
            return None if _excluded(name).search(sentence.text) else name
    return None


@cache
def _cues() -> Cues:
    table = rules("statements")
    names = [*table["order"], "time"]
    return Cues({name: table[name]["cues_en"] for name in names}, {name: table[name]["cues_zh"] for name in names})


@cache
def _patterns(category: str, role: Role | None, *, cjk: bool) -> re.Pattern[str]:
    """Return the patterns of a category as one; those that hold Chinese only where the sentence does."""
    rule = rules("statements")[category]
    patterns = rule.get("assistant", ()) if role is Role.ASSISTANT else rule["patterns"]
    chosen = [pattern for pattern in patterns if cjk or not CJK_RUN.search(pattern)]
    return re.compile("|".join(f"(?:{pattern})" for pattern in chosen) or "(?!)", re.IGNORECASE)


@cache
def _time() -> re.Pattern[str]:
    return re.compile(rules("statements")["time"]["pattern"], re.IGNORECASE)


@cache
def _excluded(category: str) -> re.Pattern[str]:
    """Return what no sentence of a category may hold; an instruction may well have a condition."""
    rule = rules("statements")["exclude"]
    names = ("question", "quoted") if category == "instruction" else ("question", "hypothetical", "quoted")
    return re.compile("|".join(f"(?:{rule[name]})" for name in names), re.IGNORECASE)
