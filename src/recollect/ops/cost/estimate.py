"""Multiplies rates by a load and by prices; pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from recollect.ops.cost.rates import USUAL, Rates, shipped
from recollect.ops.cost.tiers import Keeping, Stage, stages


class Priced(Protocol):
    """The price of one model."""

    def dollars(self, tokens_in: int, tokens_out: int, cached_in: int = 0) -> float:
        """Return what so many tokens cost; of those in, `cached_in` came from the provider's cache."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a memory in a month, and how.

    `turns` and `contexts` are those of a session; a context counts where a model puts it together. `repeats` is the
    share of contexts that are asked for again within the hour, and `kept` the share of what requests begin with alike
    that the provider has in its own cache. Turns are kept `months`, as `keeping` says; `gigabyte` is dollars for one a
    month.
    """

    sessions: float
    turns: float
    contexts: float
    users: int = 1
    repeats: float = 0.0
    kept: float = 0.0
    months: float = 12.0
    gigabyte: float = 0.08
    keeping: Keeping = field(default_factory=Keeping)


@dataclass(frozen=True, slots=True)
class Line:
    """What one purpose takes in a month; `model` is empty where the offline rules do it, or this machine."""

    purpose: str
    model: str
    calls: float
    tokens_in: float
    tokens_out: float
    dollars: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A month: what each purpose takes, and what is kept by its end after `months`, in the database and `away`."""

    lines: tuple[Line, ...]
    gigabytes: float
    storage: float
    stages: tuple[Stage, ...] = ()

    @property
    def away(self) -> float:
        """Gigabytes in object storage."""
        return sum(stage.away for stage in self.stages)

    @property
    def models(self) -> float:
        """Dollars for models and embedders."""
        return sum(line.dollars for line in self.lines)

    @property
    def total(self) -> float:
        """Dollars for everything."""
        return self.models + self.storage


@dataclass(frozen=True, slots=True)
class Models:
    """Who does each task, with its price, and who embeds; a task that stands not in it is done by the rules."""

    names: Mapping[str, str]
    prices: Mapping[str, Priced]
    embedder: str = ""


def estimate(rates: Rates, load: Load, models: Models) -> Estimate:
    """Return what a load takes."""
    times = {"turn": load.sessions * load.turns, "context": load.sessions * load.contexts * (1 - load.repeats)}
    lines = []
    for rate in rates.rates:
        name = models.names.get(rate.task, "")
        if not name:
            continue
        calls = rate.calls * times[rate.per]
        one = models.prices[name].dollars(
            round(rate.tokens_in), round(rate.tokens_out), round(min(rate.same_in, rate.tokens_in) * load.kept)
        )
        lines.append(Line(rate.purpose, name, calls, calls * rate.tokens_in, calls * rate.tokens_out, calls * one))
    read = rates.embedded * times["turn"]
    priced = models.prices.get(models.embedder)
    dollars = 0.0 if priced is None else priced.dollars(1_000_000, 0) * read / 1_000_000
    lines.append(Line("embedding", models.embedder, times["turn"], read, 0.0, dollars))
    kept = tuple(stages(load.keeping, rates.bytes * times["turn"], load.months, load.gigabyte))
    return Estimate(tuple(lines), sum(one.gigabytes for one in kept), sum(one.dollars for one in kept), kept)


WAYS: Final = {
    "one_by_one": "every turn in a call of its own (infer.batch 1)",
    "live": "question and answer at once, while it is talked",
    "usual": "whole conversations, 20 turns a call",
}
"""Runs in which turns came otherwise."""
DENSITIES: Final = {"dense_0": "capture.density_threshold 0", "dense_0.7": "capture.density_threshold 0.7"}
"""Runs in which other turns were thought too thin to be looked at; beside `usual`, whose threshold is 0.3."""


def effects(rates: Rates, load: Load, models: Models, run: str) -> list[tuple[str, Estimate]]:
    """Return what a month would be if one thing were done otherwise.

    What was measured in runs changes the estimate by as much as it changes theirs; `run` is the one that holds now.
    """
    now = estimate(rates, load, models)
    found = [(said, _as_in(now, load, models, run, other)) for other, said in WAYS.items() if other != run]
    found += [(said, _as_in(now, load, models, USUAL, other)) for other, said in DENSITIES.items()]
    found.append(("half of the contexts asked for again", estimate(rates, replace(load, repeats=0.5), models)))
    if any(rate.same_in for rate in rates.rates):
        kept = estimate(rates, replace(load, kept=1.0), models)
        found.append(("the provider keeps what requests begin with", kept))
    if load.keeping.asked:
        everything = replace(load, keeping=Keeping(load.keeping.texts))
        found.append(("nothing put away", estimate(rates, everything, models)))
    found.append(("no model: the offline rules", estimate(rates, load, replace(models, names={}))))
    return found


def _as_in(now: Estimate, load: Load, models: Models, run: str, other: str) -> Estimate:
    """Return an estimate changed in the ratio of two runs, purpose by purpose."""
    before, after = (_by_purpose(estimate(shipped(name), load, models).lines) for name in (run, other))
    lines = tuple(_scaled(line, before.get(line.purpose), after.get(line.purpose)) for line in now.lines)
    size = shipped(other).bytes / shipped(run).bytes
    return Estimate(lines, now.gigabytes * size, now.storage * size, now.stages)


def _scaled(line: Line, before: Line | None, after: Line | None) -> Line:
    if before is None or after is None:
        return line
    return replace(
        line,
        calls=line.calls * _ratio(after.calls, before.calls),
        tokens_in=line.tokens_in * _ratio(after.tokens_in, before.tokens_in),
        tokens_out=line.tokens_out * _ratio(after.tokens_out, before.tokens_out),
        dollars=line.dollars * _ratio(after.dollars, before.dollars),
    )


def _by_purpose(lines: Sequence[Line]) -> dict[str, Line]:
    return {line.purpose: line for line in lines}


def _ratio(after: float, before: float) -> float:
    return after / before if before else 1.0
