"""Mem0's hosted contract, as one router: what `MemoryClient(host=…)` calls."""

from __future__ import annotations

from fastapi import APIRouter

from recollect.api.mem0 import account, entities, events, exports, legacy, memories

router = APIRouter()
for part in (legacy, memories, account, entities, events, exports):
    router.routes.extend(part.router.routes)
