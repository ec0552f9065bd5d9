"""What a suite is given: the ports of one backend over one store, and the clock it reads."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.ports import Graph, Lore, Queue, Records, Vectors, Words
from recollect.testing.clock import FakeClock


@dataclass(frozen=True, slots=True)
class Backend:
    """All ports over one empty store. The one under test may stand beside others that are known to be right."""

    records: Records
    queue: Queue
    words: Words
    vectors: Vectors
    lore: Lore
    graph: Graph
    clock: FakeClock
