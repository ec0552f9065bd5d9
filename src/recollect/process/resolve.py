"""Tells what was said again, what was nearly said again, and what replaces something said before."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

from recollect.models import Kind, Memory
from recollect.process.scan import CJK_RUN
from recollect.text.rules import rules
from recollect.text.words import terms

NEAR = 0.8
"""From this likeness on two texts say nearly the same: four of five weighed terms are shared.

Below it pairs such as "prefers tabs" and "prefers tabs in Python" fall together, and they must not.
"""
SUBJECT = 0.5
"""A newer statement must share this part of the older one's weighed terms to be about the same subject."""

_FOLDED = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")
_SPEAKER = re.compile(r"^[^:：\n]{1,40}[:：]\s")


def fold(text: str) -> str:
    """Return a text without case, width, punctuation and white space: two texts that fold alike say the same."""
    return _FOLDED.sub("", unicodedata.normalize("NFKC", text).casefold())


def near(first: Collection[str], second: Collection[str]) -> float:
    """Return how alike two texts are by their terms, 0..1: the Jaccard measure, long terms weighing more.

    Texts that differ in a number or date are never near: "at 15:00" and "at 16:00" are two facts.
    """
    one, two = frozenset(first), frozenset(second)
    if not one or not two:
        return 0.0
    likeness = _weight(one & two) / _weight(one | two)
    return min(likeness, NEAR - 0.05) if any(map(_DIGIT.search, one ^ two)) else likeness


def supersedes(new: Memory, old: Memory) -> bool:
    """Whether a newer fact or note replaces an older one of the same subject.

    Only when the new one tells of a change (moved from X to Y, instead of, no longer, 改成, 不再) and is about what the
    old one said, or when both fill the same slot of the same speaker (where I live, my favourite colour) differently.
    Turns stay as they were said, and nothing replaces what was said later or says the same.
    """
    if old.kind not in (Kind.FACT, Kind.NOTE) or new.kind not in (Kind.FACT, Kind.NOTE, Kind.TURN):
        return False
    if new.occurred_at < old.occurred_at or fold(new.text) == fold(old.text):
        return False
    if (new.speaker or "") != (old.speaker or "") and _slot(new.text):
        return False
    slot = _slot(new.text)
    if slot and slot == _slot(old.text):
        return True
    told = _body(new.text)
    change = _change().search(told)
    return change is not None and _same_subject(told, change, _body(old.text))


def _same_subject(new: str, change: re.Match[str], old: str) -> bool:
    """Whether a text that tells of a change is about an older one.

    In Chinese the subject stands whole before the verb: there it is enough that the older text has it, and something
    of the new value's kind besides (each week, a format). Else most of the older text must come back.
    """
    before = frozenset(terms(old))
    after = frozenset(terms(new))
    shared = before & after
    if len(shared) < 2 and not any(len(term) > 1 for term in shared):
        return False
    head = frozenset(terms(new[: change.start()]))
    if CJK_RUN.search(new) and any(len(term) > 1 for term in head) and head <= before and shared - head:
        return True
    left = _left_behind(new)
    if left and left <= before:
        return len(shared) >= 2 or len(before) <= 3
    return len(shared) >= 2 and _weight(shared) >= SUBJECT * _weight(before)


def _left_behind(text: str) -> frozenset[str]:
    """Return the terms of what a change leaves behind: `X` in "moved from X to Y"."""
    for pattern in _was():
        match = pattern.search(text)
        if match:
            return frozenset(terms(match[1]))
    return frozenset()


def _slot(text: str) -> str | None:
    """Return the subject of a statement that has one value at a time, `None` for any other."""
    match = _slots().search(text)
    return "/".join(part.casefold() for part in match.groups() if part) if match else None


def _body(text: str) -> str:
    """Return a statement without the speaker in front of it."""
    return _SPEAKER.sub("", text)


def _weight(found: Collection[str]) -> float:
    return sum(min(len(term), 8) for term in found)


@cache
def _change() -> re.Pattern[str]:
    return re.compile(rules("resolve")["change"], re.IGNORECASE)


@cache
def _was() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in rules("resolve")["was"])


@cache
def _slots() -> re.Pattern[str]:
    return re.compile("|".join(rules("resolve")["slot"]), re.IGNORECASE)
