"""Finds what a text names: people, products, files, addresses, identifiers, versions, errors and dates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from recollect.models import EntityType, Mention
from recollect.process.name import MARK, chinese, western
from recollect.process.scan import CJK_RUN
from recollect.process.thing import thing
from recollect.text.kept import kept
from recollect.text.script import CJK
from recollect.text.sentence import blocks

MOST = 24
"""A text gives at most this many mentions: more would tie everything to everything."""
MOST_FROM_CODE = 8
"""A fenced block is full of identifiers; the first few say what it is about."""
LOOKED_AT = 20_000
"""Characters looked at; what a longer text is about is named before that."""

_SHORT = 64
_QUOTED = re.compile(r"`([^`\n]{1,160})`")
_SPLIT = re.compile(f"[{CJK}\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+")
_LABEL = re.compile(
    r"^\s*#{1,6} .*$|^(\s*(?:[-*+•]|\d{1,2}[.)])?\s*)\*\*[^*\n]{1,80}\*\*:?|\[[A-Z][^\]\n]{1,40}\](?!\()", re.MULTILINE
)
_ELEMENT = re.compile(r"</?\w+")
_EDGE = "\"'<>*“”‘’,;:!?|·…"
_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    "|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? \d{{4}}\b)?"
    rf"|\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?|\b{_MONTH} \d{{4}}\b"
    r"|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}年\d{1,2}月"
)
_ODD = re.compile(r"[\d_/\\(@]|[.:]\w|[a-z][A-Z]|^[A-Z]{3}|file$")
_DIGIT = re.compile(r"\d")
_DATED = re.compile(r"\d-\d|月|\d,? [JFMASOND][a-z]|\d(?:st|nd|rd|th) |[JFMASOND][a-z]{2,8}\.? \d")


def mentions(text: str, known: Collection[str] = ()) -> tuple[Mention, ...]:
    """Return what a text names, each once, at most `MOST`: prose before code, in order. Plain words are left out.

    `known` names are people (speakers, say), recognised at the start of a sentence too, where a capital says nothing.
    """
    text = text[:LOOKED_AT]
    prose, code = _parted(text)
    found: dict[str, Mention] = {}
    for mention in _prose(prose, frozenset(map(str.lower, known))):
        found.setdefault(mention.name.casefold(), mention)
    room = min(MOST, len(found) + MOST_FROM_CODE)
    for mention in _code(code) if code else ():
        if len(found) >= room:
            break
        found.setdefault(mention.name.casefold(), mention)
    return tuple(found.values())[:MOST]


def _parted(text: str) -> tuple[str, str]:
    """Return the prose and the fenced code of a text."""
    if "```" not in text and "~~~" not in text:
        return text, ""
    parts = blocks(text)
    prose = "\n".join(text[part.start : part.end] for part in parts if not part.code)
    return prose, "\n".join(text[part.start : part.end] for part in parts if part.code)


def _prose(text: str, known: frozenset[str]) -> Iterator[Mention]:
    if "`" in text:
        for quoted in _QUOTED.findall(text):
            yield from _quoted(quoted)
        text = _QUOTED.sub(f" {MARK} ", text)
    if "**" in text or "#" in text or "[" in text:
        text = _LABEL.sub(f" {MARK}. ", text)
    mixed = not text.isascii() and CJK_RUN.search(text) is not None
    spaced = _SPLIT.sub(f" {MARK} ", text) if mixed else text
    lines = [line.split() for line in spaced.splitlines()]
    for line in lines:
        for raw in line:
            if not (raw.isalpha() and raw.islower()) and (found := _thing(raw)):
                yield found
    yield from western(lines, known)
    if mixed:
        yield from chinese(text)
    if _DIGIT.search(text) and _DATED.search(text):
        for date in _DATE.findall(text):
            yield Mention(date, EntityType.DATE)


def _quoted(quoted: str) -> Iterator[Mention]:
    """Take one quoted word for what it is; of a quoted command only what has a form of its own."""
    words = quoted.split()
    for word in words:
        found = thing(word.strip(_EDGE), quoted=len(words) == 1)
        if found:
            yield found


@kept(size=1 << 13, longest=_SHORT)
def _thing(raw: str) -> Mention | None:
    """Return what a token names by its form."""
    return thing(_core(raw)) if _ODD.search(raw) else None


def _core(raw: str) -> str:
    """Return a token without the punctuation of the sentence around it."""
    core = raw.strip(_EDGE).rstrip(".")
    if core.endswith("()"):
        return core.lstrip("([{")
    return core.strip("()[]{}").strip(_EDGE).rstrip(".") if core[:1] in "([{" or core[-1:] in ")]}" else core


def _code(code: str) -> Iterator[Mention]:
    """Return files, addresses, errors and identifiers of code, without the marks around them."""
    for line in code.splitlines():
        if not line.startswith(("```", "~~~")):
            yield from filter(None, map(_thing, re.split(r"[\s\"'`,;=()\[\]{}<>]+", _ELEMENT.sub(" ", line))))
