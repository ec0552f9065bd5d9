"""What stands in the row of a memory whose text lies in a box, and how texts lie in it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Final

from recollect.errors import StoreDamaged

MARK: Final = "… [shelved]"
"""How the row's text ends while the whole of it lies elsewhere. Whether it does, the table says."""
SHOWN: Final = 120
"""Characters of the beginning that stay in the row."""
LEVEL: Final = 6


def stub(text: str) -> str:
    """Return what stands in the row instead of a text: how it begins, and whether it asks something."""
    head = text[:SHOWN].rstrip()
    asked = "" if "?" in head or "？" in head or not ("?" in text or "？" in text) else "?"
    return f"{head}{asked}{MARK}"


def packed(texts: Mapping[str, str]) -> bytes:
    """Return texts by id as they lie in a box here."""
    return zlib.compress(plain(texts), LEVEL)


def unpacked(body: bytes) -> dict[str, str]:
    """Return the texts by id; raise StoreDamaged."""
    try:
        return read(zlib.decompress(body))
    except zlib.error as error:
        raise StoreDamaged("A box of texts is damaged", hint="Restore a backup.") from error


def plain(texts: Mapping[str, str]) -> bytes:
    """Return texts by id as JSON."""
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def read(content: bytes) -> dict[str, str]:
    """Return the texts by id that JSON holds; raise StoreDamaged."""
    try:
        found: dict[str, str] = json.loads(content.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise StoreDamaged("A box of texts is damaged", hint="Restore a backup.") from error
    return found
