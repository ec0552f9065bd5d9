"""Qdrant's own engine in this process, so that the suites run over the real one where no server is to be had."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge

from recollect.stores.beside.index import Point, collection_name


class EdgeIndex:
    """One shard a model, with the quantisation, payload and filter that QdrantIndex asks a server for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, Any] = {}
        self._made = 0

    async def put(self, model: str, dimension: int, points: Sequence[Point]) -> None:
        """Store vectors."""
        if model not in self._shards:
            self._made += 1
            place = self._folder / f"{collection_name('test', 'edge', model)}-{self._made}"
            place.mkdir(parents=True)
            config = edge.EdgeConfig(
                vectors={
                    "": edge.EdgeVectorParams(
                        size=dimension,
                        distance=edge.Distance.Cosine,
                        quantization_config=edge.ScalarQuantizationConfig(
                            type=edge.ScalarType.Int8, quantile=0.99, always_ram=True
                        ),
                        hnsw_config=edge.HnswIndexConfig(
                            m=16, ef_construct=100, full_scan_threshold=10_000, payload_m=16
                        ),
                    )
                }
            )
            self._shards[model] = edge.EdgeShard.create(str(place), config)
            self._shards[model].update(
                edge.UpdateOperation.create_field_index("tenant", edge.KeywordIndexParams(is_tenant=True))
            )
        made = [
            edge.Point(point.chunk, list(point.vector), {"tenant": str(point.tenant), "memory": point.memory})
            for point in points
        ]
        self._shards[model].update(edge.UpdateOperation.upsert_points(made))

    def shard(self, model: str) -> Any:
        """Return the engine of a model that was put."""
        return self._shards[model]

    async def remove(self, model: str, chunks: Sequence[int]) -> None:
        """Forget vectors."""
        if model in self._shards:
            self._shards[model].update(edge.UpdateOperation.delete_points(list(chunks)))

    async def nearest(self, model: str, question: Any, tenants: Collection[int], limit: int) -> list[int]:
        """Return the nearest chunks."""
        if model not in self._shards:
            return []
        mine = edge.FieldCondition(key="tenant", match=edge.MatchAny([str(owner) for owner in tenants]))
        request = edge.QueryRequest(
            query=edge.Query.Nearest(np.asarray(question).tolist()),
            filter=edge.Filter(must=[mine]),
            limit=limit,
            params=edge.SearchParams(quantization=edge.QuantizationSearchParams(rescore=True, oversampling=2.0)),
        )
        return [int(found.id) for found in self._shards[model].query(request)]

    async def count(self, model: str) -> int:
        """Count vectors."""
        return self._shards[model].count(edge.CountRequest(exact=True)) if model in self._shards else 0

    async def held(self, model: str, chunks: Sequence[int]) -> set[int]:
        """Return which are here."""
        if model not in self._shards:
            return set()
        return {int(found.id) for found in self._shards[model].retrieve(list(chunks), False, False)}

    async def chunks(self, model: str) -> AsyncIterator[list[int]]:
        """Yield all."""
        offset = None
        while model in self._shards:
            records, offset = self._shards[model].scroll(edge.ScrollRequest(limit=100, offset=offset))
            yield [int(record.id) for record in records]
            if offset is None:
                return

    async def drop(self, model: str) -> None:
        """Forget a model."""
        if model in self._shards:
            self._shards.pop(model).close()

    async def close(self) -> None:
        """Close the shards."""
        for shard in self._shards.values():
            shard.close()
