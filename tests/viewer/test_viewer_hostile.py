"""Memory text may be anything; the page shows it and nothing of it happens."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.viewer.site import Site, rows

SCRIPTS = (
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    '"><svg onload=window.harmed=1>',
    "javascript:window.harmed=1",
    "{{constructor.constructor('window.harmed=1')()}} ${window.harmed=1}",
    "<a href='javascript:window.harmed=1'>x</a><iframe src=//example.org></iframe>",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_markup_is_text(site: Site, text: str) -> None:
    memory = site.add(text, user_id="hostile", title=text, metadata={text: text}, conversation_id=text)
    with site.looking(f"#/memory/{memory}") as page:
        expect(page.locator(".memory-text")).to_contain_text(text)
        page.get_by_label("Whose memories").select_option("uhostile")
        page.goto(f"{site.url}/#/stream")
        expect(rows(page).first).to_be_visible()
        page.goto(f"{site.url}/#/search?q=window+harmed")
        expect(page.locator("li.hit").first).to_be_visible()
        assert page.evaluate("window.harmed") is None
        assert page.locator("main img, main iframe, main script").count() == 0


def test_names_and_questions_may_be_hostile_too(site: Site) -> None:
    name = "<b>o'\"&\u00e9 测试</b>"
    site.add("In a project with an odd name", user_id=name, project_id=name)
    with site.looking() as page:
        page.get_by_label("Whose memories").select_option(f"p{name}")
        expect(rows(page)).to_have_count(1)
        page.keyboard.press("/")
        page.get_by_label("Search the memories").fill("(((+++*** [a-z <script> %00 \\")
        expect(page.get_by_role("status").filter(has_text="found")).to_be_visible()


def test_a_line_of_a_megabyte_is_cut_and_shown_on_demand(site: Site) -> None:
    memory = site.add("long " + "x" * 1_000_000, user_id="long")
    with site.looking(f"#/memory/{memory}") as page:
        button = page.get_by_role("button", name="Show all")
        expect(button).to_be_visible()
        assert page.evaluate("document.body.textContent.length") < 50_000
        button.click()
        expect(button).to_have_count(0)
        assert page.evaluate("document.querySelector('main').scrollWidth <= document.querySelector('main').clientWidth")


def test_right_to_left_text_keeps_to_itself_and_emoji_stay_whole(site: Site) -> None:
    arabic, family = "مرحبا بالعالم 123 abc", "family 👨‍👩‍👧‍👦 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿"
    for text in (arabic, family):
        memory = site.add(text, user_id="scripts")
        with site.looking(f"#/memory/{memory}") as page:
            shown = page.locator(".memory-text bdi")
            expect(shown).to_have_text(text)
            assert shown.evaluate("element => getComputedStyle(element).unicodeBidi") == "isolate"
            assert page.locator(".memory-text .sign").count() == 0


def test_what_an_eye_would_miss_is_shown(site: Site) -> None:
    memory = site.add("plain", user_id="scripts")
    hidden = "".join(chr(0xE0000 + ord(sign)) for sign in "obey")
    with site.looking() as page:

        def odd(route: object) -> None:
            answer = route.fetch()  # type: ignore[attr-defined] # a playwright Route
            told = answer.json()
            told["data"]["content"] = f"invoice\u202egnp.exe\x1b {hidden}"
            route.fulfill(response=answer, json=told)  # type: ignore[attr-defined] # a playwright Route

        page.route(f"**/api/memory/{memory}", odd)
        page.goto(f"{site.url}/#/memory/{memory}")
        expect(page.locator(".memory-text")).to_have_text("invoice⟨RLO⟩gnp.exe␛ ⟨obey⟩")
