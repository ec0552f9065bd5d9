"""Wrong input and broken places: one line, a hint, the right exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from recollect import errors
from recollect.cli.exits import CODES, code_of

UNKNOWN = "01a1f8b5-f187-710e-8e19-f36695b9b763"


def test_every_error_has_an_exit_code() -> None:
    assert code_of(errors.InvalidInput("x")) == code_of(errors.TooLarge("x")) == code_of(errors.ConfigError("x")) == 2
    assert code_of(errors.NotFound("x")) == 3
    assert code_of(errors.Denied("x")) == 4
    assert code_of(errors.ProviderFailed("x")) == 5
    assert code_of(errors.StoreFull("x")) == code_of(errors.Conflict("x")) == 1
    assert code_of(PermissionError()) == 1
    assert set(CODES.values()) == {1, 2, 3, 4, 5, 75}


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["bogus"], 2, "No such command"),
        (["search"], 2, "Missing argument"),
        (["search", "x", "--limit", "many"], 2, "not a valid integer"),
        (["search", "x", "--limit", "0"], 2, "asks for nothing"),
        (["search", "x", "--filter", "{bad"], 2, "not JSON"),
        (["search", "x", "--filter", "[1]"], 2, "not an object"),
        (["search", "x", "--filter", '{"a": {"like": 1}}'], 2, "like"),
        (["search", "x", "--kind", "dream"], 2, "no kind of memory"),
        (["search", "x", "--asked-at", "yesterday-ish"], 2, "not a time"),
        (["search", "x", "--user", "a\nb"], 2, "invisible"),
        (["context", "x", "--budget", "0"], 2, "no room"),
        (["context", "x", "--format", "papyrus"], 2, "no format"),
        (["add", "   "], 2, "text is empty"),
        (["add", "x", "--kind", "turn"], 2, "note or a fact"),
        (["add", "x", "--importance", "7"], 2, "0 to 1"),
        (["add", "x", "--occurred-at", "1812-01-01"], 2, "1812"),
        (["add", "x", "--metadata", "3"], 2, "not an object"),
        (["get", "12345"], 2, "is no id"),
        (["get", UNKNOWN], 3, "There is no memory"),
        (["get", "zzzzzz"], 3, "There is no memory"),
        (["history", UNKNOWN], 3, "There is no memory"),
        (["delete", UNKNOWN, "--yes"], 3, "There is no memory"),
        (["forget", "--yes"], 2, "name whose memories"),
        (["list", "--limit", "5000"], 2, "1,000"),
        (["list", "--cursor", "%%%"], 2, "cursor"),
        (["import", "/no/such/file"], 2, "does not exist"),
        (["import", "/dev/null", "--from", "papyrus"], 2, "papyrus"),
        (["models", "pull", "bogus"], 3, "bogus"),
    ],
)
def test_wrong_input_is_told_in_one_line(recollect: Run, args: list[str], code: int, told: str) -> None:
    done = recollect(*args)
    assert done.code == code, done.err
    lines = done.err.splitlines()
    assert lines[0].startswith("error: ")
    assert told in done.err
    assert len(lines) <= 2
    assert done.out == ""


def test_an_ambiguous_end_of_an_id_is_told(recollect: Run, home: Path) -> None:
    names = [recollect("add", f"note {number}", "--json", "--no-wait").json["id"] for number in range(2)]
    with closing(sqlite3.connect(home / "recollect.db")) as database, database:
        for name in names:
            database.execute("UPDATE memory SET id = ? WHERE id = ?", (f"{name[:28]}abcdefab", name))
            names = [*names, f"{name[:28]}abcdefab"]
    done = recollect("get", "abcdefab")
    assert done.code == 2
    assert "Several ids end in abcdefab" in done.err


def test_a_broken_line_is_told_by_number_and_the_rest_imported(recollect: Run, chat: Path) -> None:
    lines = chat.read_text(encoding="utf-8").splitlines()
    chat.write_text("\n".join([lines[0], '{"role": "user", "content": "cut o', *lines[1:]]) + "\n", encoding="utf-8")
    done = recollect("import", chat)
    assert done.code == 0
    assert "4 new" in done.out
    assert f"{chat}:2: not JSON" in done.err
    faults = recollect("import", chat, "--json").json["faults"]
    assert [(fault["file"], fault["line"]) for fault in faults] == [(str(chat), 2)]


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe\x80" * 500, b"hello there, this is prose", b"[1, 2"])
def test_a_file_of_no_known_form_is_refused(recollect: Run, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "strange.bin"
    path.write_bytes(data)
    done = recollect("import", path)
    assert done.code in {1, 2}
    assert done.err.startswith("error: ") or "cannot" in done.err
    assert "Traceback" not in done.err


def test_rubbish_read_as_a_named_form_fails_without_a_traceback(recollect: Run, tmp_path: Path) -> None:
    path = tmp_path / "strange.jsonl"
    path.write_bytes(b"{broken\n" * 30)
    done = recollect("import", path, "--from", "messages")
    assert done.code == 1
    assert "and 20 more that could not be read" in done.err


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00binary", b"a\x00b"])
def test_what_is_no_text_on_stdin_is_refused(recollect: Run, data: bytes) -> None:
    done = recollect("add", "-", stdin=data)
    assert done.code == 2
    assert done.err.startswith("error: ")


def test_a_corrupt_database_is_told_and_left_alone(recollect: Run, home: Path) -> None:
    home.mkdir()
    file = home / "recollect.db"
    file.write_bytes(b"this is no database at all\n" * 400)
    done = recollect("search", "x")
    assert done.code == 1
    assert "not a recollect database" in done.err
    assert file.read_bytes().startswith(b"this is no database")
    report = recollect("doctor", "--json")
    assert report.code == 1
    assert [c["status"] for c in report.json["checks"] if c["name"] == "store"] == ["fail"]


def test_a_damaged_page_is_found_by_the_doctor(recollect: Run, home: Path, chat: Path) -> None:
    recollect("import", chat)
    with closing(sqlite3.connect(home / "recollect.db")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'memory'").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    with (home / "recollect.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\x99" * size)
    assert recollect("doctor").code == 1
    done = recollect("list")
    assert done.code == 1
    assert "damaged" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_told(recollect: Run, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = recollect("add", "x", "--home", closed / "inside")
    assert done.code == 1
    assert "--home" in done.err


def test_a_home_that_cannot_be_made_is_told(recollect: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = recollect("add", "x", "--home", file / "inside")
    assert done.code == 1
    assert "Name another one with --home" in done.err
    assert recollect("doctor", "--home", file / "inside").code == 1


def test_an_export_replaces_nothing_unasked(recollect: Run, tmp_path: Path) -> None:
    recollect("add", "x")
    path = tmp_path / "out.jsonl"
    path.write_text("precious", encoding="utf-8")
    assert recollect("export", path).code == 2
    assert path.read_text(encoding="utf-8") == "precious"
    assert recollect("export", path, "--force").code == 0
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert recollect("export", tmp_path / "none" / "out.jsonl").code == 1
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith(".")] == []


def test_a_wrong_setting_is_told(recollect: Run, home: Path) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text("[store]\nmemory_mb = 3\n", encoding="utf-8")
    done = recollect("search", "x")
    assert done.code == 2
    assert "store.memory_mb" in done.err


def test_verbose_shows_the_traceback(recollect: Run) -> None:
    assert "Traceback" in recollect("get", UNKNOWN, "-v").err
    assert "Traceback" not in recollect("get", UNKNOWN).err


def test_an_export_of_a_later_release_is_refused(recollect: Run, tmp_path: Path) -> None:
    path = tmp_path / "later.jsonl"
    path.write_text(json.dumps({"recollect": "export", "version": 99}) + "\n", encoding="utf-8")
    done = recollect("import", path)
    assert done.code == 2
    assert "Upgrade recollect" in done.err
