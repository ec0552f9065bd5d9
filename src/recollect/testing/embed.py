"""What every Embed must do."""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from recollect.models import Embedding
from recollect.ports import Embed

TEXTS = (
    "The cat sat on the mat",
    "猫坐在垫子上",
    "x",
    "",
    "parseHttpHeader() in src/app.py",
    "word " * 3000,
    "\U0001f600",
)


def vector(item: Embedding) -> NDArray[np.float32]:
    """Return an embedding's numbers."""
    return np.frombuffer(item.vector, "<f4")


class EmbedContract:
    """Texts become vectors of length one, in order, the same each time; the fixture is `embedder`."""

    async def test_there_is_one_vector_a_text_in_order(self, embedder: Embed) -> None:
        together = await embedder.embed(TEXTS)
        alone = [(await embedder.embed([text]))[0] for text in TEXTS]
        assert len(together) == len(TEXTS)
        for one, other in zip(together, alone, strict=True):
            assert float(vector(one) @ vector(other)) > 0.97

    async def test_no_texts_give_no_vectors(self, embedder: Embed) -> None:
        assert await embedder.embed([]) == []

    async def test_a_vector_has_the_dimension_it_says_and_length_one(self, embedder: Embed) -> None:
        for item in await embedder.embed(TEXTS):
            numbers = vector(item)
            assert numbers.shape == (embedder.dimension,)
            assert np.isfinite(numbers).all()
            assert abs(float(np.linalg.norm(numbers)) - 1) < 1e-3

    async def test_the_same_text_gives_the_same_vector(self, embedder: Embed) -> None:
        one, other = await embedder.embed(["The cat sat on the mat"]), await embedder.embed(["The cat sat on the mat"])
        assert [item.vector for item in one] == [item.vector for item in other]

    async def test_figures_lie_in_their_ranges(self, embedder: Embed) -> None:
        assert embedder.model
        assert embedder.window > 0
        for item in await embedder.embed(TEXTS):
            assert 0 <= item.known <= 1
            assert item.tokens >= 0

    async def test_texts_about_the_same_are_nearer_than_others(self, embedder: Embed) -> None:
        asked, near, far = map(
            vector,
            await embedder.embed(
                ["Where does Alice live?", "Alice moved to Lisbon to live there", "The build fails on arm64"]
            ),
        )
        assert float(asked @ near) > float(asked @ far)

    async def test_many_callers_at_once_each_get_their_own(self, embedder: Embed) -> None:
        texts = [f"note number {number} about the {number % 7}th thing" for number in range(24)]
        alone = await embedder.embed(texts)
        together = await asyncio.gather(*(embedder.embed([text]) for text in texts))
        for one, (other,) in zip(alone, together, strict=True):
            assert float(vector(one) @ vector(other)) > 0.97
