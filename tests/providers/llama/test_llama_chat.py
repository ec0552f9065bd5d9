"""llama.cpp really runs: a model of random weights is loaded, asked, streamed, stopped, refused and let go."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.providers.llama.tiny import tiny_gguf

from recollect.errors import EmbedderMissing, ProviderFailed, ProviderRefused
from recollect.exchange import Asking, Spoken
from recollect.providers.llama.chat import LlamaChat
from recollect.providers.llama.header import read_header
from recollect.providers.llama.keeper import Keeper, Limits

pytest.importorskip("llama_cpp", reason='llama.cpp is not installed: pip install "recollect[llama]" compiles it')

FOREVER = 100_000
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}, "tier": {"enum": ["quick", "archive"]}},
    "required": ["sure", "tier"],
    "additionalProperties": False,
}


def asking(text: str = "Hello, 你好", *, limit: int | None = 16, **more: Any) -> Asking:
    return Asking("classification", "test", [{"role": "user", "content": text}], limit=limit, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gguf")
    tiny_gguf(place / "tiny.gguf")
    tiny_gguf(place / "other.gguf", seed=8)
    return place


@pytest.fixture
async def keeper(folder: Path) -> AsyncIterator[Keeper]:
    made = Keeper(folder, Limits(context=1024, threads=1), free=lambda: None)
    yield made
    await made.aclose()


@pytest.fixture
def chat(keeper: Keeper) -> LlamaChat:
    return LlamaChat(keeper, "tiny")


async def test_it_is_loaded_when_it_is_asked_and_answers(chat: LlamaChat, keeper: Keeper) -> None:
    assert chat.model == "local/tiny"
    assert keeper.loaded == {}
    said = await chat.answer(asking())
    assert list(keeper.loaded) == ["tiny"]
    assert said.text
    assert (said.tokens_in or 0) > 20
    assert 10 <= (said.tokens_out or 0) <= 16
    assert not said.complete


async def test_the_same_question_has_the_same_answer(chat: LlamaChat) -> None:
    assert (await chat.answer(asking())).text == (await chat.answer(asking())).text


async def test_an_answer_comes_in_pieces_that_are_the_whole(chat: LlamaChat) -> None:
    async with aclosing(chat.stream(asking(limit=40))) as stream:
        *pieces, last = [piece async for piece in stream]
    assert isinstance(last, Spoken)
    assert len(pieces) > 5
    assert "".join(str(piece) for piece in pieces).strip() == last.text == (await chat.answer(asking(limit=40))).text


async def test_with_a_schema_even_nonsense_is_json_that_fits(chat: LlamaChat) -> None:
    said = await chat.answer(asking(limit=200, schema=SCHEMA))
    answer = json.loads(said.text)
    assert answer["sure"] in {True, False}
    assert answer["tier"] in {"quick", "archive"}


async def test_whoever_closes_a_stream_frees_the_model_at_once(chat: LlamaChat) -> None:
    async with aclosing(chat.stream(asking(limit=FOREVER))) as stream:
        async for _ in stream:
            break
    assert (await chat.answer(asking(limit=2))).tokens_out is not None


async def test_a_cancelled_call_stops_reading_its_prompt(chat: LlamaChat, keeper: Keeper) -> None:
    await chat.warm()
    loaded = keeper.held("tiny").loaded
    evaluate, begun, go_on, batches = loaded._evaluate, threading.Event(), threading.Event(), []

    def slowly(tokens: Sequence[int]) -> None:
        batches.append(len(tokens))
        begun.set()
        assert go_on.wait(60)
        evaluate(tokens)

    loaded._evaluate = slowly
    reading = asyncio.create_task(chat.answer(asking("word " * 90)))
    await asyncio.to_thread(begun.wait, 60)
    reading.cancel()
    await asyncio.to_thread(loaded._stop.wait, 60)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert batches == [128]
    loaded._evaluate = evaluate
    assert (await chat.answer(asking(limit=2))).tokens_out is not None


async def test_calls_wait_their_turn_and_every_one_is_answered(chat: LlamaChat) -> None:
    alone = [(await chat.answer(asking(f"question {number}", limit=4))).text for number in range(4)]
    together = await asyncio.gather(*(chat.answer(asking(f"question {number % 4}", limit=4)) for number in range(12)))
    assert [said.text for said in together] == alone * 3


async def test_a_call_whose_turn_does_not_come_is_told_so(folder: Path) -> None:
    keeper = Keeper(folder, Limits(context=1024, threads=1, wait=0.05), free=lambda: None)
    chat = LlamaChat(keeper, "tiny")
    async with aclosing(chat.stream(asking(limit=FOREVER))) as stream:
        await anext(stream)
        with pytest.raises(ProviderFailed, match=r"its turn did not come within 0\.05 s"):
            await chat.answer(asking())
    await keeper.aclose()


async def test_an_answer_that_does_not_end_is_ended(folder: Path) -> None:
    keeper = Keeper(folder, Limits(context=2048, threads=1, timeout=0.05), free=lambda: None)
    with pytest.raises(ProviderFailed, match=r"within 0\.05 s"):
        await LlamaChat(keeper, "tiny").answer(asking(limit=FOREVER))
    await keeper.aclose()


async def test_a_prompt_that_does_not_fit_is_refused_and_the_next_one_answered(chat: LlamaChat) -> None:
    with pytest.raises(ProviderRefused, match=r"context window"):
        await chat.answer(asking("word " * 1000))
    assert (await chat.answer(asking(limit=2))).tokens_out is not None


async def test_a_model_larger_than_its_limit_is_refused_before_it_is_loaded(folder: Path) -> None:
    keeper = Keeper(folder, Limits(memory=50 << 20), free=lambda: None)
    with pytest.raises(ProviderRefused, match=r"tiny needs about .* and models may take 50 MB") as caught:
        await LlamaChat(keeper, "tiny").answer(asking())
    assert "local.max_memory_gb" in caught.value.hint
    assert keeper.loaded == {}
    await keeper.aclose()


async def test_a_model_is_not_loaded_where_memory_is_short_and_is_once_there_is_some(folder: Path) -> None:
    free = [10 << 20]
    keeper = Keeper(folder, Limits(context=256, threads=1), free=lambda: free[0])
    chat = LlamaChat(keeper, "tiny")
    with pytest.raises(ProviderFailed, match="10 MB of memory are free"):
        await chat.answer(asking())
    free[0] = 1 << 40
    assert (await chat.answer(asking(limit=2))).tokens_out is not None
    await keeper.aclose()


async def test_the_model_used_least_lately_makes_room_for_another(folder: Path) -> None:
    need = read_header(folder / "tiny.gguf").need(256)
    keeper = Keeper(folder, Limits(memory=need + need // 2, context=256, threads=1), free=lambda: None)
    tiny, other = LlamaChat(keeper, "tiny"), LlamaChat(keeper, "other")
    await tiny.answer(asking(limit=2))
    await other.answer(asking(limit=2))
    assert list(keeper.loaded) == ["other"]
    async with aclosing(other.stream(asking(limit=FOREVER))) as stream:
        await anext(stream)
        with pytest.raises(ProviderFailed, match="in use: other"):
            await tiny.answer(asking())
    await tiny.answer(asking(limit=2))
    assert list(keeper.loaded) == ["tiny"]
    await keeper.aclose()


async def test_a_model_that_nobody_asks_leaves_memory_and_comes_back(folder: Path) -> None:
    keeper = Keeper(folder, Limits(context=256, threads=1, idle=0.05), free=lambda: None)
    chat = LlamaChat(keeper, "tiny")
    await chat.answer(asking(limit=2))
    async with asyncio.timeout(30):
        while keeper.loaded:  # noqa: ASYNC110 - nobody is told when it leaves
            await asyncio.sleep(0.01)
    assert (await chat.answer(asking(limit=2))).tokens_out is not None
    await keeper.aclose()


async def test_warming_up_loads_it(chat: LlamaChat, keeper: Keeper) -> None:
    await chat.warm()
    assert list(keeper.loaded) == ["tiny"]


async def test_what_is_not_there_or_damaged_is_told_plainly(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, Limits(), free=lambda: None)
    with pytest.raises(EmbedderMissing, match=r"qwen2\.5-0\.5b-instruct is not in") as caught:
        await LlamaChat(keeper, "qwen2.5-0.5b-instruct").answer(asking())
    assert caught.value.hint == "run `recollect models pull qwen2.5-0.5b-instruct`"
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(EmbedderMissing, match="no GGUF file"):
        await LlamaChat(keeper, "page").answer(asking())
    whole = tiny_gguf(tmp_path / "cut.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ProviderFailed, match=r"cannot load cut\.gguf"):
        await LlamaChat(keeper, "cut").answer(asking())
    assert keeper.loaded == {}
    await keeper.aclose()


async def test_the_output_of_this_process_is_never_pointed_elsewhere(folder: Path) -> None:
    """While a model loads, other threads go on writing: on stdout a client may be listening."""
    keeper = Keeper(folder, Limits(context=256, threads=1), free=lambda: None)
    seen: set[tuple[int, object]] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            seen.add((os.fstat(1).st_ino, sys.stdout))

    before = {(os.fstat(1).st_ino, sys.stdout)}
    watching = threading.Thread(target=watch)
    watching.start()
    for _ in range(5):
        await LlamaChat(keeper, "tiny").warm()
        await keeper.unload(keeper.held("tiny"))
    ended.set()
    watching.join()
    await keeper.aclose()
    assert seen == before
