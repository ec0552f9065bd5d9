"""Exports hold whole texts, wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recollect.models import Reach
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.dump import SqlDump
from recollect.stores.sql.keep.boxes import Boxes
from recollect.stores.sql.keep.text import MARK


class ShelvedDump(SqlDump):
    """The Dump port over one database and its boxes; raises StoreError where a cold text cannot be fetched."""

    def __init__(self, database: Database, clock: Clock, boxes: Boxes) -> None:
        super().__init__(database, clock)
        self._boxes = boxes

    async def pour(
        self, sink: Callable[[str, Mapping[str, Any]], None], *, reach: Reach | None = None, vectors: bool = False
    ) -> None:
        """Hand every line to `sink`, texts in their place."""

        def whole(sort: str, values: Mapping[str, Any]) -> None:
            sink(sort, self._whole(sort, values))

        await super().pour(whole, reach=reach, vectors=vectors)

    def _whole(self, sort: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if sort == "memory" and values["text"].endswith(MARK):
            found = self._boxes.texts_now([values["id"]])
            return {**values, "text": found.get(values["id"], values["text"])}
        before = values.get("before") if sort == "change" else None
        if before and before["text"].endswith(MARK):
            found = self._boxes.texts_now([values["memory_id"]])
            return {**values, "before": {**before, "text": found.get(values["memory_id"], before["text"])}}
        return values
