"""Finds tagged stretches of a text, such as `<private>…</private>`, in one pass and in linear time."""

from __future__ import annotations

import re
from functools import cache


@cache
def _tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"[<＜](?P<close>/\s*)?{re.escape(name)}(?=[\s/>＞])[^<>＜＞]*(?P<end>[>＞])?", re.IGNORECASE)


def without_private(text: str) -> tuple[str, int]:
    """Return the text without its `<private>` blocks, tags and all, and how many blocks were taken out.

    Blocks nest; case, attributes and full-width brackets do not matter; a block that is never closed goes on to the
    end of the text. Code fences and quotes protect nothing. An opening tag that lacks its bracket counts where a
    closing tag follows. Where the seam itself would make a tag, the pieces are joined by an ellipsis.
    """
    pieces, count = _outside(text)
    if not count:
        return text, 0
    joined = "".join(pieces)
    return (joined if _tag("private").search(joined) is None else "…".join(pieces)), count


def _outside(text: str) -> tuple[list[str], int]:
    tags = list(_tag("private").finditer(text))
    last_close = max((tag.start() for tag in tags if tag["close"]), default=-1)
    pieces, start, depth, count = [], 0, 0, 0
    for tag in tags:
        if tag["close"]:
            depth -= depth > 0
            if depth == 0 and start < 0:
                start = tag.end()
        elif tag["end"] is None and tag.start() > last_close:
            continue
        elif not tag[0].endswith(("/>", "/＞")):
            if depth == 0:
                pieces.append(text[start : tag.start()])
                start, count = -1, count + 1
            depth += 1
    if start >= 0:
        pieces.append(text[start:])
    return pieces, count


def without_wrapper(text: str, name: str) -> str:
    """Return the text without the whole wrappers of this name that stand on lines of their own.

    A wrapper opens at the start of a line and is closed; one that is only mentioned, or never closed, stays.
    """
    pieces, start, depth, opened = [], 0, 0, -1
    for tag in _tag(name).finditer(text):
        if tag["end"] is None:
            continue
        if tag["close"]:
            depth -= depth > 0
            if depth == 0 and opened >= 0:
                pieces.append(text[start:opened])
                start, opened = tag.end(), -1
        elif depth or not text[text.rfind("\n", 0, tag.start()) + 1 : tag.start()].strip():
            opened = tag.start() if depth == 0 else opened
            depth += 1
    pieces.append(text[start:])
    return "".join(pieces).strip() if len(pieces) > 1 else text
