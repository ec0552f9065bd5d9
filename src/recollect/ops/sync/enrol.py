"""Letting nodes in: each has a token of its own, which opens nothing but the exchange."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Final

from recollect.app import App
from recollect.capture.ids import new_id
from recollect.errors import Conflict, InvalidInput, NotFound
from recollect.models import Deed, Node, System, digest_of

PREFIX: Final = "node_"
NAME: Final = re.compile(r"[\w.@:+-]{1,120}")


async def enrol(app: App, name: str, projects: Sequence[str] = ("*",)) -> tuple[Node, str]:
    """Let a node in and return it with its token, which is told this once; raise InvalidInput or Conflict."""
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:60]!r} is no name for a node", field="name", hint="Use letters, digits, dots and hyphens."
        )
    patterns = tuple(part.strip() for part in projects if part.strip()) or ("*",)
    secret = PREFIX + secrets.token_urlsafe(32)
    now = app.engine.now()
    node = Node(new_id(now), name, digest_of(secret), now, patterns)
    if not await app.nodes.add(node):
        raise Conflict(
            f"A node is called {name} already", hint="`recollect sync revoke` shuts it out; or take another name."
        )
    await app.access.note(System(), Deed("node_enrol", target=name, detail={"projects": ", ".join(patterns)}))
    return node, secret


async def revoke(app: App, name: str) -> None:
    """Shut a node out; what it sent stays. Raises NotFound."""
    if not await app.nodes.revoke(name):
        raise NotFound(f"There is no node {name[:60]}", hint="`recollect sync nodes` lists them.")
    await app.access.note(System(), Deed("node_revoke", target=name))
