"""One question in several projects: who may ask, where it looks, how answers become one list, what is kept of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import Denied, InvalidInput, TooLarge
from recollect.models import Across, AuditFilter, Decision, Isolation, Member, Person, Project, Right, Status, User
from recollect.stores.resident import tenants
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder

ALLOWED = {"enable_cross_project_search": True, "max_projects_per_search": 6}


@asynccontextmanager
async def opened(home: Path, clock: FakeClock, **project: Any) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}, "project": {**ALLOWED, **project}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as memory:
        yield memory


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    async with opened(home, clock) as memory:
        yield memory


@pytest.fixture(params=[2, 99], ids=["in one pass", "shard by shard"])
def together(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "TOGETHER", request.param)


async def fill(memory: AsyncMemory, **projects: list[str]) -> None:
    """Keep notes, a day later each, in the order given."""
    day = 0
    for project, texts in projects.items():
        for text in texts:
            await memory.add(text, project_id=project, occurred_at=START + timedelta(days=day))
            day += 1
    await memory.drain()


def texts(found: Across) -> list[str]:
    return [hit.memory.text for hit in found.hits]


def places(found: Across) -> list[str]:
    return [hit.memory.scope.project_id for hit in found.hits]


async def noted(memory: AsyncMemory, action: str = "search_across") -> list[Any]:
    await memory.app.across.settled()
    found = await memory.app.audit.entries(AuditFilter(action=action), limit=100, newest=False)
    return [(entry.deed.actor, entry.deed.decision, entry.deed.projects) for entry in found]


async def test_it_is_off_unless_the_settings_allow_it_and_who_tried_is_noted(home: Path, clock: FakeClock) -> None:
    async with opened(home, clock, enable_cross_project_search=False) as memory:
        with pytest.raises(Denied, match="Cross-project search is not enabled") as told:
            await memory.search_across("zebra", project_ids=["a"])
        assert "PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true" in told.value.hint
        assert await noted(memory) == [("system", Decision.DENIED, ("a",))]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "project_ids"),
        ({"project_ids": "web"}, "project_ids"),
        ({"project_ids": 7}, "project_ids"),
        ({"project_ids": [""]}, "project_ids"),
        ({"project_ids": ["a\nb"]}, "project_ids"),
        ({"project_ids": ["x" * 257]}, "project_ids"),
        ({"project_ids": [None]}, "project_ids"),
        ({"project_ids": ["a"], "merge_strategy": "luck"}, "merge_strategy"),
        ({"project_ids": ["a"], "max_results_per_project": 0}, "max_results_per_project"),
        ({"project_ids": ["a"], "limit": True}, "limit"),
        ({"project_ids": ["a"], "user_id": "\x00"}, "user_id"),
        ({"project_ids": ["a"], "kinds": ["rumour"]}, "kinds"),
        ({"project_ids": ["a"], "filters": {"NOT": 3}}, ""),
        ({"project_ids": ["a"], "asked_at": "soon"}, "asked_at"),
    ],
)
async def test_what_cannot_be_asked_is_told_by_its_field(memory: AsyncMemory, wrong: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as told:
        await memory.search_across("zebra", **wrong)
    assert field in told.value.field
    assert await noted(memory) == []


async def test_what_is_too_much_is_told(memory: AsyncMemory) -> None:
    for wrong in ({"project_ids": [str(one) for one in range(1001)]}, {"project_ids": ["a"], "limit": 1001}):
        with pytest.raises(TooLarge):
            await memory.search_across("zebra", **wrong)
    with pytest.raises(TooLarge):
        await memory.search_across("z" * 100_001, project_ids=["a"])


@pytest.mark.usefixtures("together")
async def test_answers_of_all_projects_are_one_list_the_best_first(memory: AsyncMemory) -> None:
    await fill(memory, one=["zebra", "lions and bears"], two=["a zebra in the zoo", "tigers"], three=["elephants"])
    found = await memory.search_across("zebra", project_ids=["one", "two", "three"], limit=2)
    assert texts(found) == ["zebra", "a zebra in the zoo"]
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert {one.project_id: one.count for one in found.projects} == {"one": 1, "two": 1, "three": 0}
    assert not found.left
    assert await noted(memory) == [("system", Decision.ALLOWED, ("one", "two", "three"))]


@pytest.mark.usefixtures("together")
async def test_one_of_each_project_in_turn_in_the_order_they_are_named(memory: AsyncMemory) -> None:
    await fill(memory, a=[f"zebra a{n}" for n in range(4)], b=["zebra b0"], c=[f"zebra c{n}" for n in range(3)])
    asked = {"project_ids": ["c", "a", "b"], "merge_strategy": "project"}
    found = await memory.search_across("zebra", **asked)  # type: ignore[arg-type]
    assert places(found) == ["c", "a", "b", "c", "a", "c", "a", "a"]
    few = await memory.search_across("zebra", **asked, max_results_per_project=2, limit=4)  # type: ignore[arg-type]
    assert places(few) == ["c", "a", "b", "c"]
    assert [(one.project_id, one.count, one.total) for one in few.projects] == [("c", 2, 2), ("a", 1, 2), ("b", 1, 1)]
    assert few.total == 5


@pytest.mark.usefixtures("together")
async def test_by_time_the_latest_of_the_best_come_first(memory: AsyncMemory) -> None:
    await fill(memory, a=["zebra old", "zebra newer"], b=["zebra latest"])
    found = await memory.search_across("zebra", project_ids=["a", "b"], merge_strategy="time")
    assert texts(found) == ["zebra latest", "zebra newer", "zebra old"]


@pytest.mark.usefixtures("together")
async def test_no_project_gives_more_than_its_share(memory: AsyncMemory) -> None:
    await fill(memory, many=[f"zebra number {n}" for n in range(9)], few=["a zebra was here"])
    for merge in ("score", "time", "project"):
        found = await memory.search_across(
            "zebra", project_ids=["many", "few"], max_results_per_project=3, merge_strategy=merge
        )
        assert places(found).count("many") == 3
        assert places(found).count("few") == 1


async def test_all_projects_are_those_written_to_last_up_to_the_most_allowed(home: Path, clock: FakeClock) -> None:
    async with opened(home, clock, max_projects_per_search=2) as memory:
        await fill(memory, a=["zebra"], b=["zebra"], c=["zebra"])
        found = await memory.search_across("zebra", include_all_projects=True)
        assert [one.project_id for one in found.projects] == ["c", "b"]
        assert found.left == ("a",)
        named = await memory.search_across("zebra", project_ids=["a", "b", "c"])
        assert [one.project_id for one in named.projects] == ["a", "b"]
        assert named.left == ("c",)


async def test_of_one_user_only_his_are_found_and_unknown_projects_are_empty(memory: AsyncMemory) -> None:
    await memory.add("zebra of Bo", project_id="web", user_id="bo")
    await memory.add("zebra of Al", project_id="web", user_id="al")
    both = await memory.search_across("zebra", project_ids=["web", "nowhere"])
    assert sorted(texts(both)) == ["zebra of Al", "zebra of Bo"]
    assert [one.total for one in both.projects] == [2, 0]
    assert texts(await memory.search_across("zebra", project_ids=["web"], user_id="bo")) == ["zebra of Bo"]
    assert texts(await memory.search_across("zebra", include_all_projects=True, user_id="al")) == ["zebra of Al"]
    assert texts(await memory.search_across("zebra", include_all_projects=True)) == []


async def test_conditions_hold_in_every_project(memory: AsyncMemory) -> None:
    for project in ("a", "b"):
        await memory.add(f"zebra {project} x", project_id=project, metadata={"n": 1}, agent_id="codex")
        await memory.add(f"zebra {project} y", project_id=project, metadata={"n": 2}, kind="fact")
    asked: Any = {"project_ids": ["a", "b"]}
    assert len((await memory.search_across("zebra", **asked, filters={"n": 2})).hits) == 2
    assert len((await memory.search_across("zebra", **asked, kinds=["fact"])).hits) == 2
    assert len((await memory.search_across("zebra", **asked, agent_id="codex")).hits) == 2
    combined = await memory.search_across("zebra", **asked, agent_id="codex", filters={"n": 2})
    assert combined.hits == ()
    assert (await memory.search_across("zebra", **asked, explain=True)).hits[0].parts


async def test_an_empty_question_gives_the_latest_of_each(memory: AsyncMemory) -> None:
    await fill(memory, a=["one"], b=["two"])
    assert set(texts(await memory.search_across("", project_ids=["a", "b"]))) == {"one", "two"}


async def test_chinese_is_found_too(memory: AsyncMemory) -> None:
    await fill(memory, 前端=["微服务架构的决定"], 后端=["数据库选型"])
    found = await memory.search_across("微服务架构", project_ids=["前端", "后端"], limit=1)
    assert texts(found) == ["微服务架构的决定"]


@pytest.mark.usefixtures("together")
async def test_projects_that_do_not_fit_in_memory_are_asked_one_by_one(
    home: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home, clock) as memory:
        monkeypatch.setattr(memory.app.tenants, "_limit", 0)
        await fill(memory, a=["zebra", "bear"], b=["a zebra there"])
        seen: list[tuple[int, int]] = []

        async def told(done: int, of: int) -> None:
            seen.append((done, of))

        found = await memory.search_across("zebra", project_ids=["b", "a"], merge_strategy="project", told=told)
        assert places(found) == ["b", "a", "a"]
        assert seen == [(1, 2), (2, 2)]


class TestCached:
    """An answer is given again as long as it is true, and to nobody else."""

    async def again(self, memory: AsyncMemory, **asked: Any) -> tuple[bool, list[str]]:
        found = await memory.search_across("zebra", **{"project_ids": ["a", "b"], **asked})
        return found.cached, sorted(texts(found))

    async def test_the_same_question_is_answered_from_memory_and_noted_all_the_same(self, memory: AsyncMemory) -> None:
        await fill(memory, a=["zebra"], b=["zebra too"])
        assert await self.again(memory) == (False, ["zebra", "zebra too"])
        assert await self.again(memory) == (True, ["zebra", "zebra too"])
        assert len(await noted(memory)) == 2

    async def test_any_write_to_one_of_them_is_seen_at_once(self, memory: AsyncMemory) -> None:
        await fill(memory, a=["zebra"], b=["zebra too"], c=["zebra elsewhere"])
        await self.again(memory)
        item = await memory.add("zebra three", project_id="b")
        assert (await self.again(memory))[1] == ["zebra", "zebra three", "zebra too"]
        await memory.update(item.id, text="zebra four")
        assert (await self.again(memory))[1] == ["zebra", "zebra four", "zebra too"]
        await memory.delete(item.id)
        assert await self.again(memory) == (False, ["zebra", "zebra too"])

    async def test_a_write_elsewhere_changes_nothing(self, memory: AsyncMemory) -> None:
        await fill(memory, a=["zebra"], b=["zebra too"])
        await self.again(memory)
        await fill(memory, c=["zebra elsewhere"])
        assert (await self.again(memory))[0]

    async def test_another_process_writes_and_it_is_seen(self, memory: AsyncMemory, home: Path) -> None:
        await fill(memory, a=["zebra"])
        await self.again(memory)
        async with AsyncMemory(home, embed=FakeEmbedder()) as other:
            await other.add("zebra of another process", project_id="b")
        assert (await self.again(memory))[1] == ["zebra", "zebra of another process"]

    async def test_what_expires_is_gone_though_nobody_writes(self, memory: AsyncMemory, clock: FakeClock) -> None:
        await memory.add("zebra", project_id="a", expires_at=START + timedelta(seconds=5))
        assert (await self.again(memory))[1] == ["zebra"]
        clock.forward(6)
        assert await self.again(memory) == (False, [])

    @pytest.mark.parametrize("other", [{"limit": 1}, {"merge_strategy": "time"}, {"kinds": ["fact"]}, {"user_id": "x"}])
    async def test_another_question_is_another_one(self, memory: AsyncMemory, other: Any) -> None:
        await fill(memory, a=["zebra"])
        await self.again(memory)
        assert not (await self.again(memory, **other))[0]

    async def test_what_was_deleted_is_forgotten_here_too(self, memory: AsyncMemory) -> None:
        await fill(memory, a=["zebra"], b=["zebra too"])
        await self.again(memory)
        assert len(memory.app.across.answers)
        await memory.forget(project_id="a")
        await memory.drain()
        assert not len(memory.app.across.answers)


class TestActors:
    """A person finds what he may read, whatever he names."""

    @pytest.fixture
    async def al(self, memory: AsyncMemory) -> AsyncMemory:
        """Al may read `open` (relaxed) and `own` (strict), and nothing of `secret`; `shared` is everybody's."""
        app = memory.app
        for who in ("al", "bo"):
            await app.people.add_user(User(who, who, START))
        for name, isolation in (("open", "relaxed"), ("own", "strict"), ("secret", "relaxed"), ("shared", "shared")):
            made = Project(name, f"The {name} one", START, isolation=Isolation(isolation))
            await app.projects.add(made, "bo")
            await memory.add(f"zebra of {name}", project_id=name, user_id="bo")
        for name in ("open", "own"):
            await app.people.set_member(Member(name, "al", Right.READ, START))
        await app.access.changed()
        await memory.drain()
        return memory.acting(Person("al"))

    async def test_without_naming_any_he_asks_all_that_go_beyond_themselves(self, al: AsyncMemory) -> None:
        found = await al.search_across("zebra", include_all_projects=True)
        assert sorted(texts(found)) == ["zebra of open", "zebra of shared"]
        assert {one.name for one in found.projects} == {"The open one", "The shared one"}

    async def test_naming_it_he_asks_a_strict_one_too_but_never_what_he_may_not_read(self, al: AsyncMemory) -> None:
        found = await al.search_across("zebra", project_ids=["own", "secret", "open"])
        assert sorted(texts(found)) == ["zebra of open", "zebra of own"]
        assert found.denied == ("secret",)
        assert [one.project_id for one in found.projects] == ["own", "open"]
        with pytest.raises(Denied):
            await al.search_across("zebra", project_ids=["secret"])

    async def test_an_answer_of_the_owner_is_not_given_to_him(self, memory: AsyncMemory, al: AsyncMemory) -> None:
        asked: Any = {"project_ids": ["secret", "open"]}
        assert len((await memory.search_across("zebra", **asked)).hits) == 2
        found = await al.search_across("zebra", **asked)
        assert (found.cached, texts(found)) == (False, ["zebra of open"])

    async def test_a_right_that_ends_ends_for_what_is_cached_too(self, memory: AsyncMemory, al: AsyncMemory) -> None:
        asked: Any = {"project_ids": ["own", "open"]}
        assert len((await al.search_across("zebra", **asked)).hits) == 2
        assert (await al.search_across("zebra", **asked)).cached
        await memory.app.people.set_member(Member("own", "al", Right.NONE, START))
        await memory.app.access.changed()
        found = await al.search_across("zebra", **asked)
        assert (found.cached, texts(found), found.denied) == (False, ["zebra of open"], ("own",))

    async def test_an_archived_project_is_asked_only_by_its_name(self, memory: AsyncMemory, al: AsyncMemory) -> None:
        archived = Project("open", "Open", START, isolation=Isolation.RELAXED, status=Status.ARCHIVED)
        await memory.app.projects.change(archived)
        await memory.app.access.changed()
        assert texts(await al.search_across("zebra", include_all_projects=True)) == ["zebra of shared"]
        assert texts(await al.search_across("zebra", project_ids=["open"])) == ["zebra of open"]

    async def test_what_he_searched_for_is_his_own(self, memory: AsyncMemory, al: AsyncMemory) -> None:
        await al.search_across("zebra of mine", project_ids=["open"])
        await memory.search_across("zebra of the owner", project_ids=["open"])
        assert [one.query for one in await al.search_history()] == ["zebra of mine"]
        assert [one.query for one in await memory.search_history(user_id="al")] == ["zebra of mine"]
        with pytest.raises(Denied):
            await al.search_history(user_id="bo")
        with pytest.raises(Denied):
            await al.forget_searches(user_id="default")

    async def test_every_question_is_in_the_log_with_who_asked_and_without_what(
        self, memory: AsyncMemory, al: AsyncMemory
    ) -> None:
        await al.search_across("a very particular question", project_ids=["own", "open"])
        assert await noted(memory) == [("al", Decision.ALLOWED, ("own", "open"))]
        written = repr(await memory.audit())
        assert "particular" not in written
        assert "zebra" not in written

    async def test_the_log_is_for_who_manages_a_project_and_names_no_other(
        self, memory: AsyncMemory, al: AsyncMemory
    ) -> None:
        await al.search_across("zebra", project_ids=["own", "open"])
        bo = memory.acting(Person("bo"))
        (entry,) = await bo.audit(project_id="own", action="search_across")
        assert entry.deed.projects == ("own",)
        for asked in ({}, {"project_id": "elsewhere"}):
            with pytest.raises(Denied):
                await bo.audit(**asked)  # type: ignore[arg-type]
        with pytest.raises(Denied):
            await al.audit(project_id="own")
        with pytest.raises(Denied):
            await bo.verify_audit()
        assert (await memory.verify_audit()).whole


class TestHistory:
    """What was searched for is kept for its user, as long as he wants."""

    async def test_it_is_listed_latest_first_and_deleted(self, memory: AsyncMemory) -> None:
        await fill(memory, a=["zebra"])
        for query in ("zebra", "狮子", "bear"):
            await memory.search_across(query, project_ids=["a", "b"], merge_strategy="time")
        past = await memory.search_history()
        assert [one.query for one in past] == ["bear", "狮子", "zebra"]
        assert (past[2].projects, past[2].merge, past[2].found, past[2].user_id) == (("a", "b"), "time", 1, "default")
        assert [one.query for one in await memory.search_history(limit=1, beyond=past[0].id)] == ["狮子"]
        assert await memory.forget_searches(ids=[past[1].id, 10**6]) == 1
        assert await memory.forget_searches() == 2
        assert await memory.search_history() == []

    async def test_it_holds_the_latest_only(self, home: Path, clock: FakeClock) -> None:
        async with opened(home, clock, keep_search_history=2) as memory:
            for number in range(4):
                await memory.search_across(f"zebra {number}", project_ids=["a"])
                await memory.app.across.settled()
            assert [one.query for one in await memory.search_history()] == ["zebra 3", "zebra 2"]

    async def test_it_can_be_switched_off(self, home: Path, clock: FakeClock) -> None:
        async with opened(home, clock, keep_search_history=0) as memory:
            await memory.search_across("zebra", project_ids=["a"])
            assert await memory.search_history() == []

    async def test_who_is_forgotten_has_no_history(self, memory: AsyncMemory, home: Path) -> None:
        await memory.search_across("a very particular question", project_ids=["a"], user_id="al")
        await memory.search_across("zebra", project_ids=["a"], user_id="bo")
        await memory.app.across.settled()
        await memory.forget(user_id="al", project_id="a")
        assert len(await memory.search_history(user_id="al")) == 1
        await memory.forget(user_id="al")
        assert await memory.search_history(user_id="al") == []
        assert len(await memory.search_history(user_id="bo")) == 1
        await memory.drain()
        assert not any(b"particular" in path.read_bytes() for path in home.glob("recollect.db*"))
