"""A reranker without a model: the share of a question's words that a text has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recollect.text.words import question as asked
from recollect.text.words import terms

Scoring = Callable[[str, Sequence[str]], Sequence[float]]


def overlap(question: str, texts: Sequence[str]) -> list[float]:
    """Return for each text the share of the question's terms it has."""
    wanted = set(asked(question))
    return [len(wanted & set(terms(text))) / max(1, len(wanted)) for text in texts]


class FakeReranker:
    """The Rerank port by a function of question and texts; `failure` is raised while it is set.

    `asked` holds what it was asked so far.
    """

    def __init__(self, scoring: Scoring = overlap, model: str = "fake-reranker") -> None:
        self.model = model
        self.scoring = scoring
        self.failure: Exception | None = None
        self.asked: list[tuple[str, list[str]]] = []

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return what the function says; raise the failure it was told to."""
        self.asked.append((question, list(texts)))
        if self.failure is not None:
            raise self.failure
        return list(self.scoring(question, texts)) if texts else []
