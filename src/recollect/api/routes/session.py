"""`/api/session`: how the viewer signs in and out; see `api/session.py` for what a session is."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from recollect.api.envelope import Json
from recollect.api.errors import failure
from recollect.api.guard.auth import Keyring, Principal
from recollect.api.guard.headers import header
from recollect.api.guard.refusals import refusals_of
from recollect.api.schema.field import Body
from recollect.api.session import LASTS, PROOF, Sessions, cookie_name, cookie_of
from recollect.app import App
from recollect.models import Action, Actor, Person, Reach, digest_of
from recollect.version import __version__

router = APIRouter(prefix="/api/session", include_in_schema=False)

HINT: Final = "`recollect token` says where the token of this server is."


class SignIn(Body):
    """The token that `recollect token` names."""

    token: Annotated[str, Field(min_length=1, max_length=1000)]


@router.get("")
async def present(request: Request) -> Response:
    """Say whether a token is asked for here, and whether this browser has shown one."""
    app: App = request.app.state.memory.app
    auth: bool = request.app.state.auth
    found: Principal | None = Principal()
    if auth:
        cookie = cookie_of(request.scope)
        found = None if cookie is None else await Keyring(app.tokens).visitor(_sessions(request), cookie)
    told = {"auth": auth, "signed_in": found is not None, "version": __version__}
    return Json(told if found is None else {**told, "name": found.name, **await _may(app, found.actor)})


async def _may(app: App, actor: Actor) -> dict[str, Any]:
    """Return who looks, and what of the store as a whole he may: the page offers nothing else."""
    allowed = {
        action.value: (await app.access.verdict(actor, action, Reach(None, None))).allowed
        for action in (Action.WATCH, Action.OPERATE)
    }
    return {
        "user_id": actor.user_id if isinstance(actor, Person) else None,
        "may": allowed,
        "across": app.settings.project.enable_cross_project_search,
    }


@router.post("")
async def sign_in(asked: SignIn, request: Request) -> Response:
    """Open a session for whoever shows a token that opens."""
    if not request.app.state.auth:
        return Json({"signed_in": True})
    if header(request.scope, PROOF) is None:
        return failure(403, "denied", "Only the viewer signs in here", "Send the token as a header instead.")
    secret = asked.token.strip()
    principal = await Keyring(request.app.state.memory.app.tokens).holder(secret)
    if principal is None:
        refusals_of(request.app).refused("unknown" if request.client is None else request.client.host)
        return failure(401, "unauthorized", "This token opens nothing here", HINT)
    answer = Json({"signed_in": True})
    cookie = _sessions(request).begin(principal.token_id, digest_of(secret))
    answer.set_cookie(
        cookie_name(request.scope),
        cookie,
        max_age=LASTS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.delete("")
async def sign_out(request: Request) -> Response:
    """End the session of this browser; the cookie opens nothing any more, here or in whoever has copied it."""
    if (cookie := cookie_of(request.scope)) is not None:
        await _sessions(request).end(cookie, request.app.state.memory.app.tokens)
    answer = Json({"signed_in": False})
    answer.delete_cookie(cookie_name(request.scope), path="/", httponly=True, samesite="strict")
    return answer


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions
