"""Recognises proper names: capitalised runs in Western text, and Chinese names where their surroundings show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from recollect.models import EntityType, Mention
from recollect.text.kept import kept
from recollect.text.rules import longest_first, rules

MARK = "\x00"
"""Stands in a line of tokens for text of another script or a quotation."""

_TRIM = ".,;:!?\"'()[]{}<>*_~“”‘’…—–"
_END = (".", "!", "?", ":", "…", ".)", '."', '!"', '?"', "|", "—", "–", "-", "•", "*")
_WORDLIKE = re.compile(r"[^\W\d_][^\W_]*(?:['’-][^\W_]+)*\+?\+?")
_OWNER = re.compile(r"['’]s?$")
_HUMP = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_MOST_PARTS = 5
_SHORT = 64
_PLAIN = frozenset("I I'm I'll I've I'd I’m I’ll I’ve I’d I, It's It The That's That This A".split())  # noqa: SIM905


class _Word(NamedTuple):
    """A token without what stands around it and without the 's of an owner, and what can be said of it alone.

    `capital` is whether it is written like a name, `common` whether it is none however it is written.
    """

    bare: str
    lower: str
    capital: bool
    common: bool


def western(lines: Sequence[Sequence[str]], known: frozenset[str] = frozenset()) -> Iterator[Mention]:
    """Yield the names in lines of tokens, in order.

    A capital letter at the start of a sentence counts only where the same word also stands inside one, is one of the
    `known` names of people (in lower case), has a form of its own (`PostgreSQL`), or is a given name.
    """
    rows = [(line, places) for line in lines if (places := _capitals(line))]
    inside = {_word(line[at]).bare for line, places in rows for at in places if not _opens(line, at)}
    for line, places in rows:
        done = 0
        for at in places:
            if at >= done and _is_name(line, at, inside, known):
                done = _end_of_run(line, at)
                yield _mention(line, at, done, known)


def _capitals(line: Sequence[str]) -> list[int]:
    """Return where tokens with a capital letter stand; all others cost no more than this look."""
    return [at for at, raw in enumerate(line) if not raw.islower() and raw not in _PLAIN and raw.lower() != raw]


def _opens(line: Sequence[str], at: int) -> bool:
    """Whether a token opens a sentence: first in its line (unless other script follows), or after a closing mark."""
    if line[at][:1] in '"“‘':
        return True
    if at == 0:
        return len(line) < 2 or line[1] != MARK
    before = line[at - 1]
    return before.endswith(_END) or (before != MARK and not before.strip(_TRIM) and _opens(line, at - 1))


@kept(size=1 << 13, longest=_SHORT)
def _word(raw: str) -> _Word:
    bare = raw.strip(_TRIM)
    if "'" in bare or "’" in bare:
        bare = _OWNER.sub("", bare)
    lower = bare.lower()
    capital = len(bare) > 1 and bare[0].isupper() and _WORDLIKE.fullmatch(bare) is not None
    return _Word(bare, lower, capital, lower in _list("common"))


def _closes(raw: str) -> bool:
    """Whether a name cannot go on after this token: punctuation or an owner's 's follows."""
    return not raw[-1:].isalnum() or raw.endswith(("'s", "’s"))


def _end_of_run(line: Sequence[str], at: int) -> int:
    """Return where the run of words that make one name ends."""
    end = at + 1
    while end < len(line) and not _closes(line[end - 1]) and end - at < _MOST_PARTS:
        if _continues(line, end):
            end += 1
        elif line[end] in _list("joint") and (after := _after_joint(line, end)):
            end = after + 1
        else:
            break
    return end


def _after_joint(line: Sequence[str], at: int) -> int | None:
    """Return where a name goes on after "of" or "of the", `None` where it does not."""
    after = at + 2 if line[at + 1 : at + 2] == ["the"] else at + 1
    return after if after < len(line) and _continues(line, after) else None


def _continues(line: Sequence[str], at: int) -> bool:
    word = _word(line[at])
    return word.capital and not word.common and not _opens(line, at)


def _is_name(line: Sequence[str], at: int, inside: set[str], known: frozenset[str]) -> bool:
    bare, lower, capital, common = _word(line[at])
    if bare in _list("small") or (capital and lower in known):
        return True
    if not capital or common:
        return False
    if bare.isupper():
        return len(bare) > 2 and bare not in _list("acronym_common")
    opens = _opens(line, at)
    if lower in _list("opener"):
        return not opens and _pair(line, at)
    return not opens or bare in inside or lower in _list("given") or bool(_HUMP.search(bare)) or _pair(line, at)


def _pair(line: Sequence[str], at: int) -> bool:
    """Whether two capitalised words follow each other as one name does."""
    after = at + 2 if at + 2 < len(line) and line[at + 1] in _list("joint") else at + 1
    if after >= len(line) or _closes(line[at]) or not _continues(line, after):
        return False
    return _word(line[after]).lower not in _list("opener")


def _mention(line: Sequence[str], at: int, end: int, known: frozenset[str]) -> Mention:
    parts = [_word(raw).bare for raw in line[at:end]]
    name = " ".join(parts)
    if name.lower() in known:
        return Mention(name, EntityType.PERSON)
    before = _word(line[at - 1]).lower if at else ""
    owner = line[end - 1].endswith(("'s", "’s"))
    after = "'s" if owner else _word(line[end]).lower if end < len(line) and not _closes(line[end - 1]) else ""
    return Mention(name, _type(parts, before, after))


def _type(parts: Sequence[str], before: str, after: str) -> EntityType:
    if any(part.isupper() or _HUMP.search(part) for part in parts):
        return EntityType.NAME
    if parts[0].lower() in _list("given") or before in _list("kin"):
        return EntityType.PERSON
    if len(parts) <= 3 and after in _list("say"):
        return EntityType.PERSON
    return EntityType.NAME


@cache
def _list(name: str) -> frozenset[str]:
    return frozenset(rules("extract")["name"][name].split())


def chinese(text: str) -> Iterator[Mention]:
    """Yield the names in Chinese text: people where a word before or a form (小王, 老李) shows them, known places."""
    for match in _chinese().finditer(text):
        kind = match.lastgroup
        if kind is not None:
            yield Mention(match[kind], EntityType.NAME if kind == "title" else EntityType.PERSON)
    for place in _places().findall(text):
        yield Mention(place, EntityType.NAME)


@cache
def _places() -> re.Pattern[str]:
    rule = rules("extract")["chinese"]
    return re.compile(longest_first(" ".join([*rule["places"], *rule["products"]])))


@cache
def _chinese() -> re.Pattern[str]:
    rule = rules("extract")["chinese"]
    surnames, not_young = rule["surnames"], rule["young"]
    stop = r"(?=[说问在去来的和跟，。！？、；：,.!?;:)）\s]|$)"
    goes_on = r"(?=[说问在去来的和跟有要会爱喜今过也生，。！？、；：,.!?;:\s])"
    before = longest_first(" ".join(rule["before"]))
    return re.compile(
        r"《(?P<title>[^》\n]{1,30})》"
        r"|@(?P<handle>[\u4e00-\u9fff]{2,4}|[A-Za-z][\w.-]{1,30})"
        rf"|(?:我叫|名字叫|名叫)(?P<own>[\u4e00-\u9fff]{{2,3}}){stop}"
        rf"|(?:{before})(?P<after>[{surnames}][\u4e00-\u9fff]{{1,2}}){stop}"
        rf"|(?<![大小老么些那这])(?P<young>小[^\Wa-zA-Z0-9_{not_young}]){goes_on}"
        rf"|(?<![大小老古])(?P<old>老[{surnames}]){goes_on}"
    )
