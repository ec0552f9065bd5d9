"""Searches for other wordings of a question too, and lets a memory count by the one that suits it best."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recollect.exchange import Scored
from recollect.models import Embedding, Where
from recollect.retrieve.meaning import embedded, grasp, nearest
from recollect.retrieve.signal import WORDS_FLOOR, Scale, meaning_scale
from recollect.retrieve.ways import Ways
from recollect.text.words import question

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

LESS = np.float32(0.8)
"""What a match with another wording counts beside one with the question itself."""

MOST = 5
"""Other wordings that are searched for; a model may name any number."""

LOOKED_AT = 1000
"""Characters of another wording that are searched for."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Another way to ask, and what it found by words and by meaning."""

    terms: tuple[str, ...]
    asked: Embedding | None
    by_words: Scored
    by_meaning: Scored

    @property
    def keys(self) -> tuple[Keys, Keys]:
        """The memories it found, by words and by meaning."""
        return self.by_words.keys, self.by_meaning.keys

    def words_of(self, shares: Scores) -> Scores:
        """Return word shares in deviations from the mean."""
        return Scale(self.by_words.mean, self.by_words.deviation, WORDS_FLOOR).of(shares)

    def meaning_of(self, cosines: Scores) -> Scores:
        """Return cosines in deviations from the mean, less where the embedder understood less of the wording."""
        scaled = meaning_scale(self.by_meaning).of(cosines)
        return np.asarray(scaled * np.float32(grasp(self.asked)), np.float32)


async def wordings(ways: Ways, texts: Sequence[str], where: Where, limit: int) -> list[Wording]:
    """Return what other ways to ask find, at most five of them; empty ones and repeats are left out."""
    heads = dict.fromkeys(text.strip()[:LOOKED_AT] for text in texts)
    return list(await asyncio.gather(*(_wording(ways, text, where, limit) for text in [*filter(None, heads)][:MOST])))


async def _wording(ways: Ways, text: str, where: Where, limit: int) -> Wording:
    terms = tuple(question(text))
    asked = await embedded(ways.embed, text)
    return Wording(terms, asked, await ways.words.search(terms, where, limit), await nearest(ways, asked, where, limit))


def better(own: Scores, other: Scores) -> Scores:
    """Return for each memory the better of its matches with the question itself and with another wording."""
    return np.asarray(np.maximum(own, LESS * other), np.float32)
