"""What retention would take is shown before it does, done on demand, and taken back; to nobody who may not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import expect
from tests.viewer.site import Site

POLICIES = [
    {"name": "old <b>tools</b>", "action": "delete", "project": "web", "keep_latest": 1},
    {"name": "quiet", "action": "delete", "project": "nowhere", "older_than": 30},
]


def test_a_policy_is_looked_at_run_and_taken_back(new_site: Callable[..., Site]) -> None:
    site = new_site(retention__policies=json.dumps(POLICIES))
    for number in range(4):
        site.add(f"Entry {number} of the web log", project_id="web")
    with site.looking("#/settings") as page:
        panel = page.get_by_role("region", name="Retention")
        expect(panel.get_by_text(re.compile("If all policies ran now: 3 memories"))).to_be_visible()
        policy = panel.locator("details.policy").filter(has_text="old <b>tools</b>")
        expect(policy.locator("summary")).to_contain_text("3 memories")
        expect(panel.locator("details.policy").filter(has_text="quiet")).to_contain_text("nothing to do")
        policy.locator("summary").click()
        expect(policy.get_by_text("Entry 0 of the web log")).to_be_visible()
        policy.get_by_role("button", name="Run it now").click()
        expect(page.get_by_text("Done: 3 memories.")).to_be_visible()
        expect(panel.get_by_text(re.compile("If all policies ran now: 0 memories"))).to_be_visible()
        assert _left(site) == 1
        panel.locator(".runs").get_by_role("button", name="Undo").click()
        expect(page.get_by_text("3 memories are back.")).to_be_visible()
        expect(panel.locator(".runs .state")).to_have_text("taken back")
    assert _left(site) == 4


def test_without_a_policy_it_says_that_everything_is_kept(site: Site) -> None:
    with site.looking("#/settings") as page:
        panel = page.get_by_role("region", name="Retention")
        expect(panel.get_by_text("No policy is set: everything is kept.")).to_be_visible()


def _left(site: Site) -> int:
    return int(site.ask("POST", "/api/memory/stats", {"project_id": "web"})["data"]["memories"])
