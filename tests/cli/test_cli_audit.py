"""`recollect audit`, `searches` and `search --across` tell what was done, and prove that the telling is whole."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def several(recollect: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT__ENABLE_CROSS_PROJECT_SEARCH", "true")
    for project in ("web", "api", "=cmd"):
        assert recollect("add", f"zebra of {project}", "-p", project).code == 0


def test_search_looks_into_several_projects(recollect: Run) -> None:
    named = recollect("search", "zebra", "--across", "web", "--across", "api", "--json")
    assert named.code == 0
    assert named.json["projects_searched"] == 2
    every = recollect("search", "zebra", "--all-projects", "--merge", "project", "--each", "1")
    assert every.code == 0
    assert "zebra of web" in every.out.replace("\x1b[1m", "").replace("\x1b[0m", "") or "web" in every.out
    assert "3 found in 3 projects" in every.err


def test_where_it_is_off_it_says_so(recollect: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT__ENABLE_CROSS_PROJECT_SEARCH", "false")
    refused = recollect("search", "zebra", "--all-projects")
    assert refused.code == 4
    assert "Cross-project search is not enabled" in refused.err


def test_what_was_searched_for_is_shown_and_deleted(recollect: Run) -> None:
    recollect("search", "斑马", "--across", "web")
    assert "斑马" in recollect("searches").out
    assert recollect("searches", "--json").json["searches"][0]["project_ids"] == ["web"]
    assert recollect("searches", "--forget", "--json").json == {"deleted": 1}
    assert "nothing" in recollect("searches").out


def test_the_log_is_listed_and_filtered(recollect: Run) -> None:
    assert "nothing" in recollect("audit", "list").out
    recollect("search", "zebra", "--across", "web")
    recollect("search", "zebra", "--across", "api")
    assert recollect("audit", "list").out.count("search_across") == 2
    (entry,) = recollect("audit", "list", "-p", "web", "--json").json["entries"]
    assert (entry["projects"], entry["actor"], entry["decision"]) == (["web"], "system", "allowed")
    assert recollect("audit", "list", "--actor", "nobody", "--json").json == {"entries": []}
    assert recollect("audit", "list", "--since", "soon").code == 2


def test_it_is_exported_as_lines_and_as_a_table(recollect: Run, tmp_path: Path) -> None:
    recollect("search", "zebra", "--across", "web")
    recollect("search", "zebra", "--across", "=cmd")
    lines = [json.loads(line) for line in recollect("audit", "export").out.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2]
    path = tmp_path / "log.csv"
    assert recollect("audit", "export", str(path), "--format", "csv").code == 0
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [row["projects"] for row in rows] == ["web", "'=cmd"]
    assert rows[1]["digest"] == lines[1]["digest"]
    assert recollect("audit", "export", str(path)).code != 0


def test_verify_proves_the_chain_and_tells_where_it_is_broken(recollect: Run, home: Path) -> None:
    for _ in range(3):
        recollect("search", "zebra", "--across", "web")
    proof = recollect("audit", "verify", "--json")
    assert (proof.code, proof.json["whole"], proof.json["entries"]) == (0, True, 3)
    kept = f"{proof.json['head']['seq']}:{proof.json['head']['digest']}"
    assert kept in recollect("audit", "verify").out
    assert recollect("audit", "verify", "--head", kept).code == 0
    assert recollect("audit", "verify", "--head", "last").code == 2
    with closing(sqlite3.connect(home / "recollect.db", isolation_level=None)) as door:
        door.execute("DROP TRIGGER audit_undeleted")
        door.execute("DELETE FROM audit WHERE seq = 3")
    cut = recollect("audit", "verify", "--head", kept)
    assert cut.code == 1
    assert "had come to entry 3" in cut.out
    with closing(sqlite3.connect(home / "recollect.db", isolation_level=None)) as door:
        door.execute("DROP TRIGGER audit_unchanged")
        door.execute("UPDATE audit SET actor = 'x' WHERE seq = 2")
    broken = recollect("audit", "verify", "--json")
    assert broken.code == 1
    assert [fault["seq"] for fault in broken.json["faults"]] == [2, 3]
