"""`/api/users` and `/api/tokens`: who is let in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier
from recollect.api.schema.people import Gone, NewToken, NewUser, TokenList, TokenMade, UserAnswer, UserList
from recollect.ops.people_shape import token_of, user_of

# Without Idempotency-Key on purpose: its answers are kept, and a token is told once.
router = APIRouter(prefix="/api", tags=["people"], responses=FAILURES)


@router.get("/users", response_model=UserList, summary="List users")
async def users(memory: Library) -> Response:
    """Return all users; a user sees himself."""
    return Json({"users": [user_of(item) for item in await memory.people.members.users()]})


@router.post("/users", status_code=201, response_model=UserAnswer, summary="Add a user")
async def add_user(asked: NewUser, memory: Library) -> Response:
    """Add a user; one who is there already stays as he is."""
    return Json(user_of(await memory.people.members.add_user(asked.id, name=asked.name)), 201)


@router.delete("/users/{user_id}", response_model=Gone, summary="Remove a user")
async def remove_user(user_id: Annotated[Identifier, Path()], memory: Library) -> Response:
    """Remove a user with memberships, grants and tokens. What he wrote stays."""
    await memory.people.members.remove_user(user_id)
    return Json({"id": user_id})


@router.get("/tokens", response_model=TokenList, summary="List tokens")
async def tokens(memory: Library) -> Response:
    """Return the tokens you may revoke."""
    return Json({"tokens": [token_of(item) for item in await memory.people.tokens.list()]})


@router.post("/tokens", status_code=201, response_model=TokenMade, summary="Make a token")
async def create_token(asked: NewToken, memory: Library) -> Response:
    """Make a token and show it, this once. Nobody makes one that may more than he."""
    made, secret = await memory.people.tokens.create(
        asked.name, user_id=asked.user_id, rights=asked.rights, expires_at=asked.expires_at
    )
    return Json({**token_of(made), "token": secret}, 201, headers={"cache-control": "no-store"})


@router.delete("/tokens/{token_id}", response_model=Gone, summary="Revoke a token")
async def revoke_token(token_id: Annotated[Identifier, Path()], memory: Library) -> Response:
    """Have a token open nothing any more, within two seconds."""
    return Json({"id": (await memory.people.tokens.revoke(token_id)).id})
