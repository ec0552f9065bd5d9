"""What several processes behind one port have counted, as one: whichever of them is asked tells the sum.

Each leaves what it has counted in a small file of the data directory every second; a process that is started in place
of another goes on counting where that one stopped, so that no counter ever falls.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between what is left for the others."""
GROWING: Final = ("counter", "histogram")
OWN: Final = frozenset({"process_start_time_seconds", "process_max_fds"})
"""What cannot be summed: each tells its own."""

Counts = Mapping[str, Mapping[str, float]]
"""By family, and by name and labels of a sample, which are one text."""


class Summed(Collector):
    """The figures of this process, of those before it in its place, and of those beside it."""

    def __init__(self, own: CollectorRegistry, folder: Path, number: int) -> None:
        self._own, self._path = own, folder / f"{number}.json"
        before = _read(self._path)
        self._before = {family.name: before.get(family.name, {}) for family in own.collect() if family.type in GROWING}

    def collect(self) -> Iterable[Metric]:
        """Yield every family, summed."""
        beside = [_read(path) for path in sorted(self._path.parent.glob("*.json")) if path != self._path]
        for family in self._own.collect():
            others = [] if family.name in OWN else [self._before, *beside]
            yield _made(family, _sum([_samples(family), *(one.get(family.name, {}) for one in others)]))

    async def run(self) -> None:
        """Leave what is counted for the others, until cancelled."""
        while True:
            await asyncio.to_thread(self.leave)
            await asyncio.sleep(EVERY)

    def leave(self) -> None:
        """Leave what is counted for the others; a full disk costs only figures."""
        families = self._own.collect()
        counts = {one.name: _sum([_samples(one), self._before.get(one.name, {})]) for one in families}
        try:
            draft = self._path.with_suffix(".part")
            draft.write_text(json.dumps(counts), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            log.info("What was counted could not be left for the others: %s", error.strerror)


def cleared(home: Path) -> Path:
    """Return the folder for such files, with nothing of an earlier server in it."""
    folder = folder_of(home)
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    return folder


def folder_of(home: Path) -> Path:
    """Return the folder for such files."""
    return home / "figures"


def _samples(family: Metric) -> dict[str, float]:
    return {json.dumps([sample.name, sample.labels]): sample.value for sample in family.samples}


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the sums, in the order the samples were first met in."""
    total: dict[str, float] = {}
    for part in parts:
        for key, value in part.items():
            total[key] = total.get(key, 0.0) + value
    return total


def _made(family: Metric, samples: Mapping[str, float]) -> Metric:
    made = Metric(family.name, family.documentation, family.type)
    for key, value in samples.items():
        name, labels = json.loads(key)
        if not name.endswith("_created"):  # a moment, which has no sum
            made.add_sample(name, labels, value)
    return made


def _read(path: Path) -> Counts:
    """Return what a file holds; nothing where it is not there or not whole."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
