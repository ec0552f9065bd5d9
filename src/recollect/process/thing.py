"""Recognises what a token of text names by its form: a file, an address, a version, an error, an identifier."""

from __future__ import annotations

import re
from functools import cache

from recollect.models import EntityType, Mention
from recollect.text.rules import rules

LONGEST = 120
"""A longer token names nothing a person would ask for."""

_FORM = re.compile(
    r"(?P<url>(?:https?|ftp|wss?|git|ssh|s3|file)://[^\s<>\"'`]+|www\.[\w-]+\.[^\s<>\"'`]+)"
    r"|(?P<version>[vV]\d+(?:\.\d+)*(?:[-+.]?(?:rc|alpha|beta|dev|a|b)\.?\d*)?|\d{1,4}\.\d{1,4}\.\d{1,6}(?:[-+.][\w.]+)?)"
    r"|(?P<error>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Fault|Panic)|(?:E|F|W|TS|CS|SC|LNK|MSB|RS)\d{3,5}"
    r"|E(?:CONN[A-Z]+|NOENT|ACCES|PERM|ADDRINUSE|TIMEDOUT|PIPE|NOSPC|EXIST|NOTFOUND|MFILE|NOMEM|INVAL|BUSY|ROFS|IO)"
    r"|CVE-\d{4}-\d{4,}|ERR_[A-Z0-9_]+|SIG(?:KILL|TERM|SEGV|INT|ABRT|HUP)|OOMKilled|CrashLoopBackOff"
    r"|ORA-\d{5}|0x[0-9a-fA-F]{8})"
    r"|(?P<path>(?:~|\.{1,2})?/?(?:[\w@.+-]+/)+(?:[\w@.+{}*-]+)?|(?:~|\.{1,2})?/[\w@.+-]{2,}|[A-Za-z]:\\[\w\\. -]+)"
    r"|(?P<name>\.?[\w-]+(?:\.[\w-]+)*\.(?P<ending>[A-Za-z0-9]{1,11})|\.(?:env|gitignore|editorconfig|dockerignore|npmrc)"
    r"|Dockerfile|Makefile|Caddyfile|Procfile|Jenkinsfile)"
    r"|(?P<code>[a-z]+[0-9]*(?:[A-Z][a-z0-9]*)+(?:\(\))?|[A-Za-z]\w*(?:_\w+)+(?:\(\))?|__\w+__|(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\(\)"
    r"|(?:[A-Z][a-z0-9]+){3,}|[A-Za-z_]\w*(?:::\w+)+)"
)
_DOTTED = re.compile(r"[A-Za-z_]\w{1,}(?:\.[A-Za-z_]\w+)+(?:\(\))?")
_LETTER = re.compile(r"[A-Za-z]{2}")
_FRACTION = re.compile(r"[A-Za-z]{1,12}(?:/[A-Za-z]{1,12}){1,3}")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?")
_QUOTED = re.compile(r"[\w@./:+*{}-]*[A-Za-z][\w@./:+*{}()-]*")


def thing(token: str, *, quoted: bool = False) -> Mention | None:
    """Return what a token names by its form, `None` for plain words.

    `quoted` tokens stood between backticks: any single word there is taken for an identifier.
    """
    if len(token) > LONGEST or len(token) < 2:
        return None
    match = _FORM.fullmatch(token)
    found = _meant(token, match, quoted=quoted) if match else None
    if found:
        return Mention(token.rstrip("/") if found is EntityType.URL else token, found)
    if quoted and len(token) <= 60 and _QUOTED.fullmatch(token) and _LETTER.search(token):
        return Mention(token, EntityType.IDENTIFIER)
    return None


def _meant(token: str, match: re.Match[str], *, quoted: bool) -> EntityType | None:
    form = match.lastgroup
    if form == "url":
        return EntityType.URL
    if form == "version":
        return None if _ADDRESS.fullmatch(token) else EntityType.VERSION
    if form == "error":
        return EntityType.ERROR
    if form == "path":
        return EntityType.FILE if _is_path(token, quoted=quoted) else None
    if form == "code":
        return None if token in _small() else EntityType.IDENTIFIER
    return _named(token, (match["ending"] or "").lower())


def _is_path(token: str, *, quoted: bool) -> bool:
    """Tell a path from `and/or`, `24/7`, `km/h`: it starts at a root, has an ending, or stands in backticks."""
    if not _LETTER.search(token) or token.isupper():
        return False
    if quoted or token[0] in "/~.":
        return True
    last = token.rsplit("/", 1)[-1]
    if "." in last.strip("."):
        return last.rsplit(".", 1)[-1].lower() in _extensions()
    return not _FRACTION.fullmatch(token) and (token.count("/") > 1 or token.endswith("/"))


def _named(token: str, ending: str) -> EntityType | None:
    """Tell a file (`app.py`), a web host (`album.example.org`) and a dotted identifier (`os.path.join`) apart."""
    if token in _identifiers():
        return EntityType.IDENTIFIER
    if not ending or ending in _extensions():
        stem = token.rsplit(".", 1)[0]
        return EntityType.FILE if not ending or _LETTER.search(stem) or len(ending) > 1 else None
    if ending in ("com", "org", "net", "io", "dev", "app", "ai", "cn", "edu", "gov"):
        return EntityType.URL if _LETTER.search(token) else None
    if _DOTTED.fullmatch(token) and token.lower() not in _not_dotted():
        return EntityType.IDENTIFIER
    return None


@cache
def _extensions() -> frozenset[str]:
    return frozenset(rules("extract")["thing"]["extensions"].split())


@cache
def _identifiers() -> frozenset[str]:
    return frozenset(rules("extract")["thing"]["identifiers"].split())


@cache
def _small() -> frozenset[str]:
    return frozenset(rules("extract")["name"]["small"].split())


@cache
def _not_dotted() -> frozenset[str]:
    return frozenset(rules("extract")["thing"]["not_dotted"].split())
