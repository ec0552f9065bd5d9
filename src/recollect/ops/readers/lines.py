"""The lines of a file that holds one JSON object a line, however large the file and however broken a line."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from recollect.capture.normalise import decode, marked
from recollect.ops.readers.document import BROKEN, opened
from recollect.ops.readers.spoken import Fault

MAX_LINE: Final = 64 * 1024**2
HINT_LENGTH: Final = 120


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Fault]:
    """Yield each line's number (from 1) and object, and a Fault for each line that is none; blank lines are skipped."""
    number = 0
    with opened(path) as stream:
        try:
            for line in _raw_lines(stream):
                number += 1
                item = _object(line, str(path), number)
                if item is not None:
                    yield item
        except BROKEN as error:
            yield Fault(str(path), number + 1, f"the file breaks off: {error}")


def parsed(text: str) -> Any:
    """Return a JSON value; raise ValueError with a short reason, also for what is nested too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None


def _object(line: str | None, file: str, number: int) -> tuple[int, dict[str, Any]] | Fault | None:
    if line is None:
        return Fault(file, number, f"longer than {MAX_LINE // 1024**2} MB")
    text = line.strip("\ufeff\x00 \t\r\n\x0b\x0c")
    if not text:
        return None
    try:
        value = parsed(text)
    except ValueError as error:
        return Fault(file, number, str(error)[:HINT_LENGTH])
    if not isinstance(value, Mapping):
        return Fault(file, number, f"not an object but {type(value).__name__}")
    return number, dict(value)


def _raw_lines(stream: IO[bytes]) -> Iterator[str | None]:
    """Yield lines as text, `None` for one that is too long."""
    head = stream.read(4)
    codec = marked(head)
    if codec is not None and codec != "utf-8-sig":
        yield from _wide_lines(stream, head, codec)
        return
    line = head + stream.readline(MAX_LINE) if b"\n" not in head else b""
    if not line:
        first, _, rest = head.rpartition(b"\n")
        yield from (decode(part) for part in first.split(b"\n"))
        line = rest + stream.readline(MAX_LINE)
    while line:
        if len(line) >= MAX_LINE and not line.endswith(b"\n"):
            while (more := stream.readline(MAX_LINE)) and not more.endswith(b"\n"):
                pass
            yield None
        else:
            yield decode(line)
        line = stream.readline(MAX_LINE)


def _wide_lines(stream: IO[bytes], head: bytes, codec: str) -> Iterator[str | None]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    rest = decoder.decode(head)
    while data := stream.read(1 << 20):
        *whole, rest = (rest + decoder.decode(data)).split("\n")
        yield from whole
        if len(rest) > MAX_LINE:
            yield None
            return
    yield rest + decoder.decode(b"", final=True)
