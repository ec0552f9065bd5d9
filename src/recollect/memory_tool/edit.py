"""The two edits of a file's content, as functions of text, with the exact words of their refusals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from recollect.errors import InvalidInput

MANY: Final = 100
"""Line numbers a refusal lists; what occurs more often is only counted."""


def replaced(text: str, old: str, new: str, path: str) -> tuple[str, int]:
    """Return the text with the one place of `old` replaced, and the line (from 0) it stands in.

    Raises InvalidInput when there is no such place, or more than one.
    """
    count = text.count(old)
    if not count:
        raise InvalidInput(f"No replacement was performed, old_str `{old}` did not appear verbatim in {path}.")
    if count > 1:
        found = list(islice(_lines_of(text, old), MANY + 1))
        lines = ", ".join(map(str, found[:MANY])) + (", and more" if len(found) > MANY else "")
        raise InvalidInput(
            f"No replacement was performed. Multiple occurrences of old_str `{old}` in lines: {lines}. "
            "Please ensure it is unique"
        )
    return text.replace(old, new), text.count("\n", 0, text.find(old))


def inserted(text: str, line: int, new: str) -> str:
    r"""Return the text with `new` as lines of their own after so many lines; it then ends with a line end.

    Lines end with `\n`, and a `\r` before it is part of the line. Raises InvalidInput outside of the text.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if not 0 <= line <= len(lines):
        raise InvalidInput(f"Invalid `insert_line` parameter: {line}. It should be within the range [0, {len(lines)}].")
    lines.insert(line, new.rstrip("\n"))
    joined = "\n".join(lines)
    return joined if joined.endswith("\n") else f"{joined}\n"


def _lines_of(text: str, old: str) -> Iterator[int]:
    """Yield the line (from 1) of each occurrence, overlapping ones too."""
    line, seen, at = 1, 0, text.find(old)
    while at >= 0:
        line += text.count("\n", seen, at)
        seen = at
        yield line
        at = text.find(old, at + 1)
