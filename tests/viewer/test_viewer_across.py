"""One question to several projects: off until it is allowed, and then with a choice of how answers are put together."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect
from tests.viewer.site import Site


def fill(site: Site) -> None:
    for project, text in (
        ("web", "The web shop caches prices"),
        ("api", "The API reads prices"),
        ("后端", "价格 prices"),
    ):
        site.ask("POST", "/api/projects", {"id": project, "isolation_mode": "relaxed"})
        site.add(text, project_id=project)


def test_while_it_is_off_it_says_how_to_allow_it(site: Site) -> None:
    with site.looking("#/search?q=prices") as page:
        page.get_by_label("Look in").select_option("all")
        expect(page.get_by_text("Cross-project search is not enabled")).to_be_visible()
        expect(page.get_by_text("PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true recollect serve")).to_be_visible()
        expect(page.locator("li.hit")).to_have_count(0)
        expect(page.get_by_role("complementary", name="What an assistant is given")).to_have_count(0)
        page.get_by_label("Look in").select_option("here")
        expect(page.get_by_role("complementary", name="What an assistant is given")).to_be_visible()


def test_several_projects_answer_together(new_site: Callable[..., Site]) -> None:
    site = new_site(project__enable_cross_project_search="true")
    fill(site)
    with site.looking("#/search?q=prices") as page:
        page.get_by_label("Look in").select_option("all")
        expect(page.locator("li.hit")).to_have_count(3)
        expect(page.locator("li.hit mark").first).to_be_visible()
        expect(page.get_by_text(re.compile("web 1 of"))).to_be_visible()
        page.get_by_label("Put together").select_option("project")
        expect(page).to_have_url(re.compile("merge=project"))
        page.get_by_label("Look in").select_option("some")
        page.get_by_role("button", name="后端").click()
        expect(page.locator("li.hit")).to_have_count(1)
        page.get_by_role("button", name="api").click()
        expect(page.locator("li.hit")).to_have_count(2)
        expect(page.get_by_role("button", name=re.compile("^Note 2"))).to_be_visible()
        panel = page.get_by_role("complementary", name="What an assistant is given")
        expect(panel.locator(".context-text")).to_contain_text("价格")
        expect(panel.locator(".context-text")).not_to_contain_text("web shop")
        expect(panel.locator(".tag").filter(has_text="api 1")).to_be_visible()
        page.get_by_label("Look in").select_option("all")
        expect(panel.locator(".context-text")).to_contain_text("web shop")
        page.locator("li.hit a").first.click()
        expect(page.get_by_role("button", name="Edit")).to_be_visible()
