"""`recollect stats`."""

from __future__ import annotations

from collections.abc import Mapping

from recollect.cli.opened import opened, run
from recollect.cli.options import TALK, Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.models import Stats
from recollect.ops.shape import stats_of

DAYS = 14
MARKS = 40
"""Columns of the longest bar."""


@verb("stats", TALK)
def command(common: Common) -> None:
    """Count memories by kind, tier, category and day."""
    stats = run(_stats(common))
    if common.as_json:
        emit(stats_of(stats))
        return
    out = console()
    out.print(
        f"{stats.memories:,} memories in {stats.conversations:,} conversations, {stats.entities:,} entities, "
        f"{stats.embedded:,} vectors"
    )
    if stats.waiting or stats.parked:
        out.print(f"{stats.waiting:,} jobs waiting, {stats.parked:,} parked")
    groups = {"kind": stats.by_kind, "tier": stats.by_tier, "category": stats.by_category}
    latest = dict(sorted(stats.by_day.items())[-DAYS:])
    for name, counts in {**groups, f"day (the last {DAYS})": latest}.items():
        if counts:
            out.print()
            out.print(table((name, "", ""), _bars(counts), right=(1,)))


def _bars(counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    most = max(counts.values())
    return [(name, f"{count:,}", "▇" * max(1, round(MARKS * count / most))) for name, count in counts.items()]


async def _stats(common: Common) -> Stats:
    reach = common.scope()
    del reach["agent_id"]
    async with opened(common) as memory:
        return await memory.stats(**reach)
