"""Writes everything a store holds as recollect's own export: JSON lines that `restore` takes over exactly."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from recollect.errors import InvalidInput, StoreError
from recollect.models import Reach
from recollect.ops.line import encoded, header
from recollect.ports import Dump, Tracker


async def export(
    dump: Dump, out: IO[bytes], tracker: Tracker, *, reach: Reach | None = None, vectors: bool = False
) -> Counter[str]:
    """Write all lines (of the reach) to `out` and return how many there are of each sort.

    Streamed from one consistent view; equal stores give equal bytes. Raises OSError where `out` does.
    """
    written: Counter[str] = Counter()
    out.write(encoded(header()))

    def sink(sort: str, values: Mapping[str, Any]) -> None:
        out.write(encoded({sort: values}))
        written[sort] += 1
        if sort == "memory":
            tracker(written[sort], None, "memories")

    await dump.pour(sink, reach=reach, vectors=vectors)
    return written


@contextmanager
def drafted(path: Path, *, replace: bool = False) -> Iterator[IO[bytes]]:
    """Open a file beside `path`, readable by its owner only, that takes its place once all is written.

    Raises InvalidInput where there is a file already, unless it is to be replaced, and StoreError where the place
    cannot be written.
    """
    if path.is_dir() or (path.exists() and not replace):
        raise InvalidInput(f"{path} exists already", field="path", hint="Name another file, or give --force.")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}", hint="Free some space or name another place."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
