"""What a model hands in with a command, checked: only well-formed text, whole numbers and ranges come through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from recollect.errors import InvalidInput

Check = Callable[[object, str], Any]


def arguments(command: object, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a command and its arguments; raise InvalidInput for what is missing or of another type.

    Fields that the command does not have are passed over.
    """
    called = _text(command, "command")
    if called not in FIELDS:
        raise InvalidInput(f"Unknown command: {called}")
    return called, {name: check(given.get(name), name) for name, check in FIELDS[called].items()}


def _text(value: object, name: str) -> str:
    """Return text that UTF-8 can hold: halves of characters are joined, and replaced where they stand alone."""
    if not isinstance(value, str):
        raise InvalidInput(f"The `{name}` parameter is {_what(value)}. It should be text.")
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"The `{name}` parameter is {_what(value)}. It should be a whole number.")
    return value


def _lines(value: object, name: str) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise InvalidInput(f"The `{name}` parameter is {_what(value)}. It should be two line numbers.")
    return tuple(_whole(number, name) for number in value)


def _what(value: object) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"


FIELDS: Final[Mapping[str, Mapping[str, Check]]] = {
    "view": {"path": _text, "view_range": _lines},
    "create": {"path": _text, "file_text": _text},
    "str_replace": {"path": _text, "old_str": _text, "new_str": _text},
    "insert": {"path": _text, "insert_line": _whole, "insert_text": _text},
    "delete": {"path": _text},
    "rename": {"old_path": _text, "new_path": _text},
}
"""The commands of the tool (memory_20250818) and what each takes."""
