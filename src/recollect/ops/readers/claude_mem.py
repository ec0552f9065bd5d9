"""Reads the database of claude-mem: observations and summaries become notes, prompts turns of their sessions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from recollect.agents.clients import is_machine
from recollect.errors import InvalidInput
from recollect.models import Role, Source, Turn
from recollect.ops.readers.document import unreadable
from recollect.ops.readers.spoken import Fault, Item, Noted, Spoken

CLIENT: Final = "claude-mem"
MAGIC: Final = b"SQLite format 3\x00"
TABLES: Final = ("observations", "session_summaries", "user_prompts")
SUMMARY: Final = ("request", "investigated", "learned", "completed", "next_steps", "notes")
LISTS: Final = ("concepts", "files_read", "files_modified", "files_edited")
MOST: Final = 50
"""Entries of a list that are kept as metadata."""
_SESSIONS: Final = ("memory_session_id", "sdk_session_id"), ("content_session_id", "claude_session_id")
"""Names of the columns that tell a session, in this and in earlier releases of claude-mem."""

Row = Mapping[str, Any]


def is_one(path: Path) -> bool:
    """Tell whether a file is an SQLite database; whether of claude-mem, reading it shows."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def counted(path: Path) -> dict[str, int]:
    """Return how many rows each table of `TABLES` has; raise InvalidInput where they cannot be counted."""
    with closing(_opened(path)) as database:
        try:
            return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _tables(database)}  # noqa: S608 - our own names
        except sqlite3.Error as error:
            raise unreadable(path, error) from error


def read(path: Path) -> Iterator[Item]:
    """Yield what the database holds, oldest first in each table; a row that makes no sense comes as a fault.

    The database is opened for reading only and stays as it is. Raises InvalidInput where it cannot be read or is not
    claude-mem's.
    """
    with closing(_opened(path)) as database:
        try:
            tables = _tables(database)
            projects = _projects(database)
            for name in tables:
                for row in database.execute(f"SELECT * FROM {name} ORDER BY id"):  # noqa: S608 - our own names
                    found = _item(name, dict(row), str(path), projects)
                    if found is not None:
                        yield found
        except sqlite3.Error as error:
            raise unreadable(path, error) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Open the database so that not even a lock file is left beside it when nobody else uses it."""
    quiet = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if quiet else ''}"
    try:
        database = sqlite3.connect(address, uri=True)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    database.row_factory = sqlite3.Row
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    return database


def _tables(database: sqlite3.Connection) -> list[str]:
    there = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = [name for name in TABLES if name in there]
    if "sdk_sessions" not in there or not found:
        raise InvalidInput("The database is not claude-mem's", field="path", hint="Its tables are not there.")
    return found


def _projects(database: sqlite3.Connection) -> dict[str, str]:
    """Return the project of each session, by every id that the session has."""
    known: dict[str, str] = {}
    for row in map(dict, database.execute("SELECT * FROM sdk_sessions ORDER BY id")):
        project = _text(row.get("project"))
        known.update({name: project for names in _SESSIONS if project and (name := _first(row, names))})
    return known


def _item(table: str, row: Row, file: str, projects: Mapping[str, str]) -> Item | None:
    """Return what a row tells, `None` for a prompt that no person wrote or that belongs nowhere."""
    number = row.get("id") if isinstance(row.get("id"), int) else 0
    source = Source(CLIENT, file, f"{CLIENT}/{table}/{number}")
    text = {"observations": _observation, "session_summaries": _summary}.get(table, _prompt)(row)
    moment = _moment(row.get("created_at_epoch"))
    if not text or moment is None:
        return Fault(file, int(number or 0), f"a row of {table} without {'a time' if text else 'a text'}")
    session = _first(row, (*_SESSIONS[1], *_SESSIONS[0]))
    project = _text(row.get("project")) or projects.get(session)
    if table == "user_prompts":
        if not session or is_machine(text):
            return None
        turn = Turn(Role.USER, text, None, moment, source.message_id, {})
        return Spoken(session, project, None, turn, source, int(number or 0))
    return Noted(text, None, project, None, moment, source, int(number or 0), _metadata(table, row, session))


def _observation(row: Row) -> str:
    parts = [_text(row.get(name)) for name in ("title", "subtitle")]
    parts += [_text(row.get("narrative")) or _text(row.get("text"))]
    facts = [f"- {fact}" for fact in _listed(row.get("facts"))]
    return "\n".join([*filter(None, parts), *facts])


def _summary(row: Row) -> str:
    said = ((name, _text(row.get(name))) for name in SUMMARY)
    return "\n".join(f"{name.replace('_', ' ').capitalize()}: {text}" for name, text in said if text)


def _prompt(row: Row) -> str:
    return _text(row.get("prompt_text"))


def _metadata(table: str, row: Row, session: str) -> dict[str, Any]:
    given: dict[str, Any] = {name: _listed(row.get(name))[:MOST] for name in LISTS}
    given["category"] = _text(row.get("type"))[:100] if table == "observations" else "summary"
    given["session"] = session[:200]
    return {name: value for name, value in given.items() if value}


def _listed(value: object) -> list[str]:
    """Return a list that is kept as JSON; a text that is none is its only entry."""
    if not isinstance(value, str) or not value.strip():
        return []
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return [value.strip()]
    return [item.strip() for item in found if isinstance(item, str) and item.strip()] if isinstance(found, list) else []


def _first(row: Row, names: Sequence[str]) -> str:
    return next((text for name in names if (text := _text(row.get(name)))), "")


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    """Return the time of an epoch in milliseconds; early releases wrote seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
