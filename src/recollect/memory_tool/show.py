"""What a look at a file or a directory shows, in the words and columns that models were taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recollect.errors import TooLarge

MOST_LINES: Final = 999_999
WIDTH: Final = len(str(MOST_LINES))
AROUND: Final = 2
"""Lines shown before and after a change."""
LEVELS: Final = 2
"""How deep a directory is shown."""


def file_view(text: str, path: str, lines: Sequence[int] | None) -> str:
    """Return a file with line numbers; `lines` are the first and the last one to show, -1 for the end.

    Raises TooLarge beyond 999,999 lines.
    """
    every = text.split("\n")
    if len(every) > MOST_LINES:
        raise TooLarge(f"File {path} exceeds maximum line limit of 999,999 lines.")
    start, end = 0, len(every)
    if lines is not None and len(lines) == 2:
        start = max(1, lines[0]) - 1
        end = len(every) if lines[1] == -1 else lines[1]
    return f"Here's the content of {path} with line numbers:\n" + _numbered(every[start:end], start + 1)


def change_view(text: str, line: int) -> str:
    """Return the answer to a replacement: the lines around the one (from 0) that was changed."""
    every = text.split("\n")
    start = max(0, min(line, len(every) - 1) - AROUND)
    return "The memory file has been edited. Here is the snippet showing the change (with line numbers):\n" + _numbered(
        every[start : line + AROUND + 1], start + 1
    )


def directory_view(sizes: Mapping[str, int], path: str, given: str) -> str:
    """Return a directory two levels deep, asked for as `given`; `sizes` are the bytes of each file below `path`.

    A directory is as large as the files in it. What is hidden (`.name`) is left out, but counted.
    """
    below: dict[str, int] = {}
    for file, size in sizes.items():
        names = file.removeprefix(f"{path}/").split("/")
        for depth in range(1, min(LEVELS, len(names)) + 1):
            if names[depth - 1].startswith("."):
                break
            entry = "/".join(names[:depth]) + ("/" if depth < len(names) else "")
            below[entry] = below.get(entry, 0) + size
    entries = sorted(below.items(), key=lambda entry: entry[0].removesuffix("/").split("/"))
    rows = [(sum(sizes.values()), given), *((size, f"{path}/{name}") for name, size in entries)]
    header = f"Here're the files and directories up to 2 levels deep in {given}, excluding hidden items:"
    return "\n".join([header, *(f"{size_text(size)}\t{name}" for size, name in rows)])


def size_text(size: int) -> str:
    """Return so many bytes as text: `0B`, `1K`, `1.5K`, `2M`."""
    unit = min(max(size.bit_length() - 1, 0) // 10, 3)
    whole, rest = divmod(size, 1024**unit)
    return f"{size / 1024**unit:.1f}{'BKMG'[unit]}" if rest else f"{whole}{'BKMG'[unit]}"


def _numbered(lines: Sequence[str], first: int) -> str:
    return "\n".join(f"{number:>{WIDTH}}\t{line}" for number, line in enumerate(lines, first))
