"""`recollect forget --prove`: what was said is in no file any more, and what others say is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from recollect import Memory

SECRET = "The quokka lives behind the third lighthouse, 在第三座灯塔后面."


def everything(home: Path) -> bytes:
    """Return the bytes of every file."""
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_what_was_forgotten_is_in_no_file(recollect: Run, home: Path) -> None:
    name = recollect("add", SECRET, "--user", "mei", "--json").json["id"]
    recollect("add", "Bo likes tea and nothing else in the morning", "--user", "bo")
    assert b"third lighthouse" in everything(home)
    proof = recollect("forget", "--user", "mei", "--prove", "--yes", "--json").json
    assert (proof["deleted"], proof["holds"], proof["traces"]) == (1, True, [])
    assert proof["pieces"] >= 3
    assert proof["bytes"] > 10_000
    content = everything(home)
    assert b"quokka lives" not in content
    assert name.encode() in content, "the delete itself is known"
    assert b"Bo likes tea" in content


def test_the_texts_of_its_history_are_looked_for_too(recollect: Run, home: Path) -> None:
    name = recollect("add", SECRET, "--user", "mei", "--json").json["id"]
    with Memory() as memory:
        memory.update(name, text="The quokka has moved to the harbour.")
    (home / "left-behind.log").write_text(SECRET, encoding="utf-8")
    done = recollect("forget", "--user", "mei", "--prove", "--yes")
    assert "left-behind.log holds 'The quokka lives" in done.err


def test_a_trace_is_found_and_fails(recollect: Run, home: Path) -> None:
    recollect("add", SECRET, "--user", "mei")
    (home / "left-behind.log").write_text(f"INFO said: {SECRET}\n", encoding="utf-8")
    done = recollect("forget", "--user", "mei", "--prove", "--yes")
    assert (done.code, "left-behind.log holds" in done.err) == (1, True)


def test_what_others_say_is_told_apart(recollect: Run, home: Path) -> None:
    recollect("add", SECRET, "--user", "mei")
    kept = recollect("add", SECRET, "--user", "bo", "--json").json["id"]
    done = recollect("forget", "--user", "mei", "--prove", "--yes")
    assert done.code == 0
    assert f"memory {kept} says it too" in done.out
    assert "what others say" in done.out


def test_backups_that_hold_it_are_named(recollect: Run, tmp_path: Path, home: Path) -> None:
    recollect("add", SECRET, "--user", "mei")
    (home / "recollect.toml").write_text(f'[backup]\nto = "{tmp_path / "backups"}"\n')
    made = recollect("backup", "--json").json["snapshot"]
    proof = recollect("forget", "--user", "mei", "--prove", "--yes", "--json").json
    assert proof["backups"] == [made]
    recollect("backup")
    recollect("restore", made, "--to", tmp_path / "again")
    assert b"quokka" not in everything(tmp_path / "again")


def test_of_an_encrypted_store_it_is_proven_by_its_rows_and_said_so(
    recollect: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOLLECT_STORE__KEY_FILE", str(tmp_path / "keys" / "store.key"))
    assert recollect("encrypt").code == 0
    recollect("add", SECRET, "--user", "mei")
    recollect("add", SECRET, "--user", "bo")
    assert b"third lighthouse" not in everything(home)
    told = recollect("forget", "--user", "mei", "--prove", "--yes", "--json").json
    assert told["holds"], "another user says it too"
    assert {trace["file"] for trace in told["traces"]} >= {"table memory"}, "rows are read through the key"
    assert all(trace["held_by"] for trace in told["traces"])
    done = recollect("forget", "--user", "bo", "--prove", "--yes")
    assert (done.code, "nothing of it is left" in done.out) == (0, True)
    assert "texts: 0 found; every column of every table" in done.out
    assert "encrypted: not searched as it lies; its rows were, through its key" in done.out
    recollect("add", SECRET, "--user", "ann")
    (home / "left-behind.log").write_text(SECRET, encoding="utf-8")
    done = recollect("forget", "--user", "ann", "--prove", "--yes")
    assert (done.code, "left-behind.log holds" in done.err) == (1, True)
