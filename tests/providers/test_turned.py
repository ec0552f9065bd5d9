"""Models are asked once where several processes ask the same, and each process asks by itself without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import pytest
from tests.redis_server import RedisServer, redis_server

from recollect.exchange import Answered, Asking, ModelTask
from recollect.providers.chat.turned import TurnedModels
from recollect.stores.redis.connect import connect
from recollect.stores.redis.turns import RedisTurns


class Slow:
    """Models that answer when they are let, and count how often they were asked."""

    def __init__(self) -> None:
        self.asked, self.begun, self.go, self.answer = 0, asyncio.Event(), asyncio.Event(), True

    def offers(self, task: ModelTask) -> bool:
        return True

    async def ask(self, asking: Asking) -> Answered | None:
        self.asked += 1
        self.begun.set()
        await self.go.wait()
        return Answered("答案", {"a": 1}, "x/y") if self.answer else None

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        yield "答案"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
async def processes(server: RedisServer) -> AsyncIterator[tuple[Slow, list[TurnedModels]]]:
    slow, clients = Slow(), [connect(server.url, timeout=5) for _ in range(3)]
    await clients[0].flushall()
    yield slow, [TurnedModels(slow, RedisTurns(one, prefix="test"), {}, lambda *_: None) for one in clients]
    for one in clients:
        await one.aclose()


ASKING = Asking("completion", "test", [{"role": "user", "content": "What is it?"}])


async def test_three_processes_ask_once(processes: tuple[Slow, list[TurnedModels]]) -> None:
    slow, models = processes
    asked = [asyncio.create_task(one.ask(ASKING)) for one in models]
    await asyncio.wait_for(slow.begun.wait(), 20)
    await asyncio.sleep(0.2)
    slow.go.set()
    answers = [found for found in await asyncio.gather(*asked) if found is not None]
    assert slow.asked == 1
    assert [(found.text, found.data, found.model) for found in answers] == [("答案", {"a": 1}, "x/y")] * 3
    assert sorted(found.cached for found in answers) == [False, True, True]


async def test_each_asks_in_turn_where_there_is_no_answer(processes: tuple[Slow, list[TurnedModels]]) -> None:
    slow, models = processes
    slow.answer = False
    slow.go.set()
    assert await asyncio.gather(*(one.ask(ASKING) for one in models)) == [None, None, None]
    assert slow.asked == 3


async def test_who_gives_up_lets_the_next_one_ask(processes: tuple[Slow, list[TurnedModels]]) -> None:
    slow, models = processes
    first = asyncio.create_task(models[0].ask(ASKING))
    await asyncio.wait_for(slow.begun.wait(), 20)
    second = asyncio.create_task(models[1].ask(ASKING))
    await asyncio.sleep(0.1)
    first.cancel()
    slow.go.set()
    answered = await second
    assert answered is not None
    assert slow.asked == 2


async def test_without_redis_each_asks_by_itself() -> None:
    with redis_server() as mortal:
        client = connect(mortal.url, timeout=2)
        mortal.kill()
        slow = Slow()
        slow.go.set()
        answered = await TurnedModels(slow, RedisTurns(client, prefix="test"), {}, lambda *_: None).ask(ASKING)
        assert answered is not None
        await client.aclose()
