"""A store is copied while every table of it changes, between both databases and both ways, and ends the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.servers import Postgres
from tests.stores.rows import Churn, contents

from recollect.errors import Conflict, StoreDamaged, StoreError, StoreMoved
from recollect.stores.postgres.server import PostgresServer
from recollect.stores.sql.copying.note import End, read_note
from recollect.stores.sql.copying.pair import Pair, end
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.stores.sql.schema import memory, metadata, tenant, token

Open = Callable[[], Database]
BOTH = [
    ("sqlite", "postgresql"),
    ("sqlite", "sqlite"),
    pytest.param("postgresql", "sqlite", marks=pytest.mark.slow),
    pytest.param("postgresql", "postgresql", marks=pytest.mark.slow),
]


def silent(_table: str, _rows: int) -> None:
    """Hear nothing."""


def quiet() -> None:
    """See nothing wrong."""


@pytest.fixture
def make(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Open]]:
    """Return what makes places for stores, each of which can be opened many times."""
    with ExitStack() as stack:
        made = 0

        def place(kind: str) -> Open:
            nonlocal made
            made += 1
            if kind == "sqlite":
                path = tmp_path / f"{made}.db"
                return lambda: opened(Database(path))
            server: Postgres = request.getfixturevalue("postgres_server")
            url = server.database()
            return lambda: opened(Database(PostgresServer(url)))

        def opened(database: Database) -> Database:
            stack.callback(database.close_now)
            upgrade(database)
            return database

        yield place


@contextmanager
def changing(open_: Open, seed: int) -> Iterator[Churn]:
    """Have a thread change the store, at least a hundred times, until it is left or this is over."""
    churn, over, enough = Churn(open_(), seed), threading.Event(), threading.Event()

    def work() -> None:
        while not over.wait(0.002):  # a busy store, not one that leaves nobody else any time
            try:
                churn.step()
            except StoreMoved:
                break
            if churn.done > 100:
                enough.set()
        enough.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield churn
        assert enough.wait(60)
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(("source", "target"), BOTH)
def test_every_table_is_the_same_however_it_changed_meanwhile(
    make: Callable[[str], Open], source: str, target: str
) -> None:
    here, there = make(source), make(target)
    Churn(here(), 1).fill(12)
    pair = Pair(here(), there(), "here", "there", batch=7)
    with changing(here, 2):
        pair.copy(pair.begin(), silent)
        pair.follow()
        compared = pair.compare(silent)
        assert all(table.same for table in compared), [table for table in compared if not table.same]
        assert {table.table for table in compared} == set(metadata.tables)
        pair.follow(check=True)
        assert 0 < pair.change_over(quiet) < 30
    left, taken = here(), there()
    assert contents(left) == contents(taken)
    assert (noted(left), noted(taken)) == (End.LEFT, End.TAKEN)
    with pytest.raises(StoreMoved):
        left.write_now(lambda connection: connection.execute(sa.insert(token).values(**TOKEN)))

    # The way back: what is written now goes there.
    with changing(there, 3):
        back = Pair(there(), here(), "there", "here", batch=7)
        back.copy(back.begin(), silent)
        back.follow(check=True)
        back.change_over(quiet)
    assert contents(left) == contents(taken)
    assert (noted(left), noted(taken)) == (End.TAKEN, End.LEFT)
    left.write_now(lambda connection: connection.execute(sa.insert(tenant).values(user_id="n", project_id="n")))
    end(left)
    assert noted(left) is None
    left.write_now(lambda connection: connection.execute(sa.delete(tenant).where(tenant.c.user_id == "n")))


TOKEN = {"id": "t", "name": "t", "digest": "t", "created_at": 1}


def noted(database: Database) -> End | None:
    note = database.read_now(read_note)
    return None if note is None else note.end


def test_numbers_go_on_where_they_ended(make: Callable[[str], Open]) -> None:
    here, there = make("sqlite"), make("postgresql")

    def add(connection: sa.Connection) -> int:
        made = connection.execute(sa.insert(tenant).values(user_id=f"u{connection.dialect.name}", project_id="p"))
        assert made.inserted_primary_key is not None
        return int(made.inserted_primary_key[0])

    last = here().write_now(add)
    here().write_now(lambda connection: connection.execute(sa.delete(tenant)))
    pair = Pair(here(), there(), "here", "there", batch=100)
    pair.copy(pair.begin(), silent)
    pair.change_over(quiet)
    assert there().write_now(add) == last + 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_target_that_is_used_or_belongs_to_another_is_refused(make: Callable[[str], Open], kind: str) -> None:
    here, other, there = make("sqlite"), make("sqlite"), make(kind)
    there().write_now(lambda connection: connection.execute(sa.insert(token).values(**TOKEN)))
    with pytest.raises(Conflict, match="not empty: there are rows in token"):
        Pair(here(), there(), "here", "there", batch=10).begin()
    assert noted(here()) is None, "nothing was begun"
    there().write_now(lambda connection: connection.execute(sa.delete(token)))
    Pair(here(), there(), "here", "there", batch=10).begin()
    with pytest.raises(Conflict, match="another move"):
        Pair(other(), there(), "other", "there", batch=10).begin()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_damage_in_the_target_is_found_and_nothing_is_switched(make: Callable[[str], Open], kind: str) -> None:
    here, there = make("sqlite"), make(kind)
    Churn(here(), 5).fill(6)
    pair = Pair(here(), there(), "here", "there", batch=4)
    pair.copy(pair.begin(), silent)
    pair.follow()

    def damage(connection: sa.Connection) -> None:
        key = connection.execute(sa.select(sa.func.min(memory.c.key))).scalar()
        connection.execute(sa.update(memory).where(memory.c.key == key).values(text="something else"))
        connection.execute(sa.insert(token).values(key=1 << 20, **TOKEN))

    there().write_now(damage)
    found = {
        (one.table, one.how): one.key for table in pair.compare(silent) for one in table.differences if not table.same
    }
    assert set(found) == {("memory", "different"), ("token", "left over")}
    with pytest.raises(StoreDamaged, match="token"):
        pair.change_over(quiet)
    assert (noted(here()), noted(there())) == (End.COPIED, End.FILLED)
    here().write_now(lambda connection: connection.execute(sa.insert(tenant).values(user_id="n", project_id="n")))


def test_a_change_over_that_was_broken_off_is_done_again(make: Callable[[str], Open]) -> None:
    here, there = make("sqlite"), make("postgresql")
    Churn(here(), 6).fill(4)
    pair = Pair(here(), there(), "here", "there", batch=10)
    pair.copy(pair.begin(), silent)
    pair.change_over(quiet)

    def undone(connection: sa.Connection) -> None:
        """Leave the source as a process leaves it that is killed between the two commits."""
        connection.exec_driver_sql("UPDATE move_note SET \"end\" = 'copied', passing = 1")

    here().write_now(undone)
    assert not pair.switched()
    note = pair.begin()
    assert note.end is End.FILLED
    pair.copy(note, silent)
    pair.follow()
    assert all(table.same for table in pair.compare(silent))
    pair.change_over(quiet)
    assert pair.switched()


def test_a_row_the_target_cannot_hold_is_named(make: Callable[[str], Open]) -> None:
    here, there = make("sqlite"), make("postgresql")
    here().write_now(
        lambda connection: connection.execute(sa.insert(token).values(**{**TOKEN, "name": "a\x00b", "id": "odd"}))
    )
    pair = Pair(here(), there(), "here", "there", batch=10)
    with pytest.raises(StoreError, match=r"The row \[1\] of token cannot be copied"):
        pair.copy(pair.begin(), silent)
