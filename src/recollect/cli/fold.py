"""Breaks text that may hold highlights into lines, Chinese text anywhere, other text between words."""

from __future__ import annotations

import re

from recollect.cli.out import cells

_PIECE = re.compile(r"(?P<mark>\x1b\[[0-9;]*m)|[ ]+|[!-~\u00a0-\u2e7f]+|.")


def fold(text: str, room: int) -> list[str]:
    """Return lines of at most `room` columns; colour codes take none and are closed by their own text."""
    lines, line, used = [], "", 0
    for match in _PIECE.finditer(text.replace("\n", " ")):
        piece = match[0]
        size = 0 if match["mark"] else cells(piece)
        if used and used + size > room:
            lines.append(line.rstrip(" "))
            line, used = "", 0
            piece = piece.lstrip(" ")
            size = size if piece else 0
        line += piece
        used += size
    return [*lines, line] if line else lines
