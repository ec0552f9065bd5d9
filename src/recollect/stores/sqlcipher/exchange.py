"""Makes a store's file anew under another key, or none: beside the old one, compared with it, put in its place.

Whenever that is broken off, the file under the store's name is whole: the old one or the new one. What is left lying
beside it is removed when the next exchange begins.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recollect.errors import StoreBusy, StoreDamaged, StoreFull
from recollect.ports import Tracker
from recollect.stores.sql.sqlite import translated
from recollect.stores.sqlcipher.driver import SqlCipher, unlocked
from recollect.stores.sqlcipher.key import Key
from recollect.stores.sqlcipher.places import sync_folder

PATIENCE: Final = 2.0
"""Seconds that others are given to let go of the store."""
DRAFT, OLD = ".making", ".old"
"""Ends of the names that the new file has before it takes the store's name, and the old one after that."""
BLOCK: Final = 1 << 20
FAILED: Final = SqlCipher.error
BUSY: Final = (5, 6)
"""SQLITE_BUSY and SQLITE_LOCKED."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What was written anew, and compared with what it was written from."""

    tables: int
    rows: int
    bytes: int


def exchange(path: Path, old: Key | None, new: Key | None, tracker: Tracker) -> Exchanged:
    """Have the store's file under another key; `None` is no encryption. Nobody else may have it open meanwhile.

    The old file is overwritten before it is let go. Raises StoreBusy, StoreFull, StoreError and StoreDamaged; then the
    store is as it was. This process must not have the store open either: its locks do not hold against itself.
    """
    draft = path.with_name(path.name + DRAFT)
    with translated(FAILED):
        _room_for(path)
        with _alone(path, old) as connection:
            _sweep(path)
            try:
                made = _written(connection, draft, new, tracker)
                _durable(draft, path)
            except BaseException:  # no draft of a store stays, however writing ends
                draft.unlink(missing_ok=True)
                raise
            _put(connection, path, draft)
    return made


def remains(path: Path) -> list[Path]:
    """Return what an exchange that was broken off has left beside a store."""
    ends = (DRAFT, f"{DRAFT}-journal", OLD)
    return [found for end in ends if (found := path.with_name(path.name + end)).exists()]


def sweep(path: Path, key: Key | None) -> int:
    """Remove what an exchange that was broken off has left beside a store; return how many files that were.

    Raises StoreBusy where somebody has the store open: it may be an exchange that is under way.
    """
    with translated(FAILED), _alone(path, key):
        return _sweep(path)


def _sweep(path: Path) -> int:
    found = remains(path)
    for left in found:
        if not left.samefile(path):  # it was broken off before the rename: this is a second name of the store itself
            with left.open("r+b") as file:
                _overwrite(file.fileno())
        left.unlink()
    return len(found)


@contextmanager
def _alone(path: Path, key: Key | None) -> Iterator[Any]:
    """Yield the only connection to a file: who opens it meanwhile waits, and who has it open is told of in the error.

    As long as it is open, this process must not open the file once more: to close that would give its locks away.
    """
    literal = None if key is None else SqlCipher(key).literal(path)
    with closing(_connected(path, literal)) as first:
        _leave_log(first)
    with closing(_connected(path, literal)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # the lock stays to the end of the connection
        except FAILED as error:
            raise _in_use(error) from error
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
            raise _in_use(None)
        yield connection


def _connected(path: Path, literal: str | None) -> Any:
    connection = unlocked(path, timeout=PATIENCE)
    if literal is not None:
        connection.execute(f"PRAGMA key = {literal}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _leave_log(connection: Any) -> None:
    """Bring everything out of the write-ahead log into the file; that can only be done by who is alone."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        found = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    except FAILED as error:
        raise _in_use(error) from error
    if found != "delete":
        raise _in_use(None)


def _in_use(error: Exception | None) -> Exception:
    if error is not None and getattr(error, "sqlite_errorcode", 0) & 0xFF not in BUSY:
        return error
    return StoreBusy(
        "Another process has the store open, so it cannot be exchanged",
        hint="Stop the server (recollect stop) and whatever else uses it. Nothing was changed.",
    )


def _written(connection: Any, draft: Path, new: Key | None, tracker: Tracker) -> Exchanged:
    """Write everything to another file, then read it back and compare."""
    literal = "''" if new is None else SqlCipher(new).literal(draft)
    attach = f"ATTACH DATABASE ? AS made KEY {literal}"
    connection.execute(attach, (str(draft),))
    connection.execute("PRAGMA made.auto_vacuum = INCREMENTAL")
    connection.execute("SELECT sqlcipher_export('made')").fetchall()
    for name in ("user_version", "application_id"):
        value = int(connection.execute(f"PRAGMA main.{name}").fetchone()[0])
        connection.execute(f"PRAGMA made.{name} = {value}")
    connection.execute("DETACH DATABASE made")
    draft.chmod(0o600)
    if new is not None and not new.is_raw:  # the salt is in the file now, and the key is made with it
        attach = f"ATTACH DATABASE ? AS made KEY {SqlCipher(new).literal(draft)}"
    connection.execute(attach, (str(draft),))
    tables = _tables(connection)
    rows = 0
    for number, table in enumerate(tables):
        tracker(number, len(tables), table)
        rows += _compared(connection, table)
    _sound(connection, closed=new is not None)
    connection.execute("DETACH DATABASE made")
    tracker(len(tables), len(tables), "")
    return Exchanged(len(tables), rows, draft.stat().st_size)


def _tables(connection: Any) -> list[str]:
    """Return the tables that hold rows; raise StoreDamaged where the other file has others."""
    schemas = [
        connection.execute(
            f"SELECT type, name, tbl_name, sql FROM {of}.sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2"  # noqa: S608
        ).fetchall()
        for of in ("main", "made")
    ]
    if schemas[0] != schemas[1]:
        raise _differs("the schema")
    return [
        name for kind, name, _, sql in schemas[0] if kind == "table" and not (sql or "").startswith("CREATE VIRTUAL")
    ]


def _compared(connection: Any, table: str) -> int:
    """Compare each row of a table with its copy; return how many there are."""
    name = _quoted(table)
    columns = connection.execute(f"PRAGMA main.table_info({name})").fetchall()
    keyed = [_quoted(row[1]) for row in sorted(columns, key=lambda row: row[5]) if row[5]]
    rowless = connection.execute("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,))
    keys = keyed if rowless.fetchone()[0] else ["rowid"]
    counts = [connection.execute(f"SELECT count(*) FROM {of}.{name}").fetchone()[0] for of in ("main", "made")]  # noqa: S608
    same = " AND ".join(f"a.{key} IS b.{key}" for key in keys)
    left, right = (", ".join(f"{side}.{_quoted(row[1])} COLLATE BINARY" for row in columns) for side in "ab")
    differing = connection.execute(
        f"SELECT count(*) FROM main.{name} AS a LEFT JOIN made.{name} AS b ON {same} "  # noqa: S608
        f"WHERE b.{keys[0]} IS NULL OR ({left}) IS NOT ({right})"
    ).fetchone()[0]
    if counts[0] != counts[1] or differing:
        raise _differs(f"the table {table}")
    return int(counts[0])


def _sound(connection: Any, *, closed: bool) -> None:
    """Have the other file looked through: its order, and of an encrypted one the HMAC of every page."""
    if [row[0] for row in connection.execute("PRAGMA made.quick_check(1)")] != ["ok"]:
        raise _differs("its order")
    if closed and connection.execute("PRAGMA made.cipher_integrity_check").fetchall():
        raise _differs("a page")


def _durable(draft: Path, path: Path) -> None:
    shutil.copymode(path, draft)
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _put(connection: Any, path: Path, draft: Path) -> None:
    """Give the new file the store's name, and overwrite the old one before anyone who waits for it can read it."""
    old = path.with_name(path.name + OLD)
    if os.name == "nt":  # an open file cannot be replaced there
        connection.close()
    try:
        os.link(path, old)
    except OSError:  # a file system without second names: the old file goes as it is
        draft.replace(path)
        sync_folder(path.parent)
        return
    draft.replace(path)
    sync_folder(path.parent)
    with old.open("r+b") as file:
        _overwrite(file.fileno())
        old.unlink()
        connection.close()


def _overwrite(descriptor: int) -> None:
    """Write zeros over a file, and have them on disk; what a file system keeps elsewhere is out of reach."""
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while size > 0:
        size -= os.write(descriptor, bytes(min(BLOCK, size)))
    os.fsync(descriptor)


def _room_for(path: Path) -> None:
    size = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < size * 1.2:
        raise StoreFull(
            f"The store takes {size / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free",
            hint="It is made anew beside the old one: free some space. Nothing was changed.",
        )


def _differs(what: str) -> StoreDamaged:
    return StoreDamaged(f"The copy is not what it was made of ({what})", hint="The store is as it was. Try again.")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
