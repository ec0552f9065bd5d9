"""What may come in as a turn or a note, what is refused and how, and when two turns are the same."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.capture.identifier import identifier
from recollect.capture.intake import Draft, Nothing, draft, note, turn_of, turns_of
from recollect.capture.metadata import metadata_of
from recollect.errors import InvalidInput, TooLarge
from recollect.models import Kind, Role, Scope, Source, Turn

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SCOPE = Scope("alice", "web", "c1", "claude")


def one(**fields: Any) -> Turn:
    return turn_of({"role": "user", "content": "hello", **fields}, 3)


def drafted(*turns: Turn, scope: Scope = SCOPE) -> list[Draft]:
    return [made for made in draft(turns, scope, NOW) if isinstance(made, Draft)]


@pytest.mark.parametrize(
    ("name", "role"),
    [("user", Role.USER), ("Human", Role.USER), ("AI", Role.ASSISTANT), ("model", Role.ASSISTANT),
     ("bot", Role.ASSISTANT), ("system", Role.SYSTEM), ("tool", Role.TOOL), ("function", Role.TOOL)],
)  # fmt: skip
def test_roles_are_known_by_other_names(name: str, role: Role) -> None:
    assert one(role=name).role is role


@pytest.mark.parametrize(
    ("given_time", "meant"),
    [
        ("2026-05-01T09:00:00Z", datetime(2026, 5, 1, 9, tzinfo=UTC)),
        ("2026-05-01T09:00:00+08:00", datetime(2026, 5, 1, 1, tzinfo=UTC)),
        ("2026-05-01 09:00", datetime(2026, 5, 1, 9, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        (1_777_626_000, datetime(2026, 5, 1, 9, tzinfo=UTC)),
        (1_777_626_000_000, datetime(2026, 5, 1, 9, tzinfo=UTC)),
        (1_777_626_000.5, datetime(2026, 5, 1, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("1777626000", datetime(2026, 5, 1, 9, tzinfo=UTC)),
        (datetime(2026, 5, 1, 9), datetime(2026, 5, 1, 9, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 5, 1, 9, tzinfo=timezone(timedelta(hours=9))), datetime(2026, 5, 1, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_times_are_read_in_every_form(given_time: object, meant: datetime | None) -> None:
    assert one(occurred_at=given_time).occurred_at == meant


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"role": "wizard"}, "turns[3].role"),
        ({"role": None}, "turns[3].role"),
        ({"role": ["user"]}, "turns[3].role"),
        ({"content": None}, "turns[3].content"),
        ({"content": b"bytes"}, "turns[3].content"),
        ({"content": {"text": "x"}}, "turns[3].content"),
        ({"content": [{"type": "image"}]}, "turns[3].content[0]"),
        ({"content": [{"type": "text", "text": 5}]}, "turns[3].content[0]"),
        ({"content": [{"type": ["text"], "text": "x"}]}, "turns[3].content[0]"),
        ({"speaker": 5}, "turns[3].speaker"),
        ({"speaker": "a\nb"}, "turns[3].speaker"),
        ({"message_id": " "}, "turns[3].message_id"),
        ({"message_id": "x" * 257}, "turns[3].message_id"),
        ({"occurred_at": "yesterday"}, "turns[3].occurred_at"),
        ({"occurred_at": "1969-12-31"}, "turns[3].occurred_at"),
        ({"occurred_at": "2201-01-01"}, "turns[3].occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "turns[3].occurred_at"),
        ({"occurred_at": math.nan}, "turns[3].occurred_at"),
        ({"occurred_at": math.inf}, "turns[3].occurred_at"),
        ({"occurred_at": 10**400}, "turns[3].occurred_at"),
        ({"occurred_at": True}, "turns[3].occurred_at"),
        ({"occurred_at": -1}, "turns[3].occurred_at"),
        ({"metadata": []}, "turns[3].metadata"),
        ({"metadata": {1: 2}}, "turns[3].metadata"),
        ({"metadata": {"a": math.nan}}, "turns[3].metadata.a"),
        ({"metadata": {"a": {"b": [object()]}}}, "turns[3].metadata.a.b[0]"),
        ({"metadata": {"a": 2**63}}, "turns[3].metadata.a"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        one(**fields)
    assert raised.value.field == place
    assert raised.value.hint


def test_limits_are_told_apart_from_mistakes() -> None:
    for fields in (
        {"content": "x" * 2_000_001},
        {"metadata": {"a": "x" * 70_000}},
        {"metadata": {"a": ["é" * 40_000]}},
    ):
        with pytest.raises(TooLarge):
            one(**fields)
    with pytest.raises(TooLarge):
        turns_of([{}] * 10_001)
    deep: dict[str, Any] = {}
    for _ in range(16):
        deep = {"a": deep}
    with pytest.raises(InvalidInput, match="too deep"):
        metadata_of(deep, "metadata")
    assert metadata_of(deep["a"], "metadata") == deep["a"]


@pytest.mark.parametrize("value", ["turns", {"role": "user"}, None, 5, b""])
def test_turns_are_a_list(value: object) -> None:
    with pytest.raises(InvalidInput):
        turns_of(value)


def test_blocks_are_joined() -> None:
    assert one(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]).content == "a\nb"


@pytest.mark.parametrize("value", ["a\x00b", "\u202eevil", "two\nlines", "zero\u200bwidth", "\ud800", "", 5, None])
def test_an_id_is_visible_text_on_one_line(value: object) -> None:
    with pytest.raises(InvalidInput):
        identifier(value, "user_id")


def test_an_id_loses_the_space_around_it() -> None:
    assert identifier("  小明 ", "user_id") == "小明"


def test_a_draft_carries_what_was_said_and_where() -> None:
    turn = one(
        speaker="Bo", occurred_at="2026-05-01", message_id="m1", metadata={"a": [1, None]}, content="hi\r\nthere"
    )
    (made,) = draft([turn], SCOPE, NOW, Source("cli", "f.jsonl"))
    assert isinstance(made, Draft)
    memory = made.memory
    assert (memory.kind, memory.role, memory.text, memory.speaker) == (Kind.TURN, Role.USER, "hi\nthere", "Bo")
    assert (memory.created_at, memory.occurred_at) == (NOW, datetime(2026, 5, 1, tzinfo=UTC))
    assert memory.source == Source("cli", "f.jsonl", "m1")
    assert memory.scope == SCOPE
    assert memory.metadata == {"a": [1, None]}


def test_a_tools_turn_is_an_observation_and_an_empty_one_is_nothing() -> None:
    made = draft([one(role="tool"), one(content=" \n"), one(content="<private>x</private>")], SCOPE, NOW)
    assert isinstance(made[0], Draft)
    assert made[0].memory.kind is Kind.OBSERVATION
    assert made[1:] == [Nothing({}), Nothing({"private": 1})]


def test_secrets_leave_text_speaker_and_metadata() -> None:
    turn = one(
        content="password=hunter2",
        speaker="Bo <private>home address</private>",
        metadata={
            "note": "a <private>b</private>",
            "api_key": "abcd1234efgh",
            "deep": [{"token": "x1y2z3a4b5c6"}],
            "k\ud800": "v",
        },
    )
    (made,) = drafted(turn)
    assert made.memory.text == "password=[password redacted]"
    assert made.memory.speaker == "Bo "
    assert made.memory.metadata == {
        "note": "a ", "api_key": "[api-key redacted]", "deep": [{"token": "[token redacted]"}], "k\ufffd": "v",
    }  # fmt: skip
    assert made.redacted == {"password": 1, "private": 2, "api-key": 1, "token": 1}


def test_the_same_call_twice_has_the_same_keys() -> None:
    turns = [one(content="ok"), one(content="ok"), one(content="ok", role="assistant"), one(content="no")]
    first, again = [[made.key for made in drafted(*turns)] for _ in range(2)]
    assert first == again
    assert len(set(first)) == 4


def test_a_longer_call_repeats_the_keys_of_the_shorter() -> None:
    turns = [one(content=text) for text in ("a", "ok", "b", "ok", "c")]
    assert [made.key for made in drafted(*turns)][:3] == [made.key for made in drafted(*turns[:3])]


@pytest.mark.parametrize(
    "other",
    [
        {"role": "assistant"},
        {"speaker": "Bo"},
        {"message_id": "m1"},
        {"occurred_at": "2026-05-01"},
        {"content": "Hello"},
    ],
)
def test_each_part_of_a_turn_changes_its_key(other: dict[str, Any]) -> None:
    assert drafted(one())[0].key != drafted(one(**other))[0].key


@pytest.mark.parametrize("scope", [Scope("bob", "web", "c1"), Scope("alice", "x", "c1"), Scope("alice", "web", "c2")])
def test_the_scope_changes_the_key_but_the_agent_does_not(scope: Scope) -> None:
    assert drafted(one())[0].key != drafted(one(), scope=scope)[0].key
    assert drafted(one())[0].key == drafted(one(), scope=Scope("alice", "web", "c1", "other"))[0].key


def test_a_message_id_twice_in_a_call_is_the_same_message() -> None:
    first, second = drafted(one(message_id="m"), one(message_id="m", occurred_at=NOW))
    assert first.key == second.key


def test_the_hash_of_content_ignores_case_and_white_space() -> None:
    first, second = drafted(one(content="Hello  World\n"), one(content="hello world"))
    assert first.memory.content_hash == second.memory.content_hash
    assert len(first.key) == len(first.memory.content_hash) == 32


def test_a_note_is_validated_and_redacted_like_a_turn() -> None:
    made = note(
        "Alice prefers tabs, password=hunter2", SCOPE, NOW, title=" Style \n guide ", metadata={"category": "x"}
    )
    assert (made.memory.kind, made.memory.title, made.memory.role) == (Kind.NOTE, "Style guide", None)
    assert made.redacted == {"password": 1}
    for wrong in (
        {"text": " "}, {"text": "<private>x"}, {"text": 5}, {"kind": Kind.TURN},
        {"kind": ["note"]}, {"title": 5}, {"title": "x" * 600},
        {"importance": 1.5}, {"importance": math.nan}, {"occurred_at": "?"}, {"metadata": 5}, {"message_id": ""},
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            note(**{"text": "x", "scope": SCOPE, "now": NOW, **wrong})  # type: ignore[arg-type]


def test_a_note_has_a_key_of_its_own_unless_it_has_a_message_id() -> None:
    assert note("a", SCOPE, NOW).key != note("a", SCOPE, NOW).key
    assert note("a", SCOPE, NOW, message_id="m").key == note("a", SCOPE, NOW, message_id="m").key


junk: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=9)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("role", "content", "speaker", "occurred_at", "message_id", "metadata")


@settings(max_examples=250, deadline=None)
@given(st.one_of(junk, st.fixed_dictionaries({}, optional={name: junk | st.just("user") for name in FIELDS})))
def test_any_turn_is_taken_or_refused_by_type(value: Any) -> None:
    try:
        turn = turn_of(value, 0)
    except InvalidInput:
        return
    for made in draft([turn], SCOPE, NOW):
        if isinstance(made, Draft):
            made.memory.text.encode()
            (made.memory.speaker or "").encode()


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30),
        st.integers(),
        st.floats(),
        st.datetimes(),
        st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?"),
    )
)
def test_any_time_is_in_range_or_refused(value: Any) -> None:
    try:
        moment = one(occurred_at=value).occurred_at
    except InvalidInput:
        return
    assert moment is not None
    assert moment.tzinfo is UTC
    assert 1970 <= moment.year <= 2200


def test_a_turn_may_expire() -> None:
    (made,) = drafted(one(expires_at="2027-05-01"))
    assert made.memory.expires_at == datetime(2027, 5, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput) as refused:
        one(expires_at="soon")
    assert refused.value.field == "turns[3].expires_at"
