"""What a question asks for, read from its words alone: no model, no store."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Literal

from recollect.exchange import Intent
from recollect.text.dates import Dated, spans
from recollect.text.language import Language, language
from recollect.text.rules import rules
from recollect.text.words import question

Wants = Literal["when", "who", "where"]

_LONGEST = 4_000
_MOST = 50
_NAME = re.compile(r"(?<![\w./@-])[^\W\d_a-z][\w'’]*(?:[- ][^\W\d_a-z][\w'’]*)*(?![/@\\])")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,80})\"|“([^”\n]{1,80})”|「([^」\n]{1,80})」|『([^』\n]{1,80})』|《([^》\n]{1,80})》|`([^`\n]{1,80})`"
)
_POSSESSIVE = re.compile(r"['’](?:s|d|ll|m|re|ve)?$", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"""(?<![\w/.@-])(?:
    [A-Za-z][a-z+]{1,9}://[!#-&*-;=?-~]+
    |[\w.+-]+@[\w-]+(?:\.[\w-]+)*
    |(?:~|\.{1,2}|[A-Za-z]:)?(?:[/\\][\w.-]+)+|[\w-]+(?:[/\\][\w.-]+)+
    |[vV]?\d+\.\d+\.\d+[\w.-]*|[vV]\d+(?:\.\d+)*
    |[A-Za-z_]\w*(?:(?:::|\.)[A-Za-z_]\w*)*\.[A-Za-z]\w*\b|[A-Za-z_]\w*(?:::\w+)+
    |[A-Za-z]*[a-z\d]_\w+|_+\w+|[A-Z][A-Z\d]*(?:_[A-Z\d]+)+
    |[a-z]+(?:[A-Z][a-z\d]*)+|[A-Z][a-z\d]+[A-Z][A-Za-z\d]*
    |[A-Z]+-?\d{2,}\w*|\d+[A-Z]+\d\w*|0x[\da-fA-F]+|(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{7,40}
    |[A-Za-z]\+\+|[A-Z]\#|\.[A-Z]{2,}
    )(?![\w])""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A question taken apart.

    `terms` are what words are searched by; `names` who or what is spoken of, as written; `identifiers` the code-like
    tokens; `wants` the sort of answer; `assistant_asked` that it is about what the assistant said; `newest` that the
    present state is wanted; `overview` that a summary is.
    """

    terms: tuple[str, ...]
    language: Language
    spans: tuple[Dated, ...] = ()
    names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    wants: Wants | None = None
    assistant_asked: bool = False
    newest: bool = False
    overview: bool = False


def understand(text: str, asked_at: datetime) -> Understood:
    """Return what a question asks for; pure, never raises.

    Beyond its terms only the first 4,000 characters are read.
    """
    head = text[:_LONGEST]
    lower = head.lower()
    identifiers = _identifiers(head)
    return Understood(
        terms=tuple(question(text)),
        language=language(head),
        spans=tuple(spans(head, asked_at)),
        names=_names(head, identifiers),
        identifiers=identifiers,
        wants=_wants(lower),
        assistant_asked=bool(_asked("assistant").search(lower)),
        newest=bool(_asked("newest").search(lower)),
        overview=bool(_asked("overview").search(head)),
    )


def meant(understood: Understood, intent: Intent | None) -> Understood:
    """Return a question with what a model says it wants; what the rules see stays seen."""
    match intent:
        case "overview":
            return replace(understood, overview=True)
        case "newest":
            return replace(understood, newest=True)
        case "assistant":
            return replace(understood, assistant_asked=True)
        case _:
            return understood


def _identifiers(text: str) -> tuple[str, ...]:
    found = (match[0].rstrip(".,;:!?") for match in _IDENTIFIER.finditer(text))
    return tuple(dict.fromkeys(found))[:_MOST]


def _names(text: str, identifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Return quoted strings, and capitalised words that are neither question words nor identifiers.

    A text without small letters has no capitals to go by, and neither have Chinese names: they are found as terms.
    """
    found = [next(filter(None, match.groups())).strip() for match in _QUOTED.finditer(text)]
    if text.upper() != text:
        for match in _NAME.finditer(text):
            found += _named(match[0], identifiers)
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST]


def _named(run: str, identifiers: tuple[str, ...]) -> list[str]:
    """Return the names in a run of capitalised words, cut where a word is none ('Did Alice' -> Alice)."""
    names: list[list[str]] = [[]]
    for word in run.split(" "):
        bare = _POSSESSIVE.sub("", word)
        if (
            len(bare) < 2
            or not bare[0].isupper()
            or bare.casefold() in _not_names()
            or (bare in identifiers and not bare.isalpha())
        ):
            names.append([])
            continue
        names[-1].append(bare)
        if bare != word:
            names.append([])
    return [" ".join(words) for words in names if words]


@cache
def _not_names() -> frozenset[str]:
    return frozenset(rules("questions")["names"]["not_names"].split())


def _either(phrases: list[str]) -> str:
    """Return phrases as one expression for lower-case text; those of Latin letters must be whole words."""
    latin = "|".join(phrase for phrase in phrases if phrase.isascii())
    other = "|".join(phrase for phrase in phrases if not phrase.isascii())
    return f"\\b(?:{latin})\\b|{other}"


@cache
def _asked(table: str) -> re.Pattern[str]:
    return re.compile(_either(rules("questions")[table]["asked"]))


@cache
def _want_patterns() -> re.Pattern[str]:
    wants = rules("questions")["wants"]
    return re.compile(
        "|".join(f"(?P<{name}>{_either(wants[name])})" for name in ("when", "who", "where")), re.IGNORECASE
    )


def _wants(text: str) -> Wants | None:
    """Return what the first question word asks for."""
    match = _want_patterns().search(text)
    if not match:
        return None
    if match.lastgroup == "when":
        return "when"
    return "who" if match.lastgroup == "who" else "where"
