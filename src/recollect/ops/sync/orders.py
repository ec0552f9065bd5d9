"""How orders to forget travel: whole, between a node and its center, wherever one of the two knows more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from recollect.app import App
from recollect.errors import InvalidInput
from recollect.models import Forgotten, Memory, Node
from recollect.ops.line import LAST
from recollect.ops.sync.leave import matches

KEY: Final = "forgotten"
"""Under which orders stand in the head of a page, and their digest in the head of an answer."""
KNOWN: Final = "known"
"""Under which a node tells the digest of what its center last told it."""
MOST: Final = 100_000
LONGEST: Final = 1000


def written(orders: Iterable[Forgotten]) -> list[list[Any]]:
    """Return orders ready for JSON."""
    return [[one.user_id, one.project_id, one.at, one.version, one.noted_at, one.origin, one.lifted] for one in orders]


def read(value: Any) -> list[Forgotten]:
    """Return orders as they were written; raise InvalidInput for anything else."""
    if not isinstance(value, list) or len(value) > MOST:
        raise InvalidInput("forgotten is no list of orders", field=KEY, hint="Bring node and center to one release.")
    return [_read(row) for row in value]


def _read(row: Any) -> Forgotten:
    if isinstance(row, list) and len(row) == 7:
        user, project, at, version, noted_at, origin, lifted = row
        names = all(isinstance(text, str) and len(text) <= LONGEST for text in (user, project, origin))
        numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in (at, version, noted_at))
        well = names and numbers and isinstance(lifted, bool) and (user or project) and origin
        if well and 0 <= at <= LAST and 0 <= noted_at <= LAST and 1 <= version < 2**31:
            return Forgotten(user, project, at, version, noted_at, origin, lifted)
    raise InvalidInput("An order to forget cannot be used", field=KEY, hint="Bring node and center to one release.")


def digest(orders: Iterable[Forgotten]) -> str:
    """Return what is another one for other orders."""
    return hashlib.sha256(json.dumps(written(orders)).encode()).hexdigest()[:32]


def shown(orders: Sequence[Forgotten], granted: Sequence[str]) -> list[Forgotten]:
    """Return the orders that a node is told of: those about users, and about projects it may see."""
    return [one for one in orders if not one.project_id or matches(granted, one.project_id)]


async def take(app: App, node: Node, value: Any) -> dict[str, Any]:
    """Take a node's orders over at the center, and return those the node is to know.

    A node that may not write everywhere may not order what concerns every project.
    """
    told = [one for one in read(value) if matches(node.projects, one.project_id) or tuple(node.projects) == ("*",)]
    deleted = await app.sync.agree(told, lambda project: matches(node.projects, project))
    if deleted:
        app.worker.wake()
    known = shown(await app.sync.forgotten(), node.projects)
    return {KEY: written(known), "deleted": deleted}


async def covering(app: App, node: Node, known: Any) -> list[Forgotten]:
    """Return the orders by which a page of a node is judged: none, where the node knows them itself."""
    standing = await app.sync.forgotten()
    if not standing or known == digest(shown(standing, node.projects)):
        return []
    return [one for one in standing if not one.lifted]


def covered(item: Memory, orders: Sequence[Forgotten], made_at: int) -> bool:
    """Whether a memory is to be nowhere."""
    return any(one.covers(item.scope.user_id, item.scope.project_id, made_at) for one in orders)


def told(head: Mapping[str, Any]) -> str:
    """Return the digest in the head of a center's page; "" from one of a release that knows no orders."""
    found = head.get(KEY)
    return found if isinstance(found, str) else ""
