"""What a node and its center need to agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from recollect.models import (
        Arrived,
        Chunk,
        Departing,
        Forgotten,
        Going,
        Link,
        Memory,
        Node,
        Reach,
        Replica,
        Task,
    )


class Sync(Protocol):
    """What stores exchange: every memory that changed, as it is now, and what is gone. See `merge` for what stands.

    Nothing is sent that the sender's `judge` does not let go, and what every store derives by itself is never sent.
    """

    async def name(self) -> str:
        """Return the name of this store: random, given once, never changed."""

    async def departing(
        self,
        after: int,
        judge: Callable[[Memory], Going],
        *,
        limit: int = 500,
        room: int = 4000000,
        to: str = "",
        model: str = "",
    ) -> Departing:
        """Return a page of what changed after a place in the log: `limit` entries, `room` characters, but at least one.

        Left out is what is still as `to` sent it, and the end of what never left. With `model`, that model's vectors
        come along. That something leaves is durable before this returns, so that its end is sent too, whatever happens.
        """

    async def take(
        self,
        page: Sequence[Replica],
        index: Callable[[Memory], Sequence[Chunk]],
        follow: Callable[[Arrived], Sequence[Task]],
        *,
        via: str,
        reached: int | None = None,
    ) -> Arrived:
        """Write a page that `via` sent, in one transaction with the jobs that `follow` makes of it.

        What does not stand goes into the memory's history. `reached` is noted with it: how far the log of `via` has
        been taken, a node's beside the node, any other's in the link. Taking a page again changes nothing.
        """

    async def forbid(self, reach: Reach) -> None:
        """Note, for stores that are away, that everything in reach that was made until now is to be nowhere.

        It deletes nothing here. A reach that names a conversation or an agent is not to be given.
        """

    async def forgotten(self) -> Sequence[Forgotten]:
        """Return what was noted here and heard from others, lifted orders too."""

    async def agree(self, told: Sequence[Forgotten], exchanged: Callable[[str], bool], *, again: bool = False) -> int:
        """Take orders over, and delete what those that are new here (`again`: all) are about; return how much went.

        Only projects that are `exchanged` are touched. In whatever order stores hear, they end with the same orders.
        """

    async def link(self, **changes: Any) -> Link:
        """Change fields of the link to the center (none: leave it) and return it."""

    async def hold(self, holder: str, seconds: float) -> bool:
        """Take the exchange with the center for one process, or go on holding it; `False` while another one has it."""

    async def free(self, holder: str) -> None:
        """Give the exchange back."""


class Nodes(Protocol):
    """Who may exchange with this store. Durable when a call returns."""

    async def add(self, one: Node) -> bool:
        """Let a node in; one whose name or digest is there already stays as it is, and the answer is `False`."""

    async def list(self) -> list[Node]:
        """Return all nodes, by when they were let in."""

    async def holder(self, digest: str) -> Node | None:
        """Return the node whose token has this digest."""

    async def seen(self, name: str, at: datetime, store: str) -> None:
        """Note when the node with this id was here, and over which store; for another store `reached` begins anew."""

    async def revoke(self, name: str) -> bool:
        """Shut the node of this name out; tell whether there was one."""
