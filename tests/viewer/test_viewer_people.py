"""Projects, members, tokens, the audit log, backups: for who looks after the store, and for who may only read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from tests.server.conftest import until
from tests.viewer.site import Site, rows

PROOF = {"X-Recollect": "viewer"}


def test_a_project_is_made_renamed_archived_merged_and_deleted(site: Site) -> None:
    site.ask("POST", "/api/projects", {"id": "barn"})
    site.add("The barn door is red", project_id="barn")
    with site.looking("#/settings") as page:
        projects = page.get_by_role("region", name="Projects and people")
        projects.get_by_label("Id of the project").last.fill("orchard")
        projects.get_by_label("Name").last.fill("The orchard")
        projects.get_by_role("button", name="Make a project").click()
        expect(projects.get_by_text("The orchard")).to_be_visible()

        card = projects.locator("details.project").filter(has_text="barn")
        card.locator("summary").first.click()
        card.get_by_text("Rename", exact=True).first.click()
        card.get_by_label("Id of the project").fill("stable")
        card.get_by_role("button", name="Rename").click()
        expect(page.get_by_text("1 memories are now in stable.")).to_be_visible()

        card = projects.locator("details.project").filter(has_text="stable")
        if card.get_attribute("open") is None:
            card.locator("summary").first.click()
        card.get_by_role("button", name="Archive").click()
        expect(card.locator(".state")).to_have_text("archived")
        card.get_by_role("button", name="Take out of the archive").click()
        expect(card.locator(".state")).to_have_count(0)
        card.get_by_text("Merge", exact=True).first.click()
        card.get_by_label("into").select_option("orchard")
        card.get_by_role("button", name="Merge").click()
        expect(page.get_by_text("1 memories are now in orchard.")).to_be_visible()

        card = projects.locator("details.project").filter(has_text="The orchard")
        card.locator("summary").first.click()
        card.get_by_text("Delete the project").first.click()
        button = card.get_by_role("button", name="Delete the project")
        expect(button).to_be_disabled()
        card.get_by_label("Write orchard to go on").fill("Orchard")
        expect(button).to_be_disabled()
        card.get_by_label("Write orchard to go on").fill("orchard")
        button.click()
        expect(page.get_by_text("The project is gone: 1 memories.")).to_be_visible()
    with site.server.client() as client:
        assert client.post("/api/memory/stats", json={"project_id": "orchard"}).json()["data"]["memories"] == 0


def test_what_another_says_of_a_project_meanwhile_stays(site: Site) -> None:
    site.ask("POST", "/api/projects", {"id": "pond", "name": "The pond", "description": "old"})
    with site.looking("#/settings") as page:
        card = page.locator("details.project").filter(has_text="The pond")
        card.locator("summary").first.click()
        card.get_by_label("About").fill("old")
        site.ask("PATCH", "/api/projects/pond", {"description": "theirs"})
        for name in ("The lake", "The pond", "The lake"):
            card = page.locator("details.project").filter(has_text="pond")
            card.get_by_label("Name").first.fill(name)
            card.get_by_role("button", name="Save").click()
            expect(card.locator("summary strong")).to_have_text(name)  # read again, with what they wrote
    kept = site.ask("GET", "/api/projects/pond")
    assert (kept["name"], kept["description"]) == ("The lake", "theirs")


def test_members_and_grants_come_and_go(site: Site) -> None:
    site.ask("POST", "/api/projects", {"id": "garden", "name": "The garden"})
    with site.looking("#/settings") as page:
        page.get_by_label("New user").fill("bo")
        page.get_by_role("button", name="Add a user").click()
        expect(page.get_by_role("button", name="Remove bo")).to_be_visible()
        page.get_by_text("The garden").click()
        members = page.locator(".members")
        members.get_by_label("User").fill("bo")
        members.get_by_label("Right").select_option("WRITE")
        members.get_by_role("button", name="Give the right").click()
        expect(members.get_by_text("bo", exact=True)).to_be_visible()
        members.get_by_role("button", name="Remove bo").click()
        expect(members.get_by_text("bo", exact=True)).to_have_count(0)
        members.get_by_label("User").fill("bo")
        members.get_by_label("Until").fill(page.evaluate("new Date(Date.now() + 6e8).toISOString().slice(0, 10)"))
        members.get_by_role("button", name="Give the right").click()
        expect(members.get_by_text(re.compile("reads · Until"))).to_be_visible()


def test_tokens_of_users_and_services_are_shown_once_and_revoked(site: Site) -> None:
    site.ask("POST", "/api/users", {"id": "cy"})
    site.ask("POST", "/api/projects", {"id": "docs"})
    with site.looking("#/settings") as page:
        tokens = page.get_by_role("region", name="Tokens").first
        tokens.get_by_label("Name").fill("laptop")
        tokens.get_by_label("User", exact=True).fill("cy")
        tokens.get_by_role("button", name="Make a token").click()
        as_cy = {"Authorization": f"Bearer {tokens.locator('.command code').inner_text()}"}
        tokens.get_by_role("button", name="I have copied it").click()
        expect(tokens.locator(".command")).to_have_count(0)
        with site.server.client() as client:
            assert client.get("/api/projects", headers=as_cy).status_code == 200
        tokens.get_by_role("button", name="Revoke laptop").click()
        with site.server.client() as client:
            until(lambda: client.get("/api/projects", headers=as_cy).status_code == 401, "the token opens nothing")

        tokens.get_by_label("Name").fill("ci")
        tokens.get_by_label("For").select_option("service")
        tokens.get_by_label("Project").select_option("docs")
        tokens.get_by_label("Right").select_option("READ")
        tokens.get_by_role("button", name="Make a token").click()
        expect(tokens.get_by_role("row", name=re.compile("ci a service: docs reads"))).to_be_visible()
        as_ci = {"Authorization": f"Bearer {tokens.locator('.command code').inner_text()}"}
        with site.server.client() as client:
            found = client.get("/api/projects", headers=as_ci).json()["projects"]
            assert [(one["id"], one["right"]) for one in found] == [("docs", "READ")]


def test_the_audit_log_is_narrowed_paged_and_proven(site: Site) -> None:
    for number in range(60):
        site.ask("POST", "/api/projects", {"id": f"many-{number}"})
    with site.looking("#/settings") as page:
        audit = page.get_by_role("region", name="Audit").first
        expect(audit.locator("tbody tr")).to_have_count(50)
        audit.get_by_role("button", name="Load more").click()
        expect(audit.locator("tbody tr").nth(55)).to_be_visible()
        audit.get_by_label("Project").fill("many-7")
        expect(audit.locator("tbody tr")).to_have_count(1)
        audit.get_by_label("Decided").select_option("denied")
        expect(audit.get_by_text("No entry meets these filters.")).to_be_visible()
        audit.get_by_role("button", name="Verify the chain").click()
        expect(audit.get_by_text(re.compile("The chain is whole: [0-9]+ entries"))).to_be_visible()


def test_the_last_backups_are_told(new_site: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("backups") / "kept"
    site = new_site(backup__to=place, backup__every=24)
    site.add("Kept twice")
    with site.looking("#/settings") as page:
        backups = page.get_by_role("region", name="Backups")
        expect(backups.get_by_text("every 24 hours")).to_be_visible()
        until(lambda: _backups(site), "a backup was made", 60)
        page.reload()
        expect(backups.locator("li time").first).to_be_visible()


def _backups(site: Site) -> int:
    return len(site.ask("GET", "/api/viewer/backups")["backups"])


@pytest.fixture(scope="module")
def reader(site: Site) -> str:
    """Return the token of a user who may read one project, with memories of somebody else."""
    site.ask("POST", "/api/users", {"id": "ro"})
    site.ask("POST", "/api/projects", {"id": "library", "name": "The library"})
    site.add("The library opens at nine", project_id="library", user_id="ann")
    site.ask("POST", "/api/projects/library/members", {"user_id": "ro", "right": "READ"})
    return str(site.ask("POST", "/api/tokens", {"name": "ro's", "user_id": "ro"})["token"])


def test_who_may_only_read_is_offered_nothing_else(site: Site, reader: str) -> None:
    with site.looking(sign_in=False) as page:
        page.get_by_label("Token").fill(reader)
        page.get_by_role("button", name="Sign in").click()
        expect(rows(page).first).to_contain_text("The library opens at nine")
        rows(page).first.click()
        expect(page.get_by_text("You may read this project, not change it.")).to_be_visible()
        for name in ("Edit", "Delete", "Pin", "Retire"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        page.goto(f"{site.url}/#/numbers")
        expect(page.get_by_role("heading", name="By kind")).to_be_visible()
        for name in ("Jobs", "Models", "On the disk", "Latency"):
            expect(page.get_by_role("heading", name=name)).to_have_count(0)
        page.goto(f"{site.url}/#/settings")
        page.get_by_text("The library").click()
        expect(page.locator(".members").get_by_text("ro", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Give the right")).to_have_count(0)
        expect(page.get_by_text("Delete the project")).to_have_count(0)
        for name in ("Doctor", "Users", "Audit", "Effective settings", "Backups", "Sample"):
            expect(page.get_by_role("heading", name=name, exact=True)).to_have_count(0)
        expect(page.get_by_role("heading", name="Tokens")).to_be_visible()


def test_what_is_not_offered_is_refused_all_the_same(site: Site, reader: str) -> None:
    memory = site.ask("POST", "/api/memory/list", {"project_id": "library"})["data"]["memories"][0]["id"]
    with httpx.Client(base_url=site.url, headers=PROOF) as browser:
        assert browser.post("/api/session", json={"token": reader}).is_success
        told = browser.get("/api/session").json()
        assert (told["user_id"], told["may"]) == ("ro", {"watch": False, "operate": False})
        refused: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
            ("PATCH", f"/api/memory/{memory}", {"content": "closed"}),
            ("DELETE", f"/api/memory/{memory}", None),
            ("PATCH", "/api/projects/library", {"name": "Mine"}),
            ("DELETE", "/api/projects/library", None),
            ("POST", "/api/projects/library/archive", {}),
            ("POST", "/api/projects/library/members", {"user_id": "ro", "right": "OWNER"}),
            ("POST", "/api/users", {"id": "friend"}),
            ("POST", "/api/tokens", {"name": "x", "rights": {"library": "WRITE"}}),
            ("GET", "/api/viewer/settings", None),
            ("GET", "/api/viewer/doctor", None),
            ("GET", "/api/viewer/upkeep", None),
            ("GET", "/api/viewer/backups", None),
            ("POST", "/api/viewer/demo", None),
            ("GET", "/api/jobs", None),
        )
        for method, path, body in refused:
            assert browser.request(method, path, json=body).status_code == 403, path
    assert site.ask("GET", f"/api/memory/{memory}")["data"]["content"] == "The library opens at nine"
