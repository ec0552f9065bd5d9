"""What models took, added up for people: by purpose and model, by day and project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from recollect.models import Usage

KEPT: Final = frozenset({"cached", "joined"})
"""Outcomes of questions that no model was asked."""


def by_model(spent: Iterable[Usage]) -> list[dict[str, Any]]:
    """Return totals by purpose and model, the dearest first."""
    rows = added_up(spent, ("purpose", "provider"), lambda item: (item.purpose, item.provider))
    return sorted(rows, key=lambda row: (-row["cost"], row["purpose"], row["provider"]))


def by_day(spent: Iterable[Usage]) -> list[dict[str, Any]]:
    """Return totals by day (UTC) and project, the latest day first; only what was asked of models counts."""
    asked = [item for item in spent if item.outcome]
    rows = added_up(asked, ("day", "project_id"), lambda item: (item.at.date().isoformat(), item.project_id))
    return sorted(rows, key=lambda row: (row["day"], row["project_id"]), reverse=True)


def added_up(
    spent: Iterable[Usage], names: Sequence[str], of: Callable[[Usage], Sequence[str]]
) -> list[dict[str, Any]]:
    """Return one row for each value of `of`, which `names` names.

    `calls` counts what models were asked, `failed` those of them that failed, `cached` what was answered without.
    """
    totals: dict[tuple[str, ...], dict[str, Any]] = {}
    zero = {"calls": 0, "failed": 0, "cached": 0, "tokens_in": 0, "tokens_out": 0, "cost": 0.0}
    for item in spent:
        key = tuple(of(item))
        row = totals.setdefault(key, {**dict(zip(names, key, strict=True)), **zero})
        row["cached" if item.outcome in KEPT else "calls"] += 1
        row["failed"] += item.outcome == "failed"
        row["tokens_in"] += item.tokens_in
        row["tokens_out"] += item.tokens_out
        row["cost"] += item.cost
    return list(totals.values())
