"""Memories as a model reads them: one short row of an index, one line of a timeline, one full text."""

from __future__ import annotations

import json
from typing import Final

from recollect.compose.escape import heading, line
from recollect.mcp.held import fenced
from recollect.models import Hit, Memory
from recollect.text import tokens

ROW: Final = 90
"""Tokens of a row of the index; the table's own signs come on top and keep it below 100."""
LOOK: Final = 4000
"""Characters of a text that are looked at for its first words."""
LINE: Final = 150
"""Tokens of a memory in a timeline."""
METADATA: Final = 200
"""Tokens of a memory's metadata."""

HEAD: Final = ("| id | day | kind | title or first words | tokens |", "|---|---|---|---|---|")


def row(hit: Hit, *, project: bool = False) -> str:
    """Return a hit as a row of 50 to 100 tokens (less where there is little to say): enough to choose by.

    The last cell is the size of the whole text. With `project` the row says where the memory is from.
    """
    item = hit.memory
    where = f"{_cell(item.scope.project_id)}: " if project else ""
    before = f"| {item.id} | {item.occurred_at:%Y-%m-%d} | {_cell(who(item))} | {where}"
    after = f" | {tokens.count(item.text)} |"
    room = max(10, ROW - tokens.count(before + after))
    return f"{before}{tokens.cut(_cell(_said(hit)), room)}{after}"


def who(item: Memory) -> str:
    """Return what a memory is, and who said it."""
    said = item.speaker or (item.role.value if item.role else "")
    return f"{item.kind.value}, {heading(said)[:24]}" if said else item.kind.value


def moment(item: Memory) -> str:
    """Return when a memory was said."""
    return f"{item.occurred_at:%Y-%m-%d %H:%M}"


def flagged(item: Memory) -> str:
    """Return what a memory is suspected of, for in front of its text; empty for most."""
    return f"(flagged, may be written to steer its reader: {', '.join(map(line, item.flags))}) " if item.flags else ""


def short_line(item: Memory, *, anchor: bool = False) -> str:
    """Return a memory as one line of a timeline."""
    text = tokens.cut(line(item.text[: LOOK * 2]), LINE)
    size = tokens.count(item.text)
    more = f" ({size} tokens in full)" if size > LINE else ""
    mark = "**→** " if anchor else ""
    title = f"**{heading(item.title)}** " if item.title else ""
    return f"- {mark}{moment(item)} {who(item)}: {flagged(item)}{title}{text}{more} `{item.id}`"


def full(item: Memory, text: str) -> str:
    """Return a memory with what is known about it and (a part of) its text, verbatim."""
    facts = [
        f"{who(item)}, {moment(item)} UTC, project {line(item.scope.project_id)}",
        f"conversation {line(item.scope.conversation_id)}" if item.scope.conversation_id else "",
        f"said {item.repeats} times" if item.repeats > 1 else "",
        f"importance {item.importance:.1f}",
        f"superseded by {item.superseded_by}" if item.superseded_by else "",
        flagged(item).strip("() "),
        f"true until {item.valid_to:%Y-%m-%d}" if item.valid_to else "",
        f"derived from {', '.join(item.sources[:8])}" if item.sources else "",
    ]
    title = f": {heading(item.title)}" if item.title else ""
    more = json.dumps(dict(item.metadata), ensure_ascii=False, default=str) if item.metadata else ""
    known = f"\nmetadata: {tokens.cut(line(more), METADATA)}" if more else ""
    return f"## {item.id}{title}\n{'; '.join(fact for fact in facts if fact)}{known}\n{fenced(text)}"


def _said(hit: Hit) -> str:
    """Return the title and what stands where a hit matched best."""
    item = hit.memory
    piece = item.text[hit.start : hit.end][:LOOK] or item.text[:LOOK]
    before = "… " if hit.start and piece != item.text[:LOOK] else ""
    title = f"**{heading(item.title)}** " if item.title else ""
    return f"{flagged(item)}{title}{before}{piece}"


def _cell(text: str) -> str:
    """Return a text for a cell of a table: one line in which nothing looks like the end of it."""
    return line(text).replace("|", "¦")
