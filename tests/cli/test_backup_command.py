"""`recollect backup` and `restore`, as they are typed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run

WRONG, MISSING, DENIED = 2, 3, 4


def test_a_store_goes_into_a_backup_and_comes_back(recollect: Run, tmp_path: Path) -> None:
    recollect("add", "The lighthouse is blue")
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\n")
    where = ("--to", tmp_path / "backups", "--passphrase-file", secret)
    made = recollect("backup", *where, "--json").json
    assert made["memories"] == 1
    assert "1 memories" in recollect("backup", *where).out
    assert len(recollect("backup", *where, "list", "--json").json["snapshots"]) == 2
    assert "is good" in recollect("backup", *where, "test").out
    assert "0 and 0 objects would be removed" in recollect("backup", *where, "prune", "--preview").out
    back = ("restore", "--from", tmp_path / "backups", "--passphrase-file", secret)
    taken = recollect(*back)
    assert (taken.code, "There is a store" in taken.err) == (1, True)
    assert "1 memories" in recollect(*back, made["snapshot"], "--to", tmp_path / "again").out
    assert "The lighthouse is blue" in recollect("list", "--home", tmp_path / "again").out


def test_what_is_missing_is_said(recollect: Run, tmp_path: Path) -> None:
    nowhere = recollect("backup")
    assert (nowhere.code, "backup.to" in nowhere.err) == (WRONG, True)
    none = recollect("restore", "--from", tmp_path / "none")
    assert (none.code, "no backups" in none.err) == (MISSING, True)
    recollect("add", "A note")
    secret = tmp_path / "passphrase"
    secret.write_text("one")
    recollect("backup", "--to", tmp_path / "b", "--passphrase-file", secret)
    without = recollect("restore", "--from", tmp_path / "b", "--to", tmp_path / "again")
    assert (without.code, "sealed by a passphrase" in without.err) == (WRONG, True)
    secret.write_text("two")
    wrong = recollect("restore", "--from", tmp_path / "b", "--passphrase-file", secret, "--to", tmp_path / "again")
    assert (wrong.code, "not that of this backup" in wrong.err) == (WRONG, True)
    assert not (tmp_path / "again" / "recollect.db").exists()
