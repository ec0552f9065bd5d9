"""Mem0's filter language, read into conditions on memories.

```
{"user_id": "alice"}                                        several keys must all hold
{"AND": [{"user_id": "alice"}, {"run_id": "*"}]}            AND, OR, NOT; `*` is any value but none
{"created_at": {"gte": "2026-05-01"}}                       eq ne in gt gte lt lte contains icontains
{"categories": {"in": ["food"]}, "keywords": {"icontains": "pizza"}, "memory_ids": ["…"], "metadata": {"key": 1}}
```
Every other key is a key of the metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from recollect.api.mem0.sieve import All, Either, Folded, No, Tree, Updated, joined
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.errors import InvalidInput
from recollect.models import DEFAULT, Compare, Coordinate, Op
from recollect.retrieve.filters import parse

ENTITIES: Final[Mapping[str, Coordinate]] = {
    "user_id": "user_id",
    "agent_id": "agent_id",
    "app_id": "project_id",
    "run_id": "conversation_id",
}
"""Mem0's names for who a memory belongs to, and ours."""

TIMES: Final[Mapping[str, str]] = {"created_at": "created_at", "timestamp": "occurred_at", "updated_at": "updated_at"}
IDS: Final = frozenset(("memory_ids", "memory_id", "id"))
OPS: Final = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "icontains")
DEPTH: Final = 16
CONDITIONS: Final = 200
LONGEST: Final = 10_000

Leaf = Callable[[str, Any], Tree]
"""Reads one operator and its operand; `*` stands for a bare wildcard."""


def translate(value: object) -> Tree | None:
    """Return the conditions a filter of Mem0's means, `None` for none.

    At most 16 levels and 200 conditions. Raises InvalidInput naming the place, and the operator that is not known.
    """
    if value is None or value == {}:
        return None
    reading = _Reading()
    return reading.all_of(value, "filters", 1)


def entity(name: str, value: object) -> Compare:
    """Return the condition that a memory belongs to this user, agent, app or run; `None` and `*` as in a filter."""
    field = ENTITIES[name]
    if value == "*":
        return Compare(field, Op.NE, DEFAULT if field == "project_id" else None)
    if value is None:
        return Compare(field, Op.EQ, DEFAULT if field == "project_id" else None)
    return Compare(field, Op.EQ, _name(name, value))


def some_of(field: str, values: list[str]) -> Tree:
    """Return the conditions that categories or keywords given beside a filter mean: one of them at least."""
    return translate({field: {"in": values}}) or All()


class _Reading:
    """One walk through a foreign value, which counts the conditions it finds."""

    def __init__(self) -> None:
        self.count = 0

    def all_of(self, value: object, place: str, depth: int) -> Tree:
        if depth > DEPTH:
            _refuse("filters", f"The filter is nested more than {DEPTH} levels deep", "Write it flatter.")
        if not isinstance(value, Mapping) or not value:
            _refuse(place, f"{place} is not an object with conditions", 'Write {"user_id": "alice"}.')
        return joined([self.entry(key, inner, depth) for key, inner in value.items()])

    def entry(self, key: object, inner: object, depth: int) -> Tree:
        self.count += 1
        if self.count > CONDITIONS:
            _refuse("filters", f"The filter has more than {CONDITIONS} conditions", 'Use {"in": [...]}.')
        if not isinstance(key, str):
            _refuse("filters", "A key of the filter is not text", "Name a field.")
        logic = key.upper() if key.upper() in {"AND", "OR", "NOT"} else None
        if logic is not None:
            return self.logic(logic, inner, depth)
        leaf = _leaf(key)
        if leaf is not None:
            return _operators(key, inner, leaf)
        if key in IDS:
            return _ids(key, inner)
        return self.metadata(inner if key == "metadata" else {key: inner}, "metadata", depth + 1)

    def logic(self, name: str, inner: object, depth: int) -> Tree:
        parts = [inner] if isinstance(inner, Mapping) else inner
        if not isinstance(parts, list) or not parts:
            _refuse(name, f"{name} is not a list of conditions", f'Write {{"{name}": [{{"user_id": "alice"}}]}}.')
        found = [self.all_of(part, f"{name}[{index}]", depth + 1) for index, part in enumerate(parts)]
        if name == "AND":
            return joined(found)
        either = found[0] if len(found) == 1 else Either(tuple(found))
        return No(either) if name == "NOT" else either

    def metadata(self, inner: object, path: str, depth: int) -> Tree:
        if depth > DEPTH:
            _refuse("filters", f"The filter is nested more than {DEPTH} levels deep", "Write it flatter.")
        if not isinstance(inner, Mapping) or not inner:
            _refuse(path[:60], "metadata is not an object with keys", 'Write {"metadata": {"key": "value"}}.')
        found: list[Tree] = []
        for key, value in inner.items():
            self.count += 1
            if self.count > CONDITIONS:
                _refuse("filters", f"The filter has more than {CONDITIONS} conditions", 'Use {"in": [...]}.')
            place = f"{path}.{key}"
            if isinstance(value, Mapping) and value and not any(op in value for op in OPS):
                found.append(self.metadata(value, place, depth + 1))
            else:
                found.append(_operators(place, value, _metadata(place)))
        return joined(found)


def _operators(key: str, value: object, leaf: Leaf) -> Tree:
    """Return what an object of operators, a bare value or a bare list means."""
    if not isinstance(value, Mapping):
        return leaf("*", None) if value == "*" else leaf("in" if isinstance(value, list) else "eq", value)
    if not value:
        _refuse(key[:60], f"{key[:60]} has an empty condition", 'Write {"gte": 3}, or the value itself.')
    found: list[Tree] = []
    for op, operand in value.items():
        if op not in OPS:
            _refuse(key[:60], f"{key[:60]} has an unknown operator {str(op)[:40]!a}", f"Use one of {', '.join(OPS)}.")
        found.append(leaf(op, operand))
    return joined(found)


def _leaf(key: str) -> Leaf | None:
    """Return how conditions on a field of Mem0's own are read; `None` for metadata and ids."""
    if key in ENTITIES:
        return lambda op, operand: _entity(key, op, operand)
    if key in TIMES:
        return lambda op, operand: _time(key, op, operand)
    return {"categories": _category, "keywords": _keyword}.get(key)


def _entity(key: str, op: str, operand: object) -> Tree:
    field = ENTITIES[key]
    if op in {"*", "eq"}:
        return entity(key, "*" if op == "*" else operand)
    if op == "ne":
        return No(entity(key, operand))
    if op == "in":
        return Compare(field, Op.IN, tuple(_name(key, one) for one in _list(key, operand)))
    if op == "icontains":
        return Folded(field, _text(key, operand).casefold())
    return _parsed(field, op, operand)


def _time(key: str, op: str, operand: object) -> Tree:
    if op == "*":
        return All()
    if op in {"contains", "icontains"}:
        _refuse(key, f"{key} cannot be compared with {op}", "Use gt, gte, lt or lte.")
    if isinstance(operand, int | float) and not isinstance(operand, bool):
        operand = instant(operand, key).isoformat()
    if key != "updated_at":
        return _parsed(TIMES[key], op, operand)
    values = _list(key, operand) if op == "in" else [operand]
    found: list[Tree] = []
    for one in values:
        read = _parsed("created_at", "eq" if op == "in" else op, one)
        if not isinstance(read, Compare) or not isinstance(read.value, str):
            _refuse(key, f"{key} cannot be compared with null", 'Write "2026-05-01T09:00:00Z".')
        found.append(Updated(read.op, read.value))
    return found[0] if len(found) == 1 else Either(tuple(found))


def _category(op: str, operand: object) -> Tree:
    """Compare with `metadata.category`, which our rules fill, and with the list `metadata.categories`."""
    one, many = "metadata.category", "metadata.categories"
    if op == "*":
        return Either((Compare(one, Op.NE, None), Compare(many, Op.NE, None)))
    if op == "in":
        return _either([_category("eq", value) for value in _list("categories", operand)])
    if op == "ne":
        return No(_category("eq", operand))
    if op == "icontains":
        text = _text("categories", operand).casefold()
        return Either((Folded(one, text), Folded(many, text)))
    if op not in {"eq", "contains"}:
        _refuse("categories", f"categories cannot be compared with {op}", "Use in, contains, icontains, eq or ne.")
    text = _text("categories", operand)
    return Either((_parsed(one, op, text), _parsed(many, "contains", text)))


def _keyword(op: str, operand: object) -> Tree:
    """Look into the text itself."""
    if op == "*":
        return All()
    if op == "in":
        return _either([_keyword("icontains", value) for value in _list("keywords", operand)])
    if op == "ne":
        return No(_keyword("contains", operand))
    if op == "icontains":
        return Folded("text", _text("keywords", operand).casefold())
    if op not in {"eq", "contains"}:
        _refuse("keywords", f"keywords cannot be compared with {op}", "Use contains or icontains.")
    return _parsed("text", "contains", _text("keywords", operand))


def _metadata(place: str) -> Leaf:
    def leaf(op: str, operand: object) -> Tree:
        if op == "*":
            return _parsed(place, "ne", None)
        if op == "icontains":
            _parsed(place, "contains", operand)
            return Folded(place, _text(place[:60], operand).casefold())
        return _parsed(place, op, operand)

    return leaf


def _ids(key: str, inner: object) -> Tree:
    if isinstance(inner, Mapping):
        return _operators(key, inner, lambda op, operand: _parsed("id", op, operand))
    return _parsed("id", "in", inner if isinstance(inner, list) else [inner])


def _either(parts: list[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _parsed(field: str, op: str, operand: object) -> Tree:
    """Return one comparison as recollect's own filters check and read it."""
    if op == "icontains":
        return Folded(field, _text(field, operand).casefold())
    return parse({field: {op: operand}}) or All()


def _name(key: str, value: object) -> str:
    """Return an id; numbers are taken as text, as Mem0 takes them."""
    number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30
    return identifier(str(value) if number else value, key)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        _refuse(key[:60], f"{key[:60]} must be compared with a text", f"Give 1 to {LONGEST:,} characters.")
    return value


def _list(key: str, value: object) -> list[Any]:
    if not isinstance(value, list) or not value or len(value) > 1000:
        _refuse(key, f"'in' on {key} needs a list of 1 to 1,000 values", f'Write {{"{key}": {{"in": ["…"]}}}}.')
    return value


def _refuse(field: str, message: str, hint: str) -> NoReturn:
    shown = message.encode("ascii", "backslashreplace").decode()
    raise InvalidInput(shown, field=field.encode("ascii", "backslashreplace").decode(), hint=hint)
