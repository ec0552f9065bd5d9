"""What a start waits for, and what it goes on without."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

import pytest

from recollect.errors import EmbedderMissing, ProviderFailed, ProviderRefused, StoreDamaged
from recollect.server.stage import in_background, warm
from recollect.testing.embedder import FakeEmbedder


class Failing(FakeEmbedder):
    """Raises these errors one after the other, then works."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    async def embed(self, texts: Sequence[str]) -> list[Any]:
        if self.errors:
            raise self.errors.pop(0)
        return list(await super().embed(texts))


async def test_an_embedder_that_comes_up_later_is_waited_for() -> None:
    embed = Failing(ProviderFailed("refused"), ProviderFailed("refused"))
    assert await warm(embed, 10)
    assert embed.errors == []


@pytest.mark.parametrize("error", [EmbedderMissing("no weights"), ProviderRefused("a wrong key")])
async def test_one_that_will_not_come_is_not(error: Exception) -> None:
    begun = time.monotonic()
    assert not await warm(Failing(error), 10)
    assert time.monotonic() - begun < 1


async def test_patience_ends(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert not await warm(Failing(*[ProviderFailed("refused")] * 100), 0.2)
    assert "0.2 seconds" in caplog.text


async def test_work_in_the_background_gives_its_result_or_its_error() -> None:
    def fails() -> int:
        raise StoreDamaged("broken")

    assert await in_background(lambda: 7) == 7
    with pytest.raises(StoreDamaged):
        await in_background(fails)


async def test_nobody_waits_for_it_who_was_cancelled() -> None:
    waiting = asyncio.create_task(in_background(lambda: time.sleep(0.2)))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.3)  # its thread ends, and tells nobody
