"""The preferred model fails in every way while many ask: nobody goes without an answer, none is paid for twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from tests.providers.chat.conftest import Build, Spent

from recollect.errors import ProviderFailed
from recollect.exchange import Answered, Asking
from recollect.providers.chat.language import LanguageModels
from recollect.testing.model_server import (
    Answer,
    Cut,
    Deed,
    Failure,
    Hang,
    ModelServer,
    Request,
    Slow,
    garbage,
    refusing,
    too_many,
)

CALLS = 200
WAYS: dict[str, Deed] = {
    "401": Failure(401),
    "429 for long": too_many("120"),
    "429 for a moment": too_many("0"),
    "500": Failure(500),
    "hang": Hang(),
    "cut": Cut(),
    "garbage": garbage(),
    "refused": "never asked",
}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def asking(number: int, **more: object) -> Asking:
    return Asking("extraction", "test", [{"role": "user", "content": f"number {number}"}], schema=SCHEMA, **more)  # type: ignore[arg-type]


def echoed(request: Request) -> Answer:
    number = request.text.split()[-1]
    return Answer(f'{{"n": {number}}}', tokens_in=10, tokens_out=5)


def two(build: Build, server: ModelServer, *, preferred: str = "", **more: object) -> LanguageModels:
    """Return models of two providers, the second being the first one's fallback."""
    providers = {
        "first": {"base_url": preferred or server.openai, "timeout": 0.5},
        "second": {"base_url": server.openai, "timeout": 100, "concurrency": 16},
    }
    tasks = {"extraction": {"model": "first/a", "fallbacks": "second/b"}}
    settings = {"providers": providers, "tasks": tasks, "prices": {"second/*": [1.0, 2.0]}, "retries": 1, **more}
    return build(settings)


@pytest.mark.parametrize("way", WAYS)
async def test_every_call_ends_through_the_fallback(build: Build, server: ModelServer, spent: Spent, way: str) -> None:
    models = two(build, server, preferred=f"{refusing()}/v1" if way == "refused" else "")
    server.usually(WAYS[way], model="a")
    server.usually(echoed, model="b")
    answers = await asyncio.gather(*(models.ask(asking(number)) for number in range(CALLS)))
    await models.settled()
    assert [one.data["n"] for one in answers if one is not None] == list(range(CALLS))
    assert {one.model for one in answers if one is not None} == {"second/b"}
    assert Counter(request.text.splitlines()[-1] for request in server.of("b")).most_common(1)[0][1] == 1
    answered = [row for row in spent.rows if row.outcome == "answered"]
    assert len(answered) == CALLS
    assert (await models.standing()).tokens == CALLS * 15
    assert sum(row.cost for row in spent.rows) == pytest.approx(CALLS * 20e-6)
    if way != "429 for a moment":
        assert len(server.of("a")) < CALLS / 2  # it was left alone


async def test_a_model_that_fails_now_and_then_is_not_given_up(build: Build, server: ModelServer) -> None:
    models = two(build, server)
    server.usually(echoed)
    server.script(Failure(500), model="a")
    answers = [await models.ask(asking(number)) for number in range(3)]
    assert [one and one.model for one in answers] == ["first/a"] * 3
    assert models.resting == {}


async def test_without_any_model_left_the_rules_go_on(build: Build, server: ModelServer) -> None:
    models = two(build, server)
    server.usually(Failure(401))
    assert [await models.ask(asking(number)) for number in range(3)] == [None] * 3
    assert len(server.requests) == 2
    assert set(models.resting) == {"first/a", "second/b"}


async def test_equals_share_the_work(build: Build, server: ModelServer) -> None:
    models = build(
        {
            "providers": {"x": {"base_url": server.openai}, "y": {"base_url": server.openai}},
            "tasks": {"extraction": {"model": "x/a, y/b"}},
        }
    )
    server.usually(echoed)
    await asyncio.gather(*(models.ask(asking(number)) for number in range(40)))
    assert (len(server.of("a")), len(server.of("b"))) == (20, 20)


async def test_no_provider_is_asked_more_at_once_than_it_is_meant_to(build: Build, server: ModelServer) -> None:
    models = build(
        {
            "providers": {"x": {"base_url": server.openai, "concurrency": 3}},
            "tasks": {"extraction": {"model": "x/a"}, "completion": {"model": "x/c"}},
        }
    )
    server.usually(lambda request: Slow(echoed(request), 0.05))
    await asyncio.gather(*(models.ask(asking(number)) for number in range(12)))
    times = sorted(request.at for request in server.requests)
    assert all(later - earlier > 0.04 for earlier, later in zip(times, times[3:], strict=False))


async def test_equal_questions_at_the_same_time_are_one_call(build: Build, server: ModelServer, spent: Spent) -> None:
    models = two(build, server)
    server.usually(lambda request: Slow(echoed(request), 0.1))
    answers = await asyncio.gather(*(models.ask(asking(7)) for _ in range(50)))
    await models.settled()
    assert [one and one.data for one in answers] == [{"n": 7}] * 50
    assert len(server.requests) == 1
    assert Counter(row.outcome for row in spent.rows) == {"answered": 1, "joined": 49}
    assert (await models.standing()).tokens == 15


async def test_who_breaks_off_does_not_take_the_answer_from_others(build: Build, server: ModelServer) -> None:
    models = two(build, server)
    asked, loop = asyncio.Event(), asyncio.get_running_loop()

    def slowly(request: Request) -> Slow:
        loop.call_soon_threadsafe(asked.set)
        return Slow(echoed(request), 0.2)

    server.usually(slowly)
    first, second = (asyncio.create_task(models.ask(asking(7))) for _ in range(2))
    await asked.wait()
    first.cancel()
    answered = await second
    assert answered is not None
    assert len(server.requests) == 1


async def test_a_stream_falls_back_before_its_first_piece_only(build: Build, server: ModelServer) -> None:
    providers = {"x": {"base_url": server.openai}, "y": {"base_url": server.openai}}
    tasks = {"completion": {"model": "x/a", "fallbacks": "y/b"}}
    models = build({"providers": providers, "tasks": tasks, "cool_down": 0})
    talk = Asking("completion", "chat", [{"role": "user", "content": "hi"}])
    server.script(Failure(500), Cut(["Hel"]), model="a")
    pieces = [piece async for piece in models.stream(talk)]
    assert pieces == ["Hello ", "there.", Answered("Hello there.", None, "y/b")]
    broken = models.stream(talk)
    assert await anext(broken) == "Hel"
    with pytest.raises(ProviderFailed):
        await anext(broken)


async def test_a_spent_budget_stops_the_calls_and_says_so(
    build: Build, server: ModelServer, spent: Spent, caplog: pytest.LogCaptureFixture
) -> None:
    models = two(build, server, budget={"tokens": 5000, "dollars": "off"})
    server.usually(lambda request: Answer(echoed(request).text, tokens_in=900, tokens_out=100))
    answers = [await models.ask(asking(number, limit=100)) for number in range(12)]
    given = [one for one in answers if one is not None]
    assert len(given) == 5
    assert answers[5:] == [None] * 7
    standing = await models.standing()
    assert (standing.tokens, standing.most_tokens, standing.spent) == (5000, 5000, True)
    told = [record.message for record in caplog.records if "budget" in record.message]
    assert len(told) == 1
    assert "the offline rules go on" in told[0]


async def test_money_is_a_budget_of_its_own(build: Build, server: ModelServer) -> None:
    models = two(build, server, budget={"dollars": 0.001}, prices={"*": [1.0, 1.0]})
    server.usually(lambda request: Answer(echoed(request).text, tokens_in=450, tokens_out=50))
    answers = [await models.ask(asking(number, limit=50)) for number in range(5)]
    assert [one is not None for one in answers] == [True, True, False, False, False]


async def test_what_other_processes_spent_counts(build: Build, server: ModelServer, spent: Spent) -> None:
    first, second = (two(build, server, budget={"tokens": 1500}) for _ in range(2))
    server.usually(lambda request: Answer(echoed(request).text, tokens_in=900, tokens_out=100))
    assert await first.ask(asking(1, limit=100)) is not None
    await first.settled()
    assert await second.ask(asking(2, limit=600)) is None
