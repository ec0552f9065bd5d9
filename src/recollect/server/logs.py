"""What the server writes down about itself: one JSON object a line, to stderr and to a file that is turned over.

No memory's text gets into it: messages of exceptions, which may quote anything, are left out; their kinds and the
places they came from are told instead. Writing happens on threads of its own, so that a full pipe or a slow disk holds
up no request.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from recollect.api.guard.request_id import current
from recollect.errors import ConfigError
from recollect.server.private import MODE
from recollect.settings import Settings

if sys.platform != "win32":
    import fcntl

MEGABYTE: Final = 1 << 20
WAITING: Final = 10_000
"""Lines that may wait to be written; when there are more, the newest are dropped and counted."""
LEAVING: Final = 2.0
"""Seconds given to what is left to write when the server ends."""
FRAMES: Final = 12
OWN: Final = "recollect"
QUOTING: Final = frozenset({"asyncio", "concurrent.futures"})
"""Loggers that quote whole exceptions after the first line of a message."""
SILENT: Final = ("uvicorn.access",)
"""Loggers that tell paths with what was asked for in them; the server's own request lines take their place."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: timestamp, level, component, message, metadata, and the request it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; whatever cannot be written as JSON is written as its kind."""
        message = _message(record)
        metadata: dict[str, Any] = {"logger": record.name, **_given(record)}
        if record.exc_info and record.exc_info[1] is not None:
            metadata["error"] = _error(record.exc_info[1])
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "component": component(record.name),
            "message": message,
            "metadata": metadata,
        }
        if request := current.get():
            line["request_id"] = request
        return (
            json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)
            .encode("utf-8", "replace")
            .decode()
        )


def component(logger: str) -> str:
    """Return the part of recollect that speaks, or the library."""
    first, _, rest = logger.partition(".")
    return (rest.partition(".")[0] or first) if first == OWN else first


def _message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit their message must not cost the line
        message = str(record.msg)
    return message.partition("\n")[0] if record.name.partition(".")[0] in QUOTING else message.rstrip("\n")


def _given(record: logging.LogRecord) -> dict[str, Any]:
    given = getattr(record, "metadata", None)
    return {str(name): value for name, value in given.items()} if isinstance(given, dict) else {}


def _error(error: BaseException) -> dict[str, Any]:
    """Return the kind of an exception, where it was raised, and what caused it; never its message."""
    told: dict[str, Any] = {"type": type(error).__name__, "at": list(_places(error.__traceback__))[-FRAMES:]}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told if cause is None else {**told, "cause": type(cause).__name__}


def _places(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{'/'.join(Path(code.co_filename).parts[-2:])}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


class Sink(logging.Handler):
    """Hands lines to another handler on a thread of its own."""

    def __init__(self, target: logging.Handler) -> None:
        super().__init__()
        self.dropped = 0
        self._target = target
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="recollect-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; never waits."""
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, as far as that goes in two seconds."""
        if self._thread.is_alive():
            try:
                self._lines.put(None, timeout=LEAVING)
            except queue.Full:
                self.dropped += 1
            self._thread.join(LEAVING)
        if not self._thread.is_alive():
            self._target.close()
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            self._target.handle(logging.makeLogRecord({"msg": line}))


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Keep other processes out while the block runs, where the system can."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, MODE)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class PrivateFile(RotatingFileHandler):
    """A file that only its owner can read, turned over when it is full; several processes may write to one."""

    def shouldRollover(self, record: logging.LogRecord) -> int:  # noqa: N802 - the name is logging's
        """Tell whether it is full; follows the others first when one of them has turned it over."""
        self._follow()
        return int(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the name is logging's
        """Turn it over, unless another process has done so while this one waited for its turn."""
        with _turn(Path(f"{self.baseFilename}.lock")):
            if not self._follow():
                super().doRollover()

    def _follow(self) -> bool:
        """Open the file anew if it is another one by now; tell whether it was."""
        try:
            now = os.stat(self.baseFilename)  # noqa: PTH116 - on every line, and a Path costs more than the call
        except FileNotFoundError:
            now = None
        if self.stream is None:
            return False
        there = os.fstat(self.stream.fileno())
        if now is not None and (now.st_dev, now.st_ino) == (there.st_dev, there.st_ino):
            return False
        self.stream.close()
        self.stream = self._open()
        return True

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if path.exists():
            path.chmod(MODE)
        # The descriptor is private from its first moment, whatever the umask says.
        return open(path, "a", encoding=self.encoding, opener=lambda name, flags: os.open(name, flags, MODE))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Go on without the file: a full disk must not bring the server down, nor fill stderr."""
        del record


@contextmanager
def logging_to(settings: Settings, *, stderr: TextIO | None = None) -> Iterator[None]:
    """Write the log as the settings say while the block runs; what stood before is put back afterwards.

    Raises ConfigError when the log file cannot be written.
    """
    sinks = [Sink(logging.StreamHandler(stderr or sys.stderr)), *_file(settings)]
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", *SILENT, OWN))]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [], True
    for sink in sinks:
        sink.setFormatter(JsonLines())
        root.addHandler(sink)
    level = logging.getLevelName(settings.log.level)
    root.setLevel(max(level, logging.WARNING))  # what libraries say below that may quote what they handle
    logging.getLogger(OWN).setLevel(level)
    for name in SILENT:
        logging.getLogger(name).disabled = True
    try:
        yield
    finally:
        for logger, handlers, old, propagate, disabled in before:
            logger.handlers, logger.propagate, logger.disabled = handlers, propagate, disabled
            logger.setLevel(old)
        for sink in sinks:
            sink.close()


def _file(settings: Settings) -> list[Sink]:
    if not settings.log.file:
        return []
    path: Path = settings.home / settings.log.file
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = PrivateFile(
            path, maxBytes=settings.log.size * MEGABYTE, backupCount=settings.log.backups, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigError(
            f"The log file cannot be written ({error.strerror})", hint="Set log.file to another name, or to nothing."
        ) from error
    return [Sink(target)]
