"""Files of an assistant as memories: what such a memory holds, and the key that makes its path its identity."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.capture.normalise import normalise
from recollect.capture.redact import redact
from recollect.models import Kind, Memory, Scope, Source

CLIENT: Final = "memory-tool"
MARK: Final = "memory_tool"
"""The metadata key that is true of every file, for filters."""

LINE_END: Final = re.compile("\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
"""Everything that `normalise` turns into a line end."""


def file_of(item: Memory) -> str | None:
    """Return the path of a memory that is a file, `None` for every other memory."""
    return item.source.file if item.source.client == CLIENT else None


def file_key(scope: Scope, path: str) -> str:
    """Return the key of the file at a path; that of a directory begins the keys of all files below it, of no others.

    User, project and agent each have files of their own. At most 39 characters longer than the path.
    """
    owner = "\x1f".join((scope.user_id, scope.project_id, scope.agent_id or ""))
    return f"file:{blake2b(owner.encode(), digest_size=16).hexdigest()}:{path}/"


def path_in(key: str) -> str:
    """Return the path that a file's key is made of."""
    return key.split(":", 2)[2].removesuffix("/")


def file_at(path: str, text: str, scope: Scope, now: datetime) -> Memory:
    """Return a new file; its text may be empty."""
    kept = file_text(text)
    return Memory(
        id=new_id(now),
        kind=Kind.NOTE,
        text=kept,
        scope=scope,
        created_at=now,
        occurred_at=now,
        content_hash=content_hash(kept, path),
        title=path,
        metadata={MARK: True},
        source=Source(CLIENT, path),
    )


def file_edited(item: Memory, text: str, now: datetime) -> Memory:
    """Return a file with another content, which holds from now on whatever was said about the one before."""
    kept = file_text(text)
    return replace(
        item,
        text=kept,
        content_hash=content_hash(kept, item.source.file),
        occurred_at=now,
        valid_to=None,
        superseded_by=None,
        version=item.version + 1,
    )


def file_moved(item: Memory, path: str) -> Memory:
    """Return a file at another path."""
    return replace(
        item,
        title=path,
        content_hash=content_hash(item.text, path),
        source=replace(item.source, file=path),
        version=item.version + 1,
    )


def file_text(text: str) -> str:
    r"""Return what is kept of a file: all of it but what is never written (secrets, private blocks, hidden characters).

    Line ends stay as they are, `\n` or `\r\n`, and so does white space at the end. Idempotent.
    """
    clean = redact(normalise(text)).text
    return _with_line_ends(clean, LINE_END.findall(text)) if "\r\n" in text else clean


def _with_line_ends(clean: str, ends: list[str]) -> str:
    r"""Put back the `\r` that stood before line ends: where lines were taken out, before all if it did before most."""
    first, *rest = clean.split("\n")
    if len(rest) != len(ends):
        mostly = 2 * ends.count("\r\n") > len(ends)
        ends = ["\r\n" if mostly else "\n"] * len(rest)
    pieces = [first]
    for end, piece in zip(ends, rest, strict=True):
        pieces += ("\r\n" if end == "\r\n" else "\n", piece)
    return "".join(pieces)
