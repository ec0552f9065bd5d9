"""Pages come back as they were sent; what is broken off, forged or too large is refused with its reason."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import InvalidInput, TooLarge
from recollect.models import Replica, Stamp
from recollect.ops.sync import wire

ID = "01a1f9d7-009c-71c2-9ce5-483b859c1e7a"
BODY: dict[str, Any] = {
    "user_id": "alice", "project_id": "web", "id": ID, "agent_id": None, "conversation_id": None, "position": 0,
    "kind": "note", "role": None, "speaker": None, "title": None, "text": "茶 or coffee", "keywords": [],
    "entities": [], "importance": 0.5, "urgency": 0.0, "tier": "archive", "metadata": {}, "client": None, "file": None,
    "message_id": None, "sources": [], "repeats": 1, "dense": True, "standing": False, "created_at": 1,
    "occurred_at": 1, "valid_from": None, "valid_to": None, "superseded_by": None, "expires_at": None,
    "content_hash": "ab", "version": 2, "dedupe": "k", "added_at": 1, "added_version": 2, "mentions": [],
    "relations": [],
}  # fmt: skip
ALIVE = Replica(ID, Stamp(1, False, 2, 9, "here"), BODY)
GONE = Replica(ID, Stamp(3, True, 0, 9, "here"))


def page(*lines: Any, head: Any = None, end: Any = None) -> bytes:
    first = {"recollect": "sync", "version": 1} if head is None else head
    last = {"end": {"next": 1, "lines": len(lines)}} if end is None else end
    return gzip.compress("".join(json.dumps(line) + "\n" for line in (first, *lines, last)).encode())


def line(**changes: Any) -> dict[str, Any]:
    return {"alive": {"stamp": [1, 2, 9, "here"], "memory": {**BODY, **changes}}}


def test_a_page_comes_back_as_it_was_sent() -> None:
    vector = {"memory": ID, "start": 0, "end": 3, "model": "m", "dimension": 4, "code": "AAAAAAAAAAA="}
    sent = (ALIVE, GONE, Replica(ID, ALIVE.stamp, BODY, (vector,)))
    received = wire.unpacked(wire.packed({"store": "x"}, sent, {"next": 7}))
    assert received.replicas == sent
    assert received.faults == ()
    assert (received.head["store"], received.end["next"]) == ("x", 7)


def test_a_page_broken_off_anywhere_is_refused() -> None:
    data = wire.packed({}, [ALIVE] * 5, {"next": 7})
    for size in range(0, len(data) - 1, 7):
        with pytest.raises(InvalidInput):
            wire.unpacked(data[:size])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"[]\n[]\n"),
        gzip.compress(b"{}\n{}\n"),
        gzip.compress(b"\xff\xfe\n{}\n"),
        gzip.compress(b"[" * 100_000 + b"\n{}\n"),
        page(end={"end": {"next": 1, "lines": 5}}),
        page(end={"end": 3}),
        page(head={"recollect": "export", "version": 1}),
        page(head={"recollect": "sync", "version": 2}),
    ],
    ids=range(11),
)
def test_what_is_no_page_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        wire.unpacked(data)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(TooLarge):
        wire.unpacked(gzip.compress(b"a" * (wire.UNPACKED + 1)))


def test_more_lines_than_a_page_has_are_refused() -> None:
    with pytest.raises(InvalidInput, match="lines"):
        wire.unpacked(gzip.compress(b"{}\n" * (wire.LINES + 1)))


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"maybe": {}}, "unknown sort"),
        ({}, "unknown sort"),
        ({"alive": 3}, "unknown sort"),
        ({"gone": {"id": "x", "stamp": [1, 9, "a"]}}, "gone.id"),
        ({"gone": {"id": ID, "stamp": [0, 9, "a"]}}, "stamp"),
        ({"gone": {"id": ID, "stamp": [1, 9, ""]}}, "stamp"),
        ({"gone": {"id": ID, "stamp": [True, 9, "a"]}}, "stamp"),
        ({"gone": {"id": ID, "stamp": [1, 2**70, "a"]}}, "stamp"),
        ({"alive": {"stamp": [1, 3, 9, "a"], "memory": BODY}}, "stamp.version"),
        (line(text=3), "memory.text"),
        (line(kind="wish"), "memory.kind"),
        (line(surplus=1), "memory.surplus"),
        (line(user_id=""), "memory.user_id"),
        ({"alive": {"stamp": [1, 2, 9, "a"], "memory": BODY, "vectors": [{"x": 1}]}}, "vector"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_others_count(bad: Any, why: str) -> None:
    received = wire.unpacked(page(bad, line()))
    assert [item.id for item in received.replicas] == [ID]
    ((_, reason),) = received.faults
    assert why in reason


plain = st.none() | st.booleans() | st.integers() | st.text()
anything = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(anything)
def test_whatever_a_line_holds_it_is_a_fault_or_refused(value: Any) -> None:
    try:
        received = wire.unpacked(page({"alive": value}, {"gone": value}))
    except InvalidInput:
        return
    assert len(received.faults) == 2
