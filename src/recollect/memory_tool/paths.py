"""Which paths a file may have, and the refusal of every other one, before anything is looked up."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from recollect.capture.normalise import normalise
from recollect.capture.redact import redact
from recollect.errors import InvalidInput, TooLarge

ROOT: Final = "/memories"
LONGEST: Final = 400
"""Characters of a path. With the key's own part it stays below what an export holds as a name."""


def path_of(given: str) -> str:
    """Return the one form of a path: `/memories`, or names below it joined by single slashes.

    Raises InvalidInput for what lies outside or would lead there, plain or percent-encoded (once or more often), for
    backslashes, characters that cannot be seen, and what is never written; TooLarge beyond 400 characters.
    """
    if len(given) > LONGEST:
        raise TooLarge(f"The path is too long: it has {len(given)} characters, the limit is {LONGEST}.")
    if given != ROOT and not given.startswith(f"{ROOT}/"):
        raise InvalidInput(f"Path must start with {ROOT}, got: {given}")
    plain = _decoded(given)
    if "\\" in plain or ".." in plain.split("/"):
        raise InvalidInput(f"Path {given} would escape {ROOT} directory")
    if "\n" in plain or "\t" in plain or normalise(plain) != plain:
        raise InvalidInput(f"Path {given!a} holds a character that cannot stand in a path")
    if redact(given).text != given:
        raise InvalidInput("The path holds something private or secret, which is never written")
    return "/".join([ROOT, *(name for name in given.removeprefix(ROOT).split("/") if name not in {"", "."})])


def above(path: str) -> list[str]:
    """Return the directories a path lies in, from the outermost below the root on."""
    names = path.split("/")
    return ["/".join(names[:end]) for end in range(3, len(names))]


def _decoded(path: str) -> str:
    """Return a path without percent-encoding, however often it was encoded; each round makes it shorter."""
    while (plain := unquote(path)) != path:
        path = plain
    return path
