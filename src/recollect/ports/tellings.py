"""What assistants were told, kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from recollect.models import Reach, Scope, Telling, Use


class Tellings(Protocol):
    """What assistants were told. Losing the latest in a power cut is allowed.

    It goes with what it is about: a memory that is deleted is in none, and none is left of deleted memories alone, of a
    conversation that is gone or of a project that was erased; one that is renamed or merged takes them along.
    """

    async def add(self, tellings: Sequence[Telling], *, since: datetime, most: int) -> None:
        """Keep these (their ids are given by the store), without memories and turns that are gone; one of none is not.

        Of all that is kept, what was told before `since` goes, and all but the latest `most`.
        """

    async def told(self, scope: Scope, *, limit: int, beyond: int = 0) -> list[Telling]:
        """Return what was told in a conversation (its agent does not count), in order, those after the id `beyond`."""

    async def uses(self, memory_id: str) -> list[Use]:
        """Return how often a memory was told, by conversation, where it was told last first."""

    async def delete(self, reach: Reach) -> int:
        """Delete what was told in reach; return how many tellings there were."""
