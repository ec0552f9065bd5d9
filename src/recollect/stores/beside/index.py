"""What an index beside the records must do. It holds numbers only: no text, no name, nothing that decides."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from recollect.stores.code import Floats


@dataclass(frozen=True, slots=True)
class Point:
    """One vector: the keys of its chunk, memory and tenant, and its numbers."""

    chunk: int
    memory: int
    tenant: int
    vector: Sequence[float]


class Index(Protocol):
    """Vectors by model and chunk. Each call raises IndexAway when the index does not answer, or not as it should.

    A model that was never put has no vectors: asking for it is no error.
    """

    async def put(self, model: str, dimension: int, points: Sequence[Point]) -> None:
        """Store vectors of a model; those of the same chunks are replaced. They are found when this returns."""

    async def remove(self, model: str, chunks: Sequence[int]) -> None:
        """Forget the vectors of chunks; what is not there is passed over."""

    async def nearest(self, model: str, question: Floats, tenants: Collection[int], limit: int) -> list[int]:
        """Return the chunks of these tenants nearest to a question by cosine, the best first: about the best `limit`.

        Fewer than `limit` only where the tenants have fewer.
        """

    async def count(self, model: str) -> int:
        """Return how many vectors of a model are here."""

    async def held(self, model: str, chunks: Sequence[int]) -> set[int]:
        """Return which of these chunks have a vector here."""

    def chunks(self, model: str) -> AsyncIterator[list[int]]:
        """Yield all chunks that have a vector of a model here, some at a time."""

    async def drop(self, model: str) -> None:
        """Forget all vectors of a model."""

    async def close(self) -> None:
        """Close what is open."""


def collection_name(prefix: str, store: str, model: str) -> str:
    """Return the name that a store's vectors of a model have in an index: readable, and no other model's or store's."""
    short = re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")[:60] or "model"
    return f"{prefix}-{store}-{short}-{zlib.crc32(model.encode()):08x}"
