"""`recollect retention`: what goes is shown before, reported after, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

SETTINGS = """
[[retention.policies]]
name = "short-lived"
action = "delete"
kinds = ["note"]
keep_latest = 1
"""


@pytest.fixture
def noted(recollect: Run, home: Path) -> Run:
    for text in ("The first note is about a heron", "第二条笔记关于一只苍鹭", "The third note is about a mole"):
        recollect("add", text)
    (home / "recollect.toml").write_text(SETTINGS, encoding="utf-8")
    return recollect


def test_a_policy_is_previewed_run_reported_and_undone(noted: Run) -> None:
    assert "not of the latest 1" in noted("retention", "policies").out
    (policy,) = noted("retention", "policies", "--json").json["policies"]
    assert (policy["name"], policy["keep_latest"], policy["older_than"]) == ("short-lived", 1, None)
    preview = noted("retention", "preview", "--json").json
    assert (preview["total"]["memories"], preview["policies"][0]["kinds"]) == (2, {"note": 2})
    assert "heron" in noted("retention", "preview").err
    assert len(noted("list", "--json").json["memories"]) == 3
    (run,) = noted("retention", "run", "--yes", "--json").json["runs"]
    assert (run["memories"], run["state"], run["undoable"]) == (2, "done", True)
    assert run["undo_until"] is not None
    assert [item["content"] for item in noted("list", "--json").json["memories"]] == ["The third note is about a mole"]
    assert run["id"][-8:] in noted("retention", "report").out
    assert noted("retention", "report", "--json").json["runs"][0]["id"] == run["id"]
    assert "2 memories are back" in noted("retention", "undo", run["id"][-8:]).out
    assert len(noted("list", "--json").json["memories"]) == 3
    assert noted("retention", "undo", run["id"]).code == 1


def test_nothing_happens_without_a_yes(noted: Run) -> None:
    assert noted("retention", "run").code != 0
    assert len(noted("list", "--json").json["memories"]) == 3


def test_mistakes_are_told(noted: Run, home: Path) -> None:
    assert noted("retention", "preview", "other").code == 3
    assert noted("retention", "undo", "012345").code == 3
    (home / "recollect.toml").write_text(SETTINGS.replace("delete", "burn"), encoding="utf-8")
    done = noted("retention", "preview")
    assert (done.code, "policy 'short-lived': action" in done.err) == (2, True)


def test_what_was_forgotten_is_in_no_file_after_it_was_put_away(noted: Run) -> None:
    noted("retention", "run", "--yes")
    proof = noted("forget", "--user", "default", "--prove", "--yes", "--json").json
    assert (proof["holds"], proof["traces"]) == (True, [])
    assert (
        "0 memories are back"
        in noted("retention", "undo", noted("retention", "report", "--json").json["runs"][0]["id"]).out
    )


def test_space_is_given_back_and_vectors_made_smaller(noted: Run) -> None:
    assert noted("retention", "vacuum", "--json").json["whole"] is True
    assert noted("retention", "quantise", "--json").json == {"vectors": 0, "changed": 0, "before": 0, "after": 0}
