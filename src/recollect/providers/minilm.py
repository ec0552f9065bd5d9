"""The default embedder: all-MiniLM-L6-v2 on this machine through ONNX Runtime, without torch.

Short calls (a question) have a thread of their own, so that a question never waits behind a thousand memories; bulk
calls (memories being indexed) are shared out among several, which step back for whoever asks or captures meanwhile.
Where nothing else is being embedded and a core has nothing to do, two threads share the work on one question.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recollect.aside import on_thread
from recollect.errors import EmbedderMissing, ProviderFailed
from recollect.models import Embedding
from recollect.providers.graph import Precision, initialisers, model_bytes, tables
from recollect.providers.quiet import quiet
from recollect.providers.safetensors import Safetensors
from recollect.providers.weights import MINILM, PULL, find, require
from recollect.providers.wordpiece import WordPieces

WINDOW = 256  # sentence_bert_config.json, max_seq_length; the tokenizer's own 128 is another program's choice
DIMENSION = 384
EDGES = 2  # [CLS] and [SEP]
UNKNOWN = 100  # [UNK]
FAR = np.float32(10_000)  # taken off the attention to padding, of which nothing is left
CHARACTERS = 32_768  # no 256 word pieces of real text are longer; what follows need not even be cut into pieces
BATCH = 512  # padded word pieces in one run: more is not faster and takes more memory
RUN = 8  # padded word pieces that take as long as what every run costs besides
QUICK = 2000  # characters in all that still count as a short call
HANDOVER = 0.001  # seconds at most that the caller stands back until a question is cut and looked up: it takes half
STEP_BACK = 10  # how much nicer bulk threads are: to capture beside them takes two thirds of the time, to search too
SHARE = 64  # texts of like length that one thread embeds at a time
PAIR = 2  # threads that share a question: what its weights take to come from memory is most of its time
BLOCKS = "4"  # blocks that each of their shares is cut into: who is held up leaves the rest to the other

_WHOLE = np.ones((1, WINDOW), np.float32)  # the mask of a text alone, and the penalty where nothing is padded
_UNPADDED = np.zeros((1, 1, 1, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text cut into word pieces; `known` is the share of them that the vocabulary has."""

    ids: list[int]
    known: float

    def embedding(self, vector: NDArray[np.float32]) -> Embedding:
        """Return the text's embedding, of which this is the vector."""
        return Embedding(vector.tobytes(), known=self.known, tokens=len(self.ids))


class MiniLM:
    """Embeds with all-MiniLM-L6-v2, loaded at the first text; bulk calls use `threads` threads.

    `int8` multiplies whole numbers: faster, smaller, and of another space than `float32`, hence the two names.
    """

    def __init__(
        self,
        home: Path,
        *,
        folder: Path | None = None,
        precision: Precision = "int8",
        threads: int = 2,
    ) -> None:
        self._home = home
        self._folder = folder
        self._precision: Precision = precision
        self._threads = threads
        self._together = min(PAIR, threads)
        self._loading = threading.Lock()
        self._encoder: Encoder | None = None
        self._asked = 0  # questions under way
        self._given = 0  # other calls under way
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="recollect-embed-quick")
        self._bulk = ThreadPoolExecutor(threads, "recollect-embed-bulk", step_back)

    @property
    def model(self) -> str:
        """`all-MiniLM-L6-v2-int8` or `all-MiniLM-L6-v2-float32`."""
        return f"{MINILM.name}-{self._precision}"

    @property
    def dimension(self) -> int:
        """Always 384."""
        return DIMENSION

    @property
    def window(self) -> int:
        """256 word pieces, the two marks at the edges among them."""
        return WINDOW

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order, from a worker thread.

        A text without word pieces (an empty one) has `known` 0.0; `tokens` counts the pieces that were read, the two
        edge marks among them.

        Raises:
            EmbedderMissing: the weights are not on this machine, or are damaged; asked again at every call.
            ProviderFailed: the run itself failed.
        """
        if not texts:
            return []
        self._given += 1
        try:
            return await self._embed(texts)
        finally:
            self._given -= 1

    async def _embed(self, texts: Sequence[str]) -> list[Embedding]:
        run = asyncio.get_running_loop().run_in_executor
        if sum(map(len, texts)) <= QUICK:
            return await run(self._quick, self.embed_now, list(texts))
        # The longest first: what is left to one thread at the end, while the others have nothing to do, is short.
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        size = max(1, min(SHARE, -(-len(order) // self._threads)))
        shares = [order[start : start + size] for start in range(0, len(order), size)]
        made = await asyncio.gather(
            *(run(self._bulk, self.embed_now, [texts[place] for place in share]) for share in shares)
        )
        found = {
            place: item
            for share, items in zip(shares, made, strict=True)
            for place, item in zip(share, items, strict=True)
        }
        return [found[place] for place in range(len(texts))]

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return the embedding of a question, `None` when the vocabulary has no more than `least` of it."""
        begun = threading.Lock()
        begun.acquire()
        alone = not self._asked
        only = alone and not self._given
        self._asked += 1
        try:
            embedding = on_thread(self._quick, lambda: self._question(text, least, begun, only), drop=True)
            # The thread needs the interpreter until the model runs; else it would get it only when this one rests.
            if alone:
                begun.acquire(timeout=HANDOVER)
            return await embedding
        finally:
            self._asked -= 1

    def _question(self, text: str, least: float, begun: threading.Lock, only: bool) -> Embedding | None:
        """Embed a question, the `only` text that is embedded; let go of `begun` when the interpreter is not needed."""
        try:
            threads = self._together if only and spare_core() else 1
            encoder = self.load(threads)
            pieces = encoder.cut(text)
            if pieces.known <= least:
                return None
            inputs = encoder.inputs([pieces.ids])
        finally:
            begun.release()
        return pieces.embedding(encoder.vectors(inputs, threads)[0])

    def embed_now(self, texts: Sequence[str]) -> list[Embedding]:
        """Do what `embed` does in the calling thread."""
        return self.load().embed(texts)

    def weights(self) -> Literal["loaded", "here", "missing"]:
        """Return where the weights are, without loading them."""
        if self._encoder is not None:
            return "loaded"
        return "missing" if find(MINILM, self._home, self._folder) is None else "here"

    def load(self, threads: int = 1) -> Encoder:
        """Return the loaded model, at the first call loaded for runs on so many threads; safe from any thread."""
        with self._loading:
            if self._encoder is None:
                place = require(MINILM, self._home, self._folder)
                self._encoder = Encoder(place, self._precision, threads)
            return self._encoder

    def close(self) -> None:
        """Let go of the model and the threads."""
        self._quick.shutdown()
        self._bulk.shutdown()
        self._encoder = None


class Encoder:
    """The loaded tokenizer and sessions; every method may be called from several threads at once."""

    def __init__(self, place: Path, precision: Precision, threads: int = 1) -> None:
        self._weights = Safetensors(place / "model.safetensors")
        self._words, self._places = tables(self._weights)  # the words stay in the file: only pages in use cost memory
        # ONNX Runtime reads these in place for as long as the session lives.
        self._arrays = {name: np.ascontiguousarray(a) for name, a in initialisers(self._weights, precision).items()}
        self._pieces = WordPieces(place / "tokenizer.json", WINDOW)
        self._model = model_bytes(precision)
        self._opening = threading.Lock()
        self._sessions = {threads: _session(self._model, self._arrays, threads)}
        self._weights.release()

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order."""
        return self.embed_pieces([self.cut(text) for text in texts])

    def embed_pieces(self, pieces: Sequence[Pieces]) -> list[Embedding]:
        """Return one embedding a text that was cut, in order."""
        found: list[Embedding | None] = [None] * len(pieces)
        for batch in batches([len(piece.ids) for piece in pieces]):
            made = self.vectors(self.inputs([pieces[place].ids for place in batch]))
            for place, vector in zip(batch, made, strict=True):
                found[place] = pieces[place].embedding(vector)
        return [embedding for embedding in found if embedding is not None]

    def cut(self, text: str) -> Pieces:
        """Return the word pieces of a text, at most 256; half a surrogate counts as a question mark."""
        whole = text[:CHARACTERS].encode("utf-8", "replace").decode()
        ids = self._pieces.ids(whole)
        inner = len(ids) - EDGES
        return Pieces(ids, (inner - ids.count(UNKNOWN)) / inner if inner > 0 else 0.0)

    def inputs(self, rows: Sequence[Sequence[int]]) -> dict[str, NDArray[np.float32]]:
        """Return what the graph reads of texts given by their word pieces."""
        if len(rows) == 1:
            alone = self._words.take(rows[0], axis=0)
            alone += self._places[: len(alone)]
            return {"rows": alone[:, None], "mask": _WHOLE[:, : len(alone)], "penalty": _UNPADDED}
        shape = len(rows), max(map(len, rows))
        ids, mask = np.zeros(shape[::-1], np.int32), np.zeros(shape, np.float32)
        for row, pieces in enumerate(rows):
            ids[: len(pieces), row] = pieces
            mask[row, : len(pieces)] = 1
        looked_up = self._words[ids]
        looked_up += self._places[: shape[1], None]
        penalty = ((mask - 1) * FAR)[:, None, None] if not mask.all() else _UNPADDED
        return {"rows": looked_up, "mask": mask, "penalty": penalty}

    def vectors(self, inputs: dict[str, NDArray[np.float32]], threads: int = 1) -> NDArray[np.float32]:
        """Run the graph on one or on two threads; return a vector a text. Others have the interpreter meanwhile."""
        session = self._sessions.get(threads) or self._opened(threads)
        try:
            vectors = session.run(None, inputs)[0]
        except _failures() as error:
            raise ProviderFailed(f"ONNX Runtime could not embed {len(inputs['mask'])} texts: {error}") from error
        return np.asarray(vectors, "<f4")

    def _opened(self, threads: int) -> Any:
        """Return the session for so many threads, made when it is first needed: many processes never need both."""
        with self._opening:
            if threads not in self._sessions:
                self._sessions[threads] = _session(self._model, self._arrays, threads)
            return self._sessions[threads]


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of the texts in groups of like length, each padded to its longest: to 512 word pieces at most.

    Of all ways to cut the texts, sorted by length, into groups it is the one that takes the shortest time.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    costs, begins = [0], [0]
    for end, place in enumerate(order, 1):
        longest = max(1, lengths[place])
        first = max(0, end - max(1, BATCH // longest))
        cost, begin = min((costs[begin] + (end - begin) * longest, begin) for begin in range(first, end))
        costs.append(cost + RUN)
        begins.append(begin)
    end = len(order)
    while end:
        yield order[begins[end] : end]
        end = begins[end]


def spare_core() -> bool:
    """Return whether a core has nothing to do now; where nobody tells (Linux does), whether there are more than two.

    To share the work with a thread that has to wait for its core takes longer than to do it alone.
    """
    cores = os.cpu_count() or 1
    try:
        file = _load()
        running = int(os.pread(file, 128, 0).split()[3].partition(b"/")[0])  # the caller is one of them
    except (OSError, ValueError, IndexError):
        return cores > PAIR
    return running < cores


@cache
def _load() -> int:
    """Return the file in which Linux tells what is running, kept open: to open it takes four times as long as to read.

    Raises OSError where there is none.
    """
    return os.open("/proc/loadavg", os.O_RDONLY)


def step_back() -> None:
    """Let other threads go before the calling one; only Linux knows priorities of threads."""
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + STEP_BACK))


def _session(model: bytes, arrays: dict[str, NDArray[Any]], threads: int) -> Any:
    """Return a session in which a run takes so many threads; raise EmbedderMissing where the weights do not fit."""
    quiet()
    import onnxruntime  # noqa: PLC0415 - a fifth of a second that only who embeds should pay

    options = onnxruntime.SessionOptions()
    # These matrices are so small that sharing a run of many costs more than it gains: runs go side by side.
    options.intra_op_num_threads = threads
    if threads > 1:  # they wait for each other awake, but only while there is a run
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.add_session_config_entry("session.dynamic_block_base", BLOCKS)
    options.log_severity_level = 3
    # The graph is already as it should run; looking for improvements would only delay the start.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_external_initializers(
        list(arrays), [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in arrays.values()]
    )
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise EmbedderMissing(f"ONNX Runtime cannot load the weights: {error}", hint=PULL) from error


@cache
def _failures() -> tuple[type[Exception], ...]:
    """Return the errors that making a session or running it may raise."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415 - as above

    return state.Fail, state.RuntimeException, state.InvalidArgument, state.InvalidGraph, state.NotImplemented
