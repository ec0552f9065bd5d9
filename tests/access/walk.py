"""A random walk through a real store, every step of which is compared with the reference."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.access.reference import ADMIN, OWNER, World

from recollect import AsyncMemory
from recollect.api.live.told import Wanted
from recollect.errors import Conflict, Denied, NotFound, RecollectError
from recollect.models import Action, Actor, Person, Right, Scope, Service, System, Token
from recollect.testing.clock import FakeClock

USERS = ("ann", "bo", "陈", "dora")
PROJECTS = ("web", "shop", "猫", "lab", "attic")
RIGHTS = ("NONE", "READ", "WRITE", "ADMIN", "OWNER")
WORDS = ("tabs", "coffee", "deploy", "北京", "invoice", "cat", "测试")
MOST = 60


class Walk:
    """One store, its reference, and the actors who come and go."""

    def __init__(self, memory: AsyncMemory, clock: FakeClock, seed: int) -> None:
        self.memory, self.clock = memory, clock
        self.random = random.Random(seed)
        self.world = World()
        self.held: list[Actor] = [System()]
        self.steps = 0
        self.leaks: list[str] = []
        self.compared = 0

    async def run(self, steps: int) -> None:
        """Take so many steps."""
        for name in USERS:
            await self.memory.people.members.add_user(name)
            self.world.users.add(name)
            self.held.append(Person(name))
        doing = (
            *[self.add] * 8, *[self.read] * 8, *[self.one] * 6, *[self.write_one] * 4, self.forget, self.export,
            self.listen, self.decide, self.decide, self.set_member, self.set_member, self.set_member, self.give,
            self.give, self.make, self.change, self.change, self.rename, self.merge, self.erase, self.token, self.token,
            self.revoke, self.wait, self.wait,
        )  # fmt: skip
        for _ in range(steps):
            self.steps += 1
            await self.random.choice(doing)()
            if len(self.world.memories) > MOST:
                await self.thin()

    @property
    def now(self) -> Any:
        """The time of the store."""
        return self.clock.now()

    def actor(self) -> Actor:
        """Return somebody, seldom the system."""
        return self.random.choice(self.held if self.random.random() < 0.3 else self.held[1:])

    def meant(self, project: str | None) -> str | None:
        """Return what a project is called now that may be named by an id it had."""
        return None if project is None else self.world.aliases.get(project, project)

    def place(self) -> tuple[str | None, str | None]:
        """Return a user and a project that a request may name."""
        return self.random.choice((None, *USERS, "default")), self.random.choice((None, *PROJECTS, "default"))

    async def add(self) -> None:
        """Keep a note or turns."""
        actor, (user, project) = self.actor(), self.place()
        view = self.memory.acting(actor)
        whose, where = user or actor.user_id, self.meant(project) or "default"
        text = f"{self.random.choice(WORDS)} {self.steps} {whose} {where}"
        allowed = self.world.writes(actor, whose, where, self.now)
        free = isinstance(actor, Person) and where not in {"default", *self.world.isolation}
        try:
            if self.random.random() < 0.5:
                name: str | None = (await view.add(text, user_id=user, project_id=project)).id
            else:
                turn = {"role": "user", "content": text, "speaker": whose}
                done = await view.capture([turn], conversation_id="talk", user_id=user, project_id=project)
                name = done.ids[0]
        except Denied:
            self.expect(not allowed, f"{actor} was kept from writing as {whose} in {where}")
            return
        self.expect(allowed, f"{actor} wrote as {whose} in {where}")
        if free and isinstance(actor, Person):
            self.world.isolation[where] = "strict"
            self.world.members[where, actor.user_id] = OWNER
        self.world.memories[str(name)] = (whose, where)

    async def read(self) -> None:
        """Search, list, compose, count, look at the graph and at conversations, and compare what comes back."""
        actor, (user, project) = self.actor(), self.place()
        view = self.memory.acting(actor)
        meant = actor.user_id if user is project is None else user
        named: Mapping[str, Any] = {"user_id": user, "project_id": project}
        project = self.meant(project)
        try:
            listed = await view.list(**named, limit=1000)
        except Denied:
            self.expect(self.world.is_refused(actor, meant, project, self.now), f"{actor} was refused {named}")
            return
        self.expect(not self.world.is_refused(actor, meant, project, self.now), f"{actor} was let to {named}")
        wanted = self.world.readable(actor, meant, project, self.now)
        self.same({item.id for item in listed.memories}, wanted, f"{actor} listed {named}")
        hits = await view.search(self.random.choice((*WORDS, "")), **named, limit=200)
        self.inside({hit.memory.id for hit in hits}, wanted, f"{actor} searched {named}")
        made = await view.context(self.random.choice(WORDS), **named, budget=400)
        self.inside(set(made.memories), wanted, f"{actor} composed {named}")
        figures = await view.stats(**named)
        self.expect(figures.memories == len(wanted), f"{actor} counted {figures.memories} of {len(wanted)} in {named}")
        talks = await view.conversations(**named)
        places = {self.world.memories[name] for name in wanted}
        self.inside({(talk.user_id, talk.project_id) for talk in talks}, places, f"{actor} saw talks of {named}")
        reach = await view.reading(**named)
        entities = await view.app.engine.stores.graph.list(reach, limit=1000)
        self.inside({(one.user_id, one.project_id) for one in entities}, places, f"{actor} saw entities of {named}")

    async def one(self) -> None:
        """Read one memory by its id, its history and what is around it."""
        if not self.world.memories:
            return
        actor, name = self.actor(), self.random.choice(list(self.world.memories))
        view, place = self.memory.acting(actor), self.world.memories[name]
        allowed = self.world.reads(actor, *place, self.now, named=True)
        for verb in (view.get, view.history, view.timeline):
            try:
                await verb(name)
            except NotFound:
                self.expect(not allowed, f"{actor} does not find {place}")
            else:
                self.expect(allowed, f"{actor} read {place} by {verb.__name__}")
        raw = await view.app.engine.stores.records.get([name])
        self.expect(bool(raw) is allowed, f"{actor} got {place} from the records")

    async def write_one(self) -> None:
        """Change or delete one memory by its id."""
        if not self.world.memories:
            return
        actor, name = self.actor(), self.random.choice(list(self.world.memories))
        view, place = self.memory.acting(actor), self.world.memories[name]
        reads = self.world.reads(actor, *place, self.now, named=True)
        writes = self.world.writes(actor, *place, self.now)
        deletes = self.random.random() < 0.4
        try:
            if deletes:
                await view.delete(name)
            else:
                await view.update(name, title=f"title {self.steps}")
        except NotFound:
            self.expect(not reads, f"{actor} does not find {place}")
        except Denied:
            self.expect(reads and not writes, f"{actor} may not change {place}")
        else:
            self.expect(reads and writes, f"{actor} changed {place}")
            if deletes:
                del self.world.memories[name]

    async def forget(self) -> None:
        """Forget all of a user in a project, as far as one may."""
        actor, (user, project) = self.actor(), self.place()
        if user is project is None:
            return
        at = self.meant(project)
        doomed = {
            name
            for name, (whose, where) in self.world.memories.items()
            if user in {None, whose} and at in {None, where} and self.world.writes(actor, whose, where, self.now)
        }
        try:
            await self.memory.acting(actor).forget(user_id=user, project_id=project)
        except Denied:
            self.expect(not doomed, f"{actor} was kept from forgetting {user} {project}")
            return
        left = {item.id for item in await self.memory.app.engine.stores.records.get(list(self.world.memories))}
        self.same(set(self.world.memories) - left, doomed, f"{actor} forgot {user} {project}")
        for name in doomed:
            del self.world.memories[name]

    async def export(self) -> None:
        """Export, and look into every line."""
        actor, (user, project) = self.actor(), self.place()
        view = self.memory.acting(actor)
        everything, at = user is project is None, self.meant(project)
        lines: list[tuple[str, Mapping[str, Any]]] = []
        try:
            reach = None if everything else await view.reading(user, project)
            await view.app.dump.pour(lambda sort, values: lines.append((sort, values)), reach=reach)
        except Denied:
            self.expect(self.world.is_refused(actor, user, at, self.now), f"{actor} was refused an export")
            return
        wanted = self.world.readable(actor, user, at, self.now)
        told = {values["id"] for sort, values in lines if sort == "memory"}
        self.same(told, wanted, f"{actor} exported {user} {project}")

    async def listen(self) -> None:
        """Read the change log as a listener gets it."""
        actor, (_, project) = self.actor(), self.place()
        view = self.memory.acting(actor)
        wanted = Wanted(project_id=project, sees=self.memory.app.access.sees(actor, project))
        known = self.world.readable(actor, None, project, self.now)
        changes = await self.memory.app.engine.stores.records.changes(0, limit=100_000)
        heard = {
            change.event.memory.id for change in changes if hasattr(change.event, "memory") and wanted.covers(change)
        }
        self.inside(heard & set(self.world.memories), known, f"{actor} heard of {project}")
        if self.world.is_in(actor, self.now):
            log = await view.app.engine.stores.records.changes(0, limit=100_000)
            told = {change.event.memory.id for change in log if hasattr(change.event, "memory")}
            open_ = self.world.readable(actor, None, None, self.now)
            self.inside(told & set(self.world.memories), open_, f"{actor} read the log")

    async def decide(self) -> None:
        """Compare bare decisions."""
        actor, user, project = self.actor(), self.random.choice(USERS), self.random.choice((*PROJECTS, "default"))
        access, scope = self.memory.app.access, Scope(user, project)
        self.expect(
            await access.may(actor, Action.READ, scope) == self.world.reads(actor, user, project, self.now, named=True),
            f"{actor} reads {user} in {project}",
        )
        if not self.world.is_free(project):
            writes = self.world.writes(actor, user, project, self.now)
            self.expect(await access.may(actor, Action.WRITE, scope) == writes, f"{actor} writes {user} in {project}")
        owners = self.memory.acting(actor).app.owners
        if self.world.is_in(actor, self.now):
            seen = {owner.name for owner in await owners.owners("project_id")}
            known = {self.world.memories[name][1] for name in self.world.readable(actor, None, None, self.now)}
            self.same(seen, known, f"{actor} counted projects")

    async def set_member(self) -> None:
        """Change a member's right, mostly as the system."""
        actor = self.actor() if self.random.random() < 0.3 else System()
        called, user = self.random.choice(PROJECTS), self.random.choice(USERS)
        right, project = self.random.choice(RIGHTS), self.meant(called) or called
        old = self.world.members.get((project, user), 0)
        given = Right[right]
        leaves = given is Right.NONE and isinstance(actor, Person) and actor.user_id == user
        own = self._right(actor, project)
        allowed = self.world.is_in(actor, self.now) and (
            (leaves and own >= 1) or (own >= ADMIN and max(given, old) <= (OWNER if own >= OWNER else ADMIN))
        )
        last = old == OWNER and given < OWNER and self._owners(project) == 1
        try:
            await self.memory.acting(actor).people.members.set_member(called, user, right)
        except (Denied, NotFound):
            self.expect(not allowed or project not in self.world.isolation, f"{actor} was kept from {project} {right}")
        except Conflict:
            self.expect(last, f"{user} was no last owner of {project}")
        else:
            self.expect(allowed and not last, f"{actor} gave {user} {right} in {project} (he has {own})")
            self.world.members[project, user] = int(given)

    async def give(self) -> None:
        """Grant a right for a while."""
        called, user = self.random.choice(PROJECTS), self.random.choice(USERS)
        right, project = self.random.choice(("READ", "WRITE", "ADMIN")), self.meant(called) or called
        until = self.now + timedelta(minutes=self.random.randint(1, 300))
        try:
            await self.memory.people.members.grant(called, user, right, until)
        except NotFound:
            self.expect(project not in self.world.isolation, f"there is {project}")
        else:
            self.world.grants.append((project, user, int(Right[right]), until))

    async def make(self) -> None:
        """Make a project."""
        project, owner = self.random.choice(PROJECTS), self.random.choice(USERS)
        isolation = self.random.choice(("strict", "relaxed", "shared"))
        try:
            await self.memory.people.projects.create(project, isolation=isolation, owner=owner)
        except Conflict:
            self.expect(project in self.world.isolation, f"there is no {project}")
        else:
            self.world.isolation[project] = isolation
            self.world.members[project, owner] = OWNER
            self.world.aliases.pop(project, None)

    async def change(self) -> None:
        """Change how far a project goes, or archive it."""
        actor = self.actor() if self.random.random() < 0.5 else System()
        called = self.random.choice(PROJECTS)
        project = self.meant(called) or called
        isolation = self.random.choice(("strict", "relaxed", "shared"))
        status = self.random.choice(("active", "archived"))
        try:
            await self.memory.acting(actor).people.projects.change(called, isolation=isolation, status=status)
        except (Denied, NotFound):
            same = isolation == self.world.isolation.get(project) and (status == "archived") == (
                project in self.world.archived
            )
            enough = self._right(actor, project) >= (ADMIN if same else OWNER)
            known = project in self.world.isolation and self.world.is_in(actor, self.now)
            self.expect(not (enough and known), f"{actor} was kept from setting {project}")
        else:
            self.expect(self._right(actor, project) >= ADMIN, f"{actor} set {project}")
            self.world.isolation[project] = isolation
            (self.world.archived.add if status == "archived" else self.world.archived.discard)(project)

    async def rename(self) -> None:
        """Give a project another id."""
        called, new = self.random.sample(PROJECTS, 2)
        old = self.meant(called) or called
        try:
            await self.memory.people.projects.rename(called, new)
        except RecollectError:
            return
        if old == new:
            return
        self._moved(old, new)
        self.world.isolation[new] = self.world.isolation.pop(old)
        held = [(key, right) for key, right in self.world.members.items() if key[0] == old]
        for key, right in held:
            del self.world.members[key]
            self.world.members[new, key[1]] = right
        self.world.grants = [(new if p == old else p, u, r, t) for p, u, r, t in self.world.grants]
        await self._services()

    async def merge(self) -> None:
        """Merge a project into another."""
        old, new = (self.meant(called) or called for called in self.random.sample(PROJECTS, 2))
        try:
            await self.memory.people.projects.merge(old, new)
        except RecollectError:
            return
        self._moved(old, new)
        await self._gone(old)

    async def erase(self) -> None:
        """Delete a project, seldom."""
        actor, project = self.actor(), self.random.choice(PROJECTS)
        if self.random.random() < 0.7:
            return
        there = project in self.world.isolation or not self.world.is_free(project)
        allowed = self.world.is_in(actor, self.now) and self._right(actor, project) >= OWNER
        try:
            await self.memory.acting(actor).people.projects.delete(project)
        except (Denied, NotFound):
            self.expect(not (there and allowed), f"{actor} was kept from deleting {project}")
            return
        self.expect(allowed, f"{actor} deleted {project}")
        self.world.memories = {name: at for name, at in self.world.memories.items() if at[1] != project}
        self.world.aliases = {name: at for name, at in self.world.aliases.items() if at != project}
        await self._gone(project)

    async def token(self) -> None:
        """Make a token for a user or a service."""
        until = self.now + timedelta(minutes=self.random.randint(1, 600)) if self.random.random() < 0.5 else None
        if self.random.random() < 0.4:
            made, _ = await self.memory.people.tokens.create("t", user_id=self.random.choice(USERS), expires_at=until)
        else:
            names = self.random.sample((*PROJECTS, "default", "*"), self.random.randint(1, 3))
            rights = {name: self.random.choice(("READ", "WRITE", "ADMIN")) for name in names}
            made, _ = await self.memory.people.tokens.create("s", rights=rights, expires_at=until)
        self._hold(made)

    async def revoke(self) -> None:
        """Revoke a token."""
        held = [actor for actor in self.held if actor.token_id in self.world.tokens and actor.token_id]
        if held:
            actor = self.random.choice(held)
            await self.memory.people.tokens.revoke(actor.token_id)
            self.world.tokens.discard(actor.token_id)

    async def wait(self) -> None:
        """Let time pass: grants and tokens end."""
        self.clock.forward(self.random.choice((30.0, 60.0, 600.0, 7200.0)))
        if len(self.held) > 30:
            self.held = [*self.held[:5], *self.held[-12:]]

    async def thin(self) -> None:
        """Let the oldest memories go, and keep the archived ones out of it."""
        doomed = [name for name, (_, at) in self.world.memories.items() if at not in self.world.archived][: MOST // 2]
        await self.memory.app.engine.remove(doomed)
        for name in doomed:
            del self.world.memories[name]

    def expect(self, held: bool, said: str) -> None:
        """Note what is not as the reference says."""
        self.compared += 1
        if not held:
            self.leaks.append(f"step {self.steps}: {said}")

    def same(self, found: set[Any], wanted: set[Any], said: str) -> None:
        """Note a difference."""
        self.expect(found == wanted, f"{said}: too much {found - wanted}, missing {wanted - found}")

    def inside(self, found: set[Any], wanted: set[Any], said: str) -> None:
        """Note what is too much."""
        self.expect(found <= wanted, f"{said}: too much {found - wanted}")

    def _hold(self, made: Token) -> None:
        self.world.tokens.add(made.id)
        self.held.append(made.actor)

    def _right(self, actor: Actor, project: str) -> int:
        return self.world.right(actor, project, self.now) if isinstance(actor, Person | Service) else OWNER

    def _owners(self, project: str) -> int:
        return sum(right == OWNER for (name, _), right in self.world.members.items() if name == project)

    def _moved(self, old: str, new: str) -> None:
        for name, (user, project) in self.world.memories.items():
            if project == old:
                self.world.memories[name] = (user, new)
        self.world.aliases = {name: new if at == old else at for name, at in self.world.aliases.items() if name != new}
        self.world.aliases[old] = new

    async def _gone(self, project: str) -> None:
        self.world.isolation.pop(project, None)
        self.world.archived.discard(project)
        self.world.members = {key: right for key, right in self.world.members.items() if key[0] != project}
        self.world.grants = [grant for grant in self.world.grants if grant[0] != project]
        await self._services()

    async def _services(self) -> None:
        """Take over what became of the tokens of services; clients that show them get the new rights."""
        held = {token.id: token for token in await self.memory.people.tokens.list()}
        self.world.tokens = set(held)
        self.held = [
            held[actor.token_id].actor if isinstance(actor, Service) and actor.token_id in held else actor
            for actor in self.held
        ]
