"""Keeps what was made of short texts: few words, names and phrases make up most of what is said."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")


def kept(size: int, longest: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Keep what a function made of the `size` texts last asked for, of at most `longest` characters.

    Longer ones seldom come twice and would fill the memory. The function must be pure, what it returns not changed.
    """

    def around(work: Callable[[str], T]) -> Callable[[str], T]:
        known = lru_cache(maxsize=size)(work)

        @wraps(work)
        def ask(text: str) -> T:
            return known(text) if len(text) <= longest else work(text)

        return ask

    return around
