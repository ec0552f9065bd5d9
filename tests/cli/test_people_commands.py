"""`recollect project`, `user` and `token`: what they do, and what they say of what cannot be done."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Run

from recollect.cli.exits import DENIED, FAILED, NOT_FOUND, OK, USAGE


@pytest.fixture
def people(recollect: Run) -> Run:
    """Two users, and a project that one of them owns."""
    for name in ("alice", "bob"):
        assert recollect("user", "add", name).code == OK
    assert recollect("project", "create", "web", "--name", "The web shop", "--owner", "alice").code == OK
    return recollect


def test_users_are_added_listed_and_removed(recollect: Run) -> None:
    assert "no user" in recollect("user", "list").out
    assert recollect("user", "add", "alice").out == "added alice\n"
    assert recollect("user", "add", "张伟", "--name", "Wei", "--json").json["name"] == "Wei"
    assert recollect("user", "add", "alice").code == OK
    assert [user["id"] for user in recollect("user", "list", "--json").json["users"]] == ["alice", "张伟"]
    assert "张伟" in recollect("user", "list").out
    assert recollect("user", "remove", "张伟", "--json").json == {"id": "张伟"}
    gone = recollect("user", "remove", "张伟")
    assert (gone.code, "no user '张伟'" in gone.err) == (NOT_FOUND, True)


def test_what_cannot_be_a_user_is_told(recollect: Run) -> None:
    for name in ("", " ", "system", "default", "*", "x" * 300):
        refused = recollect("user", "add", name)
        assert refused.code in {USAGE, FAILED}
        assert "error:" in refused.err
    assert recollect("user", "list", "--json").json == {"users": []}


def test_projects_are_made_set_and_listed(people: Run) -> None:
    assert people("add", "zebra", "-p", "implicit").code == OK
    made = people("project", "create", "shop", "--business", "crypto", "--isolation", "shared", "--json").json
    assert (made["business_type"], made["isolation_mode"], made["status"]) == ("crypto", "shared", "active")
    assert people("project", "set", "shop", "--description", "说明", "--json").json["description"] == "说明"
    assert people("project", "archive", "shop").out == "archived shop\n"
    assert people("add", "zebra", "-p", "shop").code == DENIED
    assert [one["id"] for one in people("project", "list", "--status", "archived", "--json").json["projects"]] == [
        "shop"
    ]
    assert people("project", "set", "shop", "--status", "active").code == OK
    listed = people("project", "list").out
    assert all(name in listed for name in ("web", "shop", "implicit", "The web shop"))


def test_projects_move_and_go(people: Run) -> None:
    people("add", "zebra", "-p", "web")
    assert people("project", "rename", "web", "store").out == "web is store: 1 memories moved\n"
    people("project", "create", "all")
    assert people("project", "merge", "store", "all", "--json").json == {"project_id": "all", "memories": 1}
    assert people("project", "delete", "all", "--json", "--yes").json == {"project_id": "all", "deleted": 1}
    people("project", "create", "kept")
    assert people("project", "delete", "kept").code != OK  # nobody said yes
    assert [one["id"] for one in people("project", "list", "--json").json["projects"]] == ["kept"]


def test_what_a_project_was_called_is_listed_and_forgotten(people: Run) -> None:
    assert "always called so" in people("project", "aliases", "web").out
    people("project", "rename", "web", "store")
    assert people("project", "aliases", "web").out == "web\n"
    assert people("add", "zebra", "-p", "web", "--json").json["project_id"] == "store"
    assert people("project", "aliases", "store", "--forget", "web").code == OK
    assert people("project", "aliases", "store", "--json").json == {"project_id": "store", "aliases": []}
    assert people("project", "aliases", "store", "--forget", "web").code == NOT_FOUND


def test_rights_are_given_for_good_or_for_a_while_and_taken_back(people: Run) -> None:
    assert people("project", "share", "web", "bob", "write").out == "bob has WRITE in web\n"
    grant = people("project", "share", "web", "bob", "ADMIN", "--hours", "8", "--json").json
    held = people("project", "members", "web", "--json").json
    assert {member["user_id"]: member["right"] for member in held["members"]} == {"alice": "OWNER", "bob": "WRITE"}
    assert [one["id"] for one in held["grants"]] == [grant["id"]]
    assert "ADMIN" in people("project", "members", "web").out
    assert people("project", "revoke", "web", grant["id"]).code == OK
    assert people("project", "revoke", "web", grant["id"]).code == NOT_FOUND
    assert people("project", "share", "web", "bob", "NONE").code == OK
    held = people("project", "members", "web", "--json").json
    assert [member["user_id"] for member in held["members"]] == ["alice"]


def test_the_last_owner_stays(people: Run) -> None:
    for right in ("NONE", "ADMIN"):
        refused = people("project", "share", "web", "alice", right)
        assert (refused.code, "owner" in refused.err) == (FAILED, True)
    refused = people("user", "remove", "alice")
    assert (refused.code, "owner" in refused.err) == (FAILED, True)
    assert people("project", "share", "web", "bob", "OWNER").code == OK
    assert people("project", "share", "web", "alice", "NONE").code == OK


REFUSED = [
    (("share", "web", "bob", "KING"), USAGE, "KING"),
    (("share", "web", "nobody", "READ"), NOT_FOUND, "nobody"),
    (("share", "nowhere", "bob", "READ"), NOT_FOUND, "nowhere"),
    (("share", "web", "bob", "READ", "--hours", "-1"), USAGE, "--hours"),
    (("share", "web", "bob", "READ", "--hours", "100000"), USAGE, "--hours"),
    (("share", "web", "bob", "OWNER", "--hours", "1"), USAGE, "OWNER"),
    (("set", "nowhere", "--name", "x"), NOT_FOUND, "nowhere"),
    (("set", "web", "--isolation", "open"), USAGE, "open"),
    (("set", "web", "--status", "lost"), USAGE, "lost"),
    (("create", "web"), FAILED, "taken"),
    (("create", "default"), USAGE, "default"),
    (("create", "new", "--owner", "nobody"), NOT_FOUND, "nobody"),
    (("create", "new", "--name", "x" * 300), USAGE, "300"),
    (("archive", "nowhere"), NOT_FOUND, "nowhere"),
    (("rename", "nowhere", "x"), NOT_FOUND, "nowhere"),
    (("rename", "web", "*"), USAGE, "'*'"),
    (("merge", "web", "nowhere"), NOT_FOUND, "nowhere"),
    (("merge", "web", "web"), USAGE, "itself"),
    (("delete", "nowhere", "--yes"), NOT_FOUND, "nowhere"),
    (("members", "nowhere"), NOT_FOUND, "nowhere"),
    (("related", "web"), DENIED, "not enabled"),
    (("recommend", "web"), DENIED, "not enabled"),
    (("graph",), DENIED, "not enabled"),
]


def test_what_cannot_be_done_is_told(people: Run) -> None:
    for asked, code, said in REFUSED:
        refused = people("project", *asked)
        assert (refused.code, said in refused.err, refused.out) == (code, True, ""), refused
        assert "error:" in refused.err


def test_tokens_are_made_listed_and_revoked(people: Run) -> None:
    secret = people("token", "create", "laptop", "--user", "alice", "--days", "90").out.strip()
    assert secret.startswith("rec_")
    made = people("token", "create", "ci", "--right", "web=READ", "--right", "a=b=write", "--json").json
    assert made["rights"] == {"web": "READ", "a=b": "WRITE"}
    listed = people("token", "list")
    assert all(said in listed.out for said in ("laptop", "what alice may", "web=READ"))
    assert secret not in listed.out
    assert made["token"] not in people("token", "list", "--json").out
    assert people("token", "revoke", made["id"]).out == "revoked ci\n"
    assert people("token", "revoke", made["id"]).code == NOT_FOUND
    assert [one["name"] for one in people("token", "list", "--json").json["tokens"]] == ["laptop"]


NO_TOKEN: list[tuple[tuple[str, ...], int, str]] = [
    ((), USAGE, "user"),
    (("--user", "alice", "--right", "web=READ"), USAGE, "user"),
    (("--user", "nobody"), NOT_FOUND, "nobody"),
    (("--right", "web"), USAGE, "PROJECT=RIGHT"),
    (("--right", "=READ"), USAGE, "PROJECT=RIGHT"),
    (("--right", "web=KING"), USAGE, "KING"),
    (("--right", "web=NONE"), USAGE, "NONE"),
    (("--user", "alice", "--days", "-1"), USAGE, "--days"),
    (("--user", "alice", "--days", "0"), USAGE, "--days"),
    (("--user", "alice", "--days", "soon"), USAGE, "--days"),
]


def test_what_cannot_be_a_token_is_told(people: Run) -> None:
    for asked, code, said in NO_TOKEN:
        refused = people("token", "create", "laptop", *asked)
        assert (refused.code, said in refused.err, refused.out) == (code, True, ""), refused
    assert people("token", "list", "--json").json == {"tokens": []}


@pytest.fixture
def several(recollect: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Two relaxed projects that know one thing both."""
    monkeypatch.setenv("PROJECT__ENABLE_CROSS_PROJECT_SEARCH", "true")
    for project in ("bank", "books"):
        assert recollect("project", "create", project, "--isolation", "relaxed").code == OK
        assert recollect("add", f"ledger.py rounds the amounts of {project}", "-p", project).code == OK
    return recollect


def test_what_projects_have_in_common_is_shown(several: Run) -> None:
    (related,) = several("project", "related", "bank", "--json").json["related"]
    assert (related["project_id"], related["shared_entities"][0]["name"]) == ("books", "ledger.py")
    shown = several("project", "related", "bank").out
    assert "books" in shown
    assert "ledger.py" in shown
    (result,) = several("project", "recommend", "bank", "--query", "ledger.py", "--json").json["results"]
    assert result["project_id"] == "books"
    assert "amounts of books" in several("project", "recommend", "bank").out
    graph = several("project", "graph", "bank", "books", "--json").json
    assert graph["entities"][0]["projects"] == {"bank": 1, "books": 1}
    assert "bank 1, books 1" in several("project", "graph").out


def test_where_projects_have_nothing_in_common_it_says_so(several: Run) -> None:
    several("project", "create", "empty")
    assert "no project is like it" in several("project", "related", "empty").err
    assert "nothing in common" in several("project", "graph", "empty").err
    assert several("project", "graph", "--limit", "0").code == USAGE
    assert several("project", "related", "bank", "--limit", "51").code == USAGE
