"""Whatever stands in a file, a reader yields items and faults, or refuses the file; it never fails otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.capture.identifier import identifier
from recollect.capture.intake import draft, note, turn_of
from recollect.capture.normalise import normalise
from recollect.errors import InvalidInput
from recollect.models import Scope
from recollect.ops.readers.detect import READERS, detect, read
from recollect.ops.readers.spoken import Fault, Noted, Spoken

NOW = datetime(2026, 11, 20, tzinfo=UTC)
STAMP = "2026-11-20T08:16:26.238Z"
CALL = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls", "description": "list"}}
RESULT = {
    "type": "tool_result",
    "tool_use_id": "t",
    "content": [{"type": "text", "text": "Exit code 2"}],
    "is_error": True,
}
SESSION = {
    "sessionId": "s",
    "cwd": "/a/b",
    "timestamp": STAMP,
    "uuid": "u",
    "promptId": "p",
    "agentId": "a",
    "gitBranch": "m",
}
MESSAGE = {
    "id": "n",
    "author": {"role": "user"},
    "create_time": 1.5,
    "content": {"content_type": "text", "parts": ["hi"]},
}
SAID = {"uuid": "m", "sender": "human", "text": "x", "created_at": STAMP}
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "claude-code": [
        {"type": "user", "message": {"role": "user", "content": "hi"}, **SESSION},
        {"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": "x"}, CALL]}, **SESSION},
        {"type": "user", "message": {"role": "user", "content": [RESULT]}, **SESSION},
    ],
    "chatgpt": [{"id": "c", "title": "t", "current_node": "n", "mapping": {"n": {"parent": None, "message": MESSAGE}}}],
    "claude-ai": [{"uuid": "c", "name": "t", "chat_messages": [SAID]}],
    "mem0": [{"id": "1", "memory": "x", "user_id": "u", "metadata": {"a": 1}, "created_at": STAMP, "categories": []}],
    "messages": [{"role": "user", "content": "x", "speaker": "s", "occurred_at": STAMP, "message_id": "m"}],
}  # fmt: skip

junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def consumed(path: Path, form: str | None) -> None:
    """Read a file to its end as an import does: once it is open, nothing of it is refused by an error."""
    try:
        items = list(read(path, form))
    except InvalidInput:
        return
    for index, item in enumerate(items):
        assert isinstance(item, Fault) or item.source.file == str(path)
        if isinstance(item, Spoken):
            scope = Scope("u", "p", identifier(item.conversation_id, "conversation_id"))
            draft([turn_of(item.turn, index)], scope, NOW, item.source)
        elif isinstance(item, Noted):
            message = item.source.message_id
            if normalise(item.text).strip():
                note(item.text, Scope(), NOW, metadata=item.metadata, message_id=message, source=item.source)


def mutated(data: st.DataObject, value: Any) -> Any:
    """Return the value with one of its parts, somewhere, replaced by junk or taken out."""
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 4)) == 0:
        return data.draw(junk)
    if isinstance(value, list):
        place = data.draw(st.integers(0, len(value) - 1))
        return [mutated(data, part) if index == place else part for index, part in enumerate(value)]
    name = data.draw(st.sampled_from(sorted(value)))
    if data.draw(st.booleans()):
        return {key: part for key, part in value.items() if key != name}
    return {**value, name: mutated(data, value[name])}


@pytest.mark.parametrize("form", sorted(SAMPLES))
@quick
@given(data=st.data())
def test_wrong_values_anywhere(tmp_path: Path, form: str, data: st.DataObject) -> None:
    values = mutated(data, SAMPLES[form] * 2)
    lines = form in {"claude-code", "messages"} and isinstance(values, list)
    text = "\n".join(map(json.dumps, values)) if lines else json.dumps(values)
    path = tmp_path / "f.jsonl"
    path.write_text(text, encoding="utf-8")
    consumed(path, form)


@pytest.mark.parametrize("form", [*sorted(SAMPLES), None])
@quick
@given(data=st.data())
def test_broken_bytes_anywhere(tmp_path: Path, form: str | None, data: st.DataObject) -> None:
    whole = json.dumps(SAMPLES[form or "chatgpt"]).encode()
    if form in {"claude-code", "messages"}:
        whole = b"\n".join(json.dumps(value).encode() for value in SAMPLES[form])
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(at, len(whole)))
    path = tmp_path / "f.json"
    path.write_bytes(whole[:at] + data.draw(st.binary(max_size=12)) + whole[cut:])
    consumed(path, form)


@quick
@given(st.binary(max_size=60))
def test_any_bytes_are_detected_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(data)
    try:
        form = detect(path)
    except InvalidInput:
        return
    assert form in READERS


@pytest.mark.parametrize("form", sorted(READERS))
@pytest.mark.parametrize(
    "content", ["", "[", "[" * 200_000, '{"a":' * 100_000, "]" * 50_000, '"' * 1001, "null", "\x00" * 999]
)
def test_hostile_documents(tmp_path: Path, form: str, content: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(content, encoding="utf-8")
    consumed(path, form)
