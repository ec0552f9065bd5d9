"""Recognises proper names: capitalised runs in Western text, and Chinese names where their surroundings show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

from recollect.models import EntityType, Mention
from recollect.text.rules import longest_first, rules

MARK = "\x00"
"""Stands in a line of tokens for text of another script or a quotation."""

_TRIM = ".,;:!?\"'()[]{}<>*_~“”‘’…—–"
_END = (".", "!", "?", ":", "…", ".)", '."', '!"', '?"', "|", "—", "–", "-", "•", "*")
_WORDLIKE = re.compile(r"[^\W\d_][^\W_]*(?:['’-][^\W_]+)*\+?\+?")
_POSSESSIVE = re.compile(r"['’]s?$")
_HUMP = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")


class _Token:
    """A word of a line as names are judged by it: bare, whether it opens a sentence, and whether it ends a run."""

    __slots__ = ("bare", "ends", "opens", "owner")

    def __init__(self, raw: str, opens: bool) -> None:
        bare = raw.strip(_TRIM)
        self.owner = bare[-2:] in ("'s", "’s") or bare[-1:] in ("'", "’")
        self.bare = _POSSESSIVE.sub("", bare) if self.owner else bare
        self.opens = opens or raw[:1] in "\"“‘"
        self.ends = self.owner or not raw.endswith(bare[-1:] or " ") or not bare


def western(lines: Iterable[Sequence[str]], known: frozenset[str] = frozenset()) -> list[Mention]:
    """Return the names in lines of tokens, in order.

    A capital letter at the start of a sentence counts only where the same word also stands inside one, is one of the
    `known` names (in lower case), has a form of its own (`PostgreSQL`), or is a given name.
    """
    rows = [_tokens(line) for line in lines]
    inside = {token.bare for row in rows for token in row if not token.opens and token.bare[:1].isupper()}
    found: list[Mention] = []
    for row in rows:
        for run, before, after in _runs(row, inside, known):
            name = " ".join(token.bare for token in run)
            found.append(Mention(name, _type(run, before, after)))
    return found


def _tokens(line: Sequence[str]) -> list[_Token]:
    row: list[_Token] = []
    opens = len(line) < 2 or line[1] != MARK
    for raw in line:
        token = _Token(raw, opens)
        row.append(token)
        opens = raw.endswith(_END) or (opens and not token.bare)
    return row


def _runs(
    row: list[_Token], inside: set[str], known: frozenset[str]
) -> Iterator[tuple[list[_Token], str, str]]:
    """Yield runs of tokens that make one name, with the words before and after (lower case, empty where none)."""
    at = 0
    while at < len(row):
        if not _is_name(row[at], inside, known, row[at + 1] if at + 1 < len(row) else None):
            at += 1
            continue
        end = at + 1
        while end < len(row) and not row[end - 1].ends and len(row[at:end]) < 5:
            if _continues(row[end]):
                end += 1
            elif row[end].bare in _list("joint") and end + 1 < len(row) and _continues(row[end + 1]):
                end += 2
            else:
                break
        before = row[at - 1].bare.lower() if at else ""
        after = row[end].bare.lower() if end < len(row) and not row[end - 1].ends else ""
        yield row[at:end], before, after or ("'s" if row[end - 1].owner else "")
        at = end


def _continues(token: _Token) -> bool:
    return not token.opens and _capital(token.bare) and token.bare.lower() not in _list("common")


def _is_name(token: _Token, inside: set[str], known: frozenset[str], following: _Token | None) -> bool:
    bare = token.bare
    if bare in _list("small"):
        return True
    if not _capital(bare):
        return False
    lower = bare.lower()
    if lower in known:
        return True
    if lower in _list("common"):
        return False
    if bare.isupper():
        return len(bare) > 2 and bare not in _list("acronym_common")
    if not token.opens or _HUMP.search(bare) or lower in _list("given"):
        return lower not in _list("opener") or (not token.opens and following is not None and _pair(token, following))
    if lower in _list("opener"):
        return False
    return bare in inside or _pair(token, following)


def _pair(token: _Token, following: _Token | None) -> bool:
    """Whether two capitalised words follow each other as one name does."""
    if following is None or token.ends:
        return False
    lower = following.bare.lower()
    return _continues(following) and lower not in _list("opener")


def _capital(bare: str) -> bool:
    return bare[:1].isupper() and len(bare) > 1 and _WORDLIKE.fullmatch(bare) is not None


def _type(run: list[_Token], before: str, after: str) -> EntityType:
    first = run[0].bare
    if any(_HUMP.search(token.bare) or token.bare.isupper() for token in run):
        return EntityType.NAME
    if first.lower() in _list("given") or before in _list("kin"):
        return EntityType.PERSON
    if len(run) <= 3 and after in _list("say"):
        return EntityType.PERSON
    return EntityType.NAME


@cache
def _list(name: str) -> frozenset[str]:
    return frozenset(rules("extract")["name"][name].split())


def chinese(text: str) -> list[Mention]:
    """Return the names in Chinese text: people where a word before or a form (小王, 老李) shows them, known places."""
    found = []
    for match in _chinese().finditer(text):
        kind = match.lastgroup
        if kind == "place":
            found.append(Mention(match[0], EntityType.NAME))
        elif kind == "title":
            found.append(Mention(match["title"], EntityType.NAME))
        elif kind is not None:
            found.append(Mention(match[kind], EntityType.PERSON))
    return [found for found, _ in groupby(found)]


@cache
def _chinese() -> re.Pattern[str]:
    rule = rules("extract")["chinese"]
    surnames = rule["surnames"]
    stop = r"(?=[说问在去来的和跟，。！？、；：,.!?;:)）\s]|$)"
    places = longest_first(" ".join([*rule["places"], *rule["products"]]))
    before = longest_first(" ".join(rule["before"]))
    return re.compile(
        rf"《(?P<title>[^》\n]{{1,30}})》"
        rf"|@(?P<handle>[\u4e00-\u9fff]{{2,4}}|[A-Za-z][\w.-]{{1,30}})"
        rf"|(?:{before})(?P<after>[{surnames}][\u4e00-\u9fff]{{1,2}}){stop}"
        rf"|(?:我叫|名字叫|名叫)(?P<own>[\u4e00-\u9fff]{{2,3}}){stop}"
        rf"|(?<![大小老么些那这])(?P<young>小[^\W\da-zA-Z_{rule['young']}])(?=[说问在去来的和跟有要会爱喜今过上下也生]|[，。！？、；：,.!?;:\s])"
        rf"|(?<![大小老古])(?P<old>老[{surnames}])(?=[说问在去来的和跟有要会也]|[，。！？、；：,.!?;:\s])"
        rf"|(?P<place>{places})"
    )
