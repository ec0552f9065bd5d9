"""The shipped embedders keep the promises of the port; the fake one fails when it is told to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recollect.errors import EmbedderMissing, ProviderFailed
from recollect.ports import Embed
from recollect.providers.minilm import MiniLM
from recollect.testing.embed import EmbedContract
from recollect.testing.embedder import FakeEmbedder


class TestFake(EmbedContract):
    """The embedder without a model."""

    @pytest.fixture
    def embedder(self) -> Embed:
        return FakeEmbedder()


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Embed:
    return MiniLM(tmp_path_factory.mktemp("home"))


class TestMiniLM(EmbedContract):
    """The default embedder."""

    @pytest.fixture
    async def embedder(self, minilm: Embed) -> Embed:
        try:
            await minilm.embed(["ready"])
        except EmbedderMissing:
            pytest.skip("the weights are not on this machine")
        return minilm


async def test_the_fake_fails_as_often_as_it_is_told(tmp_path: Path) -> None:
    fake = FakeEmbedder(failure=ProviderFailed("no route"), failures=2)
    for _ in range(2):
        with pytest.raises(ProviderFailed):
            await fake.embed(["x"])
    assert len(await fake.embed(["x"])) == 1
    assert fake.texts == ["x"]
    never = FakeEmbedder(failure=EmbedderMissing("none"))
    for _ in range(3):
        with pytest.raises(EmbedderMissing):
            await never.embed(["x"])


def test_models_have_spaces_of_their_own() -> None:
    one, other = (np.frombuffer(FakeEmbedder(name).one("the same words").vector, "<f4") for name in "ab")
    assert abs(float(one @ other)) < 0.5
