"""Another embedder is entered into the settings of a store in use: searches go on by the former one's vectors."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.app import changing
from recollect.app.changing import former_embedder
from recollect.ops import health
from recollect.settings import load
from recollect.testing.model_server import Failure, ModelServer, Request, Vectors, model_server
from recollect.testing.model_server.behaviour import Behaviour

SENSES = (
    ("piano", "keyboard instrument"),
    ("invoice", "money owed"),
    ("arm64", "processor"),
    ("zebra", "striped animal"),
)
SIZES = {"old": 8, "new": 16}


class Embedders:
    """Two models behind one address; texts without the same words may mean the same. The new one may have to wait."""

    def __init__(self, server: ModelServer) -> None:
        self.server, self.gate, self.gone = server, threading.Event(), False
        server.usually(self.answer)

    def answer(self, request: Request) -> Behaviour:
        texts = [str(text) for text in request.body["input"]]
        if request.model == "old" and self.gone:
            return Failure(404)
        if request.model == "new" and not texts[0].startswith(("ready", "The question")):
            self.gate.wait(60)
        return Vectors([self.sense(text, SIZES[request.model]) for text in texts])

    def sense(self, text: str, size: int) -> list[float]:
        found = next((place for place, words in enumerate(SENSES) if any(word in text for word in words)), size - 1)
        return [1.0 if place == found else 0.05 for place in range(size)]

    def asked(self, model: str) -> list[str]:
        return [str(text) for one in self.server.of(model) for text in one.body["input"]]


@pytest.fixture
def embedders() -> Iterator[Embedders]:
    with model_server() as server:
        found = Embedders(server)
        yield found
        found.gate.set()


@asynccontextmanager
async def opened(home: Path, embedders: Embedders, model: str) -> AsyncIterator[AsyncMemory]:
    embedder = {
        "provider": "openai",
        "base_url": embedders.server.openai,
        "model": model,
        "fallbacks": [],
        "cache_mb": 0,
    }
    async with AsyncMemory(home, settings={"embedder": embedder, "worker": {"poll": 0.05}}) as memory:
        yield memory


async def until(over: Callable[[], bool]) -> None:
    while True:
        if over():
            return
        await asyncio.sleep(0.05)


async def filled(home: Path, embedders: Embedders) -> None:
    texts = ["The cat sleeps on the piano", "Each invoice is due on Friday", "The build fails on arm64"]
    async with opened(home, embedders, "old") as memory:
        await memory.add_all([{"text": text} for text in [*texts, *(f"Note {number}" for number in range(60))]])
        await memory.drain()
        assert (await memory.search("The question: keyboard instrument?"))[0].memory.text == texts[0]


async def test_the_former_embedder_answers_until_the_new_vectors_are_made(
    home: Path, embedders: Embedders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "LOOK", 0.05)
    await filled(home, embedders)
    async with opened(home, embedders, "new") as memory:
        for question, answer in (("keyboard instrument", "piano"), ("money owed", "invoice"), ("processor", "arm64")):
            hits = await memory.search(f"The question: {question}?")
            assert answer in hits[0].memory.text
            assert f"The question: {question}?" in embedders.asked("old")
        assert memory.app.by_meaning
        await memory.add("A zebra crossed the road")
        assert (await memory.search("zebra crossed"))[0].memory.text == "A zebra crossed the road", "by its words"
        assert "The question: keyboard instrument?" not in embedders.asked("new")
        embedders.gate.set()
        await memory.drain()
        await until(lambda: memory.app.changing.embed.former is None)
        embedders.gone = True
        assert "piano" in (await memory.search("The question: keyboard instrument?"))[0].memory.text
        assert "zebra" in (await memory.search("The question: striped animal?"))[0].memory.text
        assert "The question: keyboard instrument?" in embedders.asked("new")
        assert memory.app.by_meaning


async def test_without_the_former_embedder_words_answer_and_it_is_said(
    home: Path, embedders: Embedders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "LOOK", 0.05)
    await filled(home, embedders)
    embedders.gone = True
    async with opened(home, embedders, "new") as memory:
        assert (await memory.search("cat on the piano"))[0].memory.text == "The cat sleeps on the piano"
        assert [memory.app.by_meaning] == [False]
        assert (await health.parts(memory))["embedder"]["search"] == "words"
        embedders.gate.set()
        await memory.drain()
        await until(lambda: not memory.app.changing.lacking)
        assert "piano" in (await memory.search("The question: keyboard instrument?"))[0].memory.text
        assert [memory.app.by_meaning] == [True]


async def test_a_process_that_opens_a_finished_change_asks_the_new_one(home: Path, embedders: Embedders) -> None:
    embedders.gate.set()
    await filled(home, embedders)
    async with opened(home, embedders, "new") as memory:
        await memory.drain()
    async with opened(home, embedders, "new") as memory:
        assert memory.app.changing.embed.former is None
        assert [memory.app.changing.lacking] == [False]


def test_a_former_embedder_is_had_from_its_name(home: Path) -> None:
    remote = {"provider": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "new", "instruction": "x"}
    settings = load(home, {"embedder": remote}).settings
    for name in ("old", "old@256", "all-MiniLM-L6-v2-int8"):
        found = former_embedder(settings, name)
        assert found is not None
        assert found.model == name
    alone = load(home, {"embedder": {"provider": "minilm"}}).settings
    assert former_embedder(alone, "old") is None
    nowhere = load(home, {"embedder": {"provider": "minilm", "weights": str(home / "none")}}).settings
    assert former_embedder(nowhere, "all-MiniLM-L6-v2-float32") is None
