"""Events that no server took, a file each in the data directory, until one reads them in the order they happened.

A file is written under another name and renamed, so that there is all of an event or nothing, whoever is killed when;
files are of their owner alone. Nothing waits for the disk: a power cut within seconds may take the last events with it,
which is less than an agent that stands still at every event while a disk is busy.
"""

import os

FOLDER = "spool"
FAILED = "failed"
"""The folder below it for events that could not be delivered."""
DROPPED = "dropped"
"""The file below it that is as many bytes long as events were dropped."""
CLOSED = "closed"
"""The file below it that says: keep nothing here. The store is encrypted, and a hook can encrypt nothing."""
MOST_EVENTS = 10_000
MOST_BYTES = 64 << 20
MOST_FAILED = 1000
END = ".json"


def folder(home: str) -> str:
    """Return where the events of a data directory wait."""
    return os.path.join(home, FOLDER)


def pending(place: str) -> list[str]:
    """Return the names of the events that wait, the oldest first: names begin with the time."""
    try:
        return sorted(name for name in os.listdir(place) if name.endswith(END))
    except OSError:
        return []


def has_any(place: str) -> bool:
    """Whether an event waits; takes no longer when many do."""
    try:
        with os.scandir(place) as found:
            return any(entry.name.endswith(END) for entry in found)
    except OSError:
        return False


def size_of(name: str) -> int:
    """Return how many bytes an event has: its name says so."""
    size = name[: -len(END)].rpartition(".")[2]
    return int(size) if size.isascii() and size.isdigit() else 0


def put(home: str, client: str, event: str, event_id: str, envelope: bytes) -> None:
    """Keep an event; when there are too many, the oldest go. Raises OSError when it cannot be kept.

    Where nothing may be kept, it is counted as dropped. `client`, `event` and `event_id` are names that need no
    quoting; ids of later events are greater.
    """
    place = folder(home)
    os.makedirs(home, mode=0o700, exist_ok=True)
    if not os.path.isdir(place):
        os.makedirs(place, mode=0o700, exist_ok=True)
    if is_closed(place):
        count_dropped(place)
        return
    line = b'{"client":"%s","event":"%s","envelope":%s}\n' % (client.encode(), event.encode(), envelope)
    _make_room(place, len(line))
    draft = os.path.join(place, f"{event_id}.part")
    try:
        _write(draft, line)
        os.replace(draft, os.path.join(place, f"{event_id}.{len(line)}{END}"))
    except OSError:
        _remove(draft)
        raise


def is_closed(place: str) -> bool:
    """Return whether nothing may be kept here."""
    return os.path.exists(os.path.join(place, CLOSED))


def close_to_all(home: str) -> None:
    """Say that hooks must keep nothing in a data directory; what waits there already is still delivered."""
    place = folder(home)
    if not is_closed(place):
        os.makedirs(place, mode=0o700, exist_ok=True)
        _write(os.path.join(place, CLOSED), b"")


def open_to_all(home: str) -> None:
    """Say that hooks may keep events in a data directory."""
    _remove(os.path.join(folder(home), CLOSED))


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def _make_room(place: str, size: int) -> None:
    names = pending(place)
    held = sum(map(size_of, names)) + size
    for at, name in enumerate(names):
        if len(names) - at < MOST_EVENTS and held <= MOST_BYTES:
            return
        held -= size_of(name)
        if _remove(os.path.join(place, name)):
            count_dropped(place)


def count_dropped(place: str) -> None:
    """Count one event that is lost."""
    descriptor = os.open(os.path.join(place, DROPPED), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, b".")
    finally:
        os.close(descriptor)


def _remove(path: str) -> bool:
    try:
        os.remove(path)
    except OSError:
        return False
    return True


def set_aside(place: str, name: str) -> None:
    """Put an event that cannot be delivered where nobody tries it again; of those, the oldest go too."""
    aside = os.path.join(place, FAILED)
    os.makedirs(aside, mode=0o700, exist_ok=True)
    os.replace(os.path.join(place, name), os.path.join(aside, name))
    for old in pending(aside)[:-MOST_FAILED]:
        _remove(os.path.join(aside, old))


def remove(place: str, name: str) -> None:
    """Remove an event that was delivered; one that is gone already is fine."""
    _remove(os.path.join(place, name))


def dropped(place: str) -> int:
    """Return how many events were dropped for want of room."""
    try:
        return os.stat(os.path.join(place, DROPPED)).st_size
    except OSError:
        return 0
