"""What an installation left in a file, so that it can be taken out again when others have changed the file since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that was entered at a path.

    `sort`: `member` (with `old`, the characters it took the place of), `element` of a list, `made` (an object or list
    that was not there), `needed` (a member the file could not do without), `table` of a TOML file.
    """

    sort: str
    path: tuple[str, ...]
    value: Any = None
    old: str | None = None

    def shape(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"sort": self.sort, "path": list(self.path), "value": self.value, "old": self.old}


def trace_of(shape: Mapping[str, Any]) -> Trace:
    """Return the trace that a JSON object tells."""
    return Trace(shape["sort"], tuple(shape["path"]), shape["value"], shape["old"])


def joined(first: Iterable[Trace], later: Iterable[Trace]) -> tuple[Trace, ...]:
    """Return the traces of two installations one after the other: the later value, what was there before the first."""
    kept = {(trace.sort, trace.path): trace for trace in first}
    for trace in later:
        known = kept.get((trace.sort, trace.path))
        kept[trace.sort, trace.path] = trace if known is None else replace(known, value=trace.value)
    return tuple(sorted(kept.values(), key=lambda trace: (trace.sort != "made", len(trace.path))))
