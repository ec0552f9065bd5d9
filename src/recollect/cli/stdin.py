"""Texts that are piped in."""

from __future__ import annotations

import io
import os
import sys
from select import select
from typing import Final

from recollect.capture.intake import MAX_TEXT
from recollect.errors import InvalidInput, TooLarge

LOOK: Final = 0.2
"""Seconds between looks at whether somebody interrupts: a call does not hear of what came just before it."""

MOST: Final = 4 * MAX_TEXT
"""Bytes that are read: no text that may be kept has more."""


def given_text(text: str, field: str) -> str:
    """Return a text argument; `-` stands for what comes in on stdin, which must be text."""
    if text != "-":
        return text
    data = _read()
    if len(data) > MOST:
        raise TooLarge(f"{field} from stdin is too long", field=field, hint=f"The limit is {MAX_TEXT:,} characters.")
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{field} from stdin is not text (byte {error.start})", field=field, hint="Pipe UTF-8 text."
        ) from error
    if "\x00" in found:
        raise InvalidInput(f"{field} from stdin is binary", field=field, hint="Pipe UTF-8 text.")
    return found


def _read() -> bytes:
    """Return what comes in until it ends, or is too much."""
    if sys.stdin is None:  # closed by whoever started us
        return b""
    stream = sys.stdin.buffer
    try:
        source = stream.fileno()
    except io.UnsupportedOperation:  # no file, but something a caller put in its place
        return stream.read(MOST + 1)
    if os.name == "nt":  # where a pipe cannot be looked at
        return stream.read(MOST + 1)
    data = bytearray()
    while len(data) <= MOST:
        if not select([source], (), (), LOOK)[0]:
            continue
        part = os.read(source, 1 << 16)
        if not part:
            break
        data += part
    return bytes(data)
