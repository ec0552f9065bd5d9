"""Vectors at hand: embedded once, bounded, counted, and gone when anything is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from recollect import AsyncMemory
from recollect.errors import ProviderFailed
from recollect.meters import Deed, Meters
from recollect.models import Embedding
from recollect.providers.cached_embed import CachedEmbed
from recollect.testing.embed import EmbedContract
from recollect.testing.embedder import FakeEmbedder


class Gate(FakeEmbedder):
    """An embedder that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.begun = asyncio.Event()

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        self.begun.set()
        await self.open.wait()
        return await super().embed(texts)


class Count:
    """Hits and misses as they are told."""

    def __init__(self) -> None:
        self.meters = Meters()
        self.told: Counter[str] = Counter()
        self.meters.add(self.hear)

    def hear(self, deed: Deed) -> None:
        assert (deed.verb, deed.way) == ("cache", "embeddings")
        self.told["hit" if deed.count else "miss"] += 1


@pytest.fixture
def count() -> Count:
    return Count()


class TestCached(EmbedContract):
    @pytest.fixture
    def embedder(self) -> CachedEmbed:
        return CachedEmbed(FakeEmbedder(), Meters())


async def test_a_text_is_embedded_once_and_the_second_time_costs_nothing(count: Count) -> None:
    inner = FakeEmbedder()
    quick = CachedEmbed(inner, count.meters)
    first = await quick.embed(["cat mat", "c", "cat mat"])
    again = await quick.embed(["c", "cat mat", "dog"])
    assert inner.texts == ["cat mat", "c", "dog"]
    assert first[0].tokens == 2
    assert [one.tokens for one in again] == [0, 0, 1]
    assert again[1].vector == first[0].vector
    assert count.told == {"hit": 2, "miss": 3}


async def test_a_question_has_an_entry_of_its_own_beside_the_same_text(count: Count) -> None:
    class Asked(FakeEmbedder):
        questions = 0

        async def embed_question(self, text: str, *, least: float) -> Embedding | None:
            self.questions += 1
            return self.one(f"question {text}") if text != "?" else None

    inner = Asked()
    quick = CachedEmbed(inner, count.meters)
    for _ in range(3):
        assert await quick.embed_question("q", least=0.5) != (await quick.embed(["q"]))[0]
        assert await quick.embed_question("?", least=0.5) is None
    assert inner.questions == 2
    assert inner.texts == ["q"]


async def test_equal_texts_at_the_same_time_are_embedded_once(count: Count) -> None:
    inner = Gate()
    quick = CachedEmbed(inner, count.meters)
    asking = [asyncio.create_task(quick.embed([f"t{number % 3}"])) for number in range(30)]
    asking += [asyncio.create_task(quick.embed(["t1", "mine", "t2"]))]
    questions = [asyncio.create_task(quick.embed_question("q", least=0.5)) for _ in range(10)]
    await inner.begun.wait()
    await asyncio.sleep(0)
    inner.open.set()
    found = await asyncio.gather(*asking)
    assert sorted(inner.texts) == ["mine", "q", "t0", "t1", "t2"]
    assert [one.vector for one in found[-1]] == [inner.one(text).vector for text in ("t1", "mine", "t2")]
    assert {one and one.vector for one in await asyncio.gather(*questions)} == {inner.one("q").vector}


async def test_who_waits_for_one_that_is_cancelled_gets_an_answer_all_the_same() -> None:
    inner = Gate()
    quick = CachedEmbed(inner, Meters())
    first = asyncio.create_task(quick.embed(["a"]))
    asked = asyncio.create_task(quick.embed_question("q", least=0.5))
    await inner.begun.wait()
    second = asyncio.create_task(quick.embed(["a", "b"]))
    other = asyncio.create_task(quick.embed_question("q", least=0.5))
    await asyncio.sleep(0)
    first.cancel()
    asked.cancel()
    await asyncio.sleep(0)
    inner.open.set()
    assert [one.vector for one in await second] == [inner.one("a").vector, inner.one("b").vector]
    assert await other is not None
    assert first.cancelled()


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    inner = Gate()
    inner.failure, inner.failures = ProviderFailed("down"), 1
    quick = CachedEmbed(inner, Meters())
    asking = [asyncio.create_task(quick.embed(["a"])) for _ in range(3)]
    await inner.begun.wait()
    await asyncio.sleep(0)
    inner.open.set()
    assert [type(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == [ProviderFailed] * 3
    assert len(await quick.embed(["a"])) == 1


async def test_it_holds_no_more_than_it_may_and_an_import_leaves_questions_alone() -> None:
    quick = CachedEmbed(FakeEmbedder(), Meters(), room=0.5)
    await quick.embed_question("q", least=0.5)
    for start in range(0, 2000, 100):
        await quick.embed([f"text {number}" for number in range(start, start + 100)])
        assert quick.nbytes <= 0.5 * (1 << 20)
    inner = quick._embed
    assert isinstance(inner, FakeEmbedder)
    before = len(inner.texts)
    await quick.embed_question("q", least=0.5)
    await quick.embed(["text 1999"])
    assert len(inner.texts) == before
    await quick.embed(["text 0"])
    assert len(inner.texts) == before + 1


async def test_without_room_nothing_is_kept() -> None:
    inner = FakeEmbedder()
    quick = CachedEmbed(inner, Meters(), room=0)
    await quick.embed(["a"])
    await quick.embed(["a"])
    assert inner.texts == ["a", "a"]
    assert quick.nbytes == 0


async def test_an_entry_leaves_after_its_time() -> None:
    now = [0.0]
    inner = FakeEmbedder()
    quick = CachedEmbed(inner, Meters(), ttl=10, clock=lambda: now[0])
    for moment in (0, 9, 21):
        now[0] = moment
        await quick.embed(["a"])
    assert inner.texts == ["a", "a"]


async def test_what_was_being_made_when_all_was_forgotten_is_not_kept() -> None:
    inner = Gate()
    quick = CachedEmbed(inner, Meters())
    asking = asyncio.create_task(quick.embed(["a"]))
    await inner.begun.wait()
    quick.clear()
    inner.open.set()
    assert len(await asking) == 1
    assert quick.nbytes == 0


async def test_nothing_of_a_text_is_held_but_a_hash_nobody_else_can_make() -> None:
    one, other = (CachedEmbed(FakeEmbedder(), Meters()) for _ in range(2))
    assert one._key("text", "my secret") != other._key("text", "my secret")
    await one.embed(["my secret"])
    assert [len(key) for key in one._texts._values] == [16]


async def test_forgetting_takes_the_vectors_at_hand_with_it(home: Path) -> None:
    inner = FakeEmbedder()
    async with AsyncMemory(home, embed=inner, settings={"worker": {"poll": 0.02}}) as memory:
        await memory.add("Alice keeps her spare key under the blue pot", user_id="alice")
        await memory.drain()
        quick = memory.app.changing.quick
        assert isinstance(quick, CachedEmbed)
        await memory.search("where is the spare key", user_id="alice")
        assert quick.nbytes > 0
        await memory.forget(user_id="alice")
        await memory.drain()
        assert quick.nbytes == 0


async def test_a_hit_takes_far_less_than_a_millisecond() -> None:
    quick = CachedEmbed(FakeEmbedder(dimension=4096), Meters())
    await quick.embed_question("q", least=0.5)
    times = []
    for _ in range(200):
        begun = time.perf_counter()
        await quick.embed_question("q", least=0.5)
        times.append(time.perf_counter() - begun)
    assert median(times) < 0.001
