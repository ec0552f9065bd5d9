"""The one verb of this room: hits become a context, a short text with dates and sources within a budget of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from recollect.compose.fuse import Piece, Topic, fuse
from recollect.compose.fused import Fused
from recollect.compose.limit import BUDGET, Part, Rank, joined, limit
from recollect.compose.phrase import Phrases, phrases, tongue
from recollect.compose.render import Format, render, short
from recollect.compose.select import Selection, select
from recollect.compose.trim import Draft, draft
from recollect.models import Context, Hit, Memory
from recollect.text import tokens
from recollect.text.words import question

FUSION_LIMIT = 800
"""Tokens the memories may take when nobody asks for more (seeds/002, `token_limit`)."""
LEAST = 64
"""Tokens below which no memory is shortened to make room for another: three sentences, enough to be understood."""
FEW = 20
"""Hits among which the room is shared before anything has to be shortened; smaller memories are never looked into."""
_TINY = 4
_AROUND = 2
"""Tokens a line costs beside its own: its end, and its part of headings."""


def compose(
    query_text: str,
    hits: Sequence[Hit],
    *,
    budget: int | None = None,
    fusion_limit: int | None = None,
    format: Format = "markdown",  # noqa: A002 - the word of the REST and Python contracts
    language: str | None = None,
    notes: Sequence[str] = (),
    history: Sequence[Memory] = (),
    fused: Fused | None = None,
) -> Context:
    """Return hits as text of at most `budget` tokens, with the ids of the memories that are in it, best first.

    Two limits hold. `budget` bounds the whole text (default 20,000); `fusion_limit` bounds the memories in it. Who
    gives neither gets 800 tokens of memories; who gives a budget alone means to fill it, so that it bounds the
    memories too. Within them hits go in by value per token, near repeats and memories that say nothing are left out,
    long ones are shortened to the sentences that answer when not all fit whole. `notes` and `history` (earlier turns,
    oldest first) fill what is left; they are the first to go. The guiding line goes before any memory does. With no
    memory to show the text says so. `dropped` counts hits left out for want of room. What a model has `fused` takes
    the place of the hits where it fits into `budget`; it is never cut.
    """
    words = phrases(tongue(query_text, language))
    whole = BUDGET if budget is None else max(0, budget)
    room = fusion_limit if fusion_limit is not None else (FUSION_LIMIT if budget is None else whole)
    asked = frozenset(question(query_text))
    guide = Part(Rank.GUIDE, words["guide"])
    extra = [*_history(history, words), *(Part(Rank.NOTE, note) for note in notes)]
    if fused is not None:
        limited = limit([guide, Part(Rank.MEMORIES, fused.shown(format)), *extra], whole)
        if limited.tokens <= whole:
            return Context(limited.text, limited.tokens, fused.memories, fused_by=fused.by)
    for lead in ((guide,), ()):
        taken = tokens.count(joined([*lead, Part(Rank.MEMORIES, "x")])) if lead else 0
        found = _fitting(hits, asked, min(room, whole - taken), format, words)
        if found:
            text, kept, missing = found
            limited = limit([*lead, Part(Rank.MEMORIES, text), *extra], whole)
            if limited.tokens <= whole:
                return Context(limited.text, limited.tokens, kept, dropped=missing)
    said = words["no_room"] if any(hit.memory.dense for hit in hits) else words["nothing"]
    text = tokens.cut(limit([Part(Rank.GUIDE, said), *extra], whole).text, whole)
    return Context(text, tokens.count(text), (), dropped=sum(hit.memory.dense for hit in hits))


def left_out(query_text: str, items: Sequence[Memory], language: str | None) -> list[str]:
    """Return the note that says which memories are not shown because they are flagged; none where there are none."""
    words = phrases(tongue(query_text, language))
    ids = ", ".join(f"[{short(item.id)}]" for item in items)
    return [words["left_out"].format(ids=ids)] if items else []


def _fitting(
    hits: Sequence[Hit], asked: frozenset[str], room: int, style: Format, words: Phrases
) -> tuple[str, tuple[str, ...], int] | None:
    """Return the text of the memories that fit, their ids and how many found no room; `None` when none fits."""
    if room <= 0:
        return None
    drafts = {hit.memory.id: draft(hit, asked, room, room // FEW) for hit in hits}
    longest, chosen = _chosen(hits, drafts, room, style, words)
    kept = list(chosen.kept)
    while kept:
        shown = {hit.memory.id: drafts[hit.memory.id].cut(longest) for hit in kept}
        text = render(fuse(kept, shown), style, words)
        if tokens.count(text) <= room:
            return text, tuple(hit.memory.id for hit in kept), len(chosen.dropped) + len(chosen.kept) - len(kept)
        kept.pop()
    return None


def _chosen(
    hits: Sequence[Hit], drafts: Mapping[str, Draft], room: int, style: Format, words: Phrases
) -> tuple[int, Selection]:
    """Return the length memories are shortened to, and the choice under it.

    It is the greatest length under which all fit, but not below `LEAST`, so that what is told can be understood; then
    value per token decides who stays. Only where the best one would not fit at all it goes lower.
    """
    longest = room
    while True:
        chosen = select(hits, room, partial(_cost, drafts=drafts, longest=longest, style=style, words=words))
        best = max((hit for hit in hits if hit.memory.dense), key=lambda hit: hit.score, default=None)
        fits = best is None or best.memory.id in {hit.memory.id for hit in chosen.kept}
        if not chosen.dropped or longest <= _TINY or (fits and longest // 2 < LEAST):
            return longest, chosen
        longest //= 2


def _cost(hit: Hit, *, drafts: Mapping[str, Draft], longest: int, style: Format, words: Phrases) -> int:
    piece = Piece(hit.memory, drafts[hit.memory.id].cut(longest))
    return tokens.count(render((Topic("", (piece,)),), style, words)) + _AROUND


def _history(turns: Sequence[Memory], words: Phrases) -> list[Part]:
    """Return earlier turns as parts under a heading, one a turn, so that the oldest can go alone."""
    parts = [Part(Rank.HISTORY, render((Topic("", (Piece(turn, turn.text),)),), "text", words)) for turn in turns]
    if parts:
        parts.insert(0, Part(Rank.HISTORY, f"{words['history']}{words['colon'].strip()}"))
    return parts
