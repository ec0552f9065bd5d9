"""Opens what is to be read: a file, or the member of a zip archive, as a stream of bytes that stays bounded."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from recollect.errors import InvalidInput, TooLarge

MAX_UNPACKED: Final = 8 * 1024**3
MAX_RATIO: Final = 250
RATIO_FROM: Final = 64 * 1024**2
"""Real exports pack 5 to 20 times; only a member larger than this is held against `MAX_RATIO`."""

BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What reading a damaged, encrypted or vanished file may raise."""


@contextmanager
def opened(path: Path, member: str = "conversations") -> Iterator[IO[bytes]]:
    """Open a file, or in a zip archive its `.json` members whose names start with `member`, one after the other.

    Raises InvalidInput where there is no such file or member or it cannot be opened, TooLarge for a zip bomb.
    """
    try:
        packed = zipfile.is_zipfile(path)
        stream: IO[bytes] = _member(path, member) if packed else path.open("rb")
    except (InvalidInput, RecursionError):
        raise
    except BROKEN as error:
        raise unreadable(path, error) from error
    with stream:
        yield stream


def unreadable(path: Path, error: Exception) -> InvalidInput:
    """Return the error that says why a file cannot be read."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return InvalidInput(f"{path} cannot be read: {reason}", field="path", hint="Check the path and who may read it.")


def _member(path: Path, member: str) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    found = [entry for entry in archive.infolist() if _named(entry.filename, member)]
    total, packed = (sum(sizes) for sizes in ([e.file_size for e in found], [e.compress_size for e in found]))
    if not found or total > MAX_UNPACKED or (total > RATIO_FROM and total > MAX_RATIO * max(packed, 1)):
        archive.close()
        if not found:
            raise InvalidInput(f"{path} holds no {member}.json", field="path", hint=f"An export holds {member}.json.")
        raise TooLarge(f"{path} unpacks to {total} bytes", field="path", hint="Unpack it yourself if you trust it.")
    return io.BufferedReader(_Joined(archive, sorted(found, key=lambda entry: entry.filename)))


class _Joined(io.RawIOBase):
    """Members of a zip archive as one stream."""

    def __init__(self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
        self.archive = archive
        self.entries = entries
        self.current = archive.open(entries.pop(0))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.current.read(len(buffer))
        while not data and self.entries:
            self.current.close()
            self.current = self.archive.open(self.entries.pop(0))
            data = self.current.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.current.close()
        self.archive.close()
        super().close()


def _named(name: str, member: str) -> bool:
    file = PurePosixPath(name.replace("\\", "/"))
    return file.suffix == ".json" and file.stem.startswith(member) and "__MACOSX" not in file.parts
