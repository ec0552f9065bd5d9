"""Carries out a plan: all of its files or none, each whole, with a journal written first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from recollect.errors import Conflict
from recollect.ops.install.journal import Journal, digest, forget, load, save
from recollect.ops.install.plan import Edit, Plan
from recollect.ops.install.write import missing, put, read, write


def install(plan: Plan, data: Path) -> Path:
    """Carry out the plan of an installation; return where the backups are.

    Raises Conflict when a file is not as it was when the plan was made, OSError when one cannot be written; the files
    are then as they were.
    """
    _check(plan.edits)
    before = load(data, plan.client)
    made = [folder for edit in plan.changes if edit.after is not None for folder in missing(edit.path)]
    folders = dict.fromkeys([*plan.journal.folders, *made])
    kept = save(data, replace(plan.journal, folders=tuple(folders)))
    try:
        _carry_out(plan.changes)
    except BaseException:  # an interrupt too undoes what was begun
        _tidy(made, data)
        if before is None:
            forget(data, plan.client)
        else:
            save(data, before)
        raise
    return kept


def remove(plan: Plan, data: Path) -> list[Path]:
    """Carry out the plan of a removal; return the copies of files of ours that somebody had changed."""
    _check(plan.edits)
    copies = [_copied(edit, data, plan.client) for edit in plan.changes if _is_changed(edit, plan.journal)]
    _carry_out(plan.changes)
    _tidy(plan.journal.folders, data)
    forget(data, plan.client)
    return copies


def _check(edits: Sequence[Edit]) -> None:
    for edit in edits:
        if read(edit.path) != edit.before:
            raise Conflict(f"{edit.path} was changed in between", hint="Nothing was changed. Run this again.")


def _carry_out(edits: Sequence[Edit]) -> None:
    done: list[Edit] = []
    try:
        for edit in edits:
            put(edit.path, edit.after)
            done.append(edit)
    except BaseException:  # an interrupt too undoes what was begun
        for edit in reversed(done):
            with suppress(OSError):
                put(edit.path, edit.before)
        raise


def _tidy(folders: Sequence[Path], data: Path) -> None:
    """Remove directories that were made and are empty; the data directory and what it lies in stay."""
    for folder in reversed(folders):
        if folder != data and folder not in data.parents:
            with suppress(OSError):
                folder.rmdir()


def _is_changed(edit: Edit, journal: Journal) -> bool:
    record = journal.record(edit.path)
    return edit.owned and record is not None and edit.before is not None and digest(edit.before) != record.left


def _copied(edit: Edit, data: Path, client: str) -> Path:
    place = data / "installed" / "changed" / client / edit.path.name
    write(place, edit.before or b"")
    return place
