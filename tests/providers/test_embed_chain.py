"""Servers of one model stand in for each other; servers of another one never do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from recollect.errors import ConfigError, ProviderFailed, ProviderRefused
from recollect.models import Embedding
from recollect.providers.again import Rest
from recollect.providers.embed_chain import PROBE, EmbedChain
from recollect.providers.openai_embed import OpenAIEmbed
from recollect.testing.embed import EmbedContract
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Failure, Hang, model_server, refusing

DOWN = ProviderFailed("down")


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def chain(time: Time, *embeds: FakeEmbedder, patience: float = 30) -> EmbedChain:
    return EmbedChain(embeds, patience=patience, rest=lambda: Rest(15, time))


class TestChain(EmbedContract):
    @pytest.fixture
    async def embedder(self) -> AsyncIterator[EmbedChain]:
        made = EmbedChain([FakeEmbedder(failure=DOWN), FakeEmbedder()])
        yield made
        await made.aclose()


async def test_the_next_server_answers_and_the_failing_one_rests_until_its_time(time: Time) -> None:
    first, second = FakeEmbedder(failure=DOWN), FakeEmbedder()
    both = chain(time, first, second)
    assert await both.embed(["a"]) == [second.one("a")]
    first.failure = None
    await both.embed(["b"])
    assert second.texts == [PROBE, "a", "b"]
    assert first.texts == []
    time.now += 16
    await both.embed(["c"])
    assert first.texts == [PROBE, "c"]


async def test_a_rest_grows_with_each_failure_and_ends_with_an_answer(time: Time) -> None:
    rest = Rest(10, time)
    waits = []
    for _ in range(6):
        rest.failed()
        waits.append(rest.left)
    assert waits == [10, 20, 40, 80, 100, 100]
    rest.answered()
    assert rest.left == 0
    rest.failed()
    assert rest.left == 10


async def test_when_all_fail_the_last_failure_is_told_and_texts_are_tried_again(time: Time) -> None:
    first, second = FakeEmbedder(failure=DOWN), FakeEmbedder(failure=ProviderRefused("no key"))
    both = chain(time, first, second)
    with pytest.raises(ProviderRefused, match="no key"):
        await both.embed(["a"])
    first.failure = None
    assert await both.embed(["a"]) == [first.one("a")]  # a job does not wait for the rest to end


async def test_a_question_fails_at_once_while_every_server_rests(time: Time) -> None:
    only = FakeEmbedder(failure=DOWN)
    alone = chain(time, only)
    with pytest.raises(ProviderFailed, match="down"):
        await alone.embed_question("q", least=0.5)
    only.failure = None
    with pytest.raises(ProviderFailed, match="asked again in 15 s"):
        await alone.embed_question("q", least=0.5)
    assert only.texts == []
    time.now += 15
    assert await alone.embed_question("q", least=0.5) == only.one("q")


async def test_a_question_does_not_wait_for_a_silent_server() -> None:
    with model_server() as server:
        server.usually(Hang())
        made = EmbedChain([OpenAIEmbed(server.openai, "k", "m", timeout=60)], patience=0.2)
        with pytest.raises(ProviderFailed, match=r"within 0\.2 s"):
            await made.embed_question("q", least=0.5)
        with pytest.raises(ProviderFailed, match="a moment ago"):
            await made.embed_question("q", least=0.5)
        assert len(server.requests) == 1
        await made.aclose()


async def test_real_servers_stand_in_for_each_other_under_their_own_names() -> None:
    with model_server() as server:
        server.usually(Failure(401), model="first-name")
        embeds = [
            OpenAIEmbed(refusing(), "k", "m", space="m", retries=0),
            OpenAIEmbed(server.openai, "bad", "first-name", space="m", retries=0),
            OpenAIEmbed(server.openai, "k", "second-name", space="m", retries=0),
        ]
        made = EmbedChain(embeds)
        assert len(await made.embed(["a", "b"])) == 2
        assert made.model == "m"
        assert [one.model for one in server.requests] == ["first-name", "second-name", "second-name"]
        await made.aclose()


class Elsewhere(FakeEmbedder):
    """Another model under the same name."""

    def one(self, text: str) -> Embedding:
        return super().one(f"other{text[::-1]}other")


@pytest.mark.parametrize("other", [Elsewhere(), FakeEmbedder(dimension=128)])
async def test_a_server_of_another_model_is_found_out_and_never_believed(time: Time, other: FakeEmbedder) -> None:
    first = FakeEmbedder()
    both = chain(time, first, other)
    await both.embed(["a"])
    first.failure = DOWN
    with pytest.raises(ProviderRefused, match="serves another model"):
        await both.embed(["b"])
    time.now += 1000
    with pytest.raises(ProviderFailed, match="down"):
        await both.embed(["b"])
    assert "b" not in other.texts
    first.failure = None
    assert await both.embed(["b"]) == [first.one("b")]


def test_servers_that_say_they_serve_other_models_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="a, b"):
        EmbedChain([FakeEmbedder("a"), FakeEmbedder("b")])
    with pytest.raises(ConfigError):
        EmbedChain([])


async def test_cancelling_a_question_is_no_failure_of_the_server(time: Time) -> None:
    begun = asyncio.Event()

    class Slow(FakeEmbedder):
        async def embed(self, texts: Sequence[str]) -> list[Embedding]:
            begun.set()
            await asyncio.Event().wait()
            return []

    made = chain(time, Slow())
    asking = asyncio.create_task(made.embed_question("q", least=0.5))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert made._servers[0].rest.left == 0
