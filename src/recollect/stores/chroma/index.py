"""Vectors in Chroma: one collection a model, on a server or in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from chromadb.errors import ChromaError, NotFoundError

from recollect.errors import IndexAway
from recollect.stores.beside.index import Point, collection_name

if TYPE_CHECKING:
    from recollect.stores.code import Floats

TENANT, MEMORY = "tenant", "memory"
"""What a vector carries: the keys of its tenant and its memory; its own name is the key of its chunk."""

AT_ONCE = 256
"""Vectors sent together; Chroma takes some 5,000."""

PAGE = 1000

SHAPE = {"hnsw": {"space": "cosine", "ef_search": 200}}


class ChromaIndex:
    """The Index over one Chroma. `connect` gives its client, whose calls are awaited, or run on a `thread`."""

    def __init__(
        self, connect: Callable[[], Any], store: str, *, prefix: str, timeout: float = 10.0, thread: bool = False
    ) -> None:
        self._connect, self._store, self._prefix = connect, store, prefix
        self._timeout, self._thread = timeout, thread
        self._client: Any = None
        self._held: dict[str, Any] = {}

    async def put(self, model: str, dimension: int, points: Sequence[Point]) -> None:
        """Store vectors. The collection takes its dimension from the first ones; `drop` comes before another one."""
        held = await self._collection(model, dimension)
        for start in range(0, len(points), AT_ONCE):
            part = points[start : start + AT_ONCE]
            await self._do(
                held.upsert,
                ids=[str(point.chunk) for point in part],
                embeddings=[list(point.vector) for point in part],
                metadatas=[{TENANT: point.tenant, MEMORY: point.memory} for point in part],
            )

    async def remove(self, model: str, chunks: Sequence[int]) -> None:
        """Forget the vectors of chunks."""
        held = await self._collection(model)
        for start in range(0, len(chunks) if held is not None else 0, PAGE):
            await self._do(held.delete, ids=[str(key) for key in chunks[start : start + PAGE]])

    async def nearest(self, model: str, question: Floats, tenants: Collection[int], limit: int) -> list[int]:
        """Return the nearest chunks."""
        held = await self._collection(model)
        if held is None or not tenants:
            return []
        found = await self._do(
            held.query,
            query_embeddings=[question.tolist()],
            n_results=limit,
            where={TENANT: {"$in": list(tenants)}},
            include=["distances"],
        )
        return [int(name) for name in found["ids"][0]]

    async def count(self, model: str) -> int:
        """Count the vectors of a model."""
        held = await self._collection(model)
        return 0 if held is None else int(await self._do(held.count))

    async def held(self, model: str, chunks: Sequence[int]) -> set[int]:
        """Return which chunks are here."""
        held, found = await self._collection(model), set[int]()
        for start in range(0, len(chunks) if held is not None else 0, PAGE):
            names = [str(key) for key in chunks[start : start + PAGE]]
            found.update(int(name) for name in (await self._do(held.get, ids=names, include=[]))["ids"])
        return found

    async def chunks(self, model: str) -> AsyncIterator[list[int]]:
        """Yield all chunks."""
        held, offset = await self._collection(model), 0
        while held is not None:
            names = (await self._do(held.get, limit=PAGE, offset=offset, include=[]))["ids"]
            if not names:
                return
            yield [int(name) for name in names]
            offset += len(names)

    async def drop(self, model: str) -> None:
        """Forget a model."""
        held = await self._collection(model)
        self._held.pop(model, None)
        if held is not None:
            await self._do(self._client.delete_collection, held.name)

    async def close(self) -> None:
        """Let go of the client; one in this process stays open for whoever else has its folder open."""
        server = getattr(self._client, "_server", None)
        self._client, self._held = None, {}
        cleanup = getattr(
            server, "_cleanup", None
        )  # the one way the asynchronous client offers to close its connections
        if cleanup is not None and not self._thread:
            await cleanup()

    async def _collection(self, model: str, dimension: int | None = None) -> Any:
        """Return a model's collection, made where a dimension is given, else `None` where there is none."""
        if model not in self._held:
            if self._client is None:
                self._client = await self._do(self._connect)
            name = collection_name(self._prefix, self._store, model)
            if dimension is not None:
                shape: dict[str, Any] = {
                    "configuration": SHAPE,
                    "metadata": {"dimension": dimension},
                    "embedding_function": None,
                }
                self._held[model] = await self._do(self._client.get_or_create_collection, name, **shape)
            else:
                found = await self._do(self._client.get_collection, name, embedding_function=None, absent=True)
                if found is None:
                    return None
                self._held[model] = found
        return self._held[model]

    async def _do(self, call: Callable[..., Any], *arguments: Any, absent: bool = False, **named: Any) -> Any:
        """Return what a call gives (`None` where it may be `absent` and is); whatever fails becomes IndexAway."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ran(call, *arguments, **named)
        except NotFoundError as error:
            if absent:
                return None
            self._held.clear()
            raise IndexAway(
                "Chroma has lost a collection", hint="It is made anew; recollect reindex fills it."
            ) from error
        except TimeoutError as error:
            raise _away(error) from error
        except (ChromaError, ValueError, OSError) as error:
            self._held.clear()
            raise _away(error) from error
        except Exception as error:  # judged below: what is not the network goes on as it came
            if not type(error).__module__.startswith(("httpx", "httpcore")):  # what the client's own client raises
                raise
            raise _away(error) from error

    async def _ran(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if self._thread:
            return await asyncio.to_thread(call, *arguments, **named)
        answer: Awaitable[Any] = call(*arguments, **named)
        return await answer


def _away(error: Exception) -> IndexAway:
    if isinstance(error, ChromaError):
        return IndexAway(f"Chroma refused ({error.name()})", hint="Its own log says why; look at vectors.api_key too.")
    return IndexAway("Chroma does not answer", hint="Look whether it runs at vectors.url; it is asked again.")
