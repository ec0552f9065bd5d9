"""Read a safetensors file without copying it: the arrays are views of the mapped file.

The format: eight bytes little-endian length, a JSON header of that length (name -> dtype, shape, data_offsets),
then the data (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import math
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import EmbedderMissing

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}
PREFIX = 8


class Safetensors:
    """The arrays of one file by name, read-only and mapped; they stay valid as long as this object or they live."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise EmbedderMissing(f"no weights file at {path}", hint="run `recollect models pull`") from error
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise self._damaged(str(error)) from error
        self._header, self._start = self._read_header()

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the array of that name; raise EmbedderMissing where it is absent or its entry makes no sense."""
        if name not in self._header:
            raise self._damaged(f"it has no array named {name!r}")
        try:
            entry = self._header[name]
            shape, kind = tuple(map(int, entry["shape"])), np.dtype(TYPES[entry["dtype"]])
            begin, end = map(int, entry["data_offsets"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged(f"the entry of {name!r} cannot be read") from error
        count = math.prod(shape)
        if begin < 0 or min(shape, default=0) < 0 or end - begin != count * kind.itemsize:
            raise self._damaged(f"the size of {name!r} does not fit its shape")
        if self._start + end > len(self._map):
            raise self._damaged(f"it ends before {name!r} does")
        return np.frombuffer(self._map, kind, count, self._start + begin).reshape(shape)

    def names(self) -> list[str]:
        """Return the names of all arrays."""
        return [name for name in self._header if name != "__metadata__"]

    def release(self) -> None:
        """Give the pages read so far back to the system; a later read brings them back from the file."""
        if hasattr(self._map, "madvise"):  # not on Windows
            self._map.madvise(mmap.MADV_DONTNEED)

    def _read_header(self) -> tuple[dict[str, Any], int]:
        length = int.from_bytes(self._map[:PREFIX], "little")
        if len(self._map) < PREFIX or length > len(self._map) - PREFIX:
            raise self._damaged("it is shorter than its header says")
        try:
            header = json.loads(self._map[PREFIX : PREFIX + length])
        except ValueError as error:
            raise self._damaged("its header is not JSON") from error
        if not isinstance(header, dict):
            raise self._damaged("its header is not an object")
        return header, PREFIX + length

    def _damaged(self, why: str) -> EmbedderMissing:
        return EmbedderMissing(f"the weights file {self._path} is damaged: {why}", hint="run `recollect models pull`")
