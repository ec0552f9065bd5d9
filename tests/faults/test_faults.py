"""Each fault again and again under load: nothing acknowledged is lost, and nothing is double."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from tests.faults.fault import FAULTS, LONG, ROOM, Fault
from tests.faults.load import Load, load
from tests.faults.stack import WIRES, Stack, stack
from tests.faults.whole import whole
from tests.plugins.held import Held

TIMES = int(os.environ.get("RECOLLECT_FAULTS", "50"))


def suffer(made: Stack, meets: Load, fault: Fault, times: int, seed: random.Random) -> None:
    """Let a fault happen at any moment, again and again; each time writing goes on."""
    for _ in range(0, times, fault.each):
        time.sleep(seed.uniform(0.0, 0.4))
        fault.harm(made, seed)
        meets.goes_on(time.monotonic())


@pytest.mark.timeout(900)
def test_one_fault_after_the_other_in_any_order_loses_nothing_and_makes_nothing_double(tmp_path: Path) -> None:
    seed = random.Random(4711)
    room = ROOM if os.geteuid() == 0 else ""  # only root may mount a small disk
    names = [name for name in seed.sample(sorted(FAULTS), len(FAULTS)) if room or not FAULTS[name].room]
    with (
        stack(tmp_path, wires=WIRES, index=True, room=room, worker__lease=2, server__jobs=False) as made,
        load(made) as meets,
    ):
        for name in names:
            suffer(made, meets, FAULTS[name], 1, seed)
        meets.stop()
        whole(made, meets)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(FAULTS | LONG))
def test_again_and_again_under_load_nothing_is_lost_and_nothing_double(name: str, tmp_path: Path, held: Held) -> None:
    fault, seed = (FAULTS | LONG)[name], random.Random(4711)
    with (
        stack(
            tmp_path, workers=fault.workers, wires=fault.wires, index=fault.index, room=fault.room, **fault.settings
        ) as made,
        load(made) as meets,
    ):
        suffer(made, meets, fault, TIMES, seed)
        meets.stop()
        whole(made, meets)
        held(fault.said, TIMES, figures(made, meets))


def figures(made: Stack, meets: Load) -> str:
    """Return how much was written meanwhile, how long the longest write took, and what was counted twice."""
    count = sum(len(one.turns) + len(one.notes) for one in meets.writers)
    ((twice,),) = made.asked("SELECT count(*) FROM memory WHERE kind = 'note' AND repeats > 1")
    counted = f", {twice} notes counted twice" if twice else ""
    return f"{count:,} memories acknowledged, the longest wait {meets.longest_wait():.1f} s{counted}"
