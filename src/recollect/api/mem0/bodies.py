"""What Mem0's clients send, as far as it means something here; what else they send is passed over."""

from __future__ import annotations

import ast
import json
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from recollect.api.mem0.filters import ENTITIES, entity, some_of, translate
from recollect.api.mem0.remember import Owned, Said
from recollect.api.mem0.shapes import expiry
from recollect.api.mem0.sieve import All, Tree, joined
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.capture.metadata import metadata_of
from recollect.errors import InvalidInput

Page = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=1000)]

IGNORED: Final = (
    "agent_custom_instructions",
    "custom_categories",
    "custom_instructions",
    "enable_graph",
    "excludes",
    "immutable",
    "includes",
    "memory_type",
    "prompt",
    "structured_data_schema",
)
"""Options of an add that would need a language model to follow; an answer names those that were given."""


class Body(BaseModel):
    """A request body: numbers may stand for ids, unknown fields are kept for `ignored`."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)


class Owning(Body):
    """Whose memories are meant, at the top level."""

    user_id: str | None = None
    agent_id: str | None = None
    app_id: str | None = None
    run_id: str | None = None

    def conditions(self) -> list[Tree]:
        """Return the names given at the top level as conditions."""
        given = {name: getattr(self, name) for name in ENTITIES}
        return [entity(name, value) for name, value in given.items() if value is not None]


class AddBody(Owning):
    """What is to be remembered."""

    messages: StrictStr | dict[str, Any] | list[dict[str, Any]]
    metadata: dict[str, Any] | None = None
    infer: bool | None = None
    filters: dict[str, Any] | None = None
    timestamp: int | float | str | None = None
    expiration_date: str | None = None
    async_mode: bool | None = None
    output_format: str | None = None

    def said(self) -> Said:
        """Return what was said and whose it is; raise InvalidInput where it is nobody's."""
        names = {name: self._name(name) for name in ENTITIES}
        if not any(names.values()):
            raise InvalidInput(
                "At least one of user_id, agent_id, app_id or run_id is required",
                field="user_id",
                hint="Say whose memory it is.",
            )
        owned = Owned(**{ENTITIES[name]: value for name, value in names.items() if value})
        return Said(
            messages=[self.messages] if isinstance(self.messages, dict) else self.messages,
            owned=owned,
            infer=self.infer is not False,
            metadata=metadata_of(self.metadata, "metadata"),
            occurred_at=None if self.timestamp is None else instant(self.timestamp, "timestamp"),
            expires_at=None if self.expiration_date is None else expiry(self.expiration_date),
        )

    def ignored(self) -> list[str]:
        """Return the options given that change nothing here."""
        return [name for name in IGNORED if (self.model_extra or {}).get(name) is not None]

    def _name(self, name: str) -> str | None:
        """Return an id of the top level, or one that stands in `filters` for itself."""
        value = getattr(self, name)
        filters = self.filters or {}
        inner = filters.get("AND")
        for part in (filters, *(inner if isinstance(inner, list) else ())):
            if value is None and isinstance(part, dict):
                value = part.get(name)
        number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30
        return None if value is None else identifier(str(value) if number else value, name)


class Conditions(Owning):
    """Which memories are meant: a filter, names beside it, and the shorthands of a list."""

    filters: dict[str, Any] | None = None
    categories: list[str] | None = Field(None, max_length=100)
    keywords: str | list[str] | None = None
    metadata: dict[str, Any] | None = None
    fields: list[str] | None = None
    show_expired: bool | None = None
    latest_only: bool | None = None
    output_format: str | None = None

    def tree(self) -> Tree | None:
        """Return all the conditions as one; raise InvalidInput naming what cannot be read."""
        parts = self.conditions()
        filtered = translate(self.filters)
        parts += [] if filtered is None else [filtered]
        parts += [some_of("categories", self.categories)] if self.categories else []
        words = [self.keywords] if isinstance(self.keywords, str) else self.keywords
        parts += [some_of("keywords", words)] if words else []
        parts += [translate({"metadata": self.metadata}) or All()] if self.metadata else []
        return joined(parts) if parts else None

    @property
    def stale(self) -> bool:
        """Whether expired and superseded memories are wanted too."""
        return bool(self.show_expired) or self.latest_only is False


class SearchBody(Conditions):
    """A question."""

    query: str = Field(max_length=100_000)
    top_k: int | None = Field(None, ge=1, le=1000)
    limit: int | None = Field(None, ge=1, le=1000)
    threshold: float | None = Field(None, ge=0, le=1)
    reference_date: int | float | str | None = None
    explain: bool | None = None

    def text(self) -> str:
        """Return the question; raise InvalidInput when it is empty."""
        if not self.query.strip():
            raise InvalidInput("query is empty", field="query", hint="Ask something; to list memories, use get_all.")
        return self.query.strip()


class ListBody(Conditions):
    """Which memories to list."""

    start_date: str | None = None
    end_date: str | None = None
    page: int | None = Field(None, ge=1, le=1_000_000)
    page_size: int | None = Field(None, ge=1, le=1000)

    def tree(self) -> Tree | None:
        """Return all the conditions as one, the dates among them (both days included)."""
        parts = [part for part in (super().tree(),) if part is not None]
        if self.start_date is not None:
            parts.append(
                translate({"created_at": {"gte": instant(self.start_date, "start_date").isoformat()}}) or All()
            )
        if self.end_date is not None:
            parts.append(translate({"created_at": {"lt": expiry(self.end_date, "end_date").isoformat()}}) or All())
        return joined(parts) if parts else None


class UpdateBody(Body):
    """What to change; `expiration_date: null` means that it no longer expires."""

    text: str | None = None
    data: str | None = None
    metadata: dict[str, Any] | None = None
    timestamp: int | float | str | None = None
    expiration_date: str | None = None

    def changes(self) -> dict[str, Any]:
        """Return the changes as the engine takes them; raise InvalidInput when there are none."""
        found: dict[str, Any] = {}
        text = self.text if self.text is not None else self.data
        if text is not None:
            found["text"] = text
        if self.metadata is not None:
            found["metadata"] = self.metadata
        if self.timestamp is not None:
            found["occurred_at"] = instant(self.timestamp, "timestamp")
        if "expiration_date" in self.model_fields_set:
            found["expires_at"] = None if self.expiration_date is None else expiry(self.expiration_date)
        if not found:
            raise InvalidInput(
                "Nothing is to be changed", field="text", hint="Give text, metadata, timestamp or expiration_date."
            )
        return found


class BatchItem(UpdateBody):
    """One memory of a batch, and what to change of it."""

    memory_id: str


class BatchBody(Body):
    """Memories to be changed or deleted together."""

    memories: list[BatchItem] = Field(min_length=1, max_length=1000)


class FeedbackBody(Body):
    """What somebody thinks of a memory; `null` takes it back."""

    memory_id: str
    feedback: str | None = None
    feedback_reason: str | None = None


class ExportBody(Conditions):
    """Which memories to export; `schema` is what Mem0 would have a model fill."""

    memory_export_id: str | None = None


def spoken_filters(value: str) -> Any:
    """Return the filter that stands in a query string: as JSON, or as Python prints it, as Mem0's client sends it."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(value[:4000])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    raise InvalidInput("filters cannot be read", field="filters", hint='Write {"user_id": "alice"} as JSON.')
