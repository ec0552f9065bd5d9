"""The routes of recollect's own contract, one router for each noun."""

from fastapi import APIRouter

from recollect.api.routes import (
    capture,
    chat,
    context,
    conversations,
    graph,
    jobs,
    memory,
    reach,
    root,
    timeline,
    transfer,
    usage,
)

ROUTERS: tuple[APIRouter, ...] = (
    memory.router,
    reach.router,
    chat.router,
    capture.router,
    context.router,
    timeline.router,
    conversations.router,
    graph.router,
    jobs.router,
    usage.router,
    transfer.router,
    root.router,
)
"""All of them, in the order they are asked: the busiest first."""
