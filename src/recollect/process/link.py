"""Ties together what one text names: by a verb between two names where a rule knows it, else as named together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from recollect.models import EntityType, Mention
from recollect.text.rules import rules

MOST = 12
"""A text gives at most this many relations."""
APART = 60
"""Characters between two names beyond which a verb between them need not relate them."""
TOGETHER = "with"
"""The predicate of two things that are named in one sentence without a known verb between them."""

_BREAK = re.compile(r"[.!?;](?=\s|$)|[。！？；\n]")
# The letters stand before what is asked of those around them: so most of a text is passed over at once.
_FIRST = re.compile(
    r"(?:I(?<!\wI)|[Ww]e(?<!\w[Ww]e))\b|(?:我(?<![给让对叫跟和是]我)|咱(?<![给让对叫跟和是]咱))们?(?!的)"
)
_LOOSE = frozenset((EntityType.DATE, EntityType.VERSION))

Found = tuple[int, int, str]


def relations(mentions: Sequence[Mention], text: str, speaker: str | None = None) -> list[tuple[str, str, str]]:
    """Return up to `MOST` relations (subject, predicate, object) between a text's mentions, typed ones first.

    With a `speaker`, "I moved to Lisbon" relates the speaker. Only neighbours in one sentence are related, so that
    their number grows with the text, not with its square.
    """
    if not mentions:
        return []
    places = _places([mention for mention in mentions if mention.type not in _LOOSE], text)
    if speaker:
        places = sorted(places + [(match.start(), match.end(), speaker) for match in _FIRST.finditer(text)])
    typed: dict[tuple[str, str, str], None] = {}
    loose: dict[tuple[str, str, str], None] = {}
    for (_, end, one), (start, _, two) in pairwise(places):
        if one == two or start < end or start - end > 2 * APART or _BREAK.search(text, end, start):
            continue
        predicate = _predicate(text[end:start]) if start - end <= APART else None
        if predicate:
            typed[one, predicate, two] = None
        elif speaker not in (one, two):
            loose[min(one, two), TOGETHER, max(one, two)] = None
    return _bounded(typed, loose)


def _bounded(
    typed: dict[tuple[str, str, str], None], loose: dict[tuple[str, str, str], None]
) -> list[tuple[str, str, str]]:
    known = {frozenset((one, two)) for one, _, two in typed}
    together = [pair for pair in loose if frozenset((pair[0], pair[2])) not in known]
    return [*typed, *together][:MOST]


def _places(mentions: Sequence[Mention], text: str) -> list[Found]:
    """Return where the mentions stand, in order; where two overlap the longer one stays."""
    found: list[Found] = []
    for mention in mentions:
        at = text.find(mention.name)
        for _ in range(3):
            if at < 0:
                break
            found.append((at, at + len(mention.name), mention.name))
            at = text.find(mention.name, at + 1)
    found.sort(key=lambda place: (place[0], -place[1]))
    return list(_apart(found))


def _apart(found: Sequence[Found]) -> Iterator[Found]:
    end = -1
    for place in found:
        if place[0] >= end:
            end = place[1]
            yield place


def _predicate(between: str) -> str | None:
    match = _verbs().search(between)
    return match.lastgroup.removeprefix("zh_") if match and match.lastgroup else None


@cache
def _verbs() -> re.Pattern[str]:
    """Return all verbs as one pattern; few words may stand before and after one."""
    table = rules("link")
    western = "|".join(f"(?P<{name}>{verb})" for name, verb in table["western"].items())
    chinese = "|".join(f"(?P<zh_{name}>{verb})" for name, verb in table["chinese"].items())
    return re.compile(
        rf"^ (?:(?!and|or|but)\w+ ){{0,2}}(?:{western})\b[^,;:]{{0,24}}$|^[^，,]{{0,8}}(?:{chinese})[^，,]{{0,10}}$"
    )
