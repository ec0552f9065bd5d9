"""The one pure function that turns what is known about the candidates into a ranking.

A sum of ten signals over standardised scores. The weights were fitted as a listwise logistic model on LoCoMo and
BEAM, then adjusted by hand on the same files; weights fitted without the space they are judged on find as much but
for 0.3 points. `bench/weights.py` measures that, `docs/retrieval.md` tells what it does not show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recollect.models import Role
from recollect.retrieve.signal import Asked, Scale, Signals, at

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

_USER = tuple(Role).index(Role.USER)

LEAN = 60.0
"""Words over which a turn stops leaning on its neighbours: their say shrinks with exp(-words / 60)."""

FULL = 20.0
"""Words from which a turn counts as a full statement."""

DAY, MONTH = 86_400.0, 30 * 86_400.0
"""In seconds; over a month what is recent loses half of its say."""

CONVERSATION_FLOOR = 0.5
"""Floor under the deviation of conversations' best matches: with one conversation, or all alike, none is preferred."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts. `words` and `meaning` are per standard deviation, the others per unit."""

    words: float = 0.45
    meaning: float = 0.55
    answers: float = 1.0
    next: float = 0.35
    conversation: float = 0.7
    short: float = -1.3
    full: float = 1.0
    user: float = 1.4
    named: float = 0.95
    standing: float = 1.4
    time: float = 1.0
    newest: float = 0.5
    mention: float = 0.15
    echo: float = -4.0
    recent: float = 0.1


def fuse(signals: Signals, asked: Asked, weights: Weights) -> tuple[Scores, Mapping[str, Scores]]:
    """Return each candidate's score and the parts it is the sum of."""
    traits = signals.traits
    lean = np.exp(traits.words * np.float32(-1 / LEAN))
    meaning = signals.meaning * np.float32(asked.meaning)
    match = np.float32(0.5) * (signals.words + meaning)
    leans = lean * traits.dense  # what says too little to be told ("ok", "thanks") borrows nothing from its neighbours
    asks = np.maximum(match, np.float32(0)) * traits.questions
    parts: dict[str, Scores] = {
        "words": np.float32(weights.words) * signals.words,
        "meaning": np.float32(weights.meaning) * meaning,
        "answers": np.float32(weights.answers) * leans * at(asks, signals.before),
        "next": np.float32(weights.next) * leans * at(match, signals.after),
        "conversation": np.float32(weights.conversation) * leans * best_of_conversation(match, traits.conversations),
        "length": (
            np.float32(weights.full / FULL) * np.minimum(traits.words, np.float32(FULL))
            + np.float32(weights.short) * lean
        ),
        "standing": np.float32(weights.standing) * traits.standing * up_to_one(match + np.float32(0.5)),
        "mention": np.float32(weights.mention) * signals.mentions,
    }
    if signals.echoes.any():
        parts["echo"] = np.float32(weights.echo) * signals.echoes
    if traits.mixed:
        parts["user"] = np.float32(weights.user * asked.by_user) * (traits.roles == _USER)
    if asked.names:
        parts["named"] = np.float32(weights.named) * np.isin(traits.speakers, list(asked.names))
    if asked.spans:
        parts["time"] = np.float32(weights.time) * in_time(traits.times, asked.spans)
    age = np.maximum(asked.moment - traits.times, 0)
    recency = (weights.newest if asked.newest else weights.recent) * np.exp2(age * (-1 / MONTH))
    parts["recent"] = recency.astype(np.float32)
    total = np.zeros(len(traits.keys), np.float32)
    for part in parts.values():
        total += part
    return total, parts


def up_to_one(values: Scores) -> Scores:
    """Return values with what is below 0 or above 1 cut off."""
    return np.minimum(np.maximum(values, np.float32(0)), np.float32(1))


def best_of_conversation(match: Scores, conversations: Keys) -> Scores:
    """Return for each candidate the best match in its conversation, standardised over conversations' candidates.

    A conversation is judged by its best turn, not by its mean: one telling turn makes all of it likely.
    """
    if not len(match):
        return match
    order = conversations.argsort(kind="stable")
    there = conversations[order]
    heads = np.ones(len(there), np.bool_)
    np.not_equal(there[1:], there[:-1], out=heads[1:])
    best = np.empty_like(match)
    best[order] = np.maximum.reduceat(match[order], heads.nonzero()[0])[heads.cumsum() - 1]
    found = np.where(conversations >= 0, best, match)
    mean = float(found.sum()) / len(found)
    away = found - np.float32(mean)
    return Scale(mean, math.sqrt(float(away @ away) / len(found)), CONVERSATION_FLOOR).of(found)


def in_time(times: np.ndarray[tuple[int], np.dtype[np.float64]], spans: tuple[tuple[float, float], ...]) -> Scores:
    """Return 1 inside a span of time, falling softly with the distance from it: never a hard filter."""
    nearest = np.zeros(len(times), np.float32)
    for start, end in spans:
        width = max(end - start, DAY)
        away = np.maximum(np.maximum(start - times, times - end), 0.0)
        nearest = np.maximum(nearest, np.exp2(-2 * away / width).astype(np.float32))
    return nearest


def to_share(scores: Scores, best: float, confidence: float) -> Scores:
    """Return scores as 0..1, keeping their order: the best hit has the confidence, others less by their distance.

    The ranking only tells which memories are the likeliest here, and some always are; how likely is `confidence`.
    """
    return np.asarray(np.float32(confidence) * np.exp((scores - np.float32(best)) / np.float32(FADE)), np.float32)


FADE = 4.0
"""Score difference over which a hit falls to a third of the best."""
