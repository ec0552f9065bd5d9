"""The answers of several projects become one list: the best first, the latest first, or each project in turn."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import Denied, InvalidInput
from recollect.models import Hit, Scope
from recollect.ops.across import Merge, merged, search_across
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import memory


def hit(text: str, score: float, day: int) -> Hit:
    return Hit(memory(text, Scope("u", "p"), occurred_at=START + timedelta(days=day)), score)


ONE = [hit("a", 0.9, 1), hit("b", 0.2, 5)]
TWO = [hit("c", 0.5, 3)]


@pytest.mark.parametrize(("order", "texts"), [("score", "acb"), ("time", "bca"), ("project", "acb")])
def test_each_strategy_has_its_order(order: Merge, texts: str) -> None:
    assert "".join(found.memory.text for found in merged([ONE, TWO], order)) == texts
    assert merged([], order) == []
    assert len(merged([[], TWO, []], order)) == 1


def test_in_turn_means_one_of_each_project_as_long_as_it_has_some() -> None:
    turns = merged([ONE, TWO, ONE[:1]], "project")
    assert [found.memory.text for found in turns] == ["a", "c", "a", "b"]


async def test_it_must_be_allowed_and_asked_for_properly(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder()) as closed:
        with pytest.raises(Denied, match="Cross-project search is not enabled"):
            await search_across(closed, "zebra", everywhere=True)
    allowed = {"project": {"enable_cross_project_search": True}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=allowed) as opened:
        assert (await search_across(opened, "zebra", everywhere=True)).hits == ()
        assert (await search_across(opened, "zebra", projects=["a", "a", " a "])).found == {"a": 0}
        mistakes: list[dict[str, Any]] = [{"projects": []}, {"projects": ["a"], "merge": "luck"}, {"projects": [""]}]
        for wrong in mistakes:
            with pytest.raises(InvalidInput):
                await search_across(opened, "zebra", **wrong)
