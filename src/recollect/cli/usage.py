"""`recollect usage`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import click

from recollect.agents.gather import INJECT
from recollect.capture.instant import instant
from recollect.cli.opened import opened, run
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.exchange import Census
from recollect.models import Usage
from recollect.ops.spending import added_up, by_day
from recollect.providers.chat.budget import Standing

Rows = Sequence[Mapping[str, Any]]
MODEL_HEADS: Final = ("models for", "model", "calls", "failed", "from cache", "tokens in", "tokens out", "cost")
BY: Final[Mapping[str, tuple[str, Callable[[Usage], str]]]] = {
    "day": ("day", lambda item: item.at.date().isoformat()),
    "model": ("model", lambda item: item.provider),
    "purpose": ("purpose", lambda item: item.purpose),
    "project": ("project_id", lambda item: item.project_id),
}
DAY_HEADS: Final = ("day", "project", "calls", "from cache", "tokens in", "tokens out", "cost")


@verb("usage")
@click.option("--project", "-p", help="Of one project only.")
@click.option("--days", "-d", default=30, show_default=True, type=click.IntRange(1, 36_500), help="Of so many days.")
@click.option("--since", help="Since this time (ISO 8601), instead of --days.")
@click.option("--by", type=click.Choice(list(BY)), help="Only what models took, added up by this.")
def command(common: Common, project: str | None, days: int, since: str | None, by: str | None) -> None:
    """Show what assistants were told, what that stands for, what models cost, and the room that memories take."""
    found, budget, held = run(_usage(common, days, None if since is None else instant(since, "since")))
    spent = [item for item in found if project in {None, item.project_id}]
    if by is not None:
        _by(common, by, [item for item in spent if item.purpose != INJECT and item.outcome])
        return
    told = _told(spent)
    rest = [item for item in spent if item.purpose != INJECT]
    asked = sorted(
        added_up(rest, ("purpose", "model"), lambda item: (item.purpose, item.provider)),
        key=lambda row: (-row["calls"], row["purpose"], row["model"]),
    )
    if common.as_json:
        daily = by_day(rest)
        room = {"bytes": held.size, "memories": sum(held.kinds.values()), "turns": held.turns}
        emit({"days": days, "told": told, "models": asked, "by_day": daily, "budget": asdict(budget), "store": room})
        return
    _show_told(told, days)
    _show_asked(asked, by_day(rest), budget)
    console().print(f"the store takes {held.size / 2**20:,.1f} MB: {sum(held.kinds.values()):,} memories")


def _by(common: Common, by: str, spent: Sequence[Usage]) -> None:
    """Show what models took by one thing alone."""
    name, of = BY[by]
    rows = sorted(added_up(spent, (name,), lambda item: (of(item),)), key=lambda row: str(row[name]))
    if common.as_json:
        emit({"by": by, "rows": rows})
        return
    figures = ("calls", "failed", "cached", "tokens_in", "tokens_out", "cost")
    cells = [(str(row[name]), *_cells(row, figures)) for row in rows]
    console().print(table((by, *MODEL_HEADS[2:]), cells, right=(1, 2, 3, 4, 5, 6)))


def _told(spent: Sequence[Usage]) -> list[dict[str, Any]]:
    """Return how many contexts assistants were told, by project and client."""
    rows = added_up(
        [item for item in spent if item.purpose == INJECT],
        ("project_id", "client"),
        lambda item: (item.project_id, item.provider),
    )
    rows.sort(key=lambda row: (-row["calls"], row["project_id"], row["client"]))
    return [{name: value for name, value in row.items() if name not in {"failed", "cached"}} for row in rows]


def _show_told(told: Rows, days: int) -> None:
    out = console()
    if not told:
        out.print(f"nothing was told to an assistant in the last {days} days")
        return
    heads = ("told to", "by", "contexts", "tokens told", "made of tokens")
    names = ("project_id", "client", "calls", "tokens_out", "tokens_in")
    out.print(table(heads, [_cells(row, names) for row in told], right=(2, 3, 4)))
    out.print()


def _show_asked(asked: Rows, days: Rows, budget: Standing) -> None:
    out = console()
    if not asked:
        out.print("no model was asked: it cost nothing")
        return
    figures = ("tokens_in", "tokens_out", "cost")
    names_of_models = ("purpose", "model", "calls", "failed", "cached", *figures)
    out.print(table(MODEL_HEADS, [_cells(row, names_of_models) for row in asked], right=(2, 3, 4, 5, 6, 7)))
    if days:
        out.print()
        names = ("day", "project_id", "calls", "cached", *figures)
        out.print(table(DAY_HEADS, [_cells(row, names) for row in days], right=(2, 3, 4, 5, 6)))
    if budget.spent:
        out.print("today's budget for models is spent: the offline rules go on until midnight UTC")


def _cells(row: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"${row[name]:,.4f}" if name == "cost" else _cell(row[name]) for name in names)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


async def _usage(common: Common, days: int, since: datetime | None) -> tuple[Sequence[Usage], Standing, Census]:
    async with opened(common) as memory:
        engine = memory.app.engine
        since = since or engine.now() - timedelta(days=days)
        spent = await engine.stores.records.usage(since=since)
        return spent, await memory.app.models.standing(), await memory.app.upkeep.census(engine.now())
