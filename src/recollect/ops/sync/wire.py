"""How replicas travel: JSON lines, packed with gzip; the first says what follows, the last that nothing is missing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recollect.errors import InvalidInput, RecollectError, TooLarge
from recollect.models import Replica, Stamp
from recollect.ops.line import ID, LAST, encoded, read

FORM: Final = "recollect"
VERSION: Final = 1
LINES: Final = 2000
"""Most lines of one page."""
PACKED, UNPACKED = 48 << 20, 192 << 20
"""Most bytes of one page: as it travels, and unpacked."""
EFFORT: Final = 6
MOST: Final = 2**31
MAX_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class Received:
    """One page as it came: its head, what could be read, why the rest could not, and its end."""

    head: Mapping[str, Any]
    replicas: tuple[Replica, ...]
    faults: tuple[tuple[str, str], ...]
    end: Mapping[str, Any]


def packed(head: Mapping[str, Any], replicas: Sequence[Replica], end: Mapping[str, Any]) -> bytes:
    """Return a page ready to be sent."""
    out = zlib.compressobj(EFFORT, wbits=31)
    parts = [out.compress(encoded({FORM: "sync", "version": VERSION, **head}))]
    parts += [out.compress(encoded(_line(item))) for item in replicas]
    parts += [out.compress(encoded({"end": {**end, "lines": len(replicas)}})), out.flush()]
    return b"".join(parts)


def _line(item: Replica) -> dict[str, Any]:
    stamp = item.stamp
    if item.body is None:
        return {"gone": {"id": item.id, "stamp": [stamp.life, stamp.at, stamp.origin]}}
    line = {"stamp": [stamp.life, stamp.version, stamp.at, stamp.origin], "memory": item.body}
    return {"alive": {**line, "vectors": list(item.vectors)} if item.vectors else line}


def unpacked(data: bytes) -> Received:
    """Return what a page holds; raise InvalidInput for one that is broken off or no page at all, TooLarge.

    A line that cannot be used is a fault of its own: the rest of the page counts.
    """
    lines = _objects(_inflated(data))
    if len(lines) < 2 or lines[0].get(FORM) != "sync":
        raise InvalidInput("This is no page of changes", field="body", hint="Is it a recollect at the other end?")
    if lines[0].get("version") != VERSION:
        raise InvalidInput(
            f"The page is of version {str(lines[0].get('version'))[:20]}, this release reads {VERSION}",
            field="version",
            hint="Bring node and center to the same release.",
        )
    end = lines[-1].get("end")
    if not isinstance(end, dict) or end.get("lines") != len(lines) - 2:
        raise InvalidInput("The page is broken off", field="body", hint="Send it again.")
    replicas: list[Replica] = []
    faults: list[tuple[str, str]] = []
    for line in lines[1:-1]:
        try:
            replicas.append(_replica(line))
        except InvalidInput as error:
            faults.append((_name_in(line), error.message))
    return Received(lines[0], tuple(replicas), tuple(faults), end)


def _inflated(data: bytes) -> bytes:
    if len(data) > PACKED:
        raise TooLarge(f"The page has {len(data):,} bytes", field="body", hint="Send fewer changes at once.")
    inflate = zlib.decompressobj(wbits=31)
    try:
        text = inflate.decompress(data, UNPACKED)
    except zlib.error as error:
        raise InvalidInput("The page cannot be unpacked", field="body", hint="Pack it with gzip.") from error
    if inflate.unconsumed_tail:
        raise TooLarge("The page is too large unpacked", field="body", hint="Send fewer changes at once.")
    if not inflate.eof:
        raise InvalidInput("The page is broken off", field="body", hint="Send it again.")
    return text


def _objects(text: bytes) -> list[dict[str, Any]]:
    rows = text.split(b"\n")
    if rows.pop() != b"" or len(rows) > LINES:
        raise InvalidInput(f"The page is broken off, or has more than {LINES:,} lines", field="body", hint="Send less.")
    found = []
    for number, row in enumerate(rows, 1):
        try:
            value = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"Line {number} is no JSON", field="body", hint="Send JSON lines.") from error
        if not isinstance(value, dict):
            raise InvalidInput(f"Line {number} is no object", field="body", hint="Send JSON objects, one a line.")
        found.append(value)
    return found


def _replica(line: Mapping[str, Any]) -> Replica:
    sort, values = next(iter(line.items()), ("", None))
    if sort not in {"alive", "gone"} or len(line) != 1 or not isinstance(values, dict):
        raise InvalidInput(f"a line of the unknown sort {str(sort)[:40]!r}", field="line")
    if sort == "gone":
        life, at, origin = _stamp(values.get("stamp"), 2)
        name = values.get("id")
        if not isinstance(name, str) or ID.fullmatch(name) is None:
            raise InvalidInput("gone.id cannot be used", field="line")
        return Replica(name, Stamp(life, True, 0, at, origin))
    life, version, at, origin = _stamp(values.get("stamp"), 3)
    _, body = read({"memory": values.get("memory")})
    if body["version"] != version:
        raise InvalidInput("stamp.version is not that of the memory", field="line")
    given = values.get("vectors", [])
    if not isinstance(given, list) or len(given) > LINES * 10:
        raise InvalidInput("vectors cannot be used", field="line")
    vectors = tuple(read({"vector": vector})[1] for vector in given)
    if any(vector["memory"] != body["id"] for vector in vectors):
        raise InvalidInput("vectors are of another memory", field="line")
    return Replica(body["id"], Stamp(life, False, version, at, origin), body, vectors)


def _stamp(value: Any, numbers: int) -> tuple[Any, ...]:
    """Return the parts of a stamp: the life, the version unless it is gone, the time, and the name of the store."""
    well = isinstance(value, list) and len(value) == numbers + 1 and isinstance(value[-1], str)
    well = well and 0 < len(value[-1]) <= MAX_NAME
    for place, part in enumerate(value[:-1] if well else ()):
        most = LAST if place == numbers - 1 else MOST
        well = well and isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= most
    if not well or value[0] < 1:
        raise InvalidInput("stamp cannot be used", field="line")
    return tuple(value)


def _name_in(line: Mapping[str, Any]) -> str:
    """Return the id in a line that cannot be used, as far as it has one."""
    values = next(iter(line.values()), None)
    inner = values.get("memory", values) if isinstance(values, dict) else None
    name = inner.get("id") if isinstance(inner, dict) else None
    return name if isinstance(name, str) and ID.fullmatch(name) else ""


def number(values: Mapping[str, Any], name: str) -> int:
    """Return a place in a log that the other end told; raise RecollectError where it is none."""
    found = values.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 2**62:
        raise RecollectError(f"The other end told no usable {name}", hint="Bring both to the same release.")
    return found
