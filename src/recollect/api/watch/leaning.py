"""The gauges of what a store leans on: indexes beside it, a replica, backups, retention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily

from recollect.api.watch.standing import Leaning
from recollect.ops.around import Backed, Followed, Kept, Side


def of_leaning(found: Leaning) -> Iterator[GaugeMetricFamily]:
    """Yield the gauges of what there is; none of what the settings do not name."""
    if found.sides:
        yield from _of_sides(found.sides)
    if found.followed is not None:
        yield from _of_replica(found.followed)
    if found.kept is not None:
        yield from _of_retention(found.kept, found)


def of_backups(found: Backed) -> Iterator[GaugeMetricFamily]:
    """Yield when the last backup was made; 0 where there is none, nothing where the place cannot be read."""
    yield gauge("recollect_backup_readable", "Whether the place of the backups can be read", not found.error)
    if not found.error:
        last = 0.0 if found.last is None else found.last.timestamp()
        yield gauge("recollect_backup_last_timestamp_seconds", "When the last backup was made", last)


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    """Return a gauge without labels."""
    return GaugeMetricFamily(name, text, value=value)


def _of_sides(sides: Iterable[Side]) -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily(
        "recollect_beside_waiting", "Changes that what stands beside the records has not heard of", labels=["side"]
    )
    answers = GaugeMetricFamily(
        "recollect_beside_answers", "Whether what stands beside the records answers", labels=["side"]
    )
    for side in sides:
        waiting.add_metric([side.name], side.waiting)
        answers.add_metric([side.name], side.answers)
    yield waiting
    yield answers


def _of_replica(found: Followed) -> Iterator[GaugeMetricFamily]:
    yield gauge("recollect_replica_read", "Whether searches read the replica", found.read)
    if found.behind is not None:
        yield gauge("recollect_replica_lag_seconds", "Seconds for which the replica has lacked something", found.behind)


def _of_retention(found: Kept, leaning: Leaning) -> Iterator[GaugeMetricFamily]:
    yield gauge("recollect_retention_failed", "Policies whose last run failed", len(found.failed))
    if found.last is not None:
        text = "When the policy that waits longest last ran"
        yield gauge("recollect_retention_last_timestamp_seconds", text, found.last.timestamp())
    if found.due is not None:
        late = max(0.0, (leaning.now - found.due).total_seconds())
        yield gauge("recollect_retention_late_seconds", "Seconds since the policies were due to run", late)
