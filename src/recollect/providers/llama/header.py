"""What a GGUF file says of itself, read without loading it: so that what is damaged or too large is refused before."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from recollect.errors import EmbedderMissing

MAGIC: Final = b"GGUF"
MOST_KEYS: Final = 10_000
MOST_TEXT: Final = 1 << 20
SIZES: Final = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value, by its type; 8 is text and 9 a list (the format's own numbers)."""
FORMS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
TEXT, LIST = 8, 9

CACHE_BYTES: Final = 2
"""Bytes of one number in the cache of keys and values (float16)."""
BESIDES: Final = 96 << 20
"""Bytes a loaded model takes beside weights and cache: buffers and vocabulary, measured on small models."""


@dataclass(frozen=True, slots=True)
class Header:
    """A model's architecture as far as its memory depends on it; 0 where the file does not say."""

    architecture: str
    size: int
    context: int
    layers: int
    width: int
    heads: int
    cache_heads: int

    def need(self, context: int) -> int:
        """Return about how many bytes the model takes when loaded for texts of so many tokens."""
        per_head = self.width // (self.heads or 1)
        cache = 2 * self.layers * context * per_head * (self.cache_heads or self.heads or 1) * CACHE_BYTES
        return self.size + cache + BESIDES


def read_header(path: Path) -> Header:
    """Return what a GGUF file says of itself; raise EmbedderMissing where it cannot be read or is none."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            return _header(stream, size)
    except OSError as error:
        raise EmbedderMissing(f"the model file {path} cannot be read: {error.strerror}") from error
    except (struct.error, ValueError, UnicodeDecodeError, OverflowError) as error:
        hint = "pull it anew: recollect models pull"
        raise EmbedderMissing(f"the model file {path} is damaged or no GGUF file: {error}", hint=hint) from error


def _header(stream: BinaryIO, size: int) -> Header:
    if stream.read(4) != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version, _, count = struct.unpack("<IQQ", stream.read(20))
    if version not in {2, 3} or count > MOST_KEYS:
        raise ValueError(f"version {version} with {count} keys is not known")
    found: dict[str, int | float | str] = {}
    for _ in range(count):
        name = _text(stream)
        (kind,) = struct.unpack("<I", stream.read(4))
        if name.startswith("tokenizer."):
            break  # what matters here stands before the vocabulary, which is large
        value = _value(stream, kind)
        if value is not None:
            found[name] = value
    architecture = str(found.get("general.architecture", ""))

    def number(key: str) -> int:
        value = found.get(f"{architecture}.{key}", 0)
        return int(value) if isinstance(value, int | float) and value > 0 else 0

    heads = number("attention.head_count")
    return Header(
        architecture,
        size,
        number("context_length"),
        number("block_count"),
        number("embedding_length"),
        heads,
        number("attention.head_count_kv") or heads,
    )


def _value(stream: BinaryIO, kind: int) -> int | float | str | None:
    """Read one value; a list is passed over."""
    if kind == TEXT:
        return _text(stream)
    if kind == LIST:
        inner, count = struct.unpack("<IQ", stream.read(12))
        skip: Callable[[], object] = (lambda: _text(stream)) if inner == TEXT else lambda: stream.read(SIZES[inner])
        if inner != TEXT and inner not in SIZES:
            raise ValueError(f"a list of type {inner} is not known")
        for _ in range(min(count, MOST_TEXT)):
            skip()
        return None
    if kind not in FORMS:
        raise ValueError(f"a value of type {kind} is not known")
    (value,) = struct.unpack(FORMS[kind], stream.read(SIZES[kind]))
    return value  # type: ignore[no-any-return]


def _text(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > MOST_TEXT:
        raise ValueError("a text in it is too long")
    return stream.read(length).decode()
