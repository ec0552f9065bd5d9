"""Works out which files an installation changes, and how, without changing any."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from recollect.errors import InvalidInput
from recollect.ops.install import toml_edit
from recollect.ops.install.enter import enter, is_bare, is_in, take_out
from recollect.ops.install.journal import Journal, Record, digest
from recollect.ops.install.json_edit import Misplaced, Text
from recollect.ops.install.json_read import Broken
from recollect.ops.install.trace import Trace, joined
from recollect.ops.install.wanted import Default, Element, Owned, Read, Shared, SharedToml, Wanted

MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """A file before and after; `None` stands for no file. `owned`: nobody but recollect writes it."""

    path: Path
    before: bytes | None
    after: bytes | None
    owned: bool = False

    @property
    def is_change(self) -> bool:
        """Whether anything becomes different."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """All edits of an installation or its removal, the journal as it is then, and what the user should know."""

    client: str
    edits: tuple[Edit, ...]
    journal: Journal
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Edit, ...]:
        """The edits that change something."""
        return tuple(edit for edit in self.edits if edit.is_change)


def planned(wanted: Wanted, journal: Journal | None, read: Read) -> Plan:
    """Return what installing changes; nothing when all is in place. Raises InvalidInput naming file and line."""
    known = journal or Journal(wanted.client)
    pairs = [_planned(file, known.record(file.path), read(file.path)) for file in wanted.files]
    paths = {file.path for file in wanted.files}
    dropped = [_removed(record, read(record.path)) for record in known.records if record.path not in paths]
    kept = Journal(wanted.client, tuple(record for _, record in pairs), known.folders)
    return Plan(wanted.client, (*(edit for edit, _ in pairs), *dropped), kept, wanted.notes)


def assumed(wanted: Wanted) -> Journal:
    """Return the journal of an installation whose own was lost."""
    return Journal(wanted.client, tuple(map(_assumed, wanted.files)))


def undone(journal: Journal, read: Read) -> Plan:
    """Return what removing an installation changes: files nobody touched since are as they were, to the byte."""
    edits = [_removed(record, read(record.path)) for record in journal.records]
    notes = [
        f"{edit.path} was changed since: what is left of recollect in it is taken out, the rest stays."
        for edit, record in zip(edits, journal.records, strict=True)
        if edit.is_change and not record.owned and digest(edit.before) != record.left
    ]
    return Plan(journal.client, tuple(edits), journal, tuple(notes))


def diff(edit: Edit) -> str:
    """Return the change of a file as a unified diff."""
    old, new = (_lines(data) for data in (edit.before, edit.after))
    one, other = ("/dev/null" if data is None else str(edit.path) for data in (edit.before, edit.after))
    return "".join(difflib.unified_diff(old, new, one, other))


def _lines(data: bytes | None) -> list[str]:
    lines = (data or b"").decode("utf-8", "replace").replace("\r\n", "\n").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def _planned(file: Shared | SharedToml | Owned, record: Record | None, now: bytes | None) -> tuple[Edit, Record]:
    """Return the edit of one file and what the journal says of it then."""
    if isinstance(file, Owned):
        after = file.text.encode()
        before = record.before if record else now
        return Edit(file.path, now, after, owned=True), Record(file.path, before, digest(after), owned=True)
    if now is not None and _stands(file, now) and not _outgrown(file, record):
        return Edit(file.path, now, now), record or _assumed(file)
    base = now if record is None else _removed(record, now).after
    if record is None or now is None or digest(now) == record.left:
        after, traces = _entered(file, base)
    else:  # somebody has changed it since: what stands there is kept as far as it can be
        after, traces = _renewed(file, record, now)
    five = isinstance(file, Shared) and file.five
    return Edit(file.path, now, after), Record(file.path, base, digest(after), traces, five=five)


def _renewed(file: Shared | SharedToml, record: Record, now: bytes) -> tuple[bytes, tuple[Trace, ...]]:
    """Return a file that somebody has changed since with what is wanted now, without what is not wanted any more."""
    wanted = _paths(file)
    kept = [trace for trace in record.traces if trace.path in wanted or trace.sort in ("made", "needed")]
    dropped = [trace for trace in record.traces if trace not in kept]
    left = _taken_out(replace(record, traces=tuple(dropped)), now) if dropped else now
    after, traces = _entered(file, left)
    return after, joined(kept, traces)


def _assumed(file: Shared | SharedToml | Owned) -> Record:
    """Return the record of a file that held everything before; it is never put back, only cleared of what is ours."""
    if isinstance(file, Owned):
        return Record(file.path, None, digest(file.text.encode()), owned=True)
    if isinstance(file, SharedToml):
        return Record(file.path, b"", "", (Trace("table", file.table.path),))
    entries = [entry for entry in file.entries if not isinstance(entry, Default)]
    traces = [Trace("element" if isinstance(e, Element) else "member", e.path, e.value) for e in entries]
    return Record(file.path, b"", "", tuple(traces), five=file.five)


def _removed(record: Record, now: bytes | None) -> Edit:
    if now is None or digest(now) == record.left:
        return Edit(record.path, now, None if now is None else record.before, record.owned)
    if record.owned:
        return Edit(record.path, now, record.before, owned=True)
    return Edit(record.path, now, _taken_out(record, now))


def _stands(file: Shared | SharedToml, now: bytes) -> bool:
    with _Telling(file.path, now) as text:
        if isinstance(file, Shared):
            return bool(text.strip()) and is_in(Text(text, file.five), file.entries)
        return toml_edit.holds(text, file.table.path, file.table.values)


def _outgrown(file: Shared | SharedToml, record: Record | None) -> bool:
    """Tell whether more was entered than is wanted now."""
    entered = {trace.path for trace in (record.traces if record else ()) if trace.sort not in ("made", "needed")}
    return not entered <= _paths(file)


def _paths(file: Shared | SharedToml) -> set[tuple[str, ...]]:
    return {entry.path for entry in (file.entries if isinstance(file, Shared) else (file.table,))}


def _entered(file: Shared | SharedToml, base: bytes | None) -> tuple[bytes, tuple[Trace, ...]]:
    with _Telling(file.path, base or b"") as said:
        mark = MARK if (base or b"").startswith(MARK.encode()) else ""
        if isinstance(file, SharedToml):
            table = file.table
            after = toml_edit.put(said, table.path, table.values)
            return (mark + after).encode(), (Trace("table", table.path),)
        blank = "{}\n" if not said.strip() else said
        text, traces = enter(Text(blank, file.five), file.entries)
        return (mark + text.said).encode(), tuple(traces)


def _taken_out(record: Record, now: bytes) -> bytes | None:
    with _Telling(record.path, now) as said:
        mark = MARK if now.startswith(MARK.encode()) else ""
        if any(trace.sort == "table" for trace in record.traces):
            for trace in record.traces:
                said = toml_edit.remove(said, trace.path)  # noqa: PLW2901 - each from what the one before left
            return None if record.before is None and not said.strip() else (mark + said).encode()
        if not said.strip():
            return now
        text = take_out(Text(said, record.five), record.traces)
        return None if record.before is None and is_bare(text, record.traces) else (mark + text.said).encode()


@dataclass(frozen=True, slots=True)
class _Telling:
    """Gives the text of a file, and tells what is wrong with it by file and line."""

    path: Path
    data: bytes

    def __enter__(self) -> str:
        try:
            return self.data.decode("utf-8").removeprefix(MARK)
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise _refused(f"{self.path}, line {line}: it is not UTF-8") from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case Broken():
                raise _refused(f"{self.path}, line {error.line}, column {error.column}: {error.reason}") from error
            case Misplaced():
                raise _refused(f"{self.path}, line {error.line}: {error}") from error
            case tomllib.TOMLDecodeError() | toml_edit.Fixed():
                raise _refused(f"{self.path}: {error}") from error


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, field="file", hint="Nothing was changed. Mend the file and run this again.")
