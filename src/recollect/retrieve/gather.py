"""Asks words, meaning, graph and recency at the same time, and brings what they found into one table."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ProviderError
from recollect.exchange import Scored
from recollect.models import Embedding, Where, name_code
from recollect.ports import Embed, EmbedQuestion, Graph, Lore, Vectors, Words
from recollect.retrieve.signal import Scale, Signals, places, union
from recollect.retrieve.understand import Understood
from recollect.text.words import question

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

log = logging.getLogger(__name__)

_WORD = re.compile(r"\w[\w'’-]*")
_POSSESSIVE = re.compile(r"['’]s?$")

WORDS_FLOOR = 0.03
"""Floor under the deviation of word scores, in shares of the most a text could score."""

PENALTY, SOLE = 0.1, 40
"""Cosine taken off a memory with more than `SOLE` chunks, times the logarithm of its vectors: one of many is high."""

FEW = 50
"""How many of the latest memories, and of those that mention a named thing, join the candidates."""

SAME, SAME_WORDS = 0.9, 0.45
"""Cosine, and share of words, from which a question is the same as the one that is asked."""

UNKNOWN = 2.0
"""How fast meaning loses its say with the share of word pieces the embedder does not know: none is left at a half."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ports a search goes through."""

    words: Words
    vectors: Vectors
    lore: Lore
    graph: Graph
    embed: Embed


@dataclass(frozen=True, slots=True)
class Gathered:
    """Signals by candidate, the best chunk by key, how far (0..1) the question was understood, who it names.

    `confidence` (0..1) tells whether anything here is about the question at all.
    """

    signals: Signals
    chunks: dict[int, int]
    meaning: float
    names: frozenset[int]
    confidence: float


async def gather(
    ways: Ways, understood: Understood, embedding: Awaitable[Embedding | None], text: str, where: Where, limit: int
) -> Gathered:
    """Return the candidates for a question: the best by words and by meaning, and their neighbours.

    `embedding` is the question's, which is awaited only when there is nothing else left to do.
    """
    names, terms = told_apart(text, understood.terms, await ways.lore.speakers(where))
    mentioned = await _mentioned(ways, understood, where)
    by_words = await ways.words.search(terms, where, limit)
    asked = await embedding
    by_meaning = await _by_meaning(ways, asked, where, limit)
    found = union(by_words.keys, by_meaning.keys, mentioned)
    if not len(found):
        found = np.sort(await ways.lore.recent(where, FEW))
    table = union(found, await ways.lore.neighbours(where, found))
    traits = await ways.lore.traits(where, table)
    keys = traits.keys
    words = await ways.words.score(terms, where, keys)
    cosines = await _cosines(ways, asked, where, keys)
    if (traits.pieces > SOLE).any():
        many = np.where(traits.pieces > SOLE, np.ceil(traits.pieces / 2), 1)
        cosines = cosines - np.float32(PENALTY) * np.log(many).astype(np.float32)
    known = 0.0 if asked is None else asked.known
    understood_share = max(0.0, 1.0 - UNKNOWN * (1.0 - known))
    echoes = traits.questions & echoing(words, cosines, traits.words, text)
    tells = ~echoes
    confidence = confidence_of(words[tells], cosines[tells], understood_share) if text.strip() else 1.0
    signals = Signals(
        traits=traits,
        words=Scale(by_words.mean, by_words.deviation, WORDS_FLOOR).of(words),
        meaning=Scale(by_meaning.mean, by_meaning.deviation).of(cosines),
        mentions=np.isin(keys, mentioned) if len(mentioned) else np.zeros(len(keys), np.bool_),
        echoes=echoes,
        before=places(keys, traits.before),
        after=places(keys, traits.after),
    )
    chunks = dict(zip(by_meaning.keys.tolist(), by_meaning.chunks.tolist(), strict=True))
    chunks |= dict(zip(by_words.keys.tolist(), by_words.chunks.tolist(), strict=True))
    return Gathered(signals, chunks, understood_share, names, confidence)


def confidence_of(words: Scores, cosines: Scores, meaning: float) -> float:
    """Return how sure (0..1) it is that something remembered is about the question.

    The best word share and the best cosine speak for it, each alone or both together. The bounds are where questions
    asked of their own conversations (LoCoMo, BEAM: shares 0.14 to 0.6, cosines 0.43 to 0.76; confidence 0.9 and more)
    part from those asked of another one's (0 to 0.2 and 0.07 to 0.29; 0.3 at the median). Where the embedder does not
    understand the question (`meaning` 0), a smaller share will do: pairs of characters across two words match nothing.
    """
    by_words = min(1.0, max(0.0, float(words.max(initial=0.0)) / (0.14 + 0.21 * meaning)))
    by_meaning = min(1.0, max(0.0, meaning * (float(np.nan_to_num(cosines).max(initial=0.0)) - 0.1) / 0.45))
    either = 1 - (1 - by_words) * (1 - by_meaning)
    return min(1.0, max(0.0, (either - 0.1) / 0.75))


def echoing(words: Scores, cosines: Scores, lengths: Scores, text: str) -> NDArray[np.bool_]:
    """Return what says hardly anything but the question: by meaning, and where there is none by words and length.

    Who asks again what was asked before wants the answer, not the question. A text that holds all words of a question
    once has half of the most it could score.
    """
    long = len(text) if not text.isascii() else len(text.split())
    by_words = np.isnan(cosines) & (words >= SAME_WORDS) & (lengths <= 1.5 * long)
    return np.asarray((cosines >= SAME) | by_words)


def told_apart(text: str, terms: Sequence[str], spoken: frozenset[int]) -> tuple[frozenset[int], tuple[str, ...]]:
    """Return the speakers a question names, and its terms without their names.

    A name tells whose words are wanted, which is a signal of its own; as a word it would favour whoever speaks of them.
    """
    words = {word: name_code(_POSSESSIVE.sub("", word)) for word in _WORD.findall(text)}
    named = {word: code for word, code in words.items() if code in spoken}
    apart = {term for word in named for term in question(_POSSESSIVE.sub("", word))}
    return frozenset(named.values()), tuple(term for term in terms if term not in apart) or tuple(terms)


async def embedded(embed: Embed, text: str) -> Embedding | None:
    """Return the embedded question; `None`, and words go on alone, when the embedder cannot or knows too little of it.

    Of a question in Chinese the default embedder knows next to nothing, and would take longest over it.
    """
    if not text.strip():
        return None
    try:
        if isinstance(embed, EmbedQuestion):
            return await embed.embed_question(text, least=1 - 1 / UNKNOWN)
        return (await embed.embed([text]))[0]
    except ProviderError as error:
        log.debug("Searching by words only: %s", error)
        return None


async def _by_meaning(ways: Ways, asked: Embedding | None, where: Where, limit: int) -> Scored:
    """Return the best memories by cosine, none without an embedded question."""
    if asked is None:
        return Scored(_none(), np.empty(0, np.float32), _none(), 0.0, 0.0)
    return await ways.vectors.search(ways.embed.model, asked.vector, where, limit)


async def _cosines(ways: Ways, asked: Embedding | None, where: Where, keys: Keys) -> Scores:
    if asked is None:
        return np.full(len(keys), np.nan, np.float32)
    return await ways.vectors.score(ways.embed.model, asked.vector, where, keys)


async def _mentioned(ways: Ways, understood: Understood, where: Where) -> Keys:
    """Return memories that mention a thing the question names by identifier, file, version or error code.

    Plain names are found as words; for them the graph would cost more than all the rest of a search.
    """
    named = list(understood.identifiers)
    known = await ways.graph.known(where.reach, named) if named else []
    return np.sort(await ways.graph.mentions(where, known, FEW)) if known else _none()


def _none() -> Keys:
    return np.empty(0, np.int64)
