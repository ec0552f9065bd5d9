"""The word lists and tables that rules read, kept as data beside the code."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "data"


@cache
def rules(name: str) -> dict[str, Any]:
    """Return the table of `data/<name>.toml`, read once per process; callers must not change it."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def longest_first(words: str) -> str:
    """Return white-space separated words as a regular expression that prefers the longest."""
    return "|".join(re.escape(word) for word in sorted(set(words.split()), key=lambda word: (-len(word), word)))
