"""Sums up a conversation from its own sentences, and finds it a title; no model, and the same for the same turns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, log, sqrt

from recollect.models import Memory, Role
from recollect.process.classify import DENSE
from recollect.process.density import density
from recollect.process.scan import scan
from recollect.process.statements import stated
from recollect.text import tokens
from recollect.text.sentence import sentences
from recollect.text.words import terms

LIMIT = 160
"""Tokens of a summary: a paragraph, short enough to stand beside the turns it sums up."""
TITLE = 80
"""Characters of a title: one line of a list."""
LOOKED_AT = 4_000
"""Characters read of a turn, and `TURNS` turns of a conversation: first and last ones when there are more."""
TURNS = 400

_WORTH = {"decision": 0.6, "instruction": 0.5, "preference": 0.4, "plan": 0.4, "identity": 0.4}
_LONGEST = 320
_ALIKE = 0.6
_ASKING = re.compile(r"[?？][\"'”’)）*]*$")
_MARK = re.compile(r"^(?:#{1,6}|[-*+•>|]|\d{1,2}[.)])\s+")
_GREETING = re.compile(
    r"^(?:(?:hi|hey|hello|morning|good (?:morning|afternoon|evening)|ok(?:ay)?|so|well|thanks|great|sure)\b"
    r"[^,.!?:]{0,20}[,.!?:]\s*)+|^(?:(?:你好|您好|早上好|晚上好|早|好的?|对了|嗯+|哈+)[，。！,!]\s*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A candidate: which turn it stands in, its place in the order, its text, its terms, its score."""

    turn: Memory
    order: int
    text: str
    terms: frozenset[str]
    score: float


def summary(turns: Sequence[Memory], limit_tokens: int = LIMIT) -> str:
    """Return the sentences that say most of what a conversation is about, in order, within `limit_tokens`.

    Decisions, plans and results come first; sentences that repeat others are left out. Each day has a line with its
    date, each sentence its speaker. Empty when the turns say nothing.
    """
    kept: list[_Sentence] = []
    for sentence in sorted(_sentences(turns), key=lambda found: (-found.score, found.order)):
        if any(_alike(sentence.terms, other.terms) for other in kept):
            continue
        if tokens.count(_written([*kept, sentence])) <= limit_tokens:
            kept.append(sentence)
        elif len(kept) >= 3:
            break
    return _written(kept)


def title(turns: Sequence[Memory]) -> str:
    """Return a line of at most `TITLE` characters that tells what a conversation is about; empty without turns.

    A title that the turns carry already is kept. Else it is the first sentence of the user that says enough.
    """
    named = next((turn.title for turn in turns if turn.title), None)
    if named:
        return _cut(" ".join(named.split()))
    said = [turn for turn in turns if turn.role in (Role.USER, None)] or list(turns)
    fallback = ""
    for turn in said[:6]:
        for start, end in sentences(turn.text[:LOOKED_AT]):
            text = turn.text[start:end]
            if text.startswith(("```", "~~~")):
                continue
            text = _GREETING.sub("", _MARK.sub("", " ".join(text.split())))
            much = density(scan(text))
            if much >= 0.55:
                return _cut(text)
            fallback = fallback or (text if much >= DENSE else "")
    return _cut(fallback or " ".join(said[0].text.split()) if said else "")


def _sentences(turns: Sequence[Memory]) -> list[_Sentence]:
    """Return the candidates with their scores: nearness to what the whole conversation says, and their own worth."""
    turns = [*turns[: TURNS // 2], *turns[max(TURNS // 2, len(turns) - TURNS // 2) :]]
    raw = [piece for turn in turns if turn.role is not Role.TOOL for piece in _pieces(turn)]
    counts = Counter(term for _, _, _, found in raw for term in found)
    total = max(1, len(raw))
    found = []
    for order, (turn, text, worth, own) in enumerate(raw):
        central = fsum(log(1 + counts[term]) for term in own if counts[term] > 1 and counts[term] < total * 0.5)
        score = central / (4 * sqrt(len(own) + 8)) + worth
        found.append(_Sentence(turn, order, text, own, score))
    return found


def _pieces(turn: Memory) -> list[tuple[Memory, str, float, frozenset[str]]]:
    if not turn.dense:
        return []
    text = turn.text[:LOOKED_AT]
    seen = scan(text)
    categories = {end: category for category, _, end in stated(seen, turn.role)}
    found = []
    for start, end in sentences(text):
        piece = _MARK.sub("", " ".join(text[start:end].split()))
        if len(piece) > _LONGEST or piece.startswith(("```", "~~~")) or "|" in piece:
            continue
        own = frozenset(terms(piece))
        if len(own) < 3:
            continue
        worth = 0.3 * turn.importance + _WORTH.get(categories.get(end, ""), 0.0)
        if _ASKING.search(piece) or piece.endswith((":", "：")):
            worth -= 1.0
        found.append((turn, piece, worth, own))
    return found


def _alike(one: frozenset[str], two: frozenset[str]) -> bool:
    return len(one & two) > _ALIKE * min(len(one), len(two))


def _written(kept: Sequence[_Sentence]) -> str:
    lines: list[str] = []
    day, speaker = "", None
    for sentence in sorted(kept, key=lambda found: found.order):
        turn = sentence.turn
        today = turn.occurred_at.date().isoformat()
        if today != day:
            lines.append(today)
            day, speaker = today, None
        if turn.id == speaker:
            lines[-1] += f" {sentence.text}"
        else:
            lines.append(f"{turn.speaker or turn.role or turn.kind}: {sentence.text}")
        speaker = turn.id
    return "\n".join(lines)


def _cut(text: str) -> str:
    """Return at most `TITLE` characters of a line, cut at a word where there is one."""
    if len(text) <= TITLE:
        return text
    short = text[: TITLE - 1]
    at = max(short.rfind(" "), short.rfind("，"), short.rfind("。"))
    return f"{short[: at if at > TITLE // 2 else len(short)].rstrip(' ,;:，。；：')}…"
