"""`recollect retention`: what goes is shown before, reported after, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.s3_server import bucket, held, objects

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
    assert (proof["deleted"], len(proof["wasted"])) == (1, 2), "two were only kept for an undoing"
    assert proof["pieces"] >= 3, "and what they said was looked for too"
    assert (
        "0 memories are back"
        in noted("retention", "undo", noted("retention", "report", "--json").json["runs"][0]["id"]).out
    )


def test_space_is_given_back_and_vectors_made_smaller(noted: Run) -> None:
    assert noted("retention", "vacuum", "--json").json["whole"] is True
    assert noted("retention", "quantise", "--json").json == {"vectors": 0, "changed": 0, "before": 0, "after": 0}


def test_what_only_retention_kept_is_named_and_another_users_is_not(noted: Run) -> None:
    ids = {item["content"]: item["id"] for item in noted("list", "--json").json["memories"]}
    noted("retention", "run", "--yes")
    assert noted("forget", "--user", "somebody", "--prove", "--yes", "--json").json["wasted"] == []
    done = noted("forget", "--user", "default", "--prove", "--yes")
    assert done.code == 0
    assert "and 2 that were deleted before, and kept for an undoing" in done.out
    assert ids["The first note is about a heron"] in done.out
    assert ids["The third note is about a mole"] not in done.out


def test_the_command_puts_texts_there_proves_that_they_are_gone_and_says_where_they_lay(
    recollect: Run, home: Path, s3_endpoint: str
) -> None:
    text = "The harbour wall was rebuilt with granite from the old quarry. " * 5
    place = {"to": "s3://cold-of-the-command/texts", **bucket(s3_endpoint, "cold-of-the-command")}
    for number in range(6):
        recollect("add", f"Note {number}: {text}", "--user", "mei")
    lines = "\n".join(f'{name} = "{value}"' for name, value in place.items())
    policy = '[[retention.policies]]\nname = "cold"\naction = "cold"\nkeep_latest = 0\nshortest = 100\n'
    (home / "recollect.toml").write_text(f"[retention]\n{lines}\n{policy}", encoding="utf-8")
    (run,) = recollect("retention", "run", "--yes", "--json").json["runs"]
    assert (run["memories"], run["action"]) == (6, "cold")
    assert objects(place)
    proof = recollect("forget", "--user", "mei", "--prove", "--yes", "--json").json
    (shelves,) = [one for one in proof["places"] if one["name"] == "retention"]
    assert (proof["holds"], shelves["found"]) == (True, 0)
    assert text.encode() not in held(place)
