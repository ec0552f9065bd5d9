"""Who may write, who may only read, and who is in no project: what each is offered, and what the server refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.viewer.site import Site, rows

PROOF = {"X-Recollect": "viewer"}
STORE_ONLY = ("Doctor", "Users", "Audit", "Effective settings", "Backups", "Retention", "Sample")
OVER_ALL: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "/api/viewer/settings", None),
    ("GET", "/api/viewer/doctor", None),
    ("GET", "/api/viewer/upkeep", None),
    ("GET", "/api/viewer/backups", None),
    ("GET", "/api/jobs", None),
    ("GET", "/api/audit", None),
    ("GET", "/api/retention/preview", None),
    ("GET", "/api/retention/runs", None),
    ("POST", "/api/retention/run", {"policy": None}),
    ("POST", "/api/viewer/demo", None),
    ("POST", "/api/users", {"id": "friend"}),
    ("POST", "/api/jobs/retry", {}),
)


@pytest.fixture(scope="module")
def tokens(site: Site) -> dict[str, str]:
    """Return tokens of a writer, a reader, and one who is in no project, beside ann, whose project it is."""
    site.ask("POST", "/api/users", {"id": "ann"})
    site.ask("POST", "/api/projects", {"id": "shed", "name": "The shed", "owner": "ann"})
    made = {}
    for name, right in (("wil", "WRITE"), ("ria", "READ"), ("nil", None)):
        site.ask("POST", "/api/users", {"id": name})
        if right:
            site.ask("POST", "/api/projects/shed/members", {"user_id": name, "right": right})
        made[name] = str(site.ask("POST", "/api/tokens", {"name": name, "user_id": name})["token"])
    return made


@pytest.fixture(scope="module")
def hers(site: Site, tokens: dict[str, str]) -> str:
    """Return a memory of ann's, of which an assistant was told in a conversation of hers."""
    assert tokens
    whose = {"project_id": "shed", "user_id": "ann"}
    turn = {"role": "user", "content": "The shed key hangs behind the rake"}
    (memory,) = site.ask("POST", "/api/capture", {"turns": [turn], "conversation_id": "rakes", **whose})["ids"]
    site.ask("POST", "/api/context", {"query": "shed key rake", "conversation_id": "rakes", **whose})
    return str(memory)


@contextmanager
def as_user(site: Site, token: str, where: str = "") -> Iterator[Page]:
    """Open a browser signed in as somebody."""
    with site.looking(sign_in=False) as page:
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Token")).to_have_count(0)
        if where:
            page.goto(f"{site.url}/{where}")
        yield page


@pytest.fixture
def refused(site: Site) -> Callable[..., None]:
    """Return what proves that the server refuses something to the holder of a token."""

    def proven(token: str, *asked: tuple[str, str, dict[str, Any] | None], status: tuple[int, ...] = (403,)) -> None:
        with httpx.Client(base_url=site.url, headers=PROOF) as browser:
            assert browser.post("/api/session", json={"token": token}).is_success
            for method, path, body in asked:
                answer = browser.request(method, path, json=body)
                assert answer.status_code in status, f"{method} {path}: {answer.status_code}"

    return proven


def test_a_writer_changes_his_own_and_nobody_elses(
    site: Site, tokens: dict[str, str], hers: str, refused: Callable[..., None]
) -> None:
    own = site.add("Wil's note on the shed roof", project_id="shed", user_id="wil")
    with as_user(site, tokens["wil"], f"#/memory/{own}") as page:
        page.get_by_role("button", name="Edit").click()
        page.get_by_label("Text").fill("Wil's note on the new shed roof")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".memory-text")).to_have_text("Wil's note on the new shed roof")
        page.goto(f"{site.url}/#/memory/{hers}")
        expect(page.locator(".memory-text")).to_contain_text("behind the rake")
        for name in ("Edit", "Delete", "Pin", "Retire"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        page.goto(f"{site.url}/#/settings")
        page.get_by_text("The shed").click()
        expect(page.locator(".members").get_by_text("ann", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Give the right")).to_have_count(0)
        expect(page.get_by_text("Delete the project")).to_have_count(0)
        for name in STORE_ONLY:
            expect(page.get_by_role("heading", name=name, exact=True)).to_have_count(0)
    memory = f"/api/memory/{hers}"
    refused(tokens["wil"], ("PATCH", memory, {"content": "mine"}), ("DELETE", memory, None))
    refused(tokens["wil"], ("DELETE", "/api/projects/shed", None), ("POST", "/api/projects/shed/archive", {}))
    refused(tokens["wil"], ("POST", "/api/projects/shed/members", {"user_id": "wil", "right": "OWNER"}), *OVER_ALL)
    assert site.ask("GET", memory)["data"]["content"] == "The shed key hangs behind the rake"


def test_a_reader_sees_what_was_told_and_changes_nothing(
    site: Site, tokens: dict[str, str], hers: str, refused: Callable[..., None]
) -> None:
    with as_user(site, tokens["ria"], "#/conversations/rakes?user=ann&project=shed") as page:
        expect(page.locator("li.turn")).to_contain_text("behind the rake")
        telling = page.locator("li.telling")
        telling.locator("summary").click()
        expect(telling.locator(".sources a").first).to_be_visible()
        page.goto(f"{site.url}/#/memory/{hers}")
        expect(page.get_by_text("You may read this project, not change it.")).to_be_visible()
        expect(page.get_by_role("region", name="Told to assistants")).to_contain_text("rakes")
        expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
        page.goto(f"{site.url}/#/settings")
        expect(page.get_by_role("heading", name="Projects and people")).to_be_visible()
        for name in STORE_ONLY:
            expect(page.get_by_role("heading", name=name, exact=True)).to_have_count(0)
    note = {"content": "mine", "project_id": "shed"}
    turns = {"turns": [{"role": "user", "content": "x"}], "project_id": "shed"}
    refused(tokens["ria"], ("POST", "/api/memory/add", note), ("POST", "/api/capture", turns), *OVER_ALL)
    refused(
        tokens["ria"], ("DELETE", f"/api/memory/{hers}", None), ("PATCH", f"/api/memory/{hers}", {"tier": "global"})
    )


def test_one_in_no_project_has_his_own_place_and_nothing_of_others(
    site: Site, tokens: dict[str, str], hers: str, refused: Callable[..., None]
) -> None:
    with as_user(site, tokens["nil"]) as page:
        expect(page.get_by_text("Nothing is remembered yet")).to_be_visible()
        expect(page.get_by_role("button", name="Load the sample")).to_have_count(0)
        page.goto(f"{site.url}/#/memory/{hers}")
        expect(page.get_by_text("This memory is not there (any more).")).to_be_visible()
        page.goto(f"{site.url}/#/search?q=shed+key")
        expect(page.get_by_text("Nothing is remembered yet")).to_be_visible()
        expect(page.locator("li.hit")).to_have_count(0)
        page.goto(f"{site.url}/#/settings")
        expect(page.get_by_role("heading", name="Projects and people")).to_be_visible()
        expect(page.get_by_text("The shed")).to_have_count(0)
    gone = (403, 404)
    refused(tokens["nil"], *OVER_ALL)
    refused(
        tokens["nil"],
        ("GET", f"/api/memory/{hers}", None),
        ("GET", f"/api/memory/{hers}/usage", None),
        ("GET", f"/api/memory/{hers}/origin", None),
        ("GET", "/api/conversations/rakes?project_id=shed", None),
        ("GET", "/api/conversations/rakes/tellings?project_id=shed", None),
        ("DELETE", "/api/projects/shed", None),
        status=gone,
    )
    own = site.add("Nil keeps bees", user_id="nil")
    with as_user(site, tokens["nil"]) as page:
        expect(rows(page).first).to_contain_text("Nil keeps bees")
        page.goto(f"{site.url}/#/memory/{own}")
        expect(page.get_by_role("button", name="Edit")).to_be_visible()
