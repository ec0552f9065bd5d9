"""A reranker with a deadline, a rest after failing, and a meter: no search must wait for one that is dead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from recollect.errors import ProviderError, ProviderFailed
from recollect.meters import Meters
from recollect.ports import Rerank
from recollect.providers.again import Rest


class WatchedRerank:
    """Passes on to another reranker; one that failed is not asked for a while, each time for longer.

    `timeout` is the seconds a search waits for it, retries and all.
    """

    def __init__(self, rerank: Rerank, meters: Meters, *, timeout: float = 3.0, rest: Rest | None = None) -> None:
        self._rerank, self._meters, self._timeout = rerank, meters, timeout
        self._rest = rest or Rest()

    @property
    def model(self) -> str:
        """That of the reranker within."""
        return self._rerank.model

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return what the reranker within returns; raise ProviderFailed at once while it rests, or at the deadline."""
        if self._rest.left:
            problem = f"the reranker {self.model} failed a moment ago and is asked again in {self._rest.left:.0f} s"
            raise ProviderFailed(problem)
        with self._meters.timing("rerank", self.model, len(texts)):
            try:
                async with asyncio.timeout(self._timeout):
                    found = await self._rerank.rerank(question, texts)
            except TimeoutError as error:
                self._rest.failed()
                problem = f"the reranker {self.model} did not answer within {self._timeout:g} s"
                raise ProviderFailed(problem, hint="raise rerank.timeout if that is too short") from error
            except ProviderError:
                self._rest.failed()
                raise
        self._rest.answered()
        return found

    async def aclose(self) -> None:
        """Close what the reranker within holds open."""
        close = getattr(self._rerank, "aclose", None)
        if close is not None:
            await close()
