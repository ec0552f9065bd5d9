"""Filters are checked once, and mean what their description says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.errors import InvalidInput
from recollect.models import And, Compare, Kind, Memory, Not, Op, Or, Scope
from recollect.retrieve.filters import matches, parse

THEN = datetime(2026, 5, 1, 9, tzinfo=UTC)


def memory(**changes: Any) -> Memory:
    given_fields: dict[str, Any] = {
        "id": "m1",
        "kind": Kind.NOTE,
        "text": "Alice prefers tabs",
        "scope": Scope("alice", "web"),
        "created_at": THEN,
        "occurred_at": THEN,
        "content_hash": "h",
        "importance": 0.7,
        "keywords": ("tabs", "format"),
        "metadata": {"category": "preferences", "price": 3, "flag": True, "tags": ["a", "b"], "team": {"name": "web"}},
    }
    return Memory(**(given_fields | changes))


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        (None, None),
        ({}, None),
        ({"category": "preferences"}, Compare("metadata.category", Op.EQ, "preferences")),
        ({"metadata": {"k": "v"}}, Compare("metadata.k", Op.EQ, "v")),
        ({"metadata": {"team": {"name": "web"}}}, Compare("metadata.team.name", Op.EQ, "web")),
        ({"metadata.k": 1}, Compare("metadata.k", Op.EQ, 1)),
        ({"kind": "note"}, Compare("kind", Op.EQ, "note")),
        ({"keywords": "tabs"}, Compare("keywords", Op.CONTAINS, "tabs")),
        ({"importance": {"in": [0.5, 1]}}, Compare("importance", Op.IN, (0.5, 1))),
        ({"expires_at": None}, Compare("expires_at", Op.EQ, None)),
        (
            {"price": {"gte": 3, "lt": 5}},
            And((Compare("metadata.price", Op.GTE, 3), Compare("metadata.price", Op.LT, 5))),
        ),
        (
            {"OR": [{"a": 1}, {"b": 2}]},
            Or((Compare("metadata.a", Op.EQ, 1), Compare("metadata.b", Op.EQ, 2))),
        ),
        ({"not": {"a": 1}}, Not(Compare("metadata.a", Op.EQ, 1))),
        (
            {"NOT": [{"a": 1}, {"b": 2}]},
            Not(Or((Compare("metadata.a", Op.EQ, 1), Compare("metadata.b", Op.EQ, 2)))),
        ),
        (
            {"occurred_at": {"gt": "2026-05-01T10:00:00+02:00"}},
            Compare("occurred_at", Op.GT, "2026-05-01T08:00:00.000000+00:00"),
        ),
        ({"valid_to": {"lte": "2026-05-01"}}, Compare("valid_to", Op.LTE, "2026-05-01T00:00:00.000000+00:00")),
    ],
)
def test_a_filter_is_read_as(value: object, tree: object) -> None:
    assert parse(value) == tree


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("kind", "filter"),
        ([], "filter"),
        ({1: 2}, "filter"),
        ({"": 2}, "filter"),
        ({"a.": 2}, "a."),
        ({'a"b': 2}, 'a"b'),
        ({"kind": "novel"}, "kind"),
        ({"kind": {"contains": "no"}}, "kind"),
        ({"importance": "high"}, "importance"),
        ({"importance": True}, "importance"),
        ({"importance": float("nan")}, "importance"),
        ({"version": {"gt": None}}, "version"),
        ({"occurred_at": "last week"}, "occurred_at"),
        ({"occurred_at": 5}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"keywords": {"eq": "tabs"}}, "keywords"),
        ({"text": 5}, "text"),
        ({"price": {"between": 3}}, "metadata.price"),
        ({"price": {}}, "metadata.price"),
        ({"price": [1, 2]}, "metadata.price"),
        ({"price": {"in": 3}}, "metadata.price"),
        ({"price": {"in": []}}, "metadata.price"),
        ({"price": {"in": [None]}}, "metadata.price"),
        ({"price": {"gt": False}}, "metadata.price"),
        ({"price": 2**63}, "metadata.price"),
        ({"price": "\ud800"}, "metadata.price"),
        ({"price": "a\0b"}, "metadata.price"),
        ({"AND": []}, "AND"),
        ({"OR": {"a": 1}}, "OR"),
        ({"OR": ["a"]}, "OR[0]"),
        ({"NOT": {}}, "NOT"),
        ({"metadata": 5}, "metadata"),
        ({"metadata": {"a": {}}}, "metadata.a"),
        ({"OR": [{f"k{index}": 1} for index in range(201)]}, "OR"),
        ({"AND": [{"a": {"gt": 1, "lt": 5}}] * 101}, "filter"),
    ],
)
def test_a_wrong_filter_is_refused_with_its_field_and_a_remedy(value: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(value)
    assert caught.value.field == field
    assert caught.value.hint


def test_depth_is_limited() -> None:
    deep: dict[str, Any] = {"a": 1}
    for _ in range(15):
        deep = {"NOT": deep}
    assert parse(deep)
    with pytest.raises(InvalidInput, match="16 levels"):
        parse({"NOT": deep})
    nested: Any = 1
    for _ in range(5000):
        nested = {"a": nested}
    with pytest.raises(InvalidInput):
        parse({"metadata": nested})


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"category": "preferences"}, True),
        ({"category": "other"}, False),
        ({"category": {"ne": "other"}}, True),
        ({"absent": {"ne": "other"}}, True),
        ({"absent": None}, True),
        ({"absent": {"ne": None}}, False),
        ({"absent": {"lt": 5}}, False),
        ({"absent": {"contains": "a"}}, False),
        ({"NOT": {"absent": {"lt": 5}}}, True),
        ({"price": 3.0}, True),
        ({"price": "3"}, False),
        ({"price": {"gte": 3, "lt": 5}}, True),
        ({"price": {"gt": "2"}}, False),
        ({"price": {"in": [1, 3]}}, True),
        ({"flag": 1}, False),
        ({"flag": True}, True),
        ({"flag": {"gt": 0}}, False),
        ({"price": {"in": [True]}}, False),
        ({"tags": {"contains": "a"}}, True),
        ({"tags": {"contains": "ab"}}, False),
        ({"tags": "a"}, False),
        ({"tags": {"ne": "a"}}, True),
        ({"metadata": {"team": {"name": "web"}}}, True),
        ({"team.name": {"contains": "we"}}, True),
        ({"text": {"contains": "prefers"}}, True),
        ({"text": {"contains": "PREFERS"}}, False),
        ({"keywords": "tabs"}, True),
        ({"user_id": "alice", "project_id": "web"}, True),
        ({"user_id": "bob"}, False),
        ({"conversation_id": None}, True),
        ({"kind": {"in": ["note", "fact"]}}, True),
        ({"role": None}, True),
        ({"role": {"ne": "user"}}, True),
        ({"occurred_at": {"gte": "2026-05-01T11:00:00+02:00"}}, True),
        ({"occurred_at": {"gt": "2026-05-01T09:00:00Z"}}, False),
        ({"expires_at": {"lt": "2030-01-01"}}, False),
        ({"OR": [{"price": 9}, {"flag": True}]}, True),
        ({"AND": [{"price": 3}, {"flag": False}]}, False),
        ({"NOT": [{"price": 9}, {"flag": False}]}, True),
        ({"NOT": [{"price": 3}, {"flag": False}]}, False),
    ],
)
def test_a_filter_means(value: object, holds: bool) -> None:
    tree = parse(value)
    assert tree is not None
    assert matches(tree, memory()) is holds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-05-01"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["AND", "OR", "NOT", "kind", "metadata", "price", "gt", "in", "eq", "occurred_at", "text", "a.b"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=250, deadline=None)
def test_any_json_is_read_or_refused_and_what_is_read_can_be_asked(value: object) -> None:
    try:
        tree = parse(value)
    except InvalidInput as error:
        tree, hint = None, error.hint
    else:
        hint = "none needed"
    assert hint
    if tree is not None:
        assert matches(Not(tree), memory()) is not matches(tree, memory())
