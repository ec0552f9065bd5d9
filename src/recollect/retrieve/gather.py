"""Asks words, meaning, graph and recency at the same time, and brings what they found into one table."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.models import Embedding, Where, name_code
from recollect.retrieve.meaning import cosines as cosines_of
from recollect.retrieve.meaning import grasp, nearest
from recollect.retrieve.signal import WORDS_FLOOR, Scale, Signals, meaning_scale, places, union
from recollect.retrieve.understand import Understood
from recollect.retrieve.ways import Ways
from recollect.retrieve.widen import Wording, better
from recollect.text.words import question

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scored, Scores

_WORD = re.compile(r"\w[\w'’-]*")
_POSSESSIVE = re.compile(r"['’]s?$")

FEW = 50
"""How many of the latest memories, and of those that mention a named thing, join the candidates."""

SAME, SAME_WORDS = 0.9, 0.45
"""Cosine, and share of words, from which a question is the same as the one that is asked."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Signals by candidate, candidates as found, how far (0..1) the question was understood, who it names.

    `found` is what each way found, by words before by meaning, for the question itself before other wordings.
    `confidence` (0..1) tells whether anything here is about the question at all. `eligible` marks what may be a hit:
    what says too little to be told ("ok", "thanks") only where it shares a word with the question.
    """

    signals: Signals
    found: tuple[Scored, ...]
    meaning: float
    names: frozenset[int]
    confidence: float
    eligible: NDArray[np.bool_]

    def places(self, keys: Sequence[int]) -> list[tuple[int, int]]:
        """Return each of some memories with the chunk that was found, -1 where it was found by none."""
        found, wanted = dict.fromkeys(keys, -1), np.array(sorted(keys), np.int64)
        for one in reversed(self.found):
            there = (places(wanted, one.keys) >= 0).nonzero()[0]
            found.update(zip(one.keys[there].tolist(), one.chunks[there].tolist(), strict=True))
        return list(found.items())


async def gather(
    ways: Ways,
    understood: Understood,
    embedding: Awaitable[Embedding | None],
    text: str,
    where: Where,
    limit: int,
    wordings: Sequence[Wording] = (),
) -> Gathered:
    """Return the candidates for a question: the best by words and by meaning, and their neighbours.

    `embedding` is the question's, which is awaited only when there is nothing else left to do. `wordings` are other
    ways to ask it, which bring candidates of their own.
    """
    names, terms = told_apart(text, understood.terms, await ways.lore.speakers(where))
    mentioned = await _mentioned(ways, understood, where)
    searching = asyncio.ensure_future(ways.words.search(terms, where, limit))
    try:
        asked = await embedding
        by_meaning = await nearest(ways, asked, where, limit)
        by_words = await searching
    finally:
        searching.cancel()
    found = union(by_words.keys, by_meaning.keys, mentioned, *(keys for one in wordings for keys in one.keys))
    if not len(found):
        found = np.sort(await ways.lore.recent(where, FEW))
    table = union(found, await ways.lore.neighbours(where, found))
    # One after the other: as a rule both are at hand, and to go side by side would take longer than they do.
    traits, words = await ways.lore.traits(where, table), await ways.words.score(terms, where, table)
    keys = table  # where nothing was left out they are looked up as the same array again
    if len(traits.keys) < len(table):
        keys = traits.keys
        words = words[np.isin(table, keys)]
    cosines = await cosines_of(ways, asked, where, keys, traits.pieces)
    understood_share = grasp(asked)
    echoes = traits.questions & echoing(words, cosines, traits.words, text)
    tells = ~echoes
    asks = bool(text.strip())
    confidence = confidence_of(words[tells], cosines[tells], understood_share) if asks else 1.0
    signals = Signals(
        traits=traits,
        words=Scale(by_words.mean, by_words.deviation, WORDS_FLOOR).of(words),
        meaning=meaning_scale(by_meaning).of(cosines),
        mentions=np.isin(keys, mentioned) if len(mentioned) else np.zeros(len(keys), np.bool_),
        echoes=echoes,
        before=places(keys, traits.before),
        after=places(keys, traits.after),
    )
    eligible = traits.dense | (words > 0) | (not asks)
    gathered = Gathered(signals, (by_words, by_meaning), understood_share, names, confidence, eligible)
    return await _widened(ways, gathered, wordings, where) if wordings else gathered


async def _widened(ways: Ways, gathered: Gathered, wordings: Sequence[Wording], where: Where) -> Gathered:
    """Return what was gathered, each memory's match being that with the wording that suits it best."""
    signals, meaning, confidence = gathered.signals, gathered.meaning, gathered.confidence
    keys, pieces, tells = signals.traits.keys, signals.traits.pieces, ~signals.echoes
    words, meant = signals.words, signals.meaning * np.float32(meaning)
    found, eligible = gathered.found, gathered.eligible
    for one in wordings:
        shares = await ways.words.score(one.terms, where, keys)
        near = await cosines_of(ways, one.asked, where, keys, pieces)
        words, meant = better(words, one.words_of(shares)), better(meant, one.meaning_of(near))
        confidence = max(confidence, confidence_of(shares[tells], near[tells], grasp(one.asked)))
        eligible = eligible | (shares > 0)
        found = (*found, one.by_words, one.by_meaning)
    signals = replace(signals, words=words, meaning=meant)
    return Gathered(signals, found, 1.0, gathered.names, confidence, eligible)


def confidence_of(words: Scores, cosines: Scores, meaning: float) -> float:
    """Return how sure (0..1) it is that something remembered is about the question.

    The best word share and the best cosine speak for it, each alone or both together. The bounds are where questions
    asked of their own conversations (LoCoMo, BEAM: shares 0.14 to 0.6, cosines 0.43 to 0.76; confidence 0.9 and more)
    part from those asked of another one's (0 to 0.2 and 0.07 to 0.29; 0.3 at the median). Where the embedder does not
    understand the question (`meaning` 0), a smaller share will do: pairs of characters across two words match nothing.
    """
    by_words = min(1.0, max(0.0, float(words.max(initial=0.0)) / (0.14 + 0.21 * meaning)))
    by_meaning = min(1.0, max(0.0, meaning * (float(np.fmax.reduce(cosines, initial=0.0)) - 0.1) / 0.45))
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


async def _mentioned(ways: Ways, understood: Understood, where: Where) -> Keys:
    """Return memories that mention a thing the question names by identifier, file, version or error code.

    Plain names are found as words; for them the graph would cost more than all the rest of a search.
    """
    named = list(understood.identifiers)
    known = await ways.graph.known(where.reach, named) if named else []
    return np.sort(await ways.graph.mentions(where, known, FEW)) if known else _none()


def _none() -> Keys:
    return np.empty(0, np.int64)
