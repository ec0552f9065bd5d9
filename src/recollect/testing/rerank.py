"""What every Rerank must do."""

from __future__ import annotations

import asyncio

import pytest

from recollect.ports import Rerank

QUESTION = "Where does Alice live?"
TEXTS = (
    "The build fails on arm64",
    "Alice does live in Lisbon",
    "爱丽丝住在里斯本",
    "",
    "x",
    "word " * 3000,
    "\U0001f600 \ud800",
)


class RerankContract:
    """A score a text, in order, between 0 and 1, the same each time; the fixture is `reranker`."""

    async def test_there_is_one_score_a_text_between_0_and_1(self, reranker: Rerank) -> None:
        scores = await reranker.rerank(QUESTION, TEXTS)
        assert len(scores) == len(TEXTS)
        assert all(0 <= score <= 1 for score in scores)

    async def test_no_texts_give_no_scores(self, reranker: Rerank) -> None:
        assert await reranker.rerank(QUESTION, []) == []

    async def test_what_answers_scores_more_wherever_it_stands(self, reranker: Rerank) -> None:
        first, second = await reranker.rerank(QUESTION, TEXTS[:2])
        assert second > first
        assert await reranker.rerank(QUESTION, TEXTS[1::-1]) == pytest.approx([second, first])

    async def test_the_same_question_has_the_same_answer(self, reranker: Rerank) -> None:
        assert await reranker.rerank(QUESTION, TEXTS) == await reranker.rerank(QUESTION, TEXTS)

    async def test_odd_questions_are_answered(self, reranker: Rerank) -> None:
        for question in ("", "?", "爱丽丝住在哪里", "\ud800", "why " * 2000):
            assert len(await reranker.rerank(question, TEXTS)) == len(TEXTS)

    async def test_many_callers_at_once_each_get_their_own(self, reranker: Rerank) -> None:
        sizes = [1 + number % 7 for number in range(24)]
        found = await asyncio.gather(*(reranker.rerank(QUESTION, TEXTS[:size]) for size in sizes))
        assert [len(scores) for scores in found] == sizes

    async def test_it_has_a_name(self, reranker: Rerank) -> None:
        assert reranker.model
