"""Projects, people and searches across projects: the same verbs without `await`, and over HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.api.served import served

from recollect import Client, Memory, sync
from recollect.beyond import Beyond
from recollect.client import people
from recollect.errors import Conflict, Denied, InvalidInput, NotFound
from recollect.models import Right
from recollect.people.members import MemberVerbs
from recollect.people.projects import ProjectVerbs
from recollect.people.tokens import TokenVerbs
from recollect.testing.embedder import FakeEmbedder

ALLOWED = {"project": {"enable_cross_project_search": True}}
LOCAL = {"readable_projects", "context_across", "audit", "verify_audit"}
"""What only the library has."""


@pytest.fixture
def memory(home: Path) -> Iterator[Memory]:
    with Memory(home, embed=FakeEmbedder(), settings=ALLOWED, worker=False) as opened:
        yield opened


@pytest.fixture
def client(home: Path) -> Iterator[Client]:
    with served(home, **ALLOWED) as url, Client(url) as made:
        yield made


def _verbs(kind: type) -> dict[str, Any]:
    return {name: verb for name, verb in vars(kind).items() if inspect.isfunction(verb) and not name.startswith("_")}


@pytest.mark.parametrize(
    ("verbs", "facades"),
    [
        (ProjectVerbs, (sync.Projects, people.Projects)),
        (MemberVerbs, (sync.Members, people.Members)),
        (TokenVerbs, (sync.Tokens, people.Tokens)),
    ],
)
def test_no_verb_about_people_is_left_out(verbs: type, facades: tuple[type, ...]) -> None:
    for facade in facades:
        assert set(_verbs(facade)) == set(_verbs(verbs))
        for name, verb in _verbs(verbs).items():
            own, theirs = (inspect.signature(found).parameters for found in (getattr(facade, name), verb))
            assert [(one.name, one.default) for one in own.values()] == [
                (one.name, one.default) for one in theirs.values()
            ], name


def test_no_verb_beyond_a_project_is_left_out() -> None:
    verbs = _verbs(Beyond)
    assert all(hasattr(Memory, name) for name in verbs)
    for name in set(verbs) - LOCAL:
        own, theirs = (inspect.signature(found).parameters for found in (getattr(Client, name), verbs[name]))
        assert [*own] == [one for one in theirs if one != "told"], name


def test_projects_and_people_over_http_are_those_of_the_library(client: Client, memory: Memory) -> None:
    members, projects = client.people.members, client.people.projects
    assert members.add_user("alice").name == "alice"
    assert members.add_user("张伟", name="Wei").name == "Wei"
    made = projects.create("web", name="The web shop", isolation="relaxed", owner="alice", settings={"n": [1]})
    assert made == memory.people.projects.get("web") == projects.get("web")
    assert projects.change("web", description="描述").project.description == "描述"
    assert members.set_member("web", "张伟", "READ").right is Right.READ
    until = datetime.now(UTC) + timedelta(hours=1)
    grant = members.grant("web", "张伟", "ADMIN", until)
    assert (grant.until, grant.granted_by, members.grants("web")) == (until, "system", [grant])
    assert [(member.user_id, member.right.name) for member in members.members("web")] == [
        ("alice", "OWNER"),
        ("张伟", "READ"),
    ]
    members.revoke_grant("web", grant.id)
    assert members.grants("web") == []
    with pytest.raises(Conflict):
        members.set_member("web", "alice", "NONE")
    with pytest.raises(InvalidInput):
        members.set_member("web", "alice", "KING")
    assert projects.archive("web").project.status == "archived"
    assert projects.restore("web").project.status == "active"
    assert [seen.project.id for seen in projects.list(status="active")] == ["web"]
    assert projects.list(status="archived") == []
    members.remove_user("张伟")
    assert [user.id for user in members.users()] == ["alice"]


@pytest.mark.parametrize("facade", ["client", "memory"])
def test_projects_move_and_go(facade: str, request: pytest.FixtureRequest) -> None:
    asked: Client | Memory = request.getfixturevalue(facade)
    asked.add("zebra", project_id="old 项目")
    asked.people.projects.create("old 项目")
    assert asked.people.projects.rename("old 项目", "new") == 1
    assert asked.people.projects.aliases("new") == ["old 项目"]
    asked.people.projects.forget_alias("new", "old 项目")
    assert asked.people.projects.aliases("new") == []
    asked.people.projects.create("other")
    assert asked.people.projects.merge("new", "other") == 1
    assert asked.people.projects.delete("other") == 1
    with pytest.raises(NotFound):
        asked.people.projects.get("other")


def test_tokens_are_made_and_revoked_over_http_and_without_await(client: Client, memory: Memory) -> None:
    tokens = client.people.tokens
    made, secret = tokens.create("ci", rights={"web": "READ", "docs": "WRITE"}, expires_at="2199-01-01")
    assert secret.startswith("rec_")
    assert made.rights == (("docs", Right.WRITE), ("web", Right.READ))
    own = {token.id: token for token in memory.people.tokens.list()}[made.id]
    assert (own.rights, own.expires_at, own.created_at) == (made.rights, made.expires_at, made.created_at)
    assert tokens.revoke(made.id).id == made.id
    with pytest.raises(NotFound):
        tokens.revoke(made.id)
    with pytest.raises(InvalidInput, match="expires_at"):
        memory.people.tokens.create("late", rights={"web": "READ"}, expires_at="2001-01-01")


def test_several_projects_are_searched_over_http_as_in_the_library(client: Client, memory: Memory) -> None:
    for project in ("web", "api"):
        client.add(f"zebra.py of {project}", project_id=project)
    client.drain()
    own = memory.search_across("zebra.py", project_ids=["web", "api"], merge_strategy="project")
    found = client.search_across("zebra.py", project_ids=("web", "api"), merge_strategy="project")
    assert [hit.memory for hit in found.hits] == [hit.memory for hit in own.hits]
    assert found.projects == own.projects
    assert [past.query for past in client.search_history()] == ["zebra.py", "zebra.py"]
    latest, first = memory.search_history()
    assert [past.at for past in client.search_history()] == [latest.at, first.at]
    assert [past.id for past in client.search_history(limit=1, beyond=latest.id)] == [first.id]
    assert client.forget_searches(ids=[]) == 0
    assert client.forget_searches(ids=[client.search_history()[0].id]) == 1
    assert client.forget_searches() == 1
    assert client.search_history() == []
    with pytest.raises(InvalidInput):
        client.search_across("zebra.py", project_ids=[])


def test_what_projects_share_is_told_over_http_as_in_the_library(client: Client, memory: Memory) -> None:
    for project in ("web", "api"):
        client.people.projects.create(project, isolation="relaxed")
        client.add(f"zebra.py of {project}", project_id=project)
    client.drain()
    (own,), (found,) = memory.related_projects("web"), client.related_projects("web")
    assert (found.project_id, found.ties, found.pairs) == (own.project_id, own.ties, own.pairs)
    assert [hit.memory.text for hit in client.recommend("web").hits] == ["zebra.py of api"]
    assert client.graph_across() == memory.graph_across()
    assert client.graph_across(project_ids=["web"], shared=False) == memory.graph_across(
        project_ids=["web"], shared=False
    )


def test_where_it_is_off_the_client_is_told_so(home: Path) -> None:
    with served(home) as url, Client(url) as made, pytest.raises(Denied, match="Cross-project search is not enabled"):
        made.search_across("zebra", include_all_projects=True)
