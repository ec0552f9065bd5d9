"""The tools that tell how recollect is, and how much it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from recollect.compose.escape import line
from recollect.mcp.argument import Project, User
from recollect.mcp.desk import Call, Desk
from recollect.mcp.held import joined
from recollect.mcp.timings import Timings
from recollect.ops.health import parts, worst
from recollect.version import __version__

DAYS: Final = 7
GROUPS: Final = 12
"""Values of one sort that are listed."""


class Telling:
    """Tools that tell of the memory itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._timings = Timings()
        desk.memory.app.meters.add(self._timings)

    async def health_check(self) -> str:
        """Check whether the memory works: store, background worker, embedder (search by meaning), disk.

        Use it when another tool failed or finds less than it should.
        """
        found = await parts(self._desk.memory, helped=self._desk.helped)
        return joined(
            f"recollect {__version__} is {worst(found.values())}.",
            [f"- {name}: {_part(part)}" for name, part in found.items()],
        )

    async def get_stats(self, call: Call, project_id: Project = None, user_id: User = None) -> str:
        """Count what is remembered in a project: memories by kind, tier, category and day, and how fast answers came.

        Use it to learn whether there is anything to search, or to tell the user what is kept.
        """
        whose = self._desk.whose(call, user_id, project_id)
        stats = await self._desk.of(call).stats(**whose.named())
        latest = dict(sorted(stats.by_day.items())[-DAYS:])
        most = {"kind": stats.by_kind, "tier": stats.by_tier, "category": stats.by_category}
        groups = {name: dict(sorted(counts.items(), key=lambda one: -one[1])) for name, counts in most.items()}
        groups[f"day (the last {DAYS})"] = latest
        return joined(
            f"Project `{whose.project_id}`: {stats.memories} memories in {stats.conversations} conversations, "
            f"{stats.entities} entities, {stats.embedded} vectors; {stats.waiting} jobs wait, {stats.parked} parked.",
            [f"- by {name}: {_counts(counts)}" for name, counts in groups.items() if counts],
            [f"- {text}" for text in self._timings.lines()],
        )


def _part(part: Mapping[str, Any]) -> str:
    more = ", ".join(f"{name} {value}" for name, value in part.items() if name not in {"status", "latency_ms"})
    return f"{part['status']} ({part['latency_ms']} ms{f', {more}' if more else ''})"


def _counts(counts: Mapping[str, int]) -> str:
    more = f", {len(counts) - GROUPS} more" if len(counts) > GROUPS else ""
    return ", ".join(f"{line(name)[:60]} {number}" for name, number in list(counts.items())[:GROUPS]) + more
