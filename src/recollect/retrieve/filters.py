"""The filter language of callers, as a checked tree of conditions, and what such a tree means.

```
{"category": "preferences"}                       a metadata key
{"metadata": {"team": {"name": "web"}}}           metadata, nested
{"kind": "note", "importance": {"gte": 0.7}}      columns; several keys must all hold
{"OR": [{"price": {"lt": 5}}, {"NOT": {"tag": {"in": ["a", "b"]}}}]}
```
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from recollect.errors import InvalidInput
from recollect.models import And, Compare, Filter, Kind, Memory, Not, Op, Or, Role, Scalar, Tier

TEXTS = frozenset(("id", "speaker", "title", "text", "conversation_id", "agent_id", "user_id", "project_id"))
CHOICES: Mapping[str, frozenset[str]] = {
    "kind": frozenset(Kind),
    "tier": frozenset(Tier),
    "role": frozenset(Role),
}
NUMBERS = frozenset(("importance", "urgency", "version"))
TIMES = frozenset(("occurred_at", "created_at", "expires_at", "valid_from", "valid_to"))
LISTS = frozenset(("keywords", "entities"))
FIELDS = TEXTS | NUMBERS | TIMES | LISTS | frozenset(CHOICES)
"""The columns a filter may name; every other key is a metadata key."""

DEPTH = 16
CONDITIONS = 200
VALUES = 1000
_LOGIC = {"AND": "and", "and": "and", "OR": "or", "or": "or", "NOT": "not", "not": "not"}
_OPS = frozenset(Op)
_ORDERED = frozenset((Op.GT, Op.GTE, Op.LT, Op.LTE))
_ALLOWED = {
    "choice": frozenset((Op.EQ, Op.NE, Op.IN)),
    "number": _OPS - {Op.CONTAINS},
    "time": _OPS - {Op.CONTAINS},
    "list": frozenset((Op.CONTAINS,)),
    "text": _OPS,
    "metadata": _OPS,
}
_LONGEST_KEY = 200
_LONGEST_TEXT = 10_000
_LARGEST_INTEGER = 2**63 - 1


def parse(value: object) -> Filter | None:
    """Return the tree a filter means, `None` for no filter (`None` or `{}`).

    Times become ISO strings in UTC with microseconds, which sort as the times do. A list under NOT excludes what meets
    any of its parts. Raises InvalidInput naming the field and the remedy; at most 16 levels and 200 conditions.
    """
    if value is None or value == {}:
        return None
    tree = _object(value, "filter", 1)
    if _count(tree) > CONDITIONS:
        _refuse("filter", f"The filter has more than {CONDITIONS} conditions", 'Use {"in": [...]}, or ask twice')
    return tree


def matches(tree: Filter, memory: Memory) -> bool:
    """Tell whether a memory meets a filter; the meaning every store's translation must share.

    A field that is absent (or null) equals only `None`, so that `ne` any other value is true of it and every other
    comparison false. Values of different types are never equal nor ordered; a boolean is not a number. `contains` is a
    case-sensitive substring of a text, or an equal member of a list. Texts are ordered by code point.
    """
    match tree:
        case And(parts):
            return all(matches(part, memory) for part in parts)
        case Or(parts):
            return any(matches(part, memory) for part in parts)
        case Not(part):
            return not matches(part, memory)
        case Compare(field, op, value):
            return _holds(_value(memory, field), op, value)


def _refuse(field: str, message: str, hint: str) -> NoReturn:
    raise InvalidInput(message, field=field, hint=hint)


def _count(tree: Filter) -> int:
    match tree:
        case And(parts) | Or(parts):
            return sum(map(_count, parts))
        case Not(part):
            return _count(part)
        case _:
            return 1


def _object(value: object, where: str, depth: int) -> Filter:
    if depth > DEPTH:
        _refuse(where, f"The filter is nested more than {DEPTH} levels deep", "Write it flatter")
    if not isinstance(value, Mapping):
        _refuse(where, f"{where} must be an object, not {_kind(value)}", 'Write {"field": value}')
    if not value:
        _refuse(where, f"{where} is an empty object", "Give it a condition or leave it out")
    if len(value) > CONDITIONS:
        _refuse(where, f"The filter has more than {CONDITIONS} conditions", 'Use {"in": [...]}, or ask twice')
    return _joined(part for key, inner in value.items() for part in _entry(key, inner, depth))


def _joined(parts: Iterable[Filter]) -> Filter:
    found = tuple(parts)
    return found[0] if len(found) == 1 else And(found)


def _entry(key: object, inner: object, depth: int) -> list[Filter]:
    name = _key(key)
    if name in _LOGIC:
        return [_logic(name, inner, depth)]
    if name == "metadata":
        return _metadata(inner, "metadata", depth + 1)
    if name in FIELDS:
        return _conditions(name, inner)
    return _conditions(name if name.startswith("metadata.") else f"metadata.{name}", inner)


def _key(key: object) -> str:
    if not isinstance(key, str) or not key or len(key) > _LONGEST_KEY:
        _refuse("filter", f"A filter key must be a text of 1 to {_LONGEST_KEY} characters", "Name a field")
    if not key.isprintable() or any(sign in key for sign in "\"\\'") or not all(key.split(".")):
        _refuse(key.encode(errors="replace").decode(), "A filter key holds a character it cannot have", _KEY_HINT)
    return key


_KEY_HINT = "Use printable characters without quotes or backslashes, and dots only between names"


def _logic(name: str, inner: object, depth: int) -> Filter:
    if _LOGIC[name] == "not" and isinstance(inner, Mapping):
        return Not(_object(inner, name, depth + 1))
    if not isinstance(inner, list | tuple) or not inner:
        _refuse(name, f"{name} must be a list of conditions, not {_kind(inner)}", f'Write {{"{name}": [{{...}}]}}')
    if len(inner) > CONDITIONS:
        _refuse(name, f"The filter has more than {CONDITIONS} conditions", 'Use {"in": [...]}, or ask twice')
    parts = tuple(_object(part, f"{name}[{index}]", depth + 1) for index, part in enumerate(inner))
    if _LOGIC[name] == "and":
        return parts[0] if len(parts) == 1 else And(parts)
    either = parts[0] if len(parts) == 1 else Or(parts)
    return Not(either) if _LOGIC[name] == "not" else either


def _metadata(inner: object, path: str, depth: int) -> list[Filter]:
    """Return the conditions of an object under `metadata`; an object without operators goes one level down."""
    if depth > DEPTH:
        _refuse(path[:_LONGEST_KEY], f"The filter is nested more than {DEPTH} levels deep", "Write it flatter")
    if not isinstance(inner, Mapping) or not inner:
        _refuse(path, f"{path} must be an object with keys, not {_kind(inner)}", 'Write {"metadata": {"key": value}}')
    found: list[Filter] = []
    for key, value in inner.items():
        field = f"{path}.{_key(key)}"
        if isinstance(value, Mapping) and value and not (_OPS & value.keys()):
            found += _metadata(value, field, depth + 1)
        else:
            found += _conditions(field, value)
    return found


def _conditions(field: str, value: object) -> list[Filter]:
    if not isinstance(value, Mapping):
        return [_compare(field, Op.CONTAINS if field in LISTS else Op.EQ, value)]
    if not value:
        _refuse(
            field, f"{field} has an empty object for a condition", 'Write {"field": value} or {"field": {"gte": 3}}'
        )
    found: list[Filter] = []
    for op, operand in value.items():
        if op not in _OPS:
            _refuse(field, f"{field} has an unknown operator {str(op)[:40]!a}", f"Use one of {', '.join(Op)}")
        found.append(_compare(field, Op(op), operand))
    return found


def _compare(field: str, op: Op, value: object) -> Compare:
    sort = _sort(field)
    if op not in _ALLOWED[sort]:
        _refuse(field, f"{field} cannot be compared with {op}", f"Use {', '.join(sorted(_ALLOWED[sort]))}")
    if op is not Op.IN:
        return Compare(field, op, _operand(field, sort, op, value))
    if not isinstance(value, list | tuple) or not value:
        _refuse(
            field, f"'in' on {field} needs a list of values, not {_kind(value)}", f'Write {{"{field}": {{"in": [..]}}}}'
        )
    if len(value) > VALUES:
        _refuse(field, f"'in' on {field} has more than {VALUES} values", "Ask in parts")
    return Compare(field, op, tuple(_operand(field, sort, op, one) for one in value))


def _sort(field: str) -> str:
    if field in CHOICES:
        return "choice"
    if field in NUMBERS:
        return "number"
    if field in TIMES:
        return "time"
    if field in LISTS:
        return "list"
    return "text" if field in TEXTS else "metadata"


def _operand(field: str, sort: str, op: Op, value: object) -> Scalar:
    if value is None:
        if op in {Op.EQ, Op.NE}:
            return None
        _refuse(field, f"{field} cannot be compared with null by {op}", "Only eq and ne take null")
    if sort == "time":
        return _time(field, value)
    scalar = _scalar(field, value)
    if op in _ORDERED and isinstance(scalar, bool):
        _refuse(field, f"{field} cannot be ordered against true or false", "Give a number or a text")
    if sort == "number" and (isinstance(scalar, bool) or not isinstance(scalar, int | float)):
        _refuse(field, f"{field} must be compared with a number, not {_kind(value)}", f'Write {{"{field}": 0.5}}')
    if sort in {"text", "list", "choice"} and not isinstance(scalar, str):
        _refuse(field, f"{field} must be compared with a text, not {_kind(value)}", f'Write {{"{field}": "..."}}')
    if sort == "choice" and scalar not in CHOICES[field]:
        _refuse(field, f"{field} knows no {scalar!a:.60}", f"Use one of {', '.join(sorted(CHOICES[field]))}")
    return scalar


def _scalar(field: str, value: object) -> str | float | bool:
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            _refuse(field, f"The text for {field} is longer than {_LONGEST_TEXT} characters", "Shorten it")
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            _refuse(field, f"The text for {field} holds characters that cannot be stored", "Send valid Unicode")
        return str(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    hint = (
        'Use {"in": [...]} for several values' if isinstance(value, list | tuple) else "Give a text, number or boolean"
    )
    _refuse(field, f"{field} cannot be compared with {_kind(value)}", hint)


def _time(field: str, value: object) -> str:
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str) and len(value) <= 64:
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    if moment is None:
        _refuse(field, f"{field} must be compared with a time, not {_kind(value)}", 'Write "2026-05-01T09:00:00Z"')
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        _refuse(field, f"The time for {field} is outside of the calendar", "Give a year from 1 to 9999")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    if isinstance(value, str):
        return f"{value[:40]!a}"
    names = {bool: "a boolean", int: "a number this large", float: "a number", list: "a list", dict: "an object"}
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER and not isinstance(value, bool):
        return "a number"
    if isinstance(value, list | tuple | Mapping) and not value:
        return "something empty"
    return names.get(type(value), type(value).__name__)


def _value(memory: Memory, field: str) -> Any:
    if not field.startswith("metadata."):
        owner = memory.scope if hasattr(memory.scope, field) else memory
        value = getattr(owner, field)
        return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
    place: Any = memory.metadata
    for key in field.split(".")[1:]:
        if not isinstance(place, Mapping):
            return None
        place = place.get(key)
    return place


def _holds(value: Any, op: Op, wanted: Any) -> bool:
    match op:
        case Op.EQ:
            return _equal(value, wanted)
        case Op.NE:
            return not _equal(value, wanted)
        case Op.IN:
            return any(_equal(value, one) for one in wanted)
        case Op.CONTAINS:
            if isinstance(value, str):
                return isinstance(wanted, str) and wanted in value
            return isinstance(value, list | tuple) and any(_equal(one, wanted) for one in value)
        case _:
            return _type(value) == _type(wanted) in {"number", "text"} and _ordered(value, op, wanted)


def _equal(value: Any, wanted: Any) -> bool:
    return _type(value) == _type(wanted) != "other" and bool(value == wanted)


def _ordered(value: Any, op: Op, wanted: Any) -> bool:
    match op:
        case Op.GT:
            return bool(value > wanted)
        case Op.GTE:
            return bool(value >= wanted)
        case Op.LT:
            return bool(value < wanted)
        case _:
            return bool(value <= wanted)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"
