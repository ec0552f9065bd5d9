"""Tables and figures in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NONE = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, its columns as wide as their cells; all but the first stand to the right."""
    cells = [list(head), *(list(row) for row in rows)]
    if len(cells) == 1:
        return "Not measured.\n"
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    rule = ["-" * max(3, widths[0]), *("-" * max(2, width - 1) + ":" for width in widths[1:])]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines.insert(1, rule)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """Return a figure with its unit, or a dash."""
    return NONE if value is None else f"{value:,.{digits}f}{unit}"


def ratio(ours: float | None, theirs: float | None) -> str:
    """Return how many times as much."""
    return NONE if not ours or not theirs else f"{ours / theirs:.1f}×"


def dig(found: Mapping[str, Any], *path: str) -> Any:
    """Return what stands at the end of a path into nested results, or None."""
    here: Any = found
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def result(runs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a measurement's result, empty when there is none."""
    return dig(runs, name, "result") or {}


def verdict(value: float | None, target: float, *, least: bool = False) -> str:
    """Return whether a target is met: at most (or, with `least`, at least) so much."""
    if value is None:
        return NONE
    met = value >= target if least else value <= target
    return "met" if met else "missed"
