"""Answers a message from memories alone, for when there is no language model: dated quotes, or an honest nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from recollect.compose.escape import line
from recollect.compose.phrase import phrases
from recollect.compose.render import day, marked, short
from recollect.compose.select import select
from recollect.compose.trim import Draft, draft
from recollect.models import Hit, Kind, Memory
from recollect.text import tokens
from recollect.text.language import language
from recollect.text.rules import rules
from recollect.text.sentence import sentences
from recollect.text.words import question

EXTRACTIVE = "extractive"
"""The name of what answers here, where a model's name would stand."""
ANSWERED_BY = "answered_by"
"""The metadata key of an assistant's turn under which what answered is named."""
QUOTES = 5
"""Most memories quoted in one answer: what a reader takes in at a glance."""
ROOM = 600
"""Tokens that all quotes together may take."""
LONGEST = 120
"""Tokens of the longest quote; a longer memory is shortened to the sentences that answer."""
LOOKED_AT = 4000
"""Characters of a message by which it is judged."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A text and the ids of the memories quoted in it, in the order of the quotes."""

    text: str
    memories: tuple[str, ...] = ()


def asks(text: str) -> bool:
    """Tell whether a message asks for something; what does not is a statement to be remembered."""
    head = text[:LOOKED_AT].strip()
    return any(pattern.search(head) for pattern in _asking())


def answer(message: str, hits: Sequence[Hit], *, kept: bool = True) -> Answer:
    """Return what the memories say to a message, in its language.

    A question gets quotes with day, speaker and source, newest first, or is told that nothing is remembered. A
    statement is acknowledged (`kept` says whether anything of it was written) and followed by what is related. Turns
    that only ask, and memories that say too little, are never quoted.
    """
    words = rules("answer")[language(message)]
    asking = asks(message)
    quoted = _newest_first(_chosen(message, [hit for hit in hits if tells(hit.memory)]))
    lines = [_quote(hit.memory, text) for hit, text in quoted]
    if asking:
        lead = words["found"] if lines else words["nothing"]
    else:
        lead = words["noted"] if kept else words["unkept"]
        lead = f"{lead}\n\n{words['related']}" if lines else lead
    return Answer("\n".join([lead, *lines]), tuple(hit.memory.id for hit, _ in quoted))


def pointer(memories: Sequence[str]) -> str:
    """Return what is kept of an answer made of quotes: the sources without the words.

    The words stand in the memories themselves. Written down once more, they would be found again as if they had been
    said anew, and would outlive the memory when that is deleted.
    """
    return "[…]" if memories else "ok"


def tells(memory: Memory) -> bool:
    """Whether a memory can be quoted as knowledge: not what says too little, nor a turn that does nothing but ask."""
    if not memory.dense or memory.metadata.get(ANSWERED_BY) == EXTRACTIVE:
        return False
    text = memory.text[:LOOKED_AT]
    return memory.kind is not Kind.TURN or not all(asks(text[start:end]) for start, end in sentences(text))


def _chosen(message: str, hits: Sequence[Hit]) -> list[tuple[Hit, str]]:
    asked = frozenset(question(message[:LOOKED_AT]))
    drafts = {hit.memory.id: draft(hit, asked, LONGEST, LONGEST // 4) for hit in hits}
    kept = select(hits, ROOM, partial(_cost, drafts)).kept[:QUOTES]
    return [(hit, drafts[hit.memory.id].cut(LONGEST)) for hit in kept]


def _cost(drafts: Mapping[str, Draft], hit: Hit) -> int:
    return tokens.count(_quote(hit.memory, drafts[hit.memory.id].cut(LONGEST)))


def _newest_first(quoted: Sequence[tuple[Hit, str]]) -> list[tuple[Hit, str]]:
    return sorted(quoted, key=lambda item: (item[0].memory.occurred_at, item[0].memory.id), reverse=True)


def _quote(memory: Memory, text: str) -> str:
    words = phrases(language(memory.text))
    speaker = f" {line(memory.speaker)}" if memory.speaker else ""
    marks = "".join(f" {mark}" for mark in marked(memory, words))
    return f"- {day(memory)}{speaker}: “{line(text)}”{marks} [{short(memory.id)}]"


@cache
def _asking() -> tuple[re.Pattern[str], ...]:
    table = rules("answer")["asks"]
    openers = "".join(table["openers"].split("\n"))
    return (
        re.compile(table["marks"]),
        re.compile(rf"^(?:hey|hi|hello|ok|okay|so|and|but|please)?[,!. ]*(?:{openers})\b", re.IGNORECASE),
        re.compile(table["cjk"]),
    )
