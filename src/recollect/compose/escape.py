"""Makes memory text safe to quote: it is data, and must not look like structure, tags or sources to who reads it."""

from __future__ import annotations

import re
from html import escape

_BREAKS = re.compile(r"\s+")
_LINES = re.compile(r"[ \t]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_TAG = re.compile(r"<(?=[/!?]?[A-Za-z|])")
_FENCE = re.compile(r"`{3,}|~{3,}")
_SOURCE = re.compile(r"\[(?=[0-9a-f-]{8,36}\])")
_LINE = " ⏎ "


def line(text: str) -> str:
    """Return a text as one line: words verbatim, line ends as spaces (`⏎` where there is fenced code), no look-alikes.

    Fences become quotes, `<` before a name becomes `‹` (so that no tag opens or closes), and what looks like one of our
    own sources loses its bracket. Characters that are never seen are left out.
    """
    text = _UNSEEN.sub("", text).strip()
    if "```" in text or "~~~" in text:
        text = _LINES.sub(_LINE, text)
        text = _FENCE.sub("'''", text)
    text = _BREAKS.sub(" ", text)
    return _SOURCE.sub("(", _TAG.sub("‹", text)).strip()


def heading(text: str) -> str:
    """Return a text for a heading: one short line without marks that mean something in markdown."""
    return line(text).strip("#*_ ")[:80].strip()


def element(text: str) -> str:
    """Return a text for the inside of an XML element, on one line."""
    return escape(line(text), quote=False)


def attribute(text: str) -> str:
    """Return a text as a quoted XML attribute."""
    inner = element(text).replace('"', "&quot;")
    return f'"{inner}"'
