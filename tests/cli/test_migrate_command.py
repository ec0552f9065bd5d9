"""`recollect migrate`, as it is typed."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.servers import Postgres

from recollect import AsyncMemory
from recollect.errors import ConfigError, StoreMoved
from recollect.ops.migrate.settings_file import changed

FAILED, WRONG, MOVED = 1, 2, 75


def keep(recollect: Run, *texts: str) -> None:
    for text in texts:
        assert recollect("add", text, "--user", "mei").code == 0


def test_a_store_goes_to_postgresql_and_back(recollect: Run, home: Path, postgres_server: Postgres) -> None:
    url = postgres_server.database()
    keep(recollect, "The lighthouse is blue", "灯塔是蓝色的")
    planned = recollect("migrate", "--to", url, "--dry-run", "--json").json
    assert (planned["tables"]["memory"], planned["to"].startswith("postgresql://")) == (2, True)
    assert (planned["there"], planned["possible"], planned["version"].split()[0]) == ("empty", True, "postgresql")
    with psycopg.connect(url) as door:
        tables = door.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables == (0,), "nothing was made there"
    copied = recollect("migrate", "--to", url, "--json").json
    assert (copied["same"], copied["switched"], copied["asked"]) == (True, False, 2)
    assert copied["tables"]["memory"]["source"] == 2

    keep(recollect, "Written while there was a copy")
    switched = recollect("migrate", "--to", url, "--switch", "--json").json
    assert (switched["same"], switched["switched"], switched["tables"]["memory"]["target"]) == (True, True, 3)
    assert switched["settings"]["file"] == str(home / "recollect.toml")
    assert tomllib.loads((home / "recollect.toml").read_text())["store"] == {"url": url}
    keep(recollect, "Written there")
    assert "Written there" in recollect("search", "written there", "--user", "mei").out

    back = recollect("migrate", "--back")
    assert (back.code, "changed over" in back.out) == (0, True), back
    assert "url" not in tomllib.loads((home / "recollect.toml").read_text())["store"]
    assert "Written there" in recollect("search", "written there", "--user", "mei").out
    assert recollect("migrate", "--end", "--json").json["ended"]
    assert "nothing was being moved" in recollect("migrate", "--end").out


def test_a_move_broken_off_after_the_settings_were_changed_is_completed_by_repeating_it(
    recollect: Run, home: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.database()
    loose = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
    keep(recollect, "One")
    with monkeypatch.context() as patch:
        patch.setattr("recollect.cli.migrate.finish", lambda _: None)
        assert recollect("migrate", "--to", url, "--switch").code == 0
    with psycopg.connect(url, autocommit=True) as door:
        assert door.execute(loose).fetchone() != (0,)
        again = recollect("migrate", "--to", url, "--switch")
        assert (again.code, "it was changed over before" in again.out) == (0, True), again
        assert door.execute(loose).fetchone() == (0,)
    told = recollect("migrate", "--to", url, "--switch", "--json").json
    assert (told["same"], told["switched"], told["held_seconds"]) == (True, True, None)
    assert recollect("migrate", "--to", url).code == WRONG
    assert recollect("migrate", "--back").code == 0
    assert "url" not in tomllib.loads((home / "recollect.toml").read_text())["store"]


def test_what_has_the_store_open_is_told_to_go(recollect: Run, home: Path, tmp_path: Path) -> None:
    keep(recollect, "One")

    async def open_while_it_is_moved() -> None:
        async with AsyncMemory(home, settings={"embedder": {"provider": "none"}}) as memory:
            moved = await asyncio.to_thread(
                recollect, "migrate", "--to", f"sqlite:///{tmp_path / 'new.db'}", "--switch"
            )
            assert moved.code == 0, moved
            with pytest.raises(StoreMoved, match="was moved"):
                await memory.add("Two", user_id="mei")
            assert [item.text for item in (await memory.list(user_id="mei")).memories] == ["One"], (
                "it can still be read"
            )

    asyncio.run(open_while_it_is_moved())
    keep(recollect, "Three")
    listed = recollect("list", "--user", "mei").out
    assert ("One" in listed, "Two" in listed, "Three" in listed) == (True, False, True)
    (home / "recollect.toml").unlink()
    old = recollect("list", "--user", "mei")
    assert (old.code, "was moved to sqlite:///" in old.err) == (MOVED, True)


def test_a_store_that_is_being_filled_is_opened_by_nobody(recollect: Run, tmp_path: Path) -> None:
    keep(recollect, "One")
    assert recollect("migrate", "--to", f"sqlite:///{tmp_path / 'copy' / 'recollect.db'}").code == 0
    early = recollect("list", "--home", tmp_path / "copy")
    assert (early.code, "is being filled from" in early.err) == (FAILED, True)


def test_a_dry_run_says_what_stands_at_the_target(recollect: Run, home: Path, tmp_path: Path) -> None:
    keep(recollect, "One")
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    assert recollect("migrate", "--to", url, "--dry-run", "--json").json["there"] == "not there yet"
    assert not (tmp_path / "copy.db").exists()
    assert recollect("migrate", "--to", url).code == 0
    again = recollect("migrate", "--to", url, "--dry-run", "--json").json
    assert (again["there"].startswith("filled in a move, with sqlite:///"), again["possible"]) == (True, True)
    other = tmp_path / "other"
    assert recollect("add", "Two", "--user", "mei", "--home", other).code == 0
    used = recollect("migrate", "--to", f"sqlite:///{other / 'recollect.db'}", "--dry-run")
    assert (used.code, "not empty: there are rows in " in used.out) == (FAILED, True), used
    (tmp_path / "none.db").write_text("no database")
    broken = recollect("migrate", "--to", f"sqlite:///{tmp_path / 'none.db'}", "--dry-run")
    assert (broken.code, "error:" in broken.err) == (FAILED, True), broken
    away = recollect("migrate", "--to", "postgresql://nobody@127.0.0.1:1/none", "--dry-run")
    assert (away.code, "cannot be reached" in away.err) == (FAILED, True)
    blocked = recollect("migrate", "--to", f"sqlite:///{tmp_path / 'none.db' / 'x' / 'y.db'}", "--dry-run")
    assert (blocked.code, "cannot be written" in blocked.out) == (FAILED, True), blocked


def test_damage_is_told_with_table_and_key(recollect: Run, home: Path, postgres_server: Postgres) -> None:
    url = postgres_server.database()
    keep(recollect, "One", "Two")
    assert recollect("migrate", "--to", url).code == 0
    with psycopg.connect(url) as door:
        door.execute("UPDATE memory SET text = 'Three' WHERE text = 'Two'")
    found = recollect("migrate", "--to", url, "--switch")
    assert (found.code, "memory [2]: different in the target" in found.err) == (FAILED, True)
    assert not (home / "recollect.toml").exists(), "nothing is switched"
    keep(recollect, "Four")


def test_what_cannot_be_is_said(recollect: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(recollect, "One")
    for arguments, said in (
        ((), "--to says where to"),
        (("--to", "mysql://host/x"), "no address of a store"),
        (("--to", f"sqlite:///{home / 'recollect.db'}"), "names the store that is moved"),
        (("--to", "sqlite:///x.db", "--switch", "--back"), "exclude each other"),
        (("--back",), "was not moved"),
    ):
        found = recollect("migrate", *arguments)
        assert (found.code, said in found.err) == (WRONG, True), found
    none = recollect("migrate", "--to", f"sqlite:///{tmp_path / 'a.db'}", "--verify-only")
    assert (none.code, "no copy to compare" in none.err) == (FAILED, True)
    away = recollect("migrate", "--to", "postgresql://nobody@127.0.0.1:1/none")
    assert (away.code, "cannot be reached" in away.err) == (FAILED, True)
    monkeypatch.setenv("RECOLLECT_STORE__FILE", "recollect.db")
    moved = recollect("migrate", "--to", f"sqlite:///{tmp_path / 'b.db'}", "--switch")
    assert (moved.code, "store.file comes from environment" in moved.out) == (0, True), moved
    assert not (home / "recollect.toml").exists()


def test_single_settings_are_changed_and_nothing_else() -> None:
    before = '# mine\n[embedder]\nprovider = "none"\n\n[store] # here\nmemory_mb = 64\nurl = "old"\n\n'
    before += '[log]\nlevel = "info"\n'
    after = changed(before, {"store": {"url": "postgresql://a@b/c", "replica_url": None}, "vectors": {"url": "x://y"}})
    assert tomllib.loads(after) == {
        "embedder": {"provider": "none"},
        "store": {"memory_mb": 64, "url": "postgresql://a@b/c"},
        "log": {"level": "info"},
        "vectors": {"url": "x://y"},
    }
    assert after.startswith("# mine\n")
    assert tomllib.loads(changed(after, {"store": {"url": None}}))["store"] == {"memory_mb": 64}
    assert changed("", {"store": {"url": None}}) == ""
    with pytest.raises(ConfigError, match="not changed by itself"):
        changed('store.url = "old"\n', {"store": {"url": "new"}})
