"""What callers give the library, checked: names of kinds and tiers, texts and numbers."""

from __future__ import annotations

from collections.abc import Collection

from recollect.errors import InvalidInput
from recollect.models import Kind, Tier


def kind(value: str) -> Kind:
    """Return a kind of memory by its name; raise InvalidInput."""
    try:
        return Kind(value)
    except ValueError as error:
        names = ", ".join(Kind)
        raise InvalidInput(f"{value!r} is no kind of memory", field="kind", hint=f"Kinds are {names}.") from error


def kinds(values: object) -> tuple[Kind, ...]:
    """Return kinds by their names, none where none are given; raise InvalidInput."""
    if values is None:
        return ()
    if isinstance(values, str) or not isinstance(values, Collection):
        raise InvalidInput("kinds is no list", field="kinds", hint='Give a list such as ["note"].')
    return tuple(kind(value) for value in values)


def tier(value: str) -> Tier:
    """Return a tier by its name; raise InvalidInput."""
    try:
        return Tier(value)
    except ValueError as error:
        raise InvalidInput(f"{value!r} is no tier", field="tier", hint=f"Tiers are {', '.join(Tier)}.") from error


def times(values: object) -> dict[str, None]:
    """Return the times of a memory that are to be taken away, each as `None`; raise InvalidInput."""
    names = ("expires_at", "valid_from", "valid_to")
    if isinstance(values, str) or not isinstance(values, Collection) or any(name not in names for name in values):
        raise InvalidInput("clear names no times", field="clear", hint=f"Give a list of {', '.join(names)}.")
    return dict.fromkeys(values)


def text(value: object, field: str) -> str:
    """Return a text without halves of characters; raise InvalidInput naming `field`."""
    if not isinstance(value, str):
        raise InvalidInput(f"{field} is not text", field=field, hint="Give it as a string.")
    return value.encode("utf-8", "replace").decode()


def at_least(value: object, least: int, field: str) -> int:
    """Return a whole number of at least so much; raise InvalidInput naming `field`."""
    number = whole(value, field)
    if number < least:
        raise InvalidInput(f"{field} is {number}", field=field, hint=f"Give {least} or more.")
    return number


def whole(value: object, field: str) -> int:
    """Return a whole number; raise InvalidInput naming `field`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{field} is not a whole number", field=field, hint="Give a number such as 10.")
    return value
