"""Random walks: whoever acts, by whichever verb, what comes back is what the reference says, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.access.walk import Walk

from recollect import AsyncMemory
from recollect.access import decide as decide_module
from recollect.access.acting import Acting
from recollect.errors import RecollectError
from recollect.models import Action, Actor, Directory, Memory, Reach, Right, Within
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


async def walked(home: Path, seed: int, steps: int) -> Walk:
    clock = FakeClock()
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings={"worker": {"poll": 0.05}}) as memory:
        walk = Walk(memory, clock, seed)
        await walk.run(steps)
    return walk


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_random_walk_meets_no_leak(home: Path, seed: int) -> None:
    walk = await walked(home, seed, 150)
    assert walk.leaks == []
    assert walk.compared > 150


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
async def test_ten_thousand_steps_meet_no_leak(home: Path, seed: int) -> None:
    walk = await walked(home, seed, 1000)
    assert walk.leaks == []
    assert walk.steps == 1000


def _is_archived(_project: str, _known: Directory) -> bool:
    return False


def _right_of(_actor: Actor, _project: str, _known: Directory, _now: datetime) -> Right:
    return Right.READ


async def _memories(_self: Acting, items: Sequence[Memory]) -> list[Memory]:
    return list(items)


async def _reach(_self: Acting, asked: Reach, _action: Action = Action.READ) -> Reach:
    return asked


async def _check(_self: Acting, _scopes: object) -> None:
    return None


def _covers(self: Within, _user: str, project: str) -> bool:
    return self.projects is None or project in self.projects or project in self.own


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "name", "broken"),
    [
        (decide_module, "_is_archived", _is_archived),
        (decide_module, "right_of", _right_of),
        (Acting, "memories", _memories),
        (Acting, "reach", _reach),
        (Acting, "check", _check),
        (Within, "covers", _covers),
    ],
)
async def test_the_walk_notices_when_a_rule_is_broken(
    home: Path, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, broken: Callable[..., Any]
) -> None:
    monkeypatch.setattr(place, name, broken)
    try:
        walk = await walked(home, 3, 800)
    except (RecollectError, KeyError):
        return  # a verb did what the reference says cannot be, and the walk lost its way
    assert walk.leaks
