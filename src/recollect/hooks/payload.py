"""What the agent hands in on stdin: read to its end, however long it is, and kept to a size that can be handed on."""

import os

LARGEST = 2 << 20
"""Bytes of an event that are handed on; of a larger one its first fields are."""
PIECE = 1 << 16


def read(descriptor: int = 0) -> tuple[bytes, int]:
    """Return what comes in, at most `LARGEST` bytes of it, and how much it was; the rest is read and passed over.

    An agent that writes to a hook which does not read would be told of a broken pipe.
    """
    held: list[bytes] = []
    size = kept = 0
    while piece := os.read(descriptor, PIECE):
        size += len(piece)
        if kept < LARGEST:
            held.append(piece[: LARGEST - kept])
            kept += len(held[-1])
    return b"".join(held), size


def whole(raw: bytes, size: int) -> bytes | None:
    """Return a JSON object to hand on, `None` where there is none; of one that was cut, what can be read of it."""
    if size > len(raw):
        return _cut(raw, size)
    text = raw.strip()
    if text.startswith(b"\xef\xbb\xbf"):
        text = text[3:].lstrip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return None
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def _cut(raw: bytes, size: int) -> bytes | None:
    """Return the fields of an object up to where it was cut, the one in which that was shortened or left out."""
    import json  # noqa: PLC0415 - it costs as much as the rest of the hook, and few events are so large

    text = raw.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return None
    decoder = json.JSONDecoder()
    fields: dict[str, object] = {}
    at = 1
    try:
        while True:
            name, at = decoder.raw_decode(text, _next(text, at))
            at = _next(text, at)
            try:
                fields[name], at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                if text[at : at + 1] == '"':
                    fields[name] = _begun(text[at:])
                break
    except (ValueError, TypeError):  # the cut is between two fields, or this was no JSON
        pass
    return json.dumps({**fields, "recollect_cut": size}).encode() if fields else None


def _next(text: str, at: int) -> int:
    """Return where the next value begins."""
    while text[at : at + 1] in {" ", "\t", "\r", "\n", ",", ":"}:
        at += 1
    return at


def _begun(text: str) -> str:
    """Return the beginning of a JSON string whose end is missing; the last characters may be half of an escape."""
    import json  # noqa: PLC0415 - as above

    for spare in range(13):
        try:
            return str(json.loads(text[: len(text) - spare] + '"', strict=False))
        except ValueError:
            continue
    return ""
