"""What vectors can do for tenants whose memories are known without them: say what lies near, whatever may answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from recollect.models import Reach
from recollect.stores.columns import Counts

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores


@dataclass(frozen=True, slots=True)
class Near:
    """The chunks nearest to a question and their cosines, and an estimate of the scores of all."""

    chunks: Keys
    scores: Scores
    counts: Counts


@runtime_checkable
class Nearby(Protocol):
    """Vectors by their chunks. `owners` are the tenants that `reach` covers; no other's vector is ever named."""

    async def near(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], count: int) -> Near | None:
        """Return the nearest `count` chunks; `None` where there are so few that a search compares them all."""

    async def cosines(self, model: str, vector: bytes, reach: Reach, owners: Sequence[int], chunks: Keys) -> Scores:
        """Return the cosine of each of these chunks, `nan` where it has no vector here."""
