"""What is done with tokens: a user's own, and those of services."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from recollect.access.acting import Acting
from recollect.access.decide import right_of
from recollect.capture.identifier import identifier
from recollect.capture.ids import new_id
from recollect.capture.instant import instant
from recollect.errors import Denied, InvalidInput, NotFound
from recollect.models import EVERYWHERE, Action, Deed, Person, Right, Token, digest_of
from recollect.people.members import right_named
from recollect.ports import Tokens

PREFIX: Final = "rec_"
BYTES: Final = 32
MOST_PROJECTS: Final = 1000


class TokenVerbs:
    """Tokens, for one actor: the store's keepers see all, users their own, admins those of their projects alone."""

    def __init__(self, acting: Acting, tokens: Tokens) -> None:
        self._acting, self._tokens = acting, tokens

    async def list(self) -> list[Token]:
        """Return the tokens the actor may revoke, oldest first. The secrets are nowhere."""
        return [token for token in await self._tokens.list() if await self._looks_after(token)]

    async def create(
        self,
        name: str,
        *,
        user_id: str | None = None,
        rights: Mapping[str, str] | None = None,
        expires_at: datetime | str | None = None,
    ) -> tuple[Token, str]:
        """Make a token and return it with its secret, which is shown this once.

        With `user_id` it acts as that user; with `rights` (`{"web": "READ"}`, `*` for every project) it is a service's.
        Nobody makes one that may more than he. Raises Denied, InvalidInput, and NotFound for an unknown user.
        """
        called, user, given = identifier(name, "name"), await self._user(user_id, rights), _rights(rights)
        ends = None if expires_at is None else instant(expires_at, "expires_at")
        now = self._acting.access.clock.now()
        if ends is not None and ends <= now:
            raise InvalidInput(f"expires_at is {ends.isoformat()}", field="expires_at", hint="Give a time to come.")
        ends = await self._no_later(ends)
        for project, right in given or ():
            await self._may_give(project, right)
        secret = PREFIX + secrets.token_urlsafe(BYTES)
        made = Token(new_id(now), called, digest_of(secret), now, user, given, ends)
        await self._tokens.add(made)
        await self._did("token_create", made)
        return made, secret

    async def revoke(self, token_id: str) -> Token:
        """Have a token open nothing any more, within two seconds, and return it; raise NotFound."""
        name = identifier(token_id, "token_id")
        found = next((token for token in await self._tokens.list() if token.id == name), None)
        if found is None or not await self._looks_after(found):
            raise NotFound(f"There is no token {name!r}", hint="`recollect token list` shows those there are.")
        await self._tokens.revoke([name])
        await self._did("token_revoke", found)
        return found

    async def _user(self, user_id: str | None, rights: Mapping[str, str] | None) -> str | None:
        if (user_id is None) == (rights is None):
            raise InvalidInput("A token is a user's or a service's", field="user_id", hint="Give user_id or rights.")
        if user_id is None:
            return None
        user = identifier(user_id, "user_id")
        actor = self._acting.actor
        if not (isinstance(actor, Person) and actor.user_id == user):
            await self._acting.require(Action.OPERATE)
        if user not in (await self._acting.access.known()).users:
            raise NotFound(f"There is no user {user!r}", hint="Add him first: `recollect user add`.")
        return user

    async def _no_later(self, ends: datetime | None) -> datetime | None:
        """Return when a token ends: never after the one it is made with."""
        own = getattr(self._acting.actor, "until", None)
        return ends if own is None else own if ends is None else min(own, ends)

    async def _may_give(self, project: str, right: Right) -> None:
        access, actor = self._acting.access, self._acting.actor
        if project == EVERYWHERE:
            await self._acting.require(Action.OPERATE)
        else:
            await access.require(actor, Action.MANAGE, project)
        own = right_of(actor, project, await access.known(), access.clock.now())
        if right > own:
            raise Denied(f"You have {own.name} in {project!r} yourself", hint=f"Make a token with {own.name} at most.")

    async def _looks_after(self, token: Token) -> bool:
        access, actor = self._acting.access, self._acting.actor
        if self._acting.is_system or (isinstance(actor, Person) and actor.user_id == token.user_id):
            return True
        known, now = await access.known(), access.clock.now()
        if right_of(actor, EVERYWHERE, known, now) >= Right.ADMIN and not isinstance(actor, Person):
            return token.user_id is not None or token.rights is not None
        held = token.rights or ()
        return bool(held) and all(
            name != EVERYWHERE and right_of(actor, name, known, now) >= max(right, Right.ADMIN) for name, right in held
        )

    async def _did(self, action: str, token: Token) -> None:
        await self._acting.access.changed()
        projects = tuple(name for name, _ in token.rights or ())
        detail = {"token": token.id, "user": token.user_id or ""}
        deed = Deed(action, projects=projects, target=token.id, detail=detail)
        await self._acting.access.note(self._acting.actor, deed)


def _rights(given: Mapping[str, str] | None) -> tuple[tuple[str, Right], ...] | None:
    if given is None:
        return None
    if not 1 <= len(given) <= MOST_PROJECTS:
        raise InvalidInput(
            "rights names no project", field="rights", hint='Give {"web": "READ"}; `*` is every project.'
        )
    held = {identifier(name, "rights"): right_named(right) for name, right in given.items()}
    if Right.NONE in held.values():
        raise InvalidInput("NONE is no right of a token", field="rights", hint="Leave the project out.")
    return tuple(sorted(held.items()))
