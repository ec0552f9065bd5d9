"""The JSON that models are asked for: every object closed and every field required, as strict modes want it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from recollect.exchange import Intent
from recollect.models import EntityType, Tier

CATEGORIES = ("preference", "decision", "plan", "fact")
ENTITY_TYPES = tuple(kind.value for kind in EntityType if kind is not EntityType.DATE)
INTENTS: tuple[Intent, ...] = get_args(Intent)
DEEDS = ("repeats", "corrects", "replaces")

_TEXT: Mapping[str, Any] = {"type": "string"}
_DAY: Mapping[str, Any] = {"type": ["string", "null"], "description": "YYYY-MM-DD, or null"}
_SHARE: Mapping[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}


def one(**fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these fields and no others."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def many(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": item}


def _among(names: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


CLASSIFY = one(
    turns=many(one(id=_TEXT, tier=_among(tuple(tier.value for tier in Tier)), importance=_SHARE, urgency=_SHARE))
)
EXTRACT = one(
    facts=many(
        one(
            text=_TEXT,
            category=_among(CATEGORIES),
            sources=many(_TEXT),
            valid_from=_DAY,
            valid_to=_DAY,
            relations=many(many(_TEXT)),
        )
    ),
    entities=many(one(source=_TEXT, name=_TEXT, type=_among(ENTITY_TYPES))),
)
RESOLVE = one(pairs=many(one(new=_TEXT, known=_TEXT, does=_among(DEEDS))))
SUMMARISE = one(summary=_TEXT, title=_TEXT)
OBSERVE = one(observations=many(one(text=_TEXT, sources=many(_TEXT))))
UNDERSTAND = one(intent=_among(INTENTS), texts=many(_TEXT), names=many(_TEXT), **{"from": _DAY, "to": _DAY})
