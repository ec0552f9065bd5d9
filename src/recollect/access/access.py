"""Asks for decisions: keeps what they look at at hand, claims projects at their first write, and has denials noted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Final

from recollect.access.decide import OVER_ALL, decide
from recollect.errors import Denied
from recollect.models import (
    Action,
    Actor,
    AuditHead,
    Decision,
    Deed,
    Directory,
    Isolation,
    Person,
    Project,
    Reach,
    Scope,
    Service,
    System,
    Verdict,
)
from recollect.ports import Audit, Clock, People, Projects

FRESH: Final = 1.0
"""Seconds after which is looked whether another process has changed anything; what this one changed is seen at once."""

ORIGIN: ContextVar[str] = ContextVar("recollect_origin", default="python")
"""Where a call came from: the address of a client, `cli`, or `python`."""


class Access:
    """The one place every verb asks. A decision takes microseconds; the tables are read only when they changed."""

    def __init__(
        self,
        people: People,
        projects: Projects,
        clock: Clock,
        audit: Audit | None = None,
        *,
        usual: Isolation = Isolation.STRICT,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._people, self._projects, self._audit = people, projects, audit
        self.usual = usual
        self._timer = timer
        self._known = Directory(edition=-1, usual=usual)
        self._made_of = self._known
        self._made: dict[tuple[Actor, Action], tuple[Verdict, datetime | None]] = {}
        self._looked = float("-inf")
        self._looking = asyncio.Lock()

    async def known(self, *, age: float = FRESH) -> Directory:
        """Return everything decisions look at, at most `age` seconds old."""
        if self._timer() - self._looked >= age:
            async with self._looking:
                begun = self._timer()
                if begun - self._looked >= age:
                    if await self._people.edition() != self._known.edition:
                        self._known = await self._people.directory(self.usual)
                    self._looked = begun
        return self._known

    async def changed(self) -> None:
        """Have what this process has just changed seen by the next decision."""
        await self.known(age=0.0)

    async def named(self, project_id: str) -> str:
        """Return the present id of a project, which may be called by one that it had before."""
        known = await self.known()
        return known.aliases.get(project_id, project_id)

    async def verdict(self, actor: Actor, action: Action, asked: Reach) -> Verdict:
        """Return a decision without acting on it."""
        known = await self.known()
        if actor.token_id and actor.token_id not in known.tokens:  # it may have just been made
            known = await self.known(age=0.0)
        return self._decided(actor, action, asked, known)

    def _decided(self, actor: Actor, action: Action, asked: Reach, known: Directory) -> Verdict:
        """Return a decision; one over several projects is made once, and good until something changes or ends."""
        now = self.clock.now()
        if asked.project_id is not None or action in OVER_ALL:
            return decide(actor, action, asked, known, now)
        if self._made_of is not known:
            self._made_of, self._made = known, {}
        made, ends = self._made.get((actor, action), (None, now))
        if made is None or (ends is not None and now >= ends):
            made = decide(actor, action, asked, known, now)
            self._made[actor, action] = (made, _next_end(actor, known, now))
        return made

    async def reach(self, actor: Actor, action: Action, asked: Reach) -> Reach:
        """Return a reach narrowed to what the actor may reach; raise Denied where he may nothing of what it names."""
        verdict = await self.verdict(actor, action, asked)
        if not verdict.allowed:
            raise await self._denied(actor, action, asked, verdict)
        if verdict.within is None:
            return asked
        return Reach(asked.user_id, asked.project_id, asked.conversation_id, asked.agent_id, verdict.within)

    async def check(self, actor: Actor, action: Action, scope: Scope) -> None:
        """Raise Denied unless the actor may do this to memories of a scope; a new project goes to its first writer."""
        asked = Reach(scope.user_id, scope.project_id)
        verdict = await self.verdict(actor, action, asked)
        if verdict.claims and isinstance(actor, Person):
            await self._projects.claim(self._claimed(scope.project_id), actor.user_id)
            await self.changed()
            verdict = await self.verdict(actor, action, asked)
        inside = verdict.within is None or verdict.within.covers(scope.user_id, scope.project_id)
        if not (verdict.allowed and inside) or verdict.claims:
            raise await self._denied(actor, action, asked, verdict)

    async def may(self, actor: Actor, action: Action, scope: Scope) -> bool:
        """Whether the actor may do this to memories of a scope."""
        if isinstance(actor, System) and action is not Action.WRITE and not actor.token_id:
            return True
        verdict = await self.verdict(actor, action, Reach(scope.user_id, scope.project_id))
        inside = verdict.within is None or verdict.within.covers(scope.user_id, scope.project_id)
        return verdict.allowed and not verdict.claims and inside

    async def require(self, actor: Actor, action: Action, project_id: str | None = None) -> None:
        """Raise Denied unless the actor may do this to a project, or to the store as a whole."""
        asked = Reach(None, project_id)
        verdict = await self.verdict(actor, action, asked)
        if not verdict.allowed:
            raise await self._denied(actor, action, asked, verdict)

    def sees(self, actor: Actor, project_id: str | None = None) -> Callable[[str, str], bool]:
        """Return what tells, by what is known now, whether the actor reads a user's memories in a project.

        For streams, which ask of every event: one that names its project hears of a strict one too.
        """
        asked = Reach(None, project_id)

        def seen(user_id: str, project_id: str) -> bool:
            verdict = self._decided(actor, Action.READ, asked, self._known)
            within = verdict.within
            return verdict.allowed and (within is None or within.covers(user_id, project_id))

        return seen

    async def note(self, actor: Actor, deed: Deed, *, durable: bool = True) -> None:
        """Put a deed of the actor's into the audit log."""
        if self._audit is not None:
            await self._audit.note(signed(actor, deed), durable=durable)

    def deed(self, actor: Actor, deed: Deed) -> Deed | None:
        """Return a deed of the actor's for who writes it into the audit log himself, `None` where there is no log."""
        return None if self._audit is None else signed(actor, deed)

    async def noted(self, head: AuditHead) -> None:
        """Take notice of a deed that was written into the audit log with what it tells of."""
        if self._audit is not None:
            await self._audit.noted(head)

    def _claimed(self, project_id: str) -> Project:
        """Return a project as its first write makes it."""
        return Project(project_id, project_id, self.clock.now(), isolation=self.usual)

    async def _denied(self, actor: Actor, action: Action, asked: Reach, verdict: Verdict) -> Denied:
        """Note a denial and return it."""
        projects = () if asked.project_id is None else (asked.project_id,)
        deed = Deed(action.value, decision=Decision.DENIED, projects=projects, target=asked.user_id or "")
        await self.note(actor, deed, durable=False)
        where = "this store" if asked.project_id is None else f"project {asked.project_id!r}"
        whose = f" for user {asked.user_id!r}" if asked.user_id is not None else ""
        reason = verdict.reason or "It reaches beyond what is yours"
        return Denied(f"You may not {action.value} in {where}{whose}", hint=f"{reason}; its owner can change that.")


def _next_end(actor: Actor, known: Directory, now: datetime) -> datetime | None:
    """Return when time alone next changes what an actor may, `None` for never."""
    times = [time for grants in known.grants.values() for grant in grants for time in (grant.since, grant.until)]
    if not isinstance(actor, System) and actor.until is not None:
        times.append(actor.until)
    return min((time for time in times if time > now), default=None)


def signed(actor: Actor, deed: Deed) -> Deed:
    """Return a deed with who did it, and from where."""
    name = {System: "system", Service: f"service:{actor.token_id}"}.get(type(actor)) or actor.user_id
    return Deed(
        deed.action,
        actor=deed.actor or name,
        decision=deed.decision,
        origin=deed.origin or ORIGIN.get(),
        token=deed.token or actor.token_id,
        projects=deed.projects,
        target=deed.target,
        detail=deed.detail,
        times=deed.times,
    )
