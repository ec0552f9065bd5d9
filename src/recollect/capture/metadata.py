"""What may stand in a memory's metadata: one JSON object of modest size, its text as clean as the memory's own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from recollect.errors import InvalidInput, TooLarge

MAX_DEPTH: Final = 16
MAX_BYTES: Final = 64 * 1024
MAX_INTEGER: Final = 2**63


def metadata_of(value: object, field: str) -> dict[str, Any]:
    """Return a plain copy of a JSON object: keys are strings, at most 16 deep and 64 KB as UTF-8 JSON.

    Integers fit 64 bits, numbers are finite. Raises InvalidInput, or TooLarge, naming the place that is wrong.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{field} is of type {type(value).__name__}",
            field=field,
            hint='Give a JSON object such as {"category": "x"}.',
        )
    if not value:
        return {}
    plain = _Copy(field).mapping(value, field, 1)
    size = len(json.dumps(plain, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise TooLarge(f"{field} takes {size} bytes", field=field, hint="The limit is 64 KB; put long text in content.")
    return plain


def cleaned(value: Any, clean: Callable[[str, str], str], name: str = "") -> Any:
    """Return the JSON value with `clean(name, text)` applied to every text in it, `name` being its nearest key."""
    if isinstance(value, str):
        return clean(name, value)
    if isinstance(value, dict):
        return {clean("", key): cleaned(part, clean, key) for key, part in value.items()}
    if isinstance(value, list):
        return [cleaned(part, clean, name) for part in value]
    return value


class _Copy:
    """One walk through a foreign value; it stops as soon as the value can no longer fit."""

    def __init__(self, field: str) -> None:
        self.field = field
        self.room = MAX_BYTES

    def mapping(self, value: Mapping[Any, Any], place: str, depth: int) -> dict[str, Any]:
        self._deep(place, depth)
        copy = {}
        for key, part in value.items():
            if not isinstance(key, str):
                raise InvalidInput(
                    f"{place} has a key of type {type(key).__name__}", field=place, hint="Keys are text."
                )
            self._spend(len(key))
            copy[key] = self.value(part, f"{place}.{key[:40]}", depth)
        return copy

    def value(self, value: object, place: str, depth: int) -> Any:
        self._spend(len(value) if isinstance(value, str) else 1)
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, place)
        if isinstance(value, Mapping):
            return self.mapping(value, place, depth + 1)
        if isinstance(value, list | tuple):
            self._deep(place, depth + 1)
            return [self.value(part, f"{place}[{index}]", depth + 1) for index, part in enumerate(value)]
        raise InvalidInput(
            f"{place} is of type {type(value).__name__}",
            field=place,
            hint="Only what JSON can say: text, numbers, lists.",
        )

    def _number(self, value: int | float, place: str) -> int | float:  # noqa: PYI041
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"{place} is not a finite number", field=place, hint="Use null for what has no value.")
        if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
            raise InvalidInput(f"{place} does not fit 64 bits", field=place, hint="Send long numbers as text.")
        return value

    def _deep(self, place: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InvalidInput(f"{self.field} is nested too deep", field=place[:200], hint="The limit is 16 levels.")

    def _spend(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise TooLarge(f"{self.field} takes more than 64 KB", field=self.field, hint="Put long text in content.")
