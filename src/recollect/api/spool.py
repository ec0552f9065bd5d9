"""Large bodies on their way in or out rest in a file of the data directory, so that neither memory nor store waits."""

from __future__ import annotations

import asyncio
import errno
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from recollect.errors import StoreError, StoreFull

PIECE: Final = 256 * 1024
"""Bytes handed on at once."""
ABANDONED: Final = 24 * 3600
"""Seconds after which what a process left behind when it was killed is removed."""
_PREFIX: Final = ".incoming-"
NAME: Final = "upload"
"""The name of every upload: readers that find no other name for a conversation use it."""


@contextmanager
def uploads(home: Path) -> Iterator[Path]:
    """Give a path for an upload, which is gone afterwards; only the owner of the data directory may read there."""
    _sweep(home)
    with failing_plainly():
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
    try:
        yield folder / NAME
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(home: Path) -> None:
    for folder in home.glob(f"{_PREFIX}*"):
        try:
            old = time.time() - folder.stat().st_mtime > ABANDONED
        except OSError:
            continue
        if old:
            shutil.rmtree(folder, ignore_errors=True)


async def fill(path: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write what comes in to a file, piece by piece; raise StoreFull or StoreError."""
    with failing_plainly(), path.open("xb") as out:
        held = bytearray()
        async for piece in pieces:
            held += piece
            if len(held) >= PIECE:
                await asyncio.to_thread(out.write, bytes(held))
                held.clear()
        await asyncio.to_thread(out.write, bytes(held))


def nameless(home: Path) -> IO[bytes]:
    """Return an open file that is gone when it is closed, or with the process."""
    with failing_plainly():
        return tempfile.TemporaryFile(dir=home)


async def poured(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file from its start, piece by piece, and close it."""
    try:
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        file.close()


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Raise StoreFull or StoreError for what the file system has against writing."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull("No room is left in the data directory", hint="Free some space and try again.") from error
        raise StoreError("The data directory cannot be written", hint="Check who may write there.") from error
