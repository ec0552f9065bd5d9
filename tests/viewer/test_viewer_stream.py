"""The stream: memories as they are born, filtered, paused, and however many there are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Route, expect
from tests.server.conftest import until
from tests.viewer.site import Site, rows


def test_what_one_adds_another_sees_at_once(site: Site) -> None:
    with site.looking() as one, site.looking() as other:
        for page in (one, other):
            expect(rows(page).first).to_be_visible()
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
        site.add("Bo repaired the red bicycle", project_id="live")
        for page in (one, other):
            expect(rows(page).filter(has_text="Bo repaired the red bicycle")).to_be_visible()


def test_what_one_deletes_vanishes_for_another(site: Site) -> None:
    memory = site.add("A slip of the tongue", project_id="live")
    with site.looking() as page:
        row = page.get_by_role("link", name="A slip of the tongue")
        expect(row).to_be_visible()
        site.ask("DELETE", f"/api/memory/{memory}")
        expect(row).to_have_count(0)


def test_paused_it_holds_back_what_comes_and_shows_it_on_demand(site: Site) -> None:
    with site.looking() as page:
        expect(rows(page).first).to_be_visible()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        page.get_by_role("button", name="Pause").click()
        site.add("Said while nobody looked", project_id="live")
        held = page.get_by_role("button", name=re.compile("1 new"))
        expect(held).to_be_visible()
        expect(rows(page).first).not_to_contain_text("Said while nobody looked")
        held.click()
        expect(rows(page).first).to_contain_text("Said while nobody looked")


def test_it_is_filtered_by_kind_project_client_and_day(site: Site) -> None:
    site.add("Only in the attic", project_id="attic")
    with site.looking("#/stream") as page:
        expect(rows(page).first).to_be_visible()
        page.get_by_role("button", name="Fact").click()
        expect(page.locator("main .kind").first).to_have_text("Fact")
        expect(page.locator("main .kind").filter(has_text=re.compile("^(?!Fact)"))).to_have_count(0)
        page.get_by_role("button", name="Fact").click()
        page.get_by_label("Project").select_option("attic")
        expect(rows(page)).to_have_count(1)
        page.get_by_label("Project").select_option("")
        page.get_by_label("Client").select_option("messages")
        expect(rows(page).first).to_be_visible()
        expect(page.get_by_text("Only in the attic")).to_have_count(0)
        page.get_by_label("Client").select_option("")
        page.get_by_label("Up to").fill("2020-01-01")
        expect(page.get_by_text("No memory meets these filters.")).to_be_visible()
        page.get_by_role("button", name="Clear the filters").click()
        expect(rows(page).first).to_be_visible()


def test_another_users_memories_are_looked_at_by_choosing_him(site: Site) -> None:
    site.add("Zoe keeps bees", user_id="zoe")
    with site.looking("#/stream") as page:
        expect(rows(page).first).to_be_visible()
        page.get_by_label("Whose memories").select_option("uzoe")
        expect(rows(page)).to_have_count(1)
        expect(rows(page).first).to_contain_text("Zoe keeps bees")


def test_all_of_a_long_list_can_be_scrolled_to_and_few_rows_are_in_the_page(site: Site) -> None:
    for start in range(0, 3000, 1000):
        notes = [{"content": f"long list, entry {number}"} for number in range(start, start + 1000)]
        site.ask("POST", "/api/memory/batch-add", {"memories": notes, "user_id": "many"})
    with site.looking() as page:
        page.get_by_label("Whose memories").select_option("umany")
        expect(rows(page).first).to_contain_text("long list, entry 2999")
        box = page.get_by_label("Memories, the newest first")
        last = rows(page).filter(has_text=re.compile(r"entry 0(?!\d)"))

        def at_its_end() -> bool:
            box.evaluate("box => box.scrollTo(0, box.scrollHeight)")
            return last.count() == 1

        until(at_its_end, "the end of the list came into sight", 120)
        expect(last).to_be_visible()
        assert rows(page).count() < 60
        box.evaluate("box => box.scrollTo(0, 0)")
        expect(rows(page).first).to_contain_text("long list, entry 2999")


def test_a_list_longer_than_a_browser_can_lay_out_is_scrolled_to_its_end_and_back(site: Site) -> None:
    memory = site.ask("GET", f"/api/memory/{site.add('A row', user_id='endless')}")["data"]
    pages, size = 10, 3000

    def page_of(route: Route) -> None:
        first = int(json.loads(route.request.post_data or "{}").get("cursor") or 0)
        made = [{**memory, "id": f"{number}", "content": f"row {number}."} for number in range(first, first + size)]
        following = str(first + size) if first + size < pages * size else None
        route.fulfill(json={"data": {"memories": made, "next_cursor": following}})

    with site.looking("#/settings") as page:  # the stream reads its list as soon as it is looked at
        page.route("**/api/memory/list", page_of)
        page.get_by_label("Whose memories").select_option("uendless")
        page.get_by_role("link", name="Stream", exact=True).click()
        expect(rows(page).filter(has_text="row 0.")).to_be_visible()  # what was just added may stand above it
        box = page.get_by_label("Memories, the newest first")

        def at(top: str, text: str) -> bool:
            box.evaluate(f"box => box.scrollTo(0, {top})")
            return rows(page).filter(has_text=text).count() == 1

        until(lambda: at("box.scrollHeight", f"row {pages * size - 1}."), "the end came into sight", 60)
        assert box.evaluate("box => box.scrollHeight") <= 1_000_000 < pages * size * 72
        until(lambda: at("0", "row 0."), "the beginning came into sight", 60)
        assert rows(page).count() < 60


def test_it_goes_on_where_it_broke_off_when_the_server_comes_again(new_site: Callable[..., Site]) -> None:
    site = new_site()
    port = str(site.server.port)
    site.add("Before the restart")
    with site.looking() as page:
        expect(rows(page).first).to_contain_text("Before the restart")
        site.server.end(within=60)
        expect(page.get_by_text("Reconnecting")).to_be_visible()
        again = new_site("--port", port)
        again.add("After the restart")
        expect(rows(page).first).to_contain_text("After the restart")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(rows(page)).to_have_count(2)


def test_it_can_be_walked_by_keyboard(site: Site) -> None:
    site.add("The first row to walk over")
    site.add("The second row to walk over")
    with site.looking() as page:
        expect(rows(page).first).to_be_visible()
        page.keyboard.press("j")
        expect(rows(page).nth(0)).to_be_focused()
        page.keyboard.press("j")
        expect(rows(page).nth(1)).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Edit")).to_be_visible()
        for keys, heading in (("gn", "Numbers"), ("gc", "Conversations"), ("gm", "Stream")):
            page.keyboard.type(keys)
            expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_label("Search the memories")).to_be_focused()
