"""Vectors in Qdrant: one collection a model, reached by an alias, each tenant's vectors side by side in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grpc import RpcError
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from recollect.errors import IndexAway
from recollect.stores.beside.index import Point, collection_name
from recollect.stores.qdrant.layout import Layout

if TYPE_CHECKING:
    from recollect.stores.code import Floats

TENANT, MEMORY = "tenant", "memory"
"""What a vector carries: the keys of its tenant and its memory; its own number is the key of its chunk."""

AT_ONCE = 256
"""Vectors sent together: 0.4 MB of 384 numbers."""

PAGE = 1000

_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_STATUS = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "ABORTED": 503,
    "CANCELLED": 503,
    "UNKNOWN": 500,
}
"""What gRPC calls a failure, as HTTP calls it."""


class QdrantIndex:
    """The Index over one Qdrant, a server or a cluster (or, for trying out, a folder of this process)."""

    def __init__(
        self, client: AsyncQdrantClient, store: str, *, prefix: str, layout: Layout | None = None, local: bool = False
    ) -> None:
        self._client, self._store, self._prefix, self._local = client, store, prefix, local
        self._layout = layout or Layout()
        self._known: dict[str, int] = {}

    async def put(self, model: str, dimension: int, points: Sequence[Point]) -> None:
        """Store vectors; return when they are found."""
        name = self._name(model)
        with self._calling():
            await self._ensure(name, dimension)
            for start in range(0, len(points), AT_ONCE):
                part = [
                    models.PointStruct(
                        id=point.chunk,
                        vector=list(point.vector),
                        payload={TENANT: str(point.tenant), MEMORY: point.memory},
                    )
                    for point in points[start : start + AT_ONCE]
                ]
                await self._client.upsert(name, part, wait=True)

    async def remove(self, model: str, chunks: Sequence[int]) -> None:
        """Forget the vectors of chunks."""
        name = self._name(model)
        with self._calling():
            if await self._there(name):
                for start in range(0, len(chunks), PAGE):
                    ids = models.PointIdsList(points=list(chunks[start : start + PAGE]))
                    await self._client.delete(name, ids, wait=True)

    async def nearest(self, model: str, question: Floats, tenants: Collection[int], limit: int) -> list[int]:
        """Return the nearest chunks, searched by small numbers and scored anew by the whole ones."""
        name = self._name(model)
        mine = models.FieldCondition(key=TENANT, match=models.MatchAny(any=[str(owner) for owner in tenants]))
        finer = models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0))
        with self._calling():
            if not tenants or not await self._there(name):
                return []
            found = await self._client.query_points(
                name,
                query=question.tolist(),
                query_filter=models.Filter(must=[mine]),
                search_params=finer if self._layout.quantised and not self._local else None,
                limit=limit,
                with_payload=False,
            )
        return [int(point.id) for point in found.points]

    async def count(self, model: str) -> int:
        """Count the vectors of a model."""
        name = self._name(model)
        with self._calling():
            return (await self._client.count(name, exact=True)).count if await self._there(name) else 0

    async def held(self, model: str, chunks: Sequence[int]) -> set[int]:
        """Return which chunks are here."""
        name, found = self._name(model), set[int]()
        with self._calling():
            if await self._there(name):
                for start in range(0, len(chunks), PAGE):
                    part = list(chunks[start : start + PAGE])
                    records = await self._client.retrieve(name, part, with_payload=False)
                    found.update(int(record.id) for record in records)
        return found

    async def chunks(self, model: str) -> AsyncIterator[list[int]]:
        """Yield all chunks, in order."""
        name, offset = self._name(model), None
        with self._calling():
            if not await self._there(name):
                return
            while True:
                records, offset = await self._client.scroll(name, limit=PAGE, offset=offset, with_payload=False)
                yield [int(record.id) for record in records]
                if offset is None:
                    return

    async def drop(self, model: str) -> None:
        """Forget a model: its alias and what that leads to."""
        name = self._name(model)
        with self._calling():
            behind = await self._behind(name)
            self._known.pop(name, None)
            if behind is not None:
                await self._client.delete_collection(behind)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Translate errors; after one, what is known of the collections is asked again."""
        try:
            with translated():
                yield
        except IndexAway:
            self._known.clear()
            raise

    def _name(self, model: str) -> str:
        return collection_name(self._prefix, self._store, model)

    async def _there(self, name: str) -> bool:
        return name in self._known or await self._behind(name) is not None

    async def _behind(self, name: str) -> str | None:
        """Return the collection that an alias leads to."""
        aliases = (await self._client.get_aliases()).aliases
        return next((alias.collection_name for alias in aliases if alias.alias_name == name), None)

    async def _ensure(self, name: str, dimension: int) -> None:
        """Have a collection of this dimension under its alias; one of another dimension gives way to it."""
        if self._known.get(name) == dimension:
            return
        behind = await self._behind(name)
        if behind is None or await self._dimension(behind) != dimension:
            await self._make(name, f"{name}-{dimension}", dimension, behind)
        self._known[name] = dimension

    async def _dimension(self, collection: str) -> int | None:
        params = (await self._client.get_collection(collection)).config.params.vectors
        return params.size if isinstance(params, models.VectorParams) else None

    async def _make(self, name: str, collection: str, dimension: int, former: str | None) -> None:
        """Make a collection, then let the alias lead to it in one step; several processes may do so at once."""
        layout = self._layout
        scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
        if not await self._client.collection_exists(collection):
            try:
                await self._client.create_collection(
                    collection,
                    vectors_config=models.VectorParams(
                        size=dimension, distance=models.Distance.COSINE, on_disk=layout.quantised
                    ),
                    shard_number=layout.shards,
                    replication_factor=layout.replicas,
                    hnsw_config=models.HnswConfigDiff(payload_m=16),
                    quantization_config=models.ScalarQuantization(scalar=scalar) if layout.quantised else None,
                )
            except (UnexpectedResponse, RpcError, ValueError):
                if not await self._client.collection_exists(collection):  # else another process has just made it
                    raise
        if not self._local:  # which has no such indexes
            tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
            await self._client.create_payload_index(collection, TENANT, tenant, wait=True)
        away = [models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=name))] if former else []
        lead = models.CreateAlias(collection_name=collection, alias_name=name)
        await self._client.update_collection_aliases([*away, models.CreateAliasOperation(create_alias=lead)])
        if former is not None:
            await self._client.delete_collection(former)


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the driver into IndexAway: whatever it is, words answer meanwhile, and jobs try again."""
    try:
        yield
    except UnexpectedResponse as error:
        raise _away(error.status_code, error) from error
    except RpcError as error:
        code = getattr(error, "code", lambda: None)()
        raise _away(_STATUS.get(getattr(code, "name", ""), 400), error) from error
    except (ResponseHandlingException, ApiException, OSError) as error:
        raise _away(503, error) from error
    except ValueError as error:
        raise _away(400, error) from error


def _away(status: int | None, error: Exception) -> IndexAway:
    if status in {401, 403}:
        return IndexAway("Qdrant does not let us in", hint="Set vectors.api_key to a key that may write.")
    if status is None or status in _BUSY:
        return IndexAway("Qdrant does not answer", hint="Look whether it runs at vectors.url; it is asked again.")
    return IndexAway(f"Qdrant refused ({type(error).__name__}, {status})", hint="Its own log says why.")
