"""What may name a user, project, conversation, agent or message."""

from __future__ import annotations

from typing import Final

from recollect.capture.normalise import normalise
from recollect.errors import InvalidInput, TooLarge

MAX_IDENTIFIER: Final = 256


def identifier(value: object, field: str) -> str:
    """Return the id without white space around it: 1 to 256 visible characters on one line.

    Raises InvalidInput, or TooLarge, naming `field`.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{field} is {kind_of(value)}, not text", field=field, hint="Give it as a string.")
    name = value.strip()
    if not name:
        raise InvalidInput(f"{field} is empty", field=field, hint="Give 1 to 256 characters, or leave it out.")
    if len(name) > MAX_IDENTIFIER:
        raise TooLarge(f"{field} has {len(name)} characters", field=field, hint="The limit is 256.")
    if "\n" in name or "\t" in name or normalise(name) != name:
        raise InvalidInput(
            f"{field} holds control or invisible characters", field=field, hint="Use visible characters on one line."
        )
    return name


def kind_of(value: object) -> str:
    """Return a value's type in plain words, for messages."""
    return "missing" if value is None else f"of type {type(value).__name__}"
