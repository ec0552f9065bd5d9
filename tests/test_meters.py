"""Meters hear of what was done, whatever becomes of it."""

from __future__ import annotations

import pytest

from recollect.errors import ProviderFailed
from recollect.meters import Deed, Meters
from recollect.models import Embedding
from recollect.providers.metered import MeteredEmbed
from recollect.testing.embedder import FakeEmbedder


def test_a_deed_is_told_once_to_each_meter_with_what_was_filled_in() -> None:
    meters, heard, also = Meters(), list[Deed](), list[Deed]()
    listening = heard.append
    meters.add(listening)
    meters.add(listening)
    meters.add(also.append)
    with meters.timing("search", "hybrid") as timing:
        timing.way, timing.count = "words", 3
    (deed,) = heard
    assert also == heard
    assert (deed.verb, deed.way, deed.count, deed.failed) == ("search", "words", 3, False)
    assert 0 <= deed.seconds < 1


def test_what_raises_is_told_as_failed_and_still_raises() -> None:
    meters, heard = Meters(), list[Deed]()
    meters.add(heard.append)
    with pytest.raises(ZeroDivisionError), meters.timing("job", "embed", 2):
        _ = 1 / 0
    assert [(deed.way, deed.count, deed.failed) for deed in heard] == [("embed", 2, True)]


def test_nobody_listening_is_fine() -> None:
    with Meters().timing("read"):
        pass


async def test_a_metered_embedder_answers_as_the_one_within_and_tells_how_it_goes() -> None:
    meters, heard = Meters(), list[Deed]()
    meters.add(heard.append)
    inner = FakeEmbedder()
    embed = MeteredEmbed(inner, meters)
    assert (embed.model, embed.dimension, embed.window) == (inner.model, inner.dimension, inner.window)
    assert await embed.embed(["a", "b"]) == await FakeEmbedder().embed(["a", "b"])
    assert embed.answering
    assert [(deed.verb, deed.way, deed.count) for deed in heard] == [("embed", inner.model, 2)]


async def test_a_metered_embedder_knows_whether_the_one_within_answers() -> None:
    class Failing(FakeEmbedder):
        broken = True

        async def embed(self, texts: object) -> list[Embedding]:
            if self.broken:
                raise ProviderFailed("no route")
            return []

    inner = Failing()
    embed = MeteredEmbed(inner, Meters())
    with pytest.raises(ProviderFailed):
        await embed.embed(["a"])
    assert not embed.answering
    inner.broken = False
    await embed.embed(["a"])
    assert embed.answering
