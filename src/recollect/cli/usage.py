"""`recollect usage`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import click

from recollect.agents.gather import INJECT
from recollect.cli.opened import opened, run
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.models import Usage
from recollect.ops.spending import added_up, by_day
from recollect.providers.chat.budget import Standing

Rows = Sequence[Mapping[str, Any]]
MODEL_HEADS: Final = ("models for", "model", "calls", "failed", "from cache", "tokens in", "tokens out", "cost")
DAY_HEADS: Final = ("day", "project", "calls", "from cache", "tokens in", "tokens out", "cost")


@verb("usage")
@click.option("--project", "-p", help="Of one project only.")
@click.option("--days", "-d", default=30, show_default=True, type=click.IntRange(1, 36_500), help="Of so many days.")
def command(common: Common, project: str | None, days: int) -> None:
    """Show what assistants were told, what that stands for, and what models cost."""
    found, budget = run(_usage(common, days))
    spent = [item for item in found if project in {None, item.project_id}]
    told = _told(spent)
    rest = [item for item in spent if item.purpose != INJECT]
    asked = sorted(
        added_up(rest, ("purpose", "model"), lambda item: (item.purpose, item.provider)),
        key=lambda row: (-row["calls"], row["purpose"], row["model"]),
    )
    if common.as_json:
        by = by_day(rest)
        emit({"days": days, "told": told, "models": asked, "by_day": by, "budget": asdict(budget)})
        return
    _show_told(told, days)
    _show_asked(asked, by_day(rest), budget)


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


async def _usage(common: Common, days: int) -> tuple[Sequence[Usage], Standing]:
    async with opened(common) as memory:
        engine = memory.app.engine
        since = engine.now() - timedelta(days=days)
        return await engine.stores.records.usage(since=since), await memory.app.models.standing()
