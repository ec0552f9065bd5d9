"""The part of a search that goes by meaning: the question as a vector, and what lies near it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from recollect.errors import ProviderError
from recollect.exchange import Scored
from recollect.models import Embedding, Where
from recollect.ports import Embed, embed_question
from recollect.retrieve.ways import Ways

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

log = logging.getLogger(__name__)

UNKNOWN = 2.0
"""How fast meaning loses its say with the share of word pieces the embedder does not know: none is left at a half."""

PENALTY, SOLE = 0.1, 40
"""Cosine taken off a memory with more than `SOLE` chunks, times the logarithm of its vectors: one of many is high."""


async def embedded(embed: Embed, text: str) -> Embedding | None:
    """Return the embedded question; `None`, and words go on alone, when the embedder cannot or knows too little of it.

    Of a question in Chinese the default embedder knows next to nothing, and would take longest over it.
    """
    if not text.strip():
        return None
    try:
        return await embed_question(embed, text, least=1 - 1 / UNKNOWN)
    except ProviderError as error:
        log.debug("Searching by words only: %s", error)
        return None


def grasp(asked: Embedding | None) -> float:
    """Return how far (0..1) the embedder understood a question."""
    return max(0.0, 1.0 - UNKNOWN * (1.0 - (0.0 if asked is None else asked.known)))


async def nearest(ways: Ways, asked: Embedding | None, where: Where, limit: int) -> Scored:
    """Return the best memories by cosine, none without an embedded question."""
    if asked is None:
        nothing = np.empty(0, np.int64)
        return Scored(nothing, np.empty(0, np.float32), nothing, 0.0, 0.0)
    return await ways.vectors.search(asked.model or ways.embed.model, asked.vector, where, limit)


async def cosines(ways: Ways, asked: Embedding | None, where: Where, keys: Keys, pieces: Scores) -> Scores:
    """Return the cosine of each memory, less for those of many pieces; `nan` where there is none."""
    if asked is None:
        return np.full(len(keys), np.nan, np.float32)
    found = await ways.vectors.score(asked.model or ways.embed.model, asked.vector, where, keys)
    if (pieces > SOLE).any():
        many = np.where(pieces > SOLE, np.ceil(pieces / 2), 1)
        found = found - np.float32(PENALTY) * np.log(many).astype(np.float32)
    return found
