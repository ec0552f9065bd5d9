"""The port Tenancies from memory: read once, and anew only after a write that a search could see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recollect.models import Reach
from recollect.ports import Tenancies
from recollect.stores.resident.tenants import Tenants

if TYPE_CHECKING:
    from recollect.exchange import Tenancy

MOST = 256
"""Reaches that are remembered: about as many as there are people asking."""


class ResidentTenancies:
    """Tenancies in front of those that the database tells, good for as long as what is held in memory is fresh."""

    def __init__(self, tenants: Tenants, behind: Tenancies) -> None:
        self._tenants, self._behind = tenants, behind
        self._known: tuple[int, dict[tuple[Reach, str], list[Tenancy]]] = (-1, {})

    async def tenancies(self, reach: Reach, model: str) -> list[Tenancy]:
        """Return the tenants in reach, the one written to last first."""
        stamp = self._tenants.stamp()  # first: what is written while they are read is read once more
        seen, known = self._known
        if seen != stamp or len(known) > MOST:
            known = {}
            self._known = (stamp, known)
        found = known.get((reach, model))
        if found is None:
            found = known[reach, model] = await self._behind.tenancies(reach, model)
        return list(found)
