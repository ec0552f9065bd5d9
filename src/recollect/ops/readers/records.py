"""The records of a file that may be JSON lines, one JSON array, or one object around a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recollect.capture.normalise import decode
from recollect.ops.readers.array import elements
from recollect.ops.readers.document import BROKEN, opened
from recollect.ops.readers.lines import objects
from recollect.ops.readers.spoken import Fault


def records(path: Path, lists: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, Any]] | Fault]:
    """Yield each record with its line (JSON lines) or number (else), and a Fault for each that is none.

    In a file that is one object, the records are the list under the first of the keys in `lists` that it has.
    """
    if is_lines(path):
        yield from objects(path)
        return
    for found in elements(path):
        if isinstance(found, Fault):
            yield found
            continue
        number, value = found
        wrapped = _wrapped(value, lists)
        for offset, record in enumerate([value] if wrapped is None else wrapped):
            if isinstance(record, Mapping):
                yield number + offset, dict(record)
            else:
                yield Fault(str(path), number + offset, f"not an object but {type(record).__name__}")


def head_of(path: Path, size: int = 1 << 16) -> str:
    """Return the start of a file (or of the export in a zip archive) as text; raise InvalidInput."""
    with opened(path) as stream:
        try:
            data = stream.read(size)
        except BROKEN:
            return ""
    return decode(data).lstrip("\ufeff\x00 \t\r\n")


def is_lines(path: Path) -> bool:
    """Tell whether a file looks like JSON lines: two lines that each start an object, or the name says so."""
    head = head_of(path)
    if head.startswith("["):
        return False
    first, _, rest = head.partition("\n")
    if rest.lstrip().startswith("{"):
        return not first.rstrip().endswith(("{", "[", ",", ":"))
    return path.suffix.lower() in {".jsonl", ".ndjson"}


def _wrapped(value: Any, lists: tuple[str, ...]) -> list[Any] | None:
    if not isinstance(value, Mapping):
        return None
    return next((value[name] for name in lists if isinstance(value.get(name), list)), None)
