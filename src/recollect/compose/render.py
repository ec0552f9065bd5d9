"""Writes topics as text for an assistant: dated lines with speakers and sources, in markdown, plain text or XML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from recollect.compose.escape import attribute, element, heading, line
from recollect.compose.fuse import Piece, Topic
from recollect.compose.phrase import Phrases
from recollect.models import Memory

Format = Literal["markdown", "text", "xml"]
SHORT = 8
"""Characters of a short id: the last ones, because the first of a UUIDv7 are only the time."""


def render(topics: Sequence[Topic], style: Format, phrases: Phrases) -> str:
    """Return topics as text, one line a memory: `- 2026-03-04 Mei: … [1f3a9c2e]`.

    Headings stand where there is more than one topic and it has a name. Memory text is data: it stays in its line.
    """
    return _WRITERS[style](topics, phrases)


def short(memory_id: str) -> str:
    """Return the short form of an id, the end of it."""
    bare = memory_id.replace("-", "")
    return bare[-SHORT:]


def piece_line(piece: Piece, phrases: Phrases) -> str:
    """Return one memory as a line of text without the list mark: day, speaker, words, marks, source."""
    memory = piece.memory
    speaker = f" {line(memory.speaker)}" if memory.speaker else ""
    marks = "".join(f" {mark}" for mark in marked(memory, phrases))
    return f"{day(memory)}{speaker}{phrases['colon']}{line(piece.text)}{marks} [{short(memory.id)}]"


def day(memory: Memory) -> str:
    """Return the day a memory was said, in UTC."""
    return memory.occurred_at.date().isoformat()


def marked(memory: Memory, phrases: Phrases) -> list[str]:
    """Return what a reader must know beside the words: that it no longer holds, or was said again and again."""
    marks = []
    if memory.superseded_by:
        marks.append(phrases["superseded_by"].format(id=short(memory.superseded_by)))
    elif memory.valid_to:
        marks.append(phrases["ended"].format(day=memory.valid_to.date().isoformat()))
    if memory.flags:
        marks.append(phrases["flagged"].format(names=", ".join(line(name) for name in memory.flags)))
    if memory.repeats > 1:
        marks.append(phrases["repeats"].format(count=memory.repeats))
    return marks


def _listed(topics: Sequence[Topic], phrases: Phrases, title: Callable[[str], str], mark: str) -> str:
    named = any(topic.name for topic in topics) and len(topics) > 1
    blocks = []
    for topic in topics:
        lines = [f"{mark}{piece_line(piece, phrases)}" for piece in topic.pieces]
        name = heading(topic.name) or phrases["other"]
        blocks.append("\n".join([title(name), *lines] if named else lines))
    return ("\n\n" if named else "\n").join(blocks)


def _markdown(topics: Sequence[Topic], phrases: Phrases) -> str:
    return _listed(topics, phrases, lambda name: f"### {name}", "- ")


def _text(topics: Sequence[Topic], phrases: Phrases) -> str:
    return _listed(topics, phrases, lambda name: f"{name}:", "- ")


def _xml(topics: Sequence[Topic], phrases: Phrases) -> str:
    lines = ["<memories>"]
    for topic in topics:
        if topic.name:
            lines.append(f"<topic name={attribute(topic.name)}>")
        lines += [_xml_piece(piece, phrases) for piece in topic.pieces]
        if topic.name:
            lines.append("</topic>")
    return "\n".join([*lines, "</memories>"])


def _xml_piece(piece: Piece, phrases: Phrases) -> str:
    memory = piece.memory
    about = f" id={attribute(memory.id)} date={attribute(day(memory))}"
    if memory.speaker:
        about += f" speaker={attribute(memory.speaker)}"
    marks = "".join(f" {mark}" for mark in marked(memory, phrases))
    return f"<memory{about}>{element(piece.text)}{element(marks)}</memory>"


_WRITERS: dict[Format, Callable[[Sequence[Topic], Phrases], str]] = {
    "markdown": _markdown,
    "text": _text,
    "xml": _xml,
}
