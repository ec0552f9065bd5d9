"""An inverted index in numpy: which chunks hold which term, and how often.

Terms are known by a 32-bit hash: among a million terms about a hundred pairs share one, which costs a rank here and
there and saves holding the terms. Segments never change; new chunks make a new one, and small ones are merged, so that
a growing index costs n log n in all.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

K1, B = 0.9, 0.4
"""BM25's constants (Robertson and Zaragoza, 2009), as Anserini chose them for short passages."""

_MOST_TF = 255


def term_code(term: str) -> int:
    """Return the hash a term is known by."""
    return zlib.crc32(term.encode())


@dataclass(frozen=True, slots=True)
class Segment:
    """Postings sorted by term: those of term `i` stand at `starts[i]` up to `starts[i + 1]`."""

    terms: NDArray[np.uint32]
    starts: NDArray[np.int64]
    chunks: NDArray[np.uint32]
    counts: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return self.terms.nbytes + self.starts.nbytes + self.chunks.nbytes + self.counts.nbytes

    def find(self, code: int) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
        """Return the chunks that hold a term, ascending, and how often each does."""
        at = int(self.terms.searchsorted(np.uint32(code)))
        if at == len(self.terms) or self.terms[at] != code:
            return self.chunks[:0], self.counts[:0]
        start, end = int(self.starts[at]), int(self.starts[at + 1])
        return self.chunks[start:end], self.counts[start:end]


def lengths_of(texts: Sequence[str]) -> NDArray[np.int32]:
    """Return how many terms each prepared text has."""
    return np.fromiter((text.count(" ") + 1 if text else 0 for text in texts), np.int32, len(texts))


def segment(texts: Sequence[str], lengths: NDArray[np.int32], first: int) -> Segment:
    """Return the postings of prepared texts, whose chunks are numbered from `first`."""
    words = " ".join(text for text in texts if text).encode().split(b" ")
    total = int(lengths.sum())
    codes = np.fromiter(map(zlib.crc32, words if total else []), np.uint64, total)
    chunks = np.repeat(np.arange(first, first + len(texts), dtype=np.uint64), lengths)
    pairs = np.sort((codes << np.uint64(32)) | chunks)
    return _compressed(pairs, np.ones(total, np.int64))


def _compressed(pairs: NDArray[np.uint64], weights: NDArray[np.int64]) -> Segment:
    heads = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1]))) if len(pairs) else np.empty(0, np.int64)
    counts = np.add.reduceat(weights, heads) if len(heads) else np.empty(0, np.int64)
    pairs = pairs[heads]
    codes = (pairs >> np.uint64(32)).astype(np.uint32)
    first = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1]))) if len(codes) else heads
    starts = np.concatenate((first, [len(codes)])).astype(np.int64)
    chunks = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return Segment(codes[first], starts, chunks, np.minimum(counts, _MOST_TF).astype(np.uint8))


def merged(one: Segment, other: Segment) -> Segment:
    """Return two segments as one."""
    pairs = np.concatenate((_pairs(one), _pairs(other)))
    order = np.argsort(pairs, kind="stable")
    counts = np.concatenate((one.counts, other.counts)).astype(np.int64)
    return _compressed(pairs[order], counts[order])


def _pairs(part: Segment) -> NDArray[np.uint64]:
    codes = np.repeat(part.terms.astype(np.uint64), np.diff(part.starts))
    return (codes << np.uint64(32)) | part.chunks.astype(np.uint64)


class Postings:
    """Segments, the largest first, each at least twice as large as the next."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return sum(part.nbytes for part in self._segments)

    def add(self, texts: Sequence[str], lengths: NDArray[np.int32], first: int) -> None:
        """Index the chunks numbered from `first`."""
        self._segments.append(segment(texts, lengths, first))
        while any(len(one.chunks) < 2 * len(other.chunks) for one, other in pairwise(self._segments)):
            last = self._segments.pop()
            self._segments[-1] = merged(self._segments[-1], last)

    def frequency(self, code: int) -> int:
        """Return how many chunks hold a term."""
        return sum(len(part.find(code)[0]) for part in self._segments)

    def score(
        self, code: int, weight: float, lengths: NDArray[np.int32], mean: float, into: NDArray[np.float32]
    ) -> None:
        """Add a term's share of BM25, `weight` being its idf, to the score of every chunk that holds it."""
        for part in self._segments:
            chunks, counts = part.find(code)
            if len(chunks):
                often = counts.astype(np.float32)
                norm = np.float32(K1 * (1 - B)) + lengths[chunks] * np.float32(K1 * B / mean)
                into[chunks] += often * np.float32(weight * (K1 + 1)) / (often + norm)
