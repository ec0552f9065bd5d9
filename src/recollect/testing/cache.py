"""What a cache must do behind the Cache port, wherever it keeps its entries."""

from __future__ import annotations

from collections.abc import Callable

from recollect.ports import Cache


class CacheContract:
    """Needs two fixtures: `cache`, with room for 100,000 bytes, and `forward(seconds)`, which moves its clock on."""

    async def test_a_value_is_kept_under_its_key(self, cache: Cache) -> None:
        assert await cache.get("a") is None
        await cache.set("a", b"\x00one", ttl=60)
        await cache.set("b", "二".encode(), ttl=60)
        await cache.set("a", b"other", ttl=60)
        assert [await cache.get(key) for key in ("a", "b", "c")] == [b"other", "二".encode(), None]

    async def test_a_value_is_lost_when_its_time_is_over(self, cache: Cache, forward: Callable[[float], None]) -> None:
        await cache.set("a", b"one", ttl=60)
        forward(59)
        assert await cache.get("a") == b"one"
        forward(2)
        assert await cache.get("a") is None

    async def test_nothing_is_left_after_clearing(self, cache: Cache) -> None:
        await cache.set("a", b"one", ttl=60)
        await cache.clear()
        assert await cache.get("a") is None
        await cache.set("a", b"two", ttl=60)
        assert await cache.get("a") == b"two"

    async def test_what_was_begun_before_clearing_is_not_kept(self, cache: Cache) -> None:
        before = await cache.epoch()
        await cache.clear()
        await cache.set("a", b"one", ttl=60, epoch=before)
        assert await cache.get("a") is None
        await cache.set("a", b"two", ttl=60, epoch=await cache.epoch())
        assert await cache.get("a") == b"two"

    async def test_room_is_made_for_new_values(self, cache: Cache, forward: Callable[[float], None]) -> None:
        for number in range(300):
            await cache.set(str(number), bytes(1000), ttl=1000)
            forward(0.01)
        held = [number for number in range(300) if await cache.get(str(number)) is not None]
        assert 299 in held
        assert 50 <= len(held) <= 160
        assert held == list(range(held[0], 300))

    async def test_a_value_larger_than_the_room_is_not_kept(self, cache: Cache) -> None:
        await cache.set("a", bytes(200_000), ttl=60)
        assert await cache.get("a") is None
