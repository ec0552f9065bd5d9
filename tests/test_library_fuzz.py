"""Whatever is handed in is kept, or refused with an error of ours; what is refused leaves nothing behind."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect import Memory, RecollectError
from recollect.testing.embedder import FakeEmbedder

FEW = settings(
    max_examples=int(os.environ.get("RECOLLECT_EXAMPLES", "60")), deadline=None, suppress_health_check=list(HealthCheck)
)


def mostly(good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is good, and one time in twelve what is bad: refusals must not hide what comes after them."""
    return st.integers(0, 11).flatmap(lambda number: bad if number == 11 else good)


NASTY = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "\udc00\ud800",
        "\u202e\u200b",
        "'; DROP TABLE memory; --",
        '"',
        "猫" * 50,
        "\U0001f469\u200d\U0001f469\u200d\U0001f467",
        "e\u0301" * 20,
        "NEAR(a b)",
        "a AND b OR NOT c*",
        "{}[]()^$.|?*+\\",
        "<private>",
        "</private><private>x",
        "<private>" * 50,
        "\r\n\x85\u2028",
        "%00%s%d{0}",
        "x" * 5000,
        "-" * 300,
        "2026-13-45T99:99",
        "last week in May 2023 上周三",
        "https://user:hunter2@example.com/path?q=1",
    ]
)
TEXT = NASTY | st.text(max_size=60)
JUNK = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=8) | st.just(object())
SOUND = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)


def nested(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return JSON values with such leaves."""
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
    )


JSON = mostly(nested(SOUND), nested(JUNK))
METADATA = mostly(st.dictionaries(TEXT, nested(SOUND), max_size=4), JSON)
ID = mostly(
    st.none() | st.sampled_from(["alice", "web", "c1", "猫", "a b", "'; --", "%", "\U0001f469\u200d\U0001f467"]),
    TEXT | JUNK,
)
WHEN = mostly(
    st.none()
    | st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1))  # noqa: DTZ001 - both sorts are meant
    | st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    | st.sampled_from(["2026-05-01T09:00:00Z", "2026-05-01", 1_700_000_000, "2026-05-01T09:00:00+14:00"]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", 1e18, "1e5", -1, 10**400]) | st.datetimes() | JUNK,
)
COMPARED = st.dictionaries(st.sampled_from(["eq", "ne", "gt", "lte", "contains"]), SOUND, min_size=1, max_size=2)
FILTER = mostly(
    st.none()
    | st.dictionaries(
        st.sampled_from(["k", "a.b", "category", "metadata.k", "text", "title"]), COMPARED | TEXT, max_size=2
    )
    | st.fixed_dictionaries({"OR": st.lists(st.fixed_dictionaries({"k": SOUND}), min_size=1, max_size=3)}),
    st.dictionaries(
        st.sampled_from(["AND", "OR", "NOT", "kind", "importance", "metadata", "text", "keywords", "occurred_at"])
        | TEXT,
        JSON | COMPARED,
        max_size=3,
    )
    | JUNK,
)
SCOPE = st.fixed_dictionaries({}, optional={"user_id": ID, "project_id": ID, "conversation_id": ID, "agent_id": ID})
ROLE = mostly(st.sampled_from(["user", "assistant", "tool", "system", "Human"]), st.just("narrator") | JUNK)
TURN = mostly(
    st.fixed_dictionaries(
        {"role": ROLE, "content": mostly(TEXT, JSON)},
        optional={"speaker": ID, "occurred_at": WHEN, "message_id": ID, "metadata": METADATA, "more": JSON},
    ),
    JUNK,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Memory, Path]]:
    """Open one memory for all examples of this file: they must not hurt each other either."""
    home = tmp_path_factory.mktemp("fuzz")
    with Memory(home, embed=FakeEmbedder(), worker=False) as memory:
        memory.add("the zebra sleeps in Lisbon")
        yield memory, home / "recollect.db"


def counts(path: Path) -> dict[str, int]:
    """Count what is in every table."""
    tables = (
        "memory",
        "chunk",
        "change",
        "job",
        "tenant",
        "conversation",
        "entity",
        "mention",
        "relation",
        "derivation",
    )
    with closing(sqlite3.connect(path)) as door:
        return {table: door.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


TRIED: Counter[tuple[str, str]] = Counter()


def tried(memory: Memory, path: Path, verb: str, *arguments: Any, **named: Any) -> Any:
    """Call a verb; when it is refused, nothing may have changed."""
    before = counts(path)
    TRIED[verb, "asked"] += 1
    refusal: RecollectError | None = None
    try:
        return getattr(memory, verb)(*arguments, **named)
    except RecollectError as error:
        refusal = error
    TRIED[verb, "refused"] += 1
    assert refusal.message
    assert str(refusal)
    assert counts(path) == before
    return None


@given(turns=mostly(st.lists(TURN, max_size=4), JUNK), scope=SCOPE, source=ID)
@FEW
def test_any_turns(opened: tuple[Memory, Path], turns: Any, scope: dict[str, Any], source: Any) -> None:
    memory, path = opened
    done = tried(memory, path, "capture", turns, source=source, **scope)
    if done is not None:
        kept = [name for name in done.ids if name is not None]
        assert len(done.ids) == len(turns)
        for name in kept:
            item = memory.get(name)
            assert item.text.encode().decode() == item.text
        again = memory.capture(turns, source=source, **scope)
        assert again.ids == done.ids


@given(
    text=mostly(TEXT, JUNK),
    scope=SCOPE,
    more=st.fixed_dictionaries(
        {},
        optional={
            "metadata": METADATA,
            "title": mostly(TEXT, JUNK),
            "kind": mostly(st.sampled_from(["note", "fact"]), st.just("turn") | JUNK),
            "occurred_at": WHEN,
            "expires_at": WHEN,
            "importance": mostly(st.none() | st.floats(0, 1), JUNK),
        },
    ),
)
@FEW
def test_any_note(opened: tuple[Memory, Path], text: Any, scope: dict[str, Any], more: dict[str, Any]) -> None:
    memory, path = opened
    note = tried(memory, path, "add", text, **scope, **more)
    if note is not None:
        assert memory.get(note.id) == note
        assert memory.history(note.id)


@given(
    query=mostly(TEXT, JUNK),
    scope=SCOPE,
    more=st.fixed_dictionaries(
        {},
        optional={
            "filters": FILTER,
            "kinds": mostly(st.lists(st.sampled_from(["note", "turn"]), max_size=2), st.lists(JUNK) | JUNK),
            "asked_at": WHEN,
            "limit": mostly(st.integers(1, 1000), st.integers() | JUNK),
            "explain": st.booleans(),
            "stale": st.booleans(),
        },
    ),
)
@FEW
def test_any_question(opened: tuple[Memory, Path], query: Any, scope: dict[str, Any], more: dict[str, Any]) -> None:
    memory, path = opened
    hits = tried(memory, path, "search", query, **scope, **more)
    for hit in hits or ():
        assert 0 <= hit.score <= 1
        assert 0 <= hit.start <= hit.end <= len(hit.memory.text)


@given(
    query=mostly(TEXT, JUNK),
    scope=SCOPE,
    budget=mostly(st.none() | st.integers(1, 30_000), st.integers() | JUNK),
    asked_at=WHEN,
    form=mostly(st.none(), ID),
)
@FEW
def test_any_context(
    opened: tuple[Memory, Path], query: Any, scope: dict[str, Any], budget: Any, asked_at: Any, form: Any
) -> None:
    memory, path = opened
    named = {} if form is None else {"format": form}
    context = tried(memory, path, "context", query, budget=budget, asked_at=asked_at, **named, **scope)
    if context is not None and isinstance(budget, int):
        assert context.tokens <= budget


@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "text": TEXT | JUNK,
            "metadata": METADATA,
            "title": mostly(TEXT, JUNK),
            "importance": mostly(st.none() | st.floats(0, 1), JUNK),
            "tier": mostly(st.sampled_from(["global", "quick"]), JUNK),
            "expires_at": WHEN,
            "valid_from": WHEN,
            "valid_to": WHEN,
            "version": mostly(st.just(1), st.integers() | JUNK),
        },
    )
)
@FEW
def test_any_change(opened: tuple[Memory, Path], changes: dict[str, Any]) -> None:
    memory, path = opened
    note = memory.add("the gnu sleeps in Porto", user_id="changed")
    better = tried(memory, path, "update", note.id, **changes)
    assert memory.get(note.id) == (note if better is None else better)
    memory.delete(note.id)


@given(
    name=mostly(TEXT, JUNK),
    scope=SCOPE,
    filters=FILTER,
    cursor=mostly(st.none(), ID),
    limit=mostly(st.integers(0, 50), st.integers() | JUNK),
)
@FEW
def test_any_name(
    opened: tuple[Memory, Path], name: Any, scope: dict[str, Any], filters: Any, cursor: Any, limit: Any
) -> None:
    memory, path = opened
    for verb in ("get", "history", "delete", "timeline"):
        assert tried(memory, path, verb, name) is None
    tried(memory, path, "timeline", name, span=limit)
    tried(memory, path, "list", filters=filters, cursor=cursor, limit=limit, **scope)
    tried(memory, path, "list", limit=3, filters=filters)
    tried(memory, path, "forget", filters=filters, user_id="nobody at all")
    tried(memory, path, "stats", **{key: scope[key] for key in scope if key != "agent_id"})
    tried(memory, path, "conversations", **{key: scope[key] for key in scope if key in {"user_id", "project_id"}})


def test_after_all_of_it_the_store_is_sound_and_every_job_can_be_done(opened: tuple[Memory, Path]) -> None:
    memory, path = opened
    for verb in ("capture", "add", "search", "context", "update", "list"):
        asked, refused = TRIED[verb, "asked"], TRIED[verb, "refused"]
        assert 0 <= refused < asked * 0.9 or not asked, (
            f"{verb} was nearly always refused: the strategies say too little"
        )
    memory.drain()
    assert memory.stats().parked == 0
    assert len(memory.search("zebra Lisbon")) >= 1
    with closing(sqlite3.connect(path)) as door:
        assert door.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert door.execute("PRAGMA foreign_key_check").fetchall() == []
