"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from recollect.cli.out import width


def console() -> Console:
    """Return where tables are printed."""
    return Console(width=width(), highlight=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Iterable[int] = ()) -> Table:
    """Return a table without markup in its cells; the columns numbered in `right` hold figures.

    Where there is too little room, the last column is folded.
    """
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    numbers = set(right)
    for place, head in enumerate(heads):
        last = place == len(heads) - 1
        made.add_column(head, justify="right" if place in numbers else "left", no_wrap=not last)
    for row in rows:
        made.add_row(*[cell if isinstance(cell, Text) else Text(cell) for cell in row])
    return made
