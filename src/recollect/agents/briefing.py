"""Writes what an assistant is told at the start of a session and beside a prompt, within a budget. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recollect.compose.escape import heading, line
from recollect.compose.render import short
from recollect.models import Memory
from recollect.text import tokens

MOST_CHARACTERS: Final = 9_500
"""Clients hide a context of more than 10,000 characters in a file."""
PER_LINE: Final = 70
"""Tokens of one memory; its id leads to the rest."""
OPEN, CLOSE = "<recollect-context>", "</recollect-context>"
"""What stands around a context, so that it is never captured as if somebody had said it."""
AROUND: Final = 600
"""Characters of head, hints and foot."""
HEADING: Final = 80
MORE: Final = "More: search_memories finds by question, get_memories gives the full text of these ids."


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a briefing: what it says, and the memories it is made of, the one that leads to more first."""

    text: str
    ids: tuple[str, ...]
    day: str = ""
    most: int = PER_LINE
    who: str = ""

    def written(self) -> str:
        """Return the line as it is told."""
        name = f" [{short(self.ids[0])}]" if self.ids else ""
        return f"- {f'{self.day} ' if self.day else ''}{self.who}{tokens.cut(line(self.text), self.most)}{name}"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of one sort, the most important first, and the share of the budget they may take before the others have."""

    title: str
    items: tuple[Item, ...]
    share: float
    is_thread: bool = False
    """Whether the lines, the latest first when they are chosen, are told in the order of time."""

    def written(self) -> list[str]:
        """Return the section's lines as they are told."""
        lines = [item.written() for item in self.items]
        return [f"## {self.title}", *(reversed(lines) if self.is_thread else lines)]


@dataclass(frozen=True, slots=True)
class Told:
    """A context as it is handed out: its text, its tokens, and the ids of what it is made of."""

    text: str
    tokens: int
    ids: tuple[str, ...]


def item_of(memory: Memory, *, most: int = PER_LINE, who: str = "") -> Item:
    """Return a memory as a line; `who` stands before its words."""
    return Item(memory.text, (memory.id,), memory.occurred_at.date().isoformat(), most, who)


def chosen(sections: Sequence[Section], budget: int) -> list[Section]:
    """Return the sections with the lines that fit: first each its share in turn, then whatever room is left.

    What an earlier section says already is not said again.
    """
    offered = _said_once(sections)
    kept: list[list[Item]] = [[] for _ in sections]
    left, characters = budget, MOST_CHARACTERS - AROUND
    for whole in (False, True):
        for section, lines in zip(offered, kept, strict=True):
            room = left if whole else min(left, int(budget * section.share))
            for item in section.items[len(lines) :]:
                written = item.written()
                cost = tokens.count(written) + 1 + (0 if lines else tokens.count(section.title) + 2)
                if cost > room or len(written) + HEADING > characters:
                    break
                lines.append(item)
                room, left, characters = room - cost, left - cost, characters - len(written) - 2
    return [replace(section, items=tuple(lines)) for section, lines in zip(offered, kept, strict=True) if lines]


def _said_once(sections: Sequence[Section]) -> list[Section]:
    """Return the sections without the lines whose text stands in a line before them."""
    said: list[str] = []
    made = []
    for section in sections:
        items = []
        for item in section.items:
            text = " ".join(item.text.casefold().split())
            if not any(text in other for other in said):
                said.append(text)
                items.append(item)
        made.append(replace(section, items=tuple(items)))
    return made


def session_text(project: str, sections: Sequence[Section], footer: Callable[[int], str]) -> Told | None:
    """Return the briefing of a session, `None` where there is nothing to tell.

    `footer` is given the tokens of the whole text and returns its last line.
    """
    if not sections:
        return None
    lines = [OPEN, _head(project)]
    for section in sections:
        lines += section.written()
    body, size = "\n".join([*lines, MORE]), 0
    text = ""
    for _ in range(4):  # the figure in the footer counts the footer too
        text = f"{body}\n{footer(size)}\n{CLOSE}"
        before, size = size, tokens.count(text)
        if before == size:
            break
    return Told(text, size, _ids(sections))


def around(project: str) -> int:
    """Return the tokens that stand around the lines of a briefing, at most."""
    return (
        tokens.count("\n".join([OPEN, _head(project), MORE, footer_of(10_000, 9_999_999, 9_999, 9_999.0), CLOSE])) + 2
    )


def _head(project: str) -> str:
    return f"# Remembered of {heading(project)} from earlier sessions"


def prompt_text(items: Sequence[Item], budget: int) -> Told | None:
    """Return the context beside a prompt, `None` where nothing is worth telling."""
    section = Section("Remembered, perhaps of use here", tuple(items), 1.0)
    fitting = chosen([section], budget - tokens.count(OPEN + CLOSE) - 2)
    if not fitting:
        return None
    lines = [OPEN, f"{section.title}:", *(item.written() for item in fitting[0].items), CLOSE]
    text = "\n".join(lines)
    return Told(text, tokens.count(text), _ids(fitting))


def footer_of(size: int, sources: int, turns: int, cost: float | None) -> str:
    """Return the line that tells what a briefing costs and stands for; `cost` is in US dollars, `None`: no model."""
    models = "no model was asked" if cost is None else f"models cost ${cost:,.2f} in 30 days"
    return f"recollect: {size:,} tokens, made of {turns:,} memories of {sources:,} tokens; {models}."


def _ids(sections: Sequence[Section]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for section in sections for item in section.items for name in item.ids))
