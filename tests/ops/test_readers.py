"""The other readers: chat exports, Mem0, plain messages; and finding out which is which."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recollect.errors import InvalidInput, TooLarge
from recollect.models import Role
from recollect.ops.readers import array, chatgpt, claude_ai, claude_code, document, mem0, messages
from recollect.ops.readers.detect import detect, read
from recollect.ops.readers.spoken import Fault, Item, Noted, Spoken


def said(items: list[Item]) -> list[tuple[Role, str]]:
    return [(item.turn.role, item.turn.content) for item in items if isinstance(item, Spoken)]


def faults(items: list[Item]) -> list[int]:
    return [item.line for item in items if isinstance(item, Fault)]


def node(name: str, parent: str | None, role: str, *parts: Any, **message: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": list(parts)}
    whole = {"id": name, "author": {"role": role}, "create_time": 1_777_626_000.5, "content": content, **message}
    return {"id": name, "parent": parent, "children": [], "message": whole}


CHATGPT: dict[str, Any] = {
    "conversation_id": "c-1",
    "title": "Tabs",
    "current_node": "d",
    "mapping": {
        "root": {"id": "root", "parent": None, "children": ["s"], "message": None},
        "s": node("s", "root", "system", "be nice"),
        "a": node("a", "s", "user", "tabs or spaces?"),
        "b": node("b", "a", "assistant", "left branch"),
        "c": node("c", "a", "assistant", "Tabs.", {"content_type": "image_asset_pointer"}),
        "h": node("h", "c", "user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        "t": node("t", "h", "assistant", "search()", recipient="browser"),
        "e": node("e", "t", "assistant", "", content={"content_type": ["text"], "parts": ["x"]}),
        "d": node("d", "e", "user", "谢谢"),
    },
}
CLAUDE_AI: dict[str, Any] = {
    "uuid": "k-1",
    "name": "Greeting",
    "chat_messages": [
        {"uuid": "m1", "sender": "human", "text": "hello", "content": [], "created_at": "2026-05-01T09:00:00Z"},
        {
            "uuid": "m2",
            "sender": "assistant",
            "text": "old",
            "content": [{"type": "text", "text": "hi"}, {"type": "tool_use"}],
        },
        {"uuid": "m3", "sender": "assistant", "text": "", "content": [{"type": "thinking", "thinking": "hm"}]},
    ],
}


def put(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def zipped(path: Path, name: str, text: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", "{}")
        archive.writestr(name, text)
    return path


def test_chatgpt_follows_the_branch_that_was_shown(tmp_path: Path) -> None:
    items = list(chatgpt.read(put(tmp_path / "conversations.json", [CHATGPT, {"broken": 1}, 7, CHATGPT])))
    expected = [(Role.USER, "tabs or spaces?"), (Role.ASSISTANT, "Tabs."), (Role.USER, "谢谢")]
    assert said(items) == expected * 2
    assert faults(items) == [2]
    first = items[0]
    assert isinstance(first, Spoken)
    assert (first.conversation_id, first.title, first.turn.message_id) == ("c-1", "Tabs", "a")
    assert first.turn.occurred_at == datetime(2026, 5, 1, 9, 0, 0, 500_000, tzinfo=UTC)


def test_chatgpt_stands_a_cycle_and_a_missing_end(tmp_path: Path) -> None:
    mapping = {"a": node("a", "b", "user", "one"), "b": node("b", "a", "user", "two")}
    items = list(chatgpt.read(put(tmp_path / "c.json", [{"id": "x", "mapping": mapping, "current_node": "gone"}])))
    assert [text for _, text in said(items)] == ["one", "two"] or said(items) != []


def test_claude_ai_takes_text_of_both_sides(tmp_path: Path) -> None:
    broken = {**CLAUDE_AI, "chat_messages": [5, {"sender": "human", "text": "x", "created_at": "never"}]}
    items = list(claude_ai.read(put(tmp_path / "conversations.json", [CLAUDE_AI, broken])))
    assert said(items) == [(Role.USER, "hello"), (Role.ASSISTANT, "hi")]
    assert faults(items) == [2, 2]


@pytest.mark.parametrize("reader", [chatgpt, claude_ai])
def test_an_export_is_read_from_its_zip(tmp_path: Path, reader: Any) -> None:
    value = CHATGPT if reader is chatgpt else CLAUDE_AI
    path = zipped(tmp_path / "export.zip", "export/conversations.json", json.dumps([value]))
    assert said(list(reader.read(path)))
    assert READ_AS[detect(path)] is reader


def test_an_export_in_parts_is_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1, 0):
            value = {**CHATGPT, "conversation_id": f"c-{number}"}
            archive.writestr(f"conversations-00{number}.json", json.dumps([value]))
    found = [item for item in chatgpt.read(path) if isinstance(item, Spoken)]
    assert [item.conversation_id for item in found] == ["c-0"] * 3 + ["c-1"] * 3


def test_what_capture_would_refuse_is_a_fault(tmp_path: Path) -> None:
    lines = [
        {"role": "user", "content": "a", "conversation_id": "x" * 300},
        {"role": "user", "content": "b", "project_id": "two\nlines"},
        {"role": "user", "content": "c", "title": " a \u200b title \n"},
    ]
    items = list(read(put(tmp_path / "m.jsonl", "\n".join(map(json.dumps, lines)))))
    assert faults(items) == [1, 2]
    last = items[2]
    assert isinstance(last, Spoken)
    assert last.title == "a title"


READ_AS = {"chatgpt": chatgpt, "claude-ai": claude_ai, "claude-code": claude_code, "mem0": mem0, "messages": messages}

MEMORY = {
    "id": "9", "memory": "Likes dune", "user_id": "alice", "app_id": "web", "agent_id": "bot", "run_id": "r1",
    "categories": ["books"], "metadata": {"k": "v"}, "created_at": "2024-07-20T01:30:36.275141-07:00",
}  # fmt: skip


@pytest.mark.parametrize("form", ["list", "results", "pretty", "lines"])
def test_mem0_memories_become_notes(tmp_path: Path, form: str) -> None:
    records = [MEMORY, {"id": "10", "text": "second"}, {"id": "11", "data": {"memory": "third"}}, {"id": "12"}]
    text = {
        "list": json.dumps(records),
        "results": json.dumps({"results": records}),
        "pretty": json.dumps({"results": records}, indent=2),
        "lines": "\n".join(map(json.dumps, records)),
    }[form]
    path = put(tmp_path / "mem0.json", text)
    assert detect(path) == "mem0"
    items = list(mem0.read(path))
    assert [item.text for item in items if isinstance(item, Noted)] == ["Likes dune", "second", "third"]
    assert faults(items) == [4]
    first = items[0]
    assert isinstance(first, Noted)
    assert (first.user_id, first.project_id, first.agent_id) == ("alice", "web", "bot")
    assert first.metadata == {"categories": ["books"], "run_id": "r1", "k": "v"}
    assert first.created_at == datetime(2024, 7, 20, 8, 30, 36, 275141, tzinfo=UTC)
    assert first.source.message_id == "9"


@pytest.mark.parametrize("form", ["lines", "array", "wrapped"])
def test_plain_messages_are_read(tmp_path: Path, form: str) -> None:
    records = [
        {"conversation_id": "c", "title": "T", "message_id": "m1", "role": "user", "speaker": "Mei", "content": "早",
         "occurred_at": "2026-03-02T09:14:00+08:00"},
        {"role": "wizard", "content": "x"},
        {"role": "assistant", "content": [{"type": "text", "text": "hi"}], "id": 5},
    ]  # fmt: skip
    texts = {
        "lines": "\n".join(map(json.dumps, records)),
        "array": json.dumps(records),
        "wrapped": json.dumps({"messages": records}),
    }
    path = put(tmp_path / "chat.json", texts[form])
    assert detect(path) == "messages"
    items = list(read(path))
    assert said(items) == [(Role.USER, "早"), (Role.ASSISTANT, "hi")]
    assert faults(items) == [2]
    first, last = items[0], items[2]
    assert isinstance(first, Spoken)
    assert isinstance(last, Spoken)
    assert (first.conversation_id, first.title, first.turn.speaker, first.turn.message_id) == ("c", "T", "Mei", "m1")
    assert (last.conversation_id, last.turn.message_id) == ("chat", "5")


def test_a_directory_and_a_transcript_are_claude_code(tmp_path: Path) -> None:
    path = put(tmp_path / "s.jsonl", '{"type":"queue-operation","sessionId":"s"}\n')
    assert detect(path) == detect(tmp_path) == "claude-code"


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe\x01 binary", b"plain prose", b"5", b'{"a": 1}', b"[]", b"[[[[", b"\xff\xfe"]
)
def test_what_is_in_no_known_form_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as raised:
        detect(path)
    assert raised.value.hint


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none.json", tmp_path / "empty", zipped(tmp_path / "other.zip", "notes.json", "[]")):
        with pytest.raises(InvalidInput):
            detect(path)
    with pytest.raises(InvalidInput):
        read(tmp_path, "carrier-pigeon")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "chat.jsonl"
    text = "\n".join(
        json.dumps({"role": "user", "content": text}, ensure_ascii=False) for text in ("你好", "再见", "x")
    )
    path.write_bytes(text.encode(encoding))
    assert [content for _, content in said(list(read(path)))] == ["你好", "再见", "x"]


def test_a_zip_that_breaks_off_is_refused_or_reported(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "e.zip", "conversations.json", json.dumps([CLAUDE_AI] * 50)).read_bytes()
    bad = bytearray(whole)
    bad[200:230] = b"\x00" * 30
    for number, data in enumerate((whole[:-30], whole[: len(whole) // 2], bytes(bad))):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        try:
            items = list(claude_ai.read(path))
        except InvalidInput:
            continue
        assert any(isinstance(item, Fault) for item in items)


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "RATIO_FROM", 1000)
    path = zipped(tmp_path / "bomb.zip", "conversations.json", " " * 3_000_000)
    with pytest.raises(TooLarge):
        list(chatgpt.read(path))


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_an_array_is_cut_the_same_at_any_piece_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(array, "PIECE", piece)
    values = [{"a": 'q"uo\\te]}', "b": [1, {"c": "\\\\"}]}, {"d": "中\n文😀"}, {}, [{"nested": []}], {"e": "\\"}]
    path = put(tmp_path / "a.json", json.dumps(values, indent=1, ensure_ascii=piece % 2 == 0))
    assert list(array.elements(path)) == list(enumerate(values, 1))


def test_one_broken_element_does_not_stop_an_array(tmp_path: Path) -> None:
    found = list(array.elements(put(tmp_path / "a.json", '[{"a": 1}, {"b": nope}, {"c": 3}, {"d": ')))
    assert found[0] == (1, {"a": 1})
    assert found[2] == (3, {"c": 3})
    assert [item.line for item in found if isinstance(item, Fault)] == [2, 4]


def test_an_element_or_line_that_is_too_large_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array, "MAX_ELEMENT", 40)
    found = list(array.elements(put(tmp_path / "a.json", json.dumps([{"a": "x" * 90}, {"b": 1}]))))
    assert isinstance(found[0], Fault)
    assert found[1] == (2, {"b": 1})
    monkeypatch.setattr("recollect.ops.readers.lines.MAX_LINE", 50)
    lines = [{"role": "user", "content": text} for text in ("one", "x" * 200, "two")]
    items = list(messages.read(put(tmp_path / "m.jsonl", "\n".join(map(json.dumps, lines)))))
    assert [text for _, text in said(items)] == ["one", "two"]
    assert faults(items) == [2]
