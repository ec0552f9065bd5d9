"""The job that makes vectors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby

from recollect.errors import EmbedderMissing
from recollect.exchange import Unembedded
from recollect.meters import working_for
from recollect.models import Job
from recollect.ports import Embed, Vectors

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Chunks embedded and written together: enough to sort by length, few enough to be searchable soon."""

SIDE_BY_SIDE = 3
"""Parts under way at once: while one is written, the next is embedded."""


class Embedding:
    """Embeds the chunks of the memories that jobs name, or every chunk that has no vector yet."""

    def __init__(self, vectors: Vectors, embed: Embed) -> None:
        self._vectors = vectors
        self._embed = embed
        self._told = False
        self._turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs; without an embedder they are parked, and done at the first start that has one."""
        try:
            ids = [name for job in jobs for name in job.payload.get("ids", ())]
            await asyncio.gather(*(self._part(part) for part in even(ids)))
            if any(job.payload.get("all") for job in jobs):
                await self.everything(lambda _: None)
        except EmbedderMissing as error:
            if not self._told:
                log.warning("Searching by words only: %s", error)
                self._told = True
            raise

    async def everything(self, tell: Callable[[int], object]) -> int:
        """Embed every chunk that has no vector yet; return how many there were, told of as they are done."""
        made = 0
        while True:
            step, more = await self._some(None)
            made += step
            if step:
                tell(made)
            if not more:
                return made

    async def _part(self, ids: Sequence[str]) -> None:
        async with self._turns:
            while (await self._some(ids))[1]:
                pass

    async def _some(self, ids: Sequence[str] | None) -> tuple[int, bool]:
        """Embed some chunks; return how many, and whether there are more."""
        found = await self._vectors.unembedded(self._embed.model, limit=AT_ONCE + 1, memory_ids=ids)
        missing = found[:AT_ONCE]
        if missing:
            rows: dict[int, bytes] = {}
            for project, items in groupby(sorted(missing, key=_project), key=_project):
                part = list(items)
                with working_for(project):
                    made = await self._embed.embed([item.text for item in part])
                rows |= {item.chunk: found.vector for item, found in zip(part, made, strict=True)}
            await self._vectors.put(self._embed.model, rows)
        return len(missing), len(found) > AT_ONCE


def even(ids: Sequence[str]) -> list[Sequence[str]]:
    """Return ids in as few parts as hold them, of like size: a small one has few texts of like length."""
    count = -(-len(ids) // AT_ONCE)
    return [ids[len(ids) * part // count : len(ids) * (part + 1) // count] for part in range(count)]


def _project(item: Unembedded) -> str:
    return item.project_id
