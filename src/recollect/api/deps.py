"""What routes are handed: the library, and nothing global."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from recollect.library import AsyncMemory


async def _memory(request: Request) -> AsyncMemory:
    return cast("AsyncMemory", request.app.state.memory)


Library = Annotated[AsyncMemory, Depends(_memory)]
"""The library this server holds."""
