"""Runs the steps of a verification one after the other, and removes what they wrote, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recollect.errors import ProviderFailed, RecollectError
from recollect.ops.check import Check, Status
from recollect.ops.verify import load, steps
from recollect.ops.verify.step import Trial, Verbs, Wrong

BEFORE: Final = frozenset({"health", "store"})
"""Where one of these fails there is no use in trying the rest."""
ASKING: Final = frozenset({"health", "access"})
"""Steps that write nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds above which nineteen of twenty answers are slow, and too slow; seconds to wait for an embedding."""

    slow: float = 1000.0
    too_slow: float = 5000.0
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class Verified:
    """A step's check, and the milliseconds it took."""

    check: Check
    ms: float


def verify(
    verbs: Verbs,
    health: Callable[[], Mapping[str, Any]],
    *,
    user: str | None = None,
    stranger: Verbs | None = None,
    limits: Limits | None = None,
    quick: bool = False,
) -> Generator[Verified, None, None]:
    """Use a store in projects of its own; yield each step's outcome as it is known.

    `stranger` is the same store asked with a wrong token. `quick` leaves out the two steps that press.
    What was written is deleted in the end, also where the caller stops listening or a step raises.
    """
    trial, within, wrote = Trial(verbs, health, user), limits or Limits(), False
    try:
        for name, step in _steps(trial, stranger, within, quick=quick):
            wrote = wrote or name not in ASKING
            found = _tried(name, step)
            yield found
            if found.check.status is Status.FAIL and name in BEFORE:
                break
    finally:
        left = _tried("removal", lambda: _removed(trial)) if wrote else None
    if left is not None:
        yield left


def _steps(
    trial: Trial, stranger: Verbs | None, limits: Limits, *, quick: bool
) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "health", lambda: steps.health(trial)
    if stranger is not None:
        yield "access", lambda: steps.stranger(stranger, trial.scope)
    yield "store", lambda: steps.store(trial)
    yield "retrieve", lambda: steps.retrieve(trial, limits.patience)
    yield "compress", lambda: steps.compress(trial)
    yield "across", lambda: steps.across(trial)
    yield "inject", lambda: steps.inject(trial)
    yield "consistency", lambda: steps.consistency(trial)
    yield "refusals", lambda: steps.refusals(trial)
    if quick:
        return
    yield "concurrency", lambda: load.concurrency(trial)
    yield "latency", lambda: load.latency(trial, limits.slow, limits.too_slow)


def _tried(name: str, step: Callable[[], str]) -> Verified:
    began = time.perf_counter()
    try:
        check = Check(name, Status.OK, step())
    except Wrong as wrong:
        check = Check(name, wrong.status, wrong.detail, wrong.remedy)
    except RecollectError as error:
        check = Check(name, Status.FAIL, error.message, error.hint or steps.DOCTOR)
    return Verified(check, (time.perf_counter() - began) * 1000)


def _removed(trial: Trial) -> str:
    gone = 0
    try:
        for scope in trial.scopes:
            gone += trial.verbs.forget(**scope)
        left = sum(len(trial.verbs.list(limit=1, **scope).memories) for scope in trial.scopes)
    except ProviderFailed as error:
        remedy = f"Once it answers: recollect forget --project {trial.project} --yes, and the same with -beside."
        raise Wrong(error.message, remedy) from error
    if left:
        raise Wrong(f"memories of {trial.project} are left", f"recollect forget --project {trial.project} --yes")
    return f"{gone} memories removed, none left"
