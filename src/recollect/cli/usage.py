"""`recollect usage`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import click

from recollect.agents.gather import INJECT
from recollect.cli.opened import opened, run
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.models import Usage

Totals = dict[tuple[str, str], tuple[int, int, int, float]]
"""By two names: calls, tokens in, tokens out, cost."""
FIGURES: Final = ("calls", "tokens_in", "tokens_out", "cost")


@verb("usage")
@click.option("--project", "-p", help="Of one project only.")
@click.option("--days", "-d", default=30, show_default=True, type=click.IntRange(1, 36_500), help="Of so many days.")
def command(common: Common, project: str | None, days: int) -> None:
    """Show what assistants were told, what that stands for, and what models cost."""
    spent = [item for item in run(_usage(common, days)) if project in {None, item.project_id}]
    told = _totals((item for item in spent if item.purpose == INJECT), lambda item: (item.project_id, item.provider))
    asked = _totals((item for item in spent if item.purpose != INJECT), lambda item: (item.purpose, item.provider))
    if common.as_json:
        emit({"days": days, "told": _named(told, "project_id", "client"), "models": _named(asked, "purpose", "model")})
        return
    _show(told, asked, days)


def _show(told: Totals, asked: Totals, days: int) -> None:
    out = console()
    if told:
        heads = ("told to", "by", "contexts", "tokens told", "made of tokens")
        contexts = [(*names, f"{row[0]:,}", f"{row[2]:,}", f"{row[1]:,}") for names, row in told.items()]
        out.print(table(heads, contexts, right=(2, 3, 4)))
        out.print()
    else:
        out.print(f"nothing was told to an assistant in the last {days} days")
    if asked:
        heads_of_models = ("models for", "model", "calls", "tokens in", "tokens out", "cost")
        calls = [
            (*names, f"{row[0]:,}", f"{row[1]:,}", f"{row[2]:,}", f"${row[3]:,.4f}") for names, row in asked.items()
        ]
        out.print(table(heads_of_models, calls, right=(2, 3, 4, 5)))
    else:
        out.print("no model was asked: it cost nothing")


def _totals(spent: Iterable[Usage], of: Callable[[Usage], tuple[str, str]]) -> Totals:
    """Return calls, tokens in, tokens out and cost by two names, most calls first."""
    totals: Totals = {}
    for item in spent:
        calls, read, written, cost = totals.get(of(item), (0, 0, 0, 0.0))
        totals[of(item)] = (calls + 1, read + item.tokens_in, written + item.tokens_out, cost + item.cost)
    return dict(sorted(totals.items(), key=lambda entry: (-entry[1][0], entry[0])))


def _named(totals: dict[tuple[str, str], tuple[int, int, int, float]], first: str, second: str) -> list[dict[str, Any]]:
    return [
        {first: names[0], second: names[1], **dict(zip(FIGURES, row, strict=True))} for names, row in totals.items()
    ]


async def _usage(common: Common, days: int) -> Sequence[Usage]:
    async with opened(common) as memory:
        engine = memory.app.engine
        return await engine.stores.records.usage(since=engine.now() - timedelta(days=days))
