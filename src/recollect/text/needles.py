"""Finds which of many short texts stand in a longer one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_SHARED = 4
"""Characters that several texts begin with."""


class Needles(Generic[T]):
    """Short texts, each of which stands for a value.

    They are put into groups by a part that all of a group hold, so that a text without that part is looked through
    once for all of them; and one of ASCII for no others.
    """

    def __init__(self, needles: Iterable[tuple[str, T]]) -> None:
        left = list(needles)
        names = {needle for needle, _ in left}
        parts = dict.fromkeys(part for needle, _ in left for part in (needle, needle[:_SHARED], *needle.split()))
        holding = {part: sum(part in name for name in names) for part in parts if len(part) > 2 or part in names}
        self._groups: list[tuple[str, list[tuple[str, T]]]] = []
        for part in sorted(holding, key=lambda part: (-holding[part], -len(part))):
            group = [pair for pair in left if part in pair[0]]
            if group:
                self._groups.append((part, group))
                left = [pair for pair in left if part not in pair[0]]
        self._ascii = [(part, group) for part, group in self._groups if part.isascii()]

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Yield every text and what it stands for."""
        return (pair for _, group in self._groups for pair in group)

    def found_in(self, text: str) -> list[T]:
        """Return what the texts stand for that the given one holds."""
        groups = self._ascii if text.isascii() else self._groups
        return [value for part, group in groups if part in text for needle, value in group if needle in text]
