"""Which backups are kept: the latest few, and one of each of the last days, weeks and months."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from recollect.ops.backup.repository import Repository
from recollect.ops.backup.snapshot import Snapshot
from recollect.ops.backup.write import locked

GRACE: Final = timedelta(hours=24)
"""An object nobody needs is younger than this while the backup it belongs to is being made."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How many are kept: of all, of days, of weeks, of months that have one. The latest always is."""

    last: int = 3
    daily: int = 7
    weekly: int = 4
    monthly: int = 12


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed, or would be: snapshots by id, and objects that no other snapshot needs."""

    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    objects: int


def kept(snapshots: Sequence[Snapshot], policy: Policy) -> list[Snapshot]:
    """Return those a policy keeps, the oldest first. Of a day, week or month the latest one stands for it."""
    newest = sorted(snapshots, key=lambda one: (one.made_at, one.id), reverse=True)
    chosen = {one.id for one in newest[: max(policy.last, 1)]}
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (policy.daily, lambda at: at.date()),
        (policy.weekly, lambda at: at.isocalendar()[:2]),
        (policy.monthly, lambda at: (at.year, at.month)),
    )
    for most, period in periods:
        seen: dict[object, str] = {}
        for one in newest:
            seen.setdefault(period(one.made_at), one.id)
        chosen |= set(list(seen.values())[:most])
    return [one for one in reversed(newest) if one.id in chosen]


async def prune(repository: Repository, policy: Policy, now: datetime, *, preview: bool = False) -> Swept:
    """Remove what a policy does not keep, and the objects that nothing needs any more; `preview`: only say what."""
    async with locked(repository):
        return await asyncio.to_thread(_prune, repository, policy, now, preview=preview)


def _prune(repository: Repository, policy: Policy, now: datetime, *, preview: bool) -> Swept:
    every = repository.snapshots()
    staying = kept(every, policy)
    names = {one.id for one in staying}
    needed = {name for one in staying for name in one.objects()}
    doomed = {name for one in every if one.id not in names for name in one.objects()} - needed
    left = {name for name, at in repository.has().items() if name not in needed and now - at > GRACE}
    dropped = tuple(one.id for one in every if one.id not in names)
    if not preview:
        for name in dropped:
            repository.drop(name)
        repository.sweep(sorted(doomed | left))
    return Swept(tuple(one.id for one in staying), dropped, len(doomed | left))
