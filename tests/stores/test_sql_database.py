"""The file is opened the way its promises need, and every failure of the disk comes as one of our errors."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from recollect.errors import RecollectError, StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly
from recollect.exchange import Batch
from recollect.models import Task
from recollect.stores.sql import sqlite as module
from recollect.stores.sql.database import Database, prepare_home
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.records import SqlRecords
from recollect.stores.sql.scrub import scrub
from recollect.stores.sql.sqlite import translated
from recollect.testing.clock import FakeClock
from recollect.testing.sample import HERE, entry, memory

LONG = "a sentence of no great interest to anybody. " * 500


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = Database(path)
    try:
        upgrade(database)
        yield database
    finally:
        await database.close()


async def pragma(database: Database, name: str, *, write: bool = False) -> object:
    way = database.write if write else database.read
    return await way(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar())


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("auto_vacuum", 2),
        ("busy_timeout", 30_000),
        ("secure_delete", 1),
    ],
)
async def test_every_connection_is_set_up(tmp_path: Path, name: str, value: object, write: bool) -> None:
    async with opened(tmp_path / "r.db") as database:
        assert await pragma(database, name, write=write) == value
    async with opened(tmp_path / "r.db") as database:
        assert await pragma(database, name, write=write) == value


async def test_foreign_keys_hold(tmp_path: Path) -> None:
    async with opened(tmp_path / "r.db") as database:
        statement = "INSERT INTO conversation VALUES (1, 99, 'x', 0, 0, 0)"
        with pytest.raises(StoreError, match="FOREIGN KEY"):
            await database.write(lambda connection: connection.exec_driver_sql(statement))


async def test_a_writer_waits_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with opened(path) as database:
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            write = asyncio.create_task(SqlRecords(database, FakeClock()).commit(Batch(adds=[entry(memory("waits"))])))
            done, _ = await asyncio.wait([write], timeout=0.2)
            assert not done
            other.execute("COMMIT")
        assert (await write).new == (True,)


async def test_a_writer_that_waited_too_long_says_so_and_has_written_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.db"
    async with opened(path) as database:
        records = SqlRecords(database, FakeClock())
        await database.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=50").scalar())
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy) as caught:
                await records.commit(Batch(adds=[entry(memory("never"))]))
            assert caught.value.retryable
            other.execute("ROLLBACK")
        assert await records.ids(HERE) == []
        await records.commit(Batch(adds=[entry(memory("now"))]))
        assert len(await records.ids(HERE)) == 1


async def test_a_cancelled_caller_leaves_a_whole_write(tmp_path: Path) -> None:
    async with opened(tmp_path / "r.db") as database:
        records = SqlRecords(database, FakeClock())
        tasks = []
        for number in range(20):
            batch = Batch(adds=[entry(memory(f"a {number}")), entry(memory(f"b {number}"))], tasks=[Task("embed", {})])
            tasks.append(asyncio.create_task(records.commit(batch)))
            await asyncio.sleep(0)
            tasks[-1].cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await database.write(lambda connection: None)
        kept = [item.text for item in (await records.page(HERE, limit=99)).memories]
        assert {text for text in kept if text.startswith("a")} == {f"a{text[1:]}" for text in kept}


@pytest.mark.parametrize("content", [b"not a database at all, but a letter to a friend\n" * 100, os.urandom(8192)])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.db"
    path.write_bytes(content)
    database = Database(path)
    with pytest.raises(StoreDamaged) as caught:
        upgrade(database)
    database.close_now()
    assert caught.value.hint
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_with_its_tables_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE photo (name TEXT)")
        other.execute("INSERT INTO photo VALUES ('holiday')")
        other.commit()
    database = Database(path)
    with pytest.raises(StoreDamaged):
        upgrade(database)
    database.close_now()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM photo").fetchall() == [("holiday",)]
        assert [row[0] for row in other.execute("SELECT name FROM sqlite_master")] == ["photo"]


async def filled(path: Path, count: int = 200) -> None:
    async with opened(path) as database:
        records = SqlRecords(database, FakeClock())
        await records.commit(Batch(adds=[entry(memory(f"memory {number} {LONG[:400]}")) for number in range(count)]))
        await scrub(database)


async def read_all(database: Database) -> None:
    upgrade(database)
    await SqlRecords(database, FakeClock()).page(HERE, limit=500)


async def write_one(database: Database) -> None:
    upgrade(database)
    await SqlRecords(database, FakeClock()).commit(Batch(adds=[entry(memory("never"))]))


async def test_a_file_with_a_damaged_page_is_reported_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await filled(path)
    whole = path.read_bytes()
    broken = whole[:8192] + os.urandom(len(whole) - 8192)
    path.write_bytes(broken)
    database = Database(path)
    with pytest.raises(StoreDamaged) as caught:
        await read_all(database)
    await database.close()
    assert caught.value.hint
    assert path.read_bytes() == broken


async def test_a_file_cut_short_is_reported_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await filled(path)
    cut = path.read_bytes()[: path.stat().st_size // 3]
    path.write_bytes(cut)
    database = Database(path)
    with pytest.raises(StoreDamaged):
        await read_all(database)
    await database.close()
    assert path.read_bytes() == cut


async def test_a_store_of_a_later_release_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await filled(path, 3)
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.commit()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    database = Database(path)
    with pytest.raises(StoreDamaged, match="later release") as caught:
        upgrade(database)
    database.close_now()
    assert "Upgrade" in caught.value.hint
    assert path.read_bytes() == before


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """Make a file or folder one that not even root can write; skip where the file system cannot."""
    try:
        subprocess.run(["chattr", "+i", str(path)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        if os.geteuid() == 0:
            pytest.skip("root may write anything on this file system, which knows no immutable files")
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True, capture_output=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with immutable(tmp_path), pytest.raises(StoreReadOnly, match=str(tmp_path)):
        prepare_home(tmp_path / "inside")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreReadOnly, match="file"):
        prepare_home(tmp_path / "file")
    with pytest.raises(StoreReadOnly):
        prepare_home(tmp_path / "file" / "inside")


def test_a_folder_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreReadOnly, match=str(tmp_path)):
        prepare_home(tmp_path)


async def test_a_database_in_a_read_only_folder_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with immutable(tmp_path):
        database = Database(path)
        with pytest.raises(StoreReadOnly):
            upgrade(database)
        database.close_now()


async def test_a_read_only_database_file_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await filled(path, 3)
    before = path.read_bytes()
    with immutable(path):
        database = Database(path)
        with pytest.raises(StoreReadOnly):
            await write_one(database)
        database.close_now()
    assert path.read_bytes() == before


async def test_a_database_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with pytest.raises(StoreReadOnly):
        upgrade(database)
    database.close_now()


async def test_a_full_store_says_so_keeps_nothing_of_the_write_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async with opened(tmp_path / "r.db") as database:
        records = SqlRecords(database, FakeClock())
        await records.commit(Batch(adds=[entry(memory("there before"))]))
        pages = await pragma(database, "page_count", write=True)
        assert isinstance(pages, int)
        assert await pragma(database, f"max_page_count={pages + 4}", write=True) == pages + 4
        with pytest.raises(StoreFull) as caught:
            await records.commit(
                Batch(adds=[entry(memory(f"never {n} {LONG}")) for n in range(9)], tasks=[Task("embed", {})])
            )
        assert caught.value.hint
        assert [item.text for item in (await records.page(HERE, limit=9)).memories] == ["there before"]
        counts = "SELECT (SELECT count(*) FROM chunk), (SELECT count(*) FROM change), (SELECT count(*) FROM job)"
        assert await database.read(lambda connection: tuple(connection.exec_driver_sql(counts).one())) == (1, 1, 0)
        await pragma(database, f"max_page_count={pages + 4000}", write=True)
        await records.commit(Batch(adds=[entry(memory(f"now {LONG}"))]))
        assert len(await records.ids(HERE)) == 2
        assert await pragma(database, "integrity_check") == "ok"


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    """Mount a disk of this size; skip where that is not permitted."""
    path.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a file system")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True, capture_output=True)


async def test_a_full_disk_says_so_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 600_000)
        kept: list[str] = []
        async with opened(disk / "r.db") as database:
            records = SqlRecords(database, FakeClock())
            caught: RecollectError | None = None
            for number in range(400):
                item = memory(f"memory {number} {LONG[:8000]}")
                try:
                    await records.commit(Batch(adds=[entry(item)], tasks=[Task("embed", {"ids": [item.id]})]))
                except RecollectError as error:
                    caught = error
                    break
                kept.append(item.id)
            assert isinstance(caught, StoreFull)
            assert kept
            assert await records.ids(HERE) == kept
            filler.unlink()
            last = memory("there is room again")
            await records.commit(Batch(adds=[entry(last)]))
            assert await records.ids(HERE) == [*kept, last.id]
            assert await pragma(database, "integrity_check") == "ok"
        async with opened(disk / "r.db") as database:
            assert await SqlRecords(database, FakeClock()).ids(HERE) == [*kept, last.id]


async def test_a_disk_full_from_the_start_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "100k") as disk:
        (disk / "filler").write_bytes(b"x" * 90_000)
        database = Database(disk / "r.db")
        with pytest.raises(StoreError) as caught:
            upgrade(database)
        database.close_now()
        assert isinstance(caught.value, StoreFull)


async def test_wiping_fails_as_long_as_somebody_reads_what_was_deleted(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with opened(path) as database:
        records = SqlRecords(database, FakeClock())
        item = memory("xylophagous")
        await records.commit(Batch(adds=[entry(item)]))
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM memory").fetchone()
            await records.commit(Batch(deletes=[item.id]))
            await database.outside("PRAGMA busy_timeout=50")
            with pytest.raises(StoreBusy) as caught:
                await scrub(database)
            assert caught.value.retryable
            reader.execute("COMMIT")
        await scrub(database)
        assert Path(f"{path}-wal").stat().st_size == 0
        assert b"xylophagous" not in path.read_bytes()


CODES = sorted(
    {
        value & 0xFF
        for name, value in vars(sqlite3).items()
        if name.startswith("SQLITE_") and isinstance(value, int) and hasattr(sqlite3, name) and 0 < (value & 0xFF) < 27
    }
)


@pytest.mark.parametrize("code", CODES)
def test_every_error_of_the_driver_becomes_one_of_ours(code: int) -> None:
    for sort in (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.InternalError, sqlite3.IntegrityError):
        error = sort("what SQLite said")
        error.sqlite_errorcode = code | (1 << 8)
        for raised in (error, sa.exc.DBAPIError("SELECT 1", None, error)):
            with pytest.raises(StoreError) as caught, translated():
                raise raised
            assert caught.value.message
            assert caught.value.__cause__ is raised
            if code in module._BY_CODE:
                assert caught.value.hint


@pytest.mark.parametrize(
    "raised",
    [
        sqlite3.ProgrammingError("closed"),
        sqlite3.InterfaceError("odd"),
        sa.exc.TimeoutError("pool"),
        sa.exc.ResourceClosedError("closed"),
        sa.exc.StatementError("bad", "SELECT 1", None, ValueError("x")),
    ],
)
def test_every_error_of_the_toolkit_becomes_one_of_ours(raised: Exception) -> None:
    with pytest.raises(StoreError), translated():
        raise raised


async def test_numbers_and_texts_that_the_driver_cannot_hold_are_errors_of_ours(tmp_path: Path) -> None:
    async with opened(tmp_path / "r.db") as database:
        records = SqlRecords(database, FakeClock())
        for broken in (memory("half \ud800 a pair"), memory("x", importance=float("inf"), version=2**70)):
            with pytest.raises(RecollectError):
                await records.commit(Batch(adds=[entry(memory("before")), entry(broken)]))
        assert await records.ids(HERE) == []
