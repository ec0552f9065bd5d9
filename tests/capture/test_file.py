"""What is kept of a file: all of it but what is never written; and its path makes it the file it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.capture.file import file_at, file_edited, file_key, file_moved, file_of, file_text, path_in
from recollect.capture.intake import content_hash
from recollect.capture.normalise import normalise
from recollect.models import Kind, Scope, Source

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a", "a\n", "a\n\n\n", "  a  \n\t", "a\r\nb\r\n", "a\r\nb\nc\r\n\n", "\r\n", "# 笔记\r\n\r\n- 猫\n",
     "no line end", "tab\tand  spaces  ", "<b>not private</b>\r\n", "👩‍👩‍👧\r\nनमस्ते"],
)  # fmt: skip
def test_a_file_is_kept_byte_for_byte(text: str) -> None:
    assert file_text(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\rb", "a\nb"),
        ("a\rb\r\n", "a\nb\r\n"),
        ("\ufeffa\0b\u202e\r\n", "ab\r\n"),
        ("\ud83d\ude00\ud800\r\n", "😀\ufffd\r\n"),
        ("a\r\n<private>b\r\nc</private>d\r\n", "a\r\nd\r\n"),
        ("a\n<private>b\r\nc</private>d\n", "a\nd\n"),
        ("<private>all\r\nof it</private>", ""),
        ("password=hunter2-hunter2\r\nnext\n", "password=[password redacted]\r\nnext\n"),
    ],
)
def test_what_is_never_written_is_taken_out_and_the_rest_stays(text: str, kept: str) -> None:
    assert file_text(text) == kept


@given(st.text(alphabet="ab \r\n\t\x0b\u2028<>/private=", max_size=60))
def test_what_was_kept_once_stays_as_it_is(text: str) -> None:
    kept = file_text(text)
    assert file_text(kept) == kept
    assert kept.replace("\r\n", "\n") == normalise(kept)


@given(st.text(alphabet="ab\r\n", max_size=40).filter(lambda text: "\r" not in text.replace("\r\n", "")))
def test_line_ends_stay_as_they_were(text: str) -> None:
    assert file_text(text) == text


def test_a_file_is_a_note_known_by_its_path() -> None:
    scope = Scope("alice", "web", None, "claude")
    item = file_at("/memories/a.md", "Tabs\r\n", scope, NOW)
    assert (item.kind, item.title, item.text, item.scope) == (Kind.NOTE, "/memories/a.md", "Tabs\r\n", scope)
    assert (item.source, item.metadata) == (Source("memory-tool", "/memories/a.md"), {"memory_tool": True})
    assert (item.created_at, item.occurred_at, item.version) == (NOW, NOW, 1)
    assert file_of(item) == "/memories/a.md"
    other = file_at("/memories/b.md", "Tabs\r\n", scope, NOW)
    assert len({item.content_hash, other.content_hash, content_hash("Tabs\r\n")}) == 3


def test_an_edit_makes_a_file_hold_again_and_a_move_keeps_all_but_its_place() -> None:
    item = file_at("/memories/a.md", "one", Scope(), NOW)
    later = NOW + timedelta(days=1)
    edited = file_edited(item, "two", later)
    assert (edited.id, edited.text, edited.version, edited.created_at) == (item.id, "two", 2, NOW)
    assert (edited.occurred_at, edited.superseded_by, edited.valid_to) == (later, None, None)
    moved = file_moved(edited, "/memories/b.md")
    assert (moved.id, moved.text, moved.version, moved.occurred_at) == (item.id, "two", 3, later)
    assert (moved.title, file_of(moved)) == ("/memories/b.md", "/memories/b.md")
    assert moved.content_hash == file_at("/memories/b.md", "two", Scope(), NOW).content_hash


def test_keys_tell_owners_and_paths_apart_and_gather_what_is_below() -> None:
    owners = [
        Scope(),
        Scope("a"),
        Scope("default", "a"),
        Scope(agent_id="a"),
        Scope("a", "a"),
        Scope("a", agent_id="a"),
    ]
    assert len({file_key(scope, "/memories/x") for scope in owners}) == len(owners)
    assert file_key(Scope(), "/memories/d/x").startswith(file_key(Scope(), "/memories/d"))
    assert not file_key(Scope(), "/memories/dx").startswith(file_key(Scope(), "/memories/d"))
    for path in ("/memories/a:b", "/memories/:", "/memories/猫/x.md"):
        assert path_in(file_key(Scope("u" * 256, "p" * 256, agent_id="a" * 256), path)) == path
    assert len(file_key(Scope("u" * 256), "p" * 400)) <= 512
