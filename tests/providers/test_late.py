"""What is put down is written a moment later, many at once; and at once for whoever waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from recollect.errors import StoreBusy
from recollect.providers.late import Late


class Written:
    """Remembers what was written together; `fails` so many times first."""

    def __init__(self, fails: int = 0) -> None:
        self.parts: list[list[int]] = []
        self.fails = fails

    async def write(self, items: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise StoreBusy("busy")
        self.parts.append(list(items))


async def test_what_comes_together_is_written_together() -> None:
    written = Written()
    late = Late("numbers", written.write, moment=3600)
    for number in range(3):
        late.put(number)
    await asyncio.sleep(0)
    assert written.parts == []
    await late.settled()
    assert written.parts == [[0, 1, 2]]
    late.put(3)
    late.put(4)
    await late.settled()
    assert written.parts == [[0, 1, 2], [3, 4]]
    await late.settled()


async def test_it_is_written_after_a_moment_without_anyone_waiting() -> None:
    written = Written()
    Late("numbers", written.write, moment=0.01).put(1)
    async with asyncio.timeout(60):
        while not written.parts:  # noqa: ASYNC110 - a timer sets no event here
            await asyncio.sleep(0.01)
    assert written.parts == [[1]]


async def test_what_is_dropped_is_not_written() -> None:
    written = Written()
    late = Late("numbers", written.write, moment=3600)
    late.put(1)
    late.drop()
    late.put(2)
    await late.settled()
    assert written.parts == [[2]]


async def test_a_store_that_fails_is_told_of_and_what_follows_is_written(caplog: pytest.LogCaptureFixture) -> None:
    written = Written(fails=1)
    late = Late("numbers", written.write, moment=3600)
    late.put(1)
    with caplog.at_level(logging.WARNING, "recollect.models"):
        await late.settled()
    late.put(2)
    await late.settled()
    assert written.parts == [[2]]
    assert "numbers (1) could not be written: busy" in caplog.text
