"""Notes in the data directory what was installed, with the files as they were before."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recollect.errors import ConfigError
from recollect.ops.install.trace import Trace, trace_of
from recollect.ops.install.write import write

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One file: how it was (`None`: it was not there), how it was left (a digest), and what was entered in it."""

    path: Path
    before: bytes | None
    left: str
    traces: tuple[Trace, ...] = ()
    owned: bool = False
    five: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    """All files of an installation, and the directories that were made for them, outermost first."""

    client: str
    records: tuple[Record, ...] = ()
    folders: tuple[Path, ...] = ()

    def record(self, path: Path) -> Record | None:
        """Return what was done to a file."""
        return next((record for record in self.records if record.path == path), None)


def digest(data: bytes | None) -> str:
    """Return what tells one content of a file from another; of no file, nothing."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def path_of(data: Path, client: str) -> Path:
    """Return where a client's journal is."""
    return data / "installed" / client / "journal.json"


def installed(data: Path) -> list[str]:
    """Return the names of the clients that recollect is installed in."""
    return sorted(path.parent.name for path in (data / "installed").glob("*/journal.json"))


def load(data: Path, client: str) -> Journal | None:
    """Return a client's journal, `None` without one; raise ConfigError where it cannot be read."""
    path = path_of(data, client)
    try:
        said: Mapping[str, Any] = json.loads(path.read_bytes())
        records = tuple(_record(path.parent, shape) for shape in said["files"])
        return Journal(client, records, tuple(Path(name) for name in said["folders"]))
    except FileNotFoundError:
        if path.exists():
            raise ConfigError(f"A backup beside {path} is missing", hint="Take the entries out by hand.") from None
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read", hint="Take the entries out by hand and remove it.") from error


def save(data: Path, journal: Journal) -> Path:
    """Write a client's journal and the backups, durably; return where they are."""
    path = path_of(data, journal.client)
    files = []
    for record in journal.records:
        name = None if record.before is None else f"{digest(record.before)[:16]}-{record.path.name}"
        if name is not None and record.before is not None:
            write(path.parent / name, record.before)
        traces = [trace.shape() for trace in record.traces]
        files.append({"path": str(record.path), "backup": name, "left": record.left, "traces": traces,
                      "owned": record.owned, "five": record.five})  # fmt: skip
    said = {"version": VERSION, "client": journal.client, "files": files, "folders": list(map(str, journal.folders))}
    write(path, json.dumps(said, ensure_ascii=False, indent=1).encode())
    _sweep(path.parent, {path.name, *(str(file["backup"]) for file in files)})
    return path.parent


def forget(data: Path, client: str) -> None:
    """Remove a client's journal and backups."""
    shutil.rmtree(path_of(data, client).parent, ignore_errors=True)


def _sweep(folder: Path, kept: Iterable[str]) -> None:
    for file in folder.iterdir():
        if file.name not in kept:
            file.unlink()


def _record(folder: Path, shape: Mapping[str, Any]) -> Record:
    backup = shape["backup"]
    return Record(
        path=Path(shape["path"]),
        before=None if backup is None else (folder / backup).read_bytes(),
        left=shape["left"],
        traces=tuple(map(trace_of, shape["traces"])),
        owned=shape["owned"],
        five=shape["five"],
    )
