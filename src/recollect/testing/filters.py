"""What filters must mean in every store: what the oracle says, for any metadata and any conditions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.models import And, Compare, Filter, Kind, Memory, Not, Op, Or, Reach, Role, Scope, Tier, Where
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import memory, put

Matches = Callable[[Filter, Memory], bool]

_USER = count(1)
_TEXTS = st.sampled_from(
    ["", "a", "b", "ab", "A", "é", "猫", "小猫", "1", "true", "null", "%", "_", "'", '"', "\U0001f600"]
)
_NUMBERS = st.sampled_from([0, 1, -1, 2, 3, 1.0, 0.5, -0.0, 1e300, 2**62, 2**53 + 1, float(2**53)])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXTS
_KEYS = st.sampled_from(["k", "K", "n_x", "猫", "with space", "$", "[0]", "#", "-"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=2),
    max_leaves=4,
)
_TIMES = st.sampled_from([START + timedelta(seconds=step) for step in (-1, 0, 1)])
_ORDERED = (Op.GT, Op.GTE, Op.LT, Op.LTE)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _compared(fields: st.SearchStrategy[str], values: st.SearchStrategy[Any], ops: tuple[Op, ...]) -> Any:
    single = st.builds(Compare, fields, st.sampled_from([op for op in ops if op is not Op.IN]), values)
    if Op.IN not in ops:
        return single
    return single | st.builds(Compare, fields, st.just(Op.IN), st.lists(values, min_size=1, max_size=3).map(tuple))


_PATHS = st.lists(_KEYS, min_size=1, max_size=2).map(lambda keys: ".".join(["metadata", *keys]))
_REAL = _NUMBERS | _TEXTS
_CONDITIONS = st.one_of(
    _compared(_PATHS, _REAL | st.booleans(), (Op.EQ, Op.NE, Op.IN, Op.CONTAINS)),
    _compared(_PATHS, _REAL, _ORDERED),
    _compared(_PATHS, st.none(), (Op.EQ, Op.NE)),
    _compared(st.sampled_from(["text", "title", "speaker", "agent_id", "conversation_id"]), _TEXTS, tuple(Op)),
    _compared(st.sampled_from(["title", "role", "expires_at"]), st.none(), (Op.EQ, Op.NE)),
    _compared(st.sampled_from(["importance", "version"]), st.sampled_from([0, 0.5, 1, 2]), (Op.EQ, Op.IN, *_ORDERED)),
    _compared(st.sampled_from(["occurred_at", "expires_at"]), _TIMES.map(_iso), (Op.EQ, Op.NE, Op.IN, *_ORDERED)),
    _compared(st.sampled_from(["keywords", "entities"]), _TEXTS, (Op.CONTAINS,)),
    _compared(st.just("kind"), st.sampled_from([kind.value for kind in Kind]), (Op.EQ, Op.NE, Op.IN)),
    _compared(st.just("role"), st.sampled_from([role.value for role in Role]), (Op.EQ, Op.NE, Op.IN)),
    _compared(st.just("tier"), st.sampled_from([tier.value for tier in Tier]), (Op.EQ, Op.NE, Op.IN)),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    _CONDITIONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
_FIELDS = st.fixed_dictionaries(
    {
        "metadata": st.dictionaries(_KEYS, _VALUES, max_size=4),
        "text": _TEXTS.map(lambda text: text or "x"),
        "title": st.none() | _TEXTS,
        "speaker": st.none() | _TEXTS,
        "role": st.none() | st.sampled_from(list(Role)),
        "kind": st.sampled_from(list(Kind)),
        "tier": st.sampled_from(list(Tier)),
        "keywords": st.lists(_TEXTS, max_size=2).map(tuple),
        "importance": st.sampled_from([0.0, 0.5, 1.0]),
        "occurred_at": _TIMES,
        "expires_at": st.none() | _TIMES,
    }
)


class FiltersContract:
    """Every translation of a filter agrees with `matches`, the second fixture (`retrieve.filters.matches`)."""

    @given(
        fields=st.lists(_FIELDS, min_size=1, max_size=8),
        places=st.lists(st.sampled_from([(None, None), ("a", "b"), ("猫", None)]), min_size=8, max_size=8),
        filters=st.lists(FILTERS, min_size=1, max_size=8),
    )
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    async def test_a_filter_means_what_the_oracle_says(
        self,
        backend: Backend,
        matches: Matches,
        fields: list[dict[str, Any]],
        places: list[tuple[str | None, str | None]],
        filters: list[Filter],
    ) -> None:
        user = f"filtered{next(_USER)}"
        items = [
            memory(values["text"], Scope(user, "p", *place), **{key: values[key] for key in values if key != "text"})
            for values, place in zip(fields, places, strict=False)
        ]
        await put(backend, *items)
        for tree in filters:
            wanted = [item.id for item in items if matches(tree, item)]
            found = await backend.records.ids(Where(Reach(user, "p"), filter=tree, stale=True))
            assert found == wanted, tree
