"""What every People must do, and every Projects together with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from recollect.errors import Conflict, NotFound
from recollect.models import Grant, Isolation, Member, Project, Right, Status, Token, User
from recollect.ports import People, Projects, Tokens
from recollect.testing.clock import START


@dataclass(frozen=True, slots=True)
class Kept:
    """The ports that keep projects and people of one store."""

    people: People
    projects: Projects
    tokens: Tokens


def project(name: str = "web", **more: object) -> Project:
    """Return a project."""
    made = Project(name, f"The {name} 项目", START, settings={"colour": "blue"})
    return replace(made, **more)  # type: ignore[arg-type]


def member(user: str, right: Right, name: str = "web") -> Member:
    """Return a member."""
    return Member(name, user, right, START)


def grant(number: int, user: str = "bo", name: str = "web") -> Grant:
    """Return a grant that ends after so many minutes."""
    return Grant(f"g{number}", name, user, Right.READ, START, START + timedelta(minutes=number), "alice")


class PeopleContract:
    """Projects and people are kept whole, and nothing is left without an owner that had one."""

    async def filled(self, kept: Kept) -> None:
        """Add two users and a project that one of them owns."""
        for name in ("alice", "bo"):
            assert await kept.people.add_user(User(name, name.title(), START))
        assert await kept.projects.add(project(), "alice")

    async def test_what_is_kept_comes_back_as_it_was(self, kept: Kept) -> None:
        await self.filled(kept)
        await kept.people.set_member(member("bo", Right.WRITE))
        await kept.people.add_grant(grant(5))
        found = await kept.people.directory(Isolation.RELAXED)
        assert found.projects == {"web": project()}
        assert found.members["web"] == {"alice": member("alice", Right.OWNER), "bo": member("bo", Right.WRITE)}
        assert found.grants["web"] == (grant(5),)
        assert found.users == {"alice": User("alice", "Alice", START), "bo": User("bo", "Bo", START)}
        assert found.usual is Isolation.RELAXED

    async def test_every_change_makes_another_edition(self, kept: Kept) -> None:
        seen = {await kept.people.edition()}
        await self.filled(kept)
        seen.add(await kept.people.edition())
        await kept.people.set_member(member("bo", Right.READ))
        seen.add(await kept.people.edition())
        await kept.people.add_grant(grant(1))
        seen.add(await kept.people.edition())
        await kept.tokens.add(Token("t1", "t1", "d1", START))
        seen.add(await kept.people.edition())
        await kept.projects.change(project(status=Status.ARCHIVED))
        seen.add(await kept.people.edition())
        await kept.people.expire(START + timedelta(hours=1))
        seen.add(await kept.people.edition())
        assert len(seen) == 7
        assert (await kept.people.directory(Isolation.STRICT)).edition in seen

    async def test_ids_are_taken_once(self, kept: Kept) -> None:
        await self.filled(kept)
        assert not await kept.people.add_user(User("alice", "Other", START))
        assert not await kept.projects.add(project(), "bo")
        assert (await kept.people.directory(Isolation.STRICT)).users["alice"].name == "Alice"

    async def test_the_last_owner_can_neither_leave_nor_be_removed(self, kept: Kept) -> None:
        await self.filled(kept)
        for right in (Right.NONE, Right.ADMIN):
            with pytest.raises(Conflict):
                await kept.people.set_member(member("alice", right))
        with pytest.raises(Conflict):
            await kept.people.remove_user("alice")
        await kept.people.set_member(member("bo", Right.OWNER))
        await kept.people.set_member(member("alice", Right.NONE))
        assert set((await kept.people.directory(Isolation.STRICT)).members["web"]) == {"bo"}

    async def test_a_user_goes_with_all_that_lets_him_in(self, kept: Kept) -> None:
        await self.filled(kept)
        await kept.people.set_member(member("bo", Right.ADMIN))
        await kept.people.add_grant(grant(9))
        await kept.tokens.add(Token("t1", "own", "d1", START, user_id="bo"))
        assert await kept.people.remove_user("bo")
        assert not await kept.people.remove_user("bo")
        found = await kept.people.directory(Isolation.STRICT)
        assert (set(found.members["web"]), found.grants, set(found.users)) == ({"alice"}, {}, {"alice"})
        assert found.tokens == frozenset()

    async def test_nobody_unknown_is_let_in_anywhere(self, kept: Kept) -> None:
        await self.filled(kept)
        for held in (member("nobody", Right.READ), member("bo", Right.READ, "nowhere")):
            with pytest.raises(NotFound):
                await kept.people.set_member(held)
        for given in (grant(1, "nobody"), grant(1, "bo", "nowhere")):
            with pytest.raises(NotFound):
                await kept.people.add_grant(given)

    async def test_grants_end(self, kept: Kept) -> None:
        await self.filled(kept)
        for number in (1, 2, 3):
            await kept.people.add_grant(grant(number))
        assert await kept.people.expire(START + timedelta(minutes=1)) == 1
        assert await kept.people.remove_grant("web", "g2")
        assert not await kept.people.remove_grant("web", "g2")
        assert not await kept.people.remove_grant("other", "g3")
        assert (await kept.people.directory(Isolation.STRICT)).grants == {"web": (grant(3),)}

    async def test_tokens_keep_what_they_may_and_when_they_were_used(self, kept: Kept) -> None:
        rights = (("docs", Right.WRITE), ("web", Right.READ))
        held = Token("t1", "ci", "d1", START, rights=rights, expires_at=START + timedelta(days=1))
        assert await kept.tokens.add(held)
        await kept.tokens.used("t1", START + timedelta(minutes=3))
        await kept.tokens.used("nobody", START)
        assert await kept.tokens.list() == [replace(held, used_at=START + timedelta(minutes=3))]

    async def test_a_renamed_project_takes_everything_along(self, kept: Kept) -> None:
        await self.filled(kept)
        await kept.people.add_grant(grant(3))
        await kept.tokens.add(Token("t1", "ci", "d1", START, rights=(("web", Right.READ),)))
        assert await kept.projects.rename("web", "shop") == 0
        found = await kept.people.directory(Isolation.STRICT)
        assert (set(found.projects), set(found.members), set(found.grants)) == ({"shop"}, {"shop"}, {"shop"})
        assert (await kept.tokens.list())[0].rights == (("shop", Right.READ),)
        await kept.projects.add(project("web"))
        with pytest.raises(Conflict):
            await kept.projects.rename("shop", "web")
        with pytest.raises(NotFound):
            await kept.projects.rename("nowhere", "else")

    async def test_a_project_that_goes_leaves_nobody_in(self, kept: Kept) -> None:
        await self.filled(kept)
        await kept.people.add_grant(grant(3))
        await kept.tokens.add(Token("t1", "one", "d1", START, rights=(("web", Right.READ),)))
        await kept.tokens.add(Token("t2", "two", "d2", START, rights=(("docs", Right.READ), ("web", Right.READ))))
        assert await kept.projects.erase("web") == 0
        found = await kept.people.directory(Isolation.STRICT)
        assert (found.projects, found.members, found.grants) == ({}, {}, {})
        assert [(held.id, held.rights) for held in await kept.tokens.list()] == [("t2", (("docs", Right.READ),))]
        with pytest.raises(NotFound):
            await kept.projects.erase("web")

    async def test_the_ids_a_project_had_are_kept_until_they_are_forgotten(self, kept: Kept) -> None:
        await self.filled(kept)
        await kept.projects.rename("web", "shop")
        await kept.projects.rename("shop", "store")
        assert (await kept.people.directory(Isolation.STRICT)).aliases == {"web": "store", "shop": "store"}
        assert await kept.projects.claim(project("web"), "bo") is False
        await kept.projects.add(project("other"))
        with pytest.raises(Conflict):
            await kept.projects.rename("other", "web")
        await kept.projects.rename("store", "web")
        assert (await kept.people.directory(Isolation.STRICT)).aliases == {"shop": "web", "store": "web"}
        assert await kept.projects.forget_alias("other", "shop") is False
        assert await kept.projects.forget_alias("web", "shop") is True
        assert await kept.projects.forget_alias("web", "shop") is False
        await kept.projects.merge("other", "web")
        assert (await kept.people.directory(Isolation.STRICT)).aliases == {"other": "web", "store": "web"}
        await kept.projects.add(project("store"))
        assert (await kept.people.directory(Isolation.STRICT)).aliases == {"other": "web"}
        await kept.projects.erase("web")
        assert (await kept.people.directory(Isolation.STRICT)).aliases == {}
