"""Puts what was captured between marks that nobody who wrote it could know: it is data, and stays data.

The mark is a digest of the text between the marks. Whoever writes a text that holds its own digest has broken the hash;
and since the same text has the same mark, equal requests stay equal and can be answered from a cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from recollect.compose.escape import line
from recollect.models import Memory
from recollect.text import tokens

LONGEST = 1500
"""Tokens of one memory that a model reads; what is longer is cut."""


def fenced(lines: Sequence[str]) -> str:
    """Return lines between two marks; what looks like such a mark inside loses its form."""
    body = "\n".join(lines).replace("<data-", "‹data-").replace("</data-", "‹/data-")
    mark = blake2b(body.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return f"<data-{mark}>\n{body}\n</data-{mark}>"


def told(label: str, item: Memory, *, most: int = LONGEST) -> str:
    """Return a memory as one line of data: its label, when it was said and by whom, and its words."""
    who = item.speaker or (item.role.value if item.role else item.kind.value)
    said = line(tokens.cut(item.text, most))
    return f"[{label}] {item.occurred_at:%Y-%m-%d %A %H:%M} {line(who)[:60]}: {said}"
