"""`/metrics`: the figures for Prometheus, and in short for everyone else."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import JSONResponse, Response

from recollect.api.deps import WATCHED
from recollect.api.watch.figures import Figures
from recollect.api.watch.kept import Kept
from recollect.api.watch.scrape import Both, Snapshot, short
from recollect.api.watch.standing import Told, last_backup, leaning, standing

router = APIRouter(tags=["seen from outside"])

_EXAMPLE: Final = {"active_connections": 5, "total_requests": 1250, "timestamp": 1704110400.123}
_TEXT: Final = ("text/plain", "application/openmetrics-text")


def install(app: FastAPI) -> None:
    """Give an application figures of its own."""
    app.state.figures = Figures()
    app.state.counted = (Kept(standing, 1.0), Kept(leaning, 15.0), Kept(last_backup, 300.0))


@router.get(
    "/metrics",
    summary="Figures for monitoring",
    dependencies=[WATCHED],
    response_class=Response,
    responses={
        200: {
            "description": "JSON, or the text that Prometheus reads when it is asked for",
            "content": {"application/json": {"example": _EXAMPLE}, "text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def metrics(request: Request) -> Response:
    """Return the figures of this server; those of the store may be some seconds old."""
    figures: Figures = request.app.state.figures
    memory = request.app.state.memory
    told = Told() if memory is None else Told(*[await one.latest(memory) for one in request.app.state.counted])
    listeners = request.app.state.hub.listening
    accept = request.headers.get("accept", "")
    if not asks_for_text(accept):
        answer: dict[str, Any] = short(figures, told.standing, listeners)
        return JSONResponse(answer)
    encode, kind = choose_encoder(accept)
    both = Both(figures, Snapshot(figures, told, listeners), getattr(request.app.state, "summed", None))
    return Response(encode(both), headers={"Content-Type": kind})


def asks_for_text(accept: str) -> bool:
    """Whether a client would rather have Prometheus text than JSON; without a preference it gets JSON."""
    wishes: dict[str, float] = {}
    for part in accept.split(","):
        kind, *more = (piece.strip().lower() for piece in part.split(";"))
        wishes[kind] = _weight(more)
    text = max((wishes.get(kind, 0.0) for kind in _TEXT), default=0.0)
    return text > wishes.get("application/json", 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
