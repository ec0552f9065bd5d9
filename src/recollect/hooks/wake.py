"""Starts the server in the background, one however many sessions begin at once."""

import os
import sys
import time

from recollect.hooks.arguments import Asked
from recollect.hooks.place import slurp

MARK = "server.starting"
"""The file of whoever starts the server; it holds the process that was started."""
STARTING = 30.0
"""Seconds after which a start that led to nothing may be tried again."""
COMMAND = "from recollect.cli.main import main; main()"


def is_coming(home: str, within: float = STARTING) -> bool:
    """Whether somebody has started a server a moment ago that has not ended since."""
    mark = os.path.join(home, MARK)
    try:
        age = time.time() - os.stat(mark).st_mtime
    except OSError:
        return False
    return -within < age < within and _lives(slurp(mark))


def start(asked: Asked) -> None:
    """Start a server unless one is coming up; does not wait for it. Raises OSError when it cannot be started."""
    os.makedirs(asked.home, mode=0o700, exist_ok=True)
    mark = os.path.join(asked.home, MARK)
    descriptor = _claimed(mark)
    if descriptor is None and not is_coming(asked.home) and _cleared(mark):
        descriptor = _claimed(mark)
    if descriptor is None:
        return
    try:
        os.write(descriptor, str(_started(asked)).encode())
    finally:
        os.close(descriptor)


def _claimed(mark: str) -> int | None:
    """Make the mark and return it open; `None` when there is one."""
    try:
        return os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None


def _cleared(mark: str) -> bool:
    """Take away the mark of a start that led to nothing; `False` when it is another one by now, or another does it.

    Only who has made the file beside it may, so that nobody takes away the mark that another made a moment ago.
    """
    turn = f"{mark}.turn"
    descriptor = _claimed(turn)
    if descriptor is None:
        _outlived(turn)
        return False
    try:
        os.close(descriptor)
        os.stat(mark)  # one that is not here now may be here in a moment: it is made without a turn
        if is_coming(os.path.dirname(mark)):
            return False
        os.remove(mark)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        _taken_away(turn)
    return True


def _outlived(turn: str) -> None:
    """Take away a file whose maker was killed before it did, so that the next start is not kept from its turn."""
    try:
        age = time.time() - os.stat(turn).st_mtime
    except OSError:
        return
    if abs(age) > STARTING:
        _taken_away(turn)


def _taken_away(path: str) -> None:
    """Remove a file; that another has done it, or it cannot be now, keeps nobody from his work."""
    try:
        os.remove(path)
    except OSError:
        return


def _started(asked: Asked) -> int:
    """Start the server in a session of its own; return its process. What it says goes to `server.out`."""
    import subprocess  # noqa: PLC0415 - it costs more than the rest of the hook, and a server is started once a day

    private = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    said = os.open(os.path.join(asked.home, "server.out"), private, 0o600)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        child = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-P", "-c", COMMAND, "serve", "--quiet", "--home", asked.home],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=asked.home,
            start_new_session=True,
            creationflags=flags,
        )
    finally:
        os.close(said)
    return child.pid


def _lives(said: str) -> bool:
    if not said.isdigit() or sys.platform == "win32":  # there, asking would end it
        return True
    try:
        os.kill(int(said), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
