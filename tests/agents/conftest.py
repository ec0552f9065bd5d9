"""An open library under a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as opened:
        yield opened
