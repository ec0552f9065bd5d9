"""Every command, for people and in JSON."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

SEARCH = {
    *("id", "content", "score", "kind", "metadata"),
    *("project_id", "user_id", "conversation_id", "created_at", "occurred_at"),
}


def test_a_note_is_added_found_shown_and_deleted(recollect: Run) -> None:
    added = recollect(
        "add", "Alice prefers tabs over spaces", "--metadata", '{"category": "preferences"}', "--json"
    ).json
    assert added["metadata"] == {"category": "preferences"}
    assert added["kind"] == "note"
    found = recollect("search", "tabs or spaces?", "--json").json
    assert [hit["id"] for hit in found["memories"]] == [added["id"]]
    assert set(found["memories"][0]) == SEARCH
    assert found["total"] == 1
    assert found["took_ms"] > 0
    short = added["id"][-8:]
    shown = recollect("get", short)
    assert shown.code == 0
    assert "Alice prefers tabs over spaces" in shown.out
    assert recollect("get", short, "--json").json["id"] == added["id"]
    assert recollect("delete", short, "--yes", "--json").json == {"deleted": [added["id"]]}
    assert recollect("get", added["id"]).code == 3
    assert [change["event"] for change in recollect("history", added["id"], "--json").json["changes"]] == ["delete"]


def test_search_shows_rank_score_day_speaker_snippet_and_short_id(recollect: Run, chat: Path) -> None:
    assert recollect("import", chat).code == 0
    asked = "why PostgreSQL instead of SQLite, with several workers?"
    shown = recollect("search", asked)
    first, second = shown.out.splitlines()[:2]
    memory = recollect("search", asked, "--json").json["memories"][0]
    assert first.split()[:4] == ["1", f"{memory['score']:.2f}", "2026-05-01", "Mei"]
    assert first.endswith(memory["id"][-8:])
    assert "We chose PostgreSQL" in second


def test_explain_shows_the_parts_of_a_score(recollect: Run) -> None:
    recollect("add", "The deploy key expires in June")
    assert recollect("search", "deploy key", "--explain", "--json").json["memories"][0]["parts"]
    assert recollect("search", "deploy key", "--explain").out.count("\n") == 3


def test_filters_kinds_and_scopes_narrow_a_search(recollect: Run) -> None:
    recollect("add", "tea is green", "--project", "a", "--metadata", '{"n": 1}')
    recollect("add", "tea is black", "--project", "b", "--metadata", '{"n": 2}')
    recollect("add", "tea is white", "--user", "bob")
    assert recollect("search", "tea", "--json").json["total"] == 2
    assert recollect("search", "tea", "--json", "--project", "a").json["total"] == 1
    assert recollect("search", "tea", "--json", "--user", "bob").json["total"] == 1
    over = recollect("search", "tea", "--json", "--filter", '{"n": {"gt": 1}}').json
    assert [hit["content"] for hit in over["memories"]] == ["tea is black"]
    assert recollect("search", "tea", "--json", "--kind", "turn").json["total"] == 0


def test_context_is_text_on_stdout_and_its_size_on_stderr(recollect: Run, chat: Path) -> None:
    recollect("import", chat)
    made = recollect("context", "PostgreSQL or SQLite?", "--budget", "200")
    assert "PostgreSQL" in made.out
    assert "tokens from" in made.err
    shape = recollect("context", "PostgreSQL or SQLite?", "--json").json
    assert set(shape) == {"text", "tokens", "memories", "dropped", "fused_by"}


def test_list_pages_from_the_newest(recollect: Run) -> None:
    for number in range(5):
        recollect("add", f"thing number {number}", "--no-wait")
    page = recollect("list", "--limit", "2", "--json").json
    assert [item["content"] for item in page["memories"]] == ["thing number 4", "thing number 3"]
    following = recollect("list", "--limit", "2", "--cursor", page["cursor"], "--json").json
    assert [item["content"] for item in following["memories"]] == ["thing number 2", "thing number 1"]
    last = recollect("list", "--limit", "2", "--cursor", following["cursor"], "--json").json
    assert last["cursor"] is None
    shown = recollect("list", "--limit", "2")
    assert "thing number 4" in shown.out
    assert "--cursor" in shown.err


def test_stats_count_by_kind_and_category(recollect: Run, chat: Path) -> None:
    recollect("import", chat)
    counted = recollect("stats", "--json").json
    assert counted["by_kind"]["turn"] == 4
    assert counted["conversations"] == 1
    assert counted["waiting"] == 0
    assert "4" in recollect("stats").out


def test_history_shows_what_was_different(recollect: Run) -> None:
    name = recollect("add", "we ship on Fridays", "--json").json["id"]
    recollect("add", "We ship on Fridays")
    changes = recollect("history", name, "--json").json["changes"]
    assert [change["event"] for change in changes] == ["add", "revise"]
    assert changes[1]["changed"] == {"repeats": [1, 2]}
    shown = recollect("history", name[-8:])
    assert "- 1" in shown.out
    assert "+ 2" in shown.out


def test_forget_takes_only_what_was_named(recollect: Run) -> None:
    recollect("add", "one", "--user", "alice")
    recollect("add", "two", "--user", "bob")
    assert recollect("forget", "--user", "alice", stdin="n\n").code == 130
    assert recollect("list", "--user", "alice", "--json").json["memories"]
    asked = recollect("forget", "--user", "alice", stdin="y\n")
    assert "1 memories of user alice" in asked.err
    assert not recollect("list", "--user", "alice", "--json").json["memories"]
    assert recollect("list", "--user", "bob", "--json").json["memories"]


def test_delete_asks_first(recollect: Run) -> None:
    name = recollect("add", "keep me", "--json").json["id"]
    assert recollect("delete", name, stdin="\n").code == 130
    assert recollect("get", name).code == 0


def test_text_comes_from_stdin(recollect: Run) -> None:
    recollect("add", "-", stdin="猫喜欢睡在窗台上\n")
    assert recollect("search", "-", "--json", stdin="猫睡在哪里").json["total"] == 1


def test_jobs_are_shown_and_retried(recollect: Run) -> None:
    recollect("add", "a note without vectors, since no embedder is set")
    parked = recollect("jobs", "--json").json
    assert [(job["name"], job["state"]) for job in parked["jobs"]] == [("embed", "parked")]
    assert recollect("jobs", "retry", "--json").json == {"retried": 1, "parked": 1}
    assert "parked" in recollect("jobs", "list").out


def test_reindex_finds_nothing_to_do_on_a_sound_store(recollect: Run, chat: Path) -> None:
    recollect("import", chat)
    done = recollect("reindex", "--json").json
    assert done["changed"] == 0
    assert done["memories"] >= 4
    assert recollect("search", "PostgreSQL", "--json").json["total"]


def test_doctor_reports_each_check_and_setting(recollect: Run) -> None:
    fresh = recollect("doctor", "--json")
    assert fresh.code == 0
    assert {"recollect", "sqlite", "home", "disk", "embedder", "store"} <= {c["name"] for c in fresh.json["checks"]}
    recollect("add", "something")
    report = recollect("doctor", "--json").json
    checks = {check["name"]: check for check in report["checks"]}
    assert report["ok"]
    assert checks["integrity"]["status"] == "ok"
    assert checks["jobs"]["status"] == "warn"
    settings = {found["name"]: found for found in report["settings"]}
    assert settings["embedder.provider"] == {"name": "embedder.provider", "value": "none", "origin": "environment"}
    assert "integrity" in recollect("doctor").out


def test_doctor_masks_secrets(recollect: Run, home: Path) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text('[embedder]\napi_key = "sk-very-secret"\n', encoding="utf-8")
    told = recollect("doctor", "--json")
    assert "sk-very-secret" not in told.out + recollect("doctor", "-v").out
    assert {f["value"] for f in told.json["settings"] if f["name"] == "embedder.api_key"} == {"******"}


def test_models_are_listed_and_missing_ones_named(recollect: Run, home: Path) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text('[embedder]\nweights = "/nowhere"\n', encoding="utf-8")
    listed = recollect("models", "list", "--json").json["models"]
    assert listed[0]["name"] == "all-MiniLM-L6-v2"
    assert listed[0]["licence"] == "Apache-2.0"
    assert listed[0]["path"] is None
    missing = recollect("models", "verify")
    assert missing.code == 1
    assert "recollect models pull" in missing.err
    assert recollect("models", "verify", "bogus").code == 3
    assert recollect("models", "pull", "--source", "/nowhere").code == 1


def test_missing_weights_are_said_once(recollect: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text('[embedder]\nweights = "/nowhere"\n', encoding="utf-8")
    recollect("add", "tabs", "--no-wait")
    monkeypatch.setenv("RECOLLECT_EMBEDDER__PROVIDER", "minilm")
    told = recollect("search", "tabs", "--json")
    assert told.err.count("searching by words only; run `recollect models pull`") == 1
    assert told.json["total"] == 1


def test_an_import_counts_masks_and_is_safe_to_repeat(recollect: Run, chat: Path) -> None:
    first = recollect("import", chat, "--json").json
    assert (first["turns"], first["new"], first["duplicates"], first["conversations"]) == (4, 4, 0, 1)
    assert first["redacted"]["private"] == 1
    assert sum(first["redacted"].values()) == 2
    again = recollect("import", chat, "--json").json
    assert (again["new"], again["duplicates"]) == (0, 4)
    assert "0 new, 4 there already" in recollect("import", chat).out


def test_an_import_can_be_put_elsewhere(recollect: Run, chat: Path) -> None:
    recollect("import", chat, "--user", "bob", "--project", "web", "--conversation", "talk")
    item = recollect("list", "--user", "bob", "--kind", "turn", "--json").json["memories"][0]
    assert (item["user_id"], item["project_id"], item["conversation_id"]) == ("bob", "web", "talk")


def test_a_mem0_export_is_imported_once(recollect: Run, tmp_path: Path) -> None:
    path = tmp_path / "mem0.json"
    notes = [
        {"id": "a", "memory": "Likes tea", "user_id": "ann", "created_at": "2026-01-01T00:00:00Z"},
        {"id": "b", "memory": "<private>gone</private>", "user_id": "ann"},
        {"id": "c", "memory": "likes tea", "user_id": "ann"},
    ]
    path.write_text(json.dumps({"results": notes}), encoding="utf-8")
    first = recollect("import", path, "--json").json
    assert (first["notes"], first["new"], first["duplicates"], first["empty"]) == (3, 1, 1, 1)
    assert recollect("import", path, "--json").json["new"] == 0
    kept = recollect("list", "--user", "ann", "--json").json["memories"]
    assert [(item["content"], item["repeats"]) for item in kept] == [("Likes tea", 2)]


def test_the_demo_answers_its_questions(recollect: Run) -> None:
    told = recollect("demo")
    assert told.code == 0
    assert "368 turns of 24 conversations" in told.out
    assert "1 private" in told.out
    assert "*" in told.out
    assert "recollect import ~/.claude/projects" in told.out
    assert max(map(len, told.out.splitlines())) <= 100


def test_an_index_made_by_other_rules_is_told_and_mended(recollect: Run, home: Path) -> None:
    recollect("add", "The build runs on Fridays")
    with closing(sqlite3.connect(home / "recollect.db")) as database:
        database.execute("PRAGMA user_version = 0")

    def analysis() -> dict[str, str]:
        checks: list[dict[str, str]] = recollect("doctor", "--json").json["checks"]
        return next(check for check in checks if check["name"] == "analysis")

    assert (analysis()["status"], analysis()["remedy"]) == ("warn", "recollect reindex")
    assert recollect("reindex").code == 0
    assert analysis()["status"] == "ok"
