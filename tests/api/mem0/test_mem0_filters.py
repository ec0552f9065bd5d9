"""Mem0's filters mean here what its documentation says, however they are written; hostile ones are refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recollect import AsyncMemory, RecollectError
from recollect.api.mem0.aim import MOST_USERS, aim
from recollect.api.mem0.filters import CONDITIONS, DEPTH, OPS, translate
from recollect.api.mem0.find import LISTED, Question, listed, search
from recollect.api.mem0.sieve import exact, pushed
from recollect.errors import InvalidInput
from recollect.exchange import Batch, Entry
from recollect.models import Compare, Kind, Memory, Op, Reach, Scope
from recollect.process.index import index
from recollect.retrieve.filters import matches
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import memory as sample

FEW = settings(
    max_examples=int(os.environ.get("RECOLLECT_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
USERS, AGENTS, APPS, RUNS = ("u1", "u2"), ("a1", None), ("app", "default"), ("r1", None)


def noted(number: int, scope: Scope) -> Memory:
    return sample(
        f"Note {number} about {'Pizza' if number % 3 else 'pasta'}",
        scope,
        id=f"0199aaaa-0000-7000-8000-{number:012d}",
        created_at=START + timedelta(days=number),
        occurred_at=START - timedelta(days=number),
        metadata={"n": number, "tag": "even" if number % 2 == 0 else "ODD", "deep": {"k": number % 4}}
        | ({"category": "food"} if number % 4 == 0 else {})
        | ({"categories": ["health", "Sport"]} if number % 5 == 0 else {}),
    )


PLACES = [Scope(u, p, r, a) for u in USERS for p in APPS for r in RUNS for a in AGENTS]
NOTES = [noted(number, scope) for number, scope in enumerate(PLACES)]


class Store:
    """A library with all the notes, and a loop to ask it in."""

    def __init__(self, home: Path) -> None:
        self.runner = asyncio.Runner()
        self.memory = AsyncMemory(home, embed=FakeEmbedder(), clock=FakeClock(), worker=False)
        entries = [Entry(item, index(item), item.id) for item in NOTES]
        self.runner.run(self.memory.app.engine.stores.records.commit(Batch(adds=entries)))

    def ids(self, filters: object) -> list[str]:
        found, total = self.runner.run(listed(self.memory, translate(filters), size=1000))
        assert len(found) == total
        return [one.memory.id for one in found]

    def close(self) -> None:
        self.runner.run(self.memory.close())
        self.runner.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(tmp_path_factory.mktemp("filters") / "home")
    yield opened
    opened.close()


def told(item: Memory) -> dict[str, Any]:
    """Return a memory as Mem0 knows it, for the meaning written below."""
    named = {"category": item.metadata.get("category")}
    return {
        "user_id": item.scope.user_id,
        "agent_id": item.scope.agent_id,
        "app_id": None if item.scope.project_id == "default" else item.scope.project_id,
        "run_id": item.scope.conversation_id,
        "created_at": item.created_at,
        "updated_at": item.created_at,
        "timestamp": item.occurred_at,
        "categories": [*item.metadata.get("categories", []), *(one for one in named.values() if one)],
        "text": item.text,
        "id": item.id,
        "metadata": item.metadata,
    }


def means(filters: dict[str, Any], item: dict[str, Any]) -> bool:
    """Mem0's documented meaning, written down as plainly as can be."""
    return all(entry(key, value, item) for key, value in filters.items())


def entry(key: str, value: Any, item: dict[str, Any]) -> bool:
    if key in {"AND", "OR", "NOT"}:
        parts = [means(part, item) for part in (value if isinstance(value, list) else [value])]
        return {"AND": all(parts), "OR": any(parts), "NOT": not any(parts)}[key]
    if key == "metadata":
        return all(compared(item["metadata"].get(name), one) for name, one in value.items())
    if key == "memory_ids":
        return item["id"] in value
    if key == "keywords":
        return compared(item["text"], value)
    if key == "categories":
        return listed_in(item["categories"], value)
    if key in {"created_at", "updated_at", "timestamp"}:
        value = {op: datetime.fromisoformat(one).replace(tzinfo=UTC) for op, one in value.items()}
    return compared(item.get(key), value)


def listed_in(has: list[str], value: Any) -> bool:
    if value == "*":
        return bool(has)
    (op, word) = next(iter(value.items()))
    if op == "in":
        return any(one in has for one in word)
    return any(word.casefold() in one.casefold() for one in has) if op == "icontains" else word in has


def compared(has: Any, value: Any) -> bool:
    if value == "*":
        return has is not None
    conditions = value if isinstance(value, dict) else {"eq": value}
    return all(held(has, op, wanted) for op, wanted in conditions.items())


def held(has: Any, op: str, wanted: Any) -> bool:
    if op in {"eq", "ne", "in"}:
        return bool({"eq": has == wanted, "ne": has != wanted, "in": op == "in" and has in wanted}[op])
    if has is None:
        return False
    if op in {"contains", "icontains"}:
        return wanted in has if op == "contains" else wanted.casefold() in has.casefold()
    return bool({"gt": has > wanted, "gte": has >= wanted, "lt": has < wanted, "lte": has <= wanted}[op])


def name(values: list[str]) -> st.SearchStrategy[Any]:
    one = st.sampled_from([*values, "nobody"])
    return st.one_of(
        one,
        st.just("*"),
        st.builds(lambda v: {"eq": v}, one),
        st.builds(lambda v: {"ne": v}, one),
        st.builds(lambda v: {"in": v}, st.lists(one, min_size=1, max_size=3)),
        st.just({"icontains": values[0].upper()}),
    )


DAY = st.integers(-20, 20).map(lambda n: (START + timedelta(days=n)).date().isoformat())
RANGE = st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), DAY, min_size=1, max_size=2)
ENTITY = st.one_of(
    st.fixed_dictionaries({"user_id": name(["u1", "u2"])}),
    st.fixed_dictionaries({"agent_id": name(["a1"])}),
    st.fixed_dictionaries({"app_id": name(["app"])}),
    st.fixed_dictionaries({"run_id": name(["r1"])}),
)
CONDITION = st.one_of(
    ENTITY,
    st.sampled_from(["created_at", "updated_at", "timestamp"]).flatmap(lambda key: st.fixed_dictionaries({key: RANGE})),
    st.sampled_from(
        [
            {"categories": {"in": ["food", "Sport"]}},
            {"categories": {"contains": "health"}},
            {"categories": {"icontains": "SPO"}},
            {"categories": "*"},
            {"keywords": {"icontains": "PIZZA"}},
            {"keywords": {"contains": "pasta"}},
            {"metadata": {"tag": "even"}},
            {"metadata": {"tag": {"icontains": "odd"}}},
            {"metadata": {"n": {"gte": 3, "lt": 9}}},
            {"metadata": {"category": "*"}},
            {"metadata": {"n": {"in": [1, 2, 3]}}},
            {"memory_ids": [NOTES[2].id, NOTES[5].id, "unknown"]},
        ]
    ),
)
TREE = st.recursive(
    CONDITION,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"AND": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"OR": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"NOT": parts}, inner | st.lists(inner, min_size=1, max_size=2)),
    ),
    max_leaves=8,
)


@FEW
@given(who=ENTITY, rest=TREE)
@example(who={"user_id": "*"}, rest={"NOT": {"OR": [{"keywords": {"icontains": "PIZZA"}}, {"run_id": "*"}]}})
@example(who={"agent_id": "a1"}, rest={"OR": [{"user_id": "u1"}, {"run_id": "r1"}]})
@example(who={"app_id": "app"}, rest={"NOT": [{"categories": {"in": ["food"]}}, {"metadata": {"tag": "even"}}]})
def test_a_filter_lists_exactly_what_it_means(store: Store, who: dict[str, Any], rest: dict[str, Any]) -> None:
    filters = {"AND": [who, rest]}
    wanted = [item.id for item in reversed(NOTES) if means(filters, told(item))]
    assert store.ids(filters) == wanted


@FEW
@given(rest=TREE)
def test_what_a_store_is_asked_holds_all_that_passes(rest: dict[str, Any]) -> None:
    tree = translate(rest)
    assert tree is not None
    asked = pushed(tree)
    for item in NOTES:
        meant, found = means(rest, told(item)), asked is None or matches(asked, item)
        assert found or not meant
        assert found == meant or not exact(tree)


def test_a_search_looks_only_where_the_filter_says(store: Store) -> None:
    tree = translate(
        {"AND": [{"run_id": "r1"}, {"keywords": {"icontains": "PIZZA"}}, {"user_id": {"in": ["u1", "u2"]}}]}
    )
    found = store.runner.run(search(store.memory, Question("pizza", tree, limit=3)))
    assert len(found) == 3
    assert all(one.memory.scope.conversation_id == "r1" and "Pizza" in one.memory.text for one in found)
    scores = [one.hit.score for one in found if one.hit]
    assert scores == sorted(scores, reverse=True)
    none = store.runner.run(search(store.memory, Question("pizza", translate({"agent_id": "nobody"}))))
    assert none == []


@pytest.mark.parametrize(
    ("filters", "reaches"),
    [
        ({"user_id": "u1"}, [Reach("u1", None)]),
        ({"user_id": 7}, [Reach("7", None)]),
        ({"app_id": "app"}, [Reach(None, "app")]),
        ({"AND": [{"user_id": "u1"}, {"app_id": "app"}, {"run_id": "r1"}]}, [Reach("u1", "app", "r1")]),
        ({"user_id": {"in": ["u1", "zz"]}}, [Reach("u1", None), Reach("zz", None)]),
        ({"user_id": ["u2"]}, [Reach("u2", None)]),
        ({"agent_id": "a1"}, [Reach("u1", None, None, "a1"), Reach("u2", None, None, "a1")]),
        ({"run_id": "unknown"}, []),
        ({"user_id": "*"}, [Reach("u1", None), Reach("u2", None)]),
        ({"user_id": {"ne": "u1"}}, [Reach("u1", None), Reach("u2", None)]),
        ({"OR": [{"user_id": "u9"}, {"run_id": "r1"}]}, [Reach("u1", None), Reach("u2", None), Reach("u9", None)]),
    ],
)
def test_names_become_reaches(store: Store, filters: dict[str, Any], reaches: list[Reach]) -> None:
    found = store.runner.run(aim(store.memory.app.owners, translate(filters)))
    assert list(found.reaches) == reaches


@pytest.mark.parametrize(
    "filters",
    [
        None,
        {},
        {"created_at": {"gte": "2026-01-01"}},
        {"metadata": {"user_id": "u1"}},
        {"OR": [{"user_id": "u1"}, {"created_at": {"gte": "2026-01-01"}}]},
        {"NOT": {"user_id": "u1", "run_id": "r1"}},
        {"NOT": [{"OR": [{"user_id": "u1"}, {"run_id": "r"}]}]},
    ],
)
def test_a_filter_that_names_nobody_is_refused(store: Store, filters: Any) -> None:
    with pytest.raises(InvalidInput, match="user_id, agent_id, app_id or run_id"):
        store.ids(filters)


@pytest.mark.parametrize(
    ("filters", "word"),
    [
        ({"user_id": {"like": "u"}}, "'like'"),
        ({"created_at": {"after": "2026"}}, "'after'"),
        ({"metadata": {"n": {"gte": 3, "between": [1, 2]}}}, "'between'"),
        ({"user_id": {}}, "empty condition"),
        ({"user_id": ""}, "user_id is empty"),
        ({"user_id": True}, "user_id"),
        ({"user_id": {"in": []}}, "needs a list"),
        ({"user_id": {"in": "u1"}}, "needs a list"),
        ({"AND": []}, "AND is not a list"),
        ({"AND": "x"}, "AND is not a list"),
        ({"AND": [{}]}, "AND"),
        ({"OR": [3]}, "OR"),
        ([{"user_id": "u1"}], "filters is not an object"),
        ("user_id", "filters is not an object"),
        ({"created_at": {"gte": "yesterday"}}, "created_at"),
        ({"created_at": {"contains": "2026"}}, "contains"),
        ({"updated_at": {"gte": None}}, "null"),
        ({"keywords": {"gt": "a"}}, "keywords cannot"),
        ({"keywords": {"icontains": 3}}, "keywords must"),
        ({"categories": {"lt": "a"}}, "categories cannot"),
        ({"metadata": "x"}, "metadata is not an object"),
        ({"memory_ids": []}, "id"),
        ({'me"ta': 1}, "character"),
    ],
)
def test_what_cannot_be_read_is_named(filters: Any, word: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        translate(filters)
    assert word in refused.value.message


def test_depth_and_size_are_bounded() -> None:
    deep: dict[str, Any] = {"user_id": "u1"}
    for _ in range(DEPTH):
        deep = {"AND": [deep]}
    with pytest.raises(InvalidInput, match="levels deep"):
        translate(deep)
    nested: Any = 1
    for _ in range(DEPTH + 1):
        nested = {"k": nested}
    with pytest.raises(InvalidInput, match="levels deep"):
        translate({"metadata": nested})
    with pytest.raises(InvalidInput, match="conditions"):
        translate({"OR": [{"user_id": f"u{n}"} for n in range(CONDITIONS + 1)]})
    with pytest.raises(InvalidInput, match="conditions"):
        translate({"metadata": {f"k{n}": n for n in range(CONDITIONS + 1)}})


async def test_too_many_users_are_not_asked_one_by_one() -> None:
    class Crowd:
        async def users(self, *, limit: int, **_: Any) -> list[str]:
            return [f"u{n}" for n in range(limit)]

    with pytest.raises(InvalidInput, match=f"more than {MOST_USERS} users"):
        await aim(Crowd(), translate({"user_id": "*"}))  # type: ignore[arg-type]


def test_a_memory_of_no_app_has_none(store: Store) -> None:
    none = store.ids({"AND": [{"user_id": "u1"}, {"app_id": None}]})
    some = store.ids({"AND": [{"user_id": "u1"}, {"app_id": "*"}]})
    assert len(none) == len(some) == 4
    assert set(none) | set(some) == set(store.ids({"user_id": "u1"}))
    assert translate({"app_id": None}) == Compare("project_id", Op.EQ, "default")


def test_only_what_was_said_and_written_is_listed() -> None:
    assert set(Kind) - set(LISTED) == {Kind.FACT, Kind.SUMMARY}


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["*", "\ud800", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["AND", "OR", "NOT", "user_id", "run_id", "created_at", "categories", "metadata", "id", *OPS]
            )
            | st.text(max_size=10),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@FEW
@given(JUNK)
def test_any_filter_is_read_or_refused(store: Store, junk: Any) -> None:
    try:
        store.ids({"AND": [{"user_id": "u1"}, junk]})
    except RecollectError as error:
        error.message.encode()
        error.hint.encode()
