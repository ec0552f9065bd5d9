"""The elements of one large JSON array, read piece by piece, so that neither size nor one broken element matters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from recollect.capture.normalise import marked
from recollect.ops.readers.document import BROKEN, opened
from recollect.ops.readers.lines import parsed
from recollect.ops.readers.spoken import Fault

MAX_ELEMENT: Final = 256 * 1024**2
PIECE: Final = 1 << 20
STRING: Final = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
MARK: Final = re.compile(r'["\[\]{}]')


def elements(path: Path) -> Iterator[tuple[int, Any] | Fault]:
    """Yield the number (from 1) and value of each object in the file's array, and a Fault for each broken one.

    Several arrays one after the other are read as one.
    A file that holds one object instead of an array yields that object.
    """
    number = 0
    with opened(path) as stream:
        cutter = _Cutter()
        try:
            for text in cutter.cut(_decoded(stream)):
                number += 1
                yield _element(text, str(path), number)
        except BROKEN as error:
            yield Fault(str(path), number + 1, f"the file breaks off: {error}")
            return
    if cutter.depth > 0 or cutter.inside:
        yield Fault(str(path), number + 1, "the file ends in the middle")
    elif number == 0 and not cutter.seen_array:
        yield Fault(str(path), 0, "no JSON array or object in it")


def _element(text: str | None, file: str, number: int) -> tuple[int, Any] | Fault:
    if text is None:
        return Fault(file, number, f"longer than {MAX_ELEMENT // 1024**2} MB")
    try:
        return number, parsed(text)
    except ValueError as error:
        return Fault(file, number, str(error))


def _decoded(stream: IO[bytes]) -> Iterator[str]:
    data = stream.read(PIECE)
    decoder = codecs.getincrementaldecoder(marked(data) or "utf-8")("replace")
    while data:
        yield decoder.decode(data)
        data = stream.read(PIECE)
    yield decoder.decode(b"", final=True)


class _Cutter:
    """Cuts the objects out of a JSON array by counting brackets outside strings; only ever holds one object."""

    def __init__(self) -> None:
        self.depth = 0
        self.floor = 0
        self.inside = False
        self.escaped = False
        self.seen_array = False
        self.parts: list[str] = []
        self.size = 0

    def cut(self, pieces: Iterator[str]) -> Iterator[str | None]:
        """Yield the text of each object in turn, `None` for one that is too large."""
        for piece in pieces:
            start = position = 0
            while True:
                position = self._past_string(piece, position)
                found = MARK.search(piece, position)
                if found is None:
                    break
                position = found.end()
                mark = found[0]
                if mark == '"':
                    self.inside = True
                elif mark in "[{":
                    self._open(mark)
                    start = found.start() if self.depth == self.floor + 1 else start
                elif self._close():
                    self._keep(piece[start:position])
                    yield self._taken()
            if self.depth > self.floor:
                self._keep(piece[start:])

    def _past_string(self, piece: str, position: int) -> int:
        if not self.inside or position >= len(piece):
            return position
        if self.escaped:
            self.escaped, position = False, position + 1
        end = STRING.match(piece, position).end()  # type: ignore[union-attr]
        if end < len(piece):
            self.inside = piece[end] != '"'
            self.escaped = self.inside
            end += 1
        return end

    def _open(self, mark: str) -> None:
        if mark == "[" and self.depth == 0:
            self.floor = 1
            self.seen_array = True
        self.depth += 1

    def _close(self) -> bool:
        """Count a closing bracket; tell whether it ends an object."""
        if self.depth == 0:
            return False
        self.depth -= 1
        if self.depth < self.floor:
            self.floor = 0
            return False
        return self.depth == self.floor

    def _keep(self, text: str) -> None:
        self.size += len(text)
        if self.size <= MAX_ELEMENT:
            self.parts.append(text)
        else:
            self.parts = [""]

    def _taken(self) -> str | None:
        text = "".join(self.parts) if self.size <= MAX_ELEMENT else None
        self.parts, self.size = [], 0
        return text
