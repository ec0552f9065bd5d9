"""What one run of letters, digits and joining signs means as search terms: a word, a number or a code identifier."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock

import snowballstemmer

from recollect.text.kept import kept
from recollect.text.rules import rules

LONGEST = 64
"""No term has more characters."""

_MARK = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]")
_APOSTROPHE = re.compile("['’]")
_CUT_SUFFIX = frozenset(("s", "d", "ll", "m", "re", "ve", "t"))
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_VERSION = re.compile(r"[vV]?(\d+(?:\.\d+)+)")
_NAME_NUMBER = re.compile(r"([^\W\d_]{2,})\d{1,4}")
_NUMBER_UNIT = re.compile(r"(\d+)([^\W\d_]{1,4})")
_ORDINAL = frozenset(("st", "nd", "rd", "th", "s"))
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_HUMP = re.compile(r"[a-z\d][A-Z]|[A-Z]{2}[a-z]")
_LEVELS = (re.compile(r":?[/\\]+|[@:]+"), re.compile(r"\."), re.compile(r"[-_]+"))
_WEB = re.compile(r"(?:https?|file)://", re.IGNORECASE)
_LONG = 160
_lock = Lock()


@cache
def stopwords() -> frozenset[str]:
    """Return the English stop words, folded."""
    return frozenset(rules("stopwords")["english"]["words"].split())


@cache
def _names() -> frozenset[str]:
    return frozenset(rules("stopwords")["english"]["names"])


@cache
def _negated() -> frozenset[str]:
    return frozenset(rules("stopwords")["english"]["negated"].split())


@cache
def _stemmer() -> object:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """Return the Snowball stem of a folded word; safe to call from several threads."""
    with _lock:  # the stemmer keeps its working state in itself
        return str(_stemmer().stemWord(word))  # type: ignore[attr-defined]


def fold(word: str) -> str:
    """Return a word of NFKC text without case and accents (kana and Hangul untouched), at most `LONGEST` long."""
    word = word[: 2 * LONGEST].casefold()
    if not word.isascii():
        plain = _MARK.sub("", unicodedata.normalize("NFD", word))
        word = "".join(unicodedata.normalize("NFKC", plain).split())
    return word[:LONGEST]


@kept(size=1 << 15, longest=_LONG)
def expand(token: str) -> tuple[str, ...]:
    """Return the terms of one token, stop words left out; nothing for a token that is one."""
    return tuple(filter(None, _expand(token, stop=True)))


def expand_all(token: str) -> tuple[str, ...]:
    """Return the terms of one token, stop words included."""
    return tuple(filter(None, _expand(token, stop=False)))


def _expand(token: str, *, stop: bool) -> tuple[str, ...]:
    if token.isalpha():
        return _word(token, stop=stop)
    if token[-1] in "+#" or token[0] == ".":
        return _sign_name(token, stop=stop)
    if _NUMBER.fullmatch(token):
        return (token.replace(",", "")[:LONGEST],)
    token = _WEB.sub("", token)
    if "'" in token or "’" in token:
        return _apostrophe(token, stop=stop)
    return tuple(dict.fromkeys(_parts(token.strip("_"), 0, stop=stop)))


def _word(token: str, *, stop: bool) -> tuple[str, ...]:
    folded = fold(token)
    if stop and folded in stopwords():
        return (folded,) if token in _names() else ()
    if not _HUMP.search(token):
        return (stem(folded),)
    parts = [fold(part) for part in _CAMEL.findall(token)]
    stems = [stem(part) for part in parts if len(part) > 1 and not (stop and part in stopwords())]
    return tuple(dict.fromkeys((folded, stem(folded), *stems)))


def _sign_name(token: str, *, stop: bool) -> tuple[str, ...]:
    """C++, C#, F# stand for themselves alone; .NET and .env also for the word after the dot."""
    if token[0] != ".":
        return (fold(token),)
    return tuple(dict.fromkeys((fold(token), *_expand(token[1:], stop=stop))))


def _apostrophe(token: str, *, stop: bool) -> tuple[str, ...]:
    """Alice's -> alice; don't -> nothing; O'Brien -> obrien, brien; any part may be an identifier of its own."""
    first, *rest = _APOSTROPHE.split(token)
    if len(rest) == 1 and rest[0].casefold() in _CUT_SUFFIX:
        if rest[0].casefold() == "t":
            known = first.casefold() in _negated()
            return () if stop and known else _expand(first, stop=stop)
        return _expand(first, stop=stop) if first else ()
    pieces = [term for part in (first, *rest) if len(part) > 1 for term in _expand(part, stop=stop)]
    return tuple(dict.fromkeys((stem(fold(_APOSTROPHE.sub("", token))), *pieces)))


def _parts(piece: str, level: int, *, stop: bool) -> list[str]:
    """Return a piece whole and cut at ever weaker joints: slashes, at signs and colons; dots; dashes; letter case."""
    version = _VERSION.fullmatch(piece)
    if version:
        return [fold(piece), version[1][:LONGEST]]
    while level < len(_LEVELS):
        parts = [part for part in _LEVELS[level].split(piece) if part]
        level += 1
        if len(parts) > 1:
            return [fold(piece), *(term for part in parts for term in _parts(part, level, stop=stop))]
        piece = parts[0] if parts else ""
    return _atom(piece, stop=stop)


def _atom(piece: str, *, stop: bool) -> list[str]:
    if piece.isalpha():
        return list(_word(piece, stop=stop))
    if not piece:
        return []
    terms = [fold(piece)]
    if unit := _NUMBER_UNIT.fullmatch(piece):
        terms.append(unit[1][:LONGEST])
        if unit[2].casefold() not in _ORDINAL:
            terms.extend(_word(unit[2], stop=stop))
    elif name := _NAME_NUMBER.fullmatch(piece):
        terms.extend(_word(name[1], stop=stop))
    elif _HUMP.search(piece):
        words = [fold(part) for part in _CAMEL.findall(piece) if part.isalpha()]
        terms.extend(stem(part) for part in words if len(part) > 1 and not (stop and part in stopwords()))
    return terms
