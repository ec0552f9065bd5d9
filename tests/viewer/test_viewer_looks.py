"""What each page looks like, in both themes and languages and on a phone: pictures to look at, and no fault of access.

The pictures go to `viewer/screenshots`. They are compared with nothing: people look at them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.conftest import Start
from tests.viewer.site import ROOT, Site

AXE: Final = ROOT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES: Final = ROOT / "viewer" / "screenshots"
SERIOUS: Final = {"serious", "critical"}

PAGES: Final = {
    "stream": ("#/stream", "main a[data-row]"),
    "filtered": ("#/stream?before=2000-01-01", "main .empty"),
    "search": ("#/search?q=why+did+we+choose+PostgreSQL", "main .hit mark"),
    "nothing": ("#/search?q=zzqqxx&since=7", "main .search-hits .empty"),
    "memory": ("", "main .memory-text"),
    "conversations": ("#/conversations", "main a[data-row]"),
    "conversation": ("#/conversations/lantern-01-kickoff", "main li.telling"),
    "numbers": ("#/numbers", "main .days svg"),
    "graph": ("#/graph?name=Tom%C3%A1s", "main .node"),
    "settings": ("#/settings", "main .checks li"),
    "across": ("#/search?q=backups&in=all&merge=project", "main .context-text"),
    "missing": ("#/memory/00000000-0000-7000-8000-000000000000", "main .empty"),
}
"""Where each page is, and what is on it once it is there."""

LONG: Final = ("settings", "numbers", "memory")
"""Pages that are taken as a whole, not only what is in sight."""
MOST: Final = 4000

CUT: Final = """[...document.querySelectorAll("button, select, input, textarea, a, h1, h2, meter")]
    .filter(one => !one.closest(".wide, .sr, .skip, dialog:not([open]), svg") && one.checkVisibility())
    .filter(one => { const box = one.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1; })
    .map(one => one.outerHTML.slice(0, 120))"""
"""What one could not reach on a page that does not scroll sideways."""

LOOKS: Final = {
    "light-en": {"theme": "light", "locale": "en-US"},
    "dark-en": {"theme": "dark", "locale": "en-US"},
    "light-zh": {"theme": "light", "locale": "zh-CN"},
    "dark-zh": {"theme": "dark", "locale": "zh-CN"},
    "phone-light-zh": {"theme": "light", "locale": "zh-CN", "phone": True},
    "phone-dark-en": {"theme": "dark", "locale": "en-US", "phone": True},
}


POLICIES: Final = [
    {"name": "old talk", "action": "delete", "project": "recollect-demo", "kinds": ["turn"], "keep_latest": 100},
    {"name": "quiet projects", "action": "archive", "project": "elsewhere", "older_than": 365},
]


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with the sample, a second project, policies, and an assistant that was told something."""
    start = Start(tmp_path_factory.mktemp("looks") / "home")
    server = start(retention__policies=json.dumps(POLICIES), project__enable_cross_project_search="true")
    found = Site(server, browser)
    found.ask("POST", "/api/viewer/demo")
    found.add("The shop keeps its backups for a month", project_id="shop", occurred_at="2026-03-05T09:00:00Z")
    talk = {"project_id": "recollect-demo", "conversation_id": "lantern-01-kickoff"}
    found.ask("POST", "/api/context", {"query": "Why PostgreSQL, and which version?", "budget": 300, **talk})
    found.ask("POST", "/api/context", {"query": "photo album", **talk})
    yield found
    start.close()


@pytest.fixture(scope="module")
def decision(site: Site) -> str:
    """Return the address of a memory with a history."""
    hits = site.ask("POST", "/api/memory/search", {"query": "PostgreSQL 16 decide", "limit": 1, "kinds": ["turn"]})
    memory = hits["data"]["memories"][0]
    text = f"{memory['content']} Agreed on 2 March."
    site.ask("PATCH", f"/api/memory/{memory['id']}", {"content": text, "tier": "global"})
    return f"#/memory/{memory['id']}"


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_without_fault(site: Site, decision: str, look: str) -> None:
    with site.looking(**LOOKS[look]) as page:  # type: ignore[arg-type] # the values are of the right types by name
        for name, (where, there) in PAGES.items():
            page.goto(f"{site.url}/{where or decision}")
            judged(page, there, f"{name}-{look}")


@pytest.mark.parametrize("look", LOOKS)
def test_the_first_pages_are_without_fault(new_site: Callable[..., Site], look: str) -> None:
    site = new_site()
    given: Any = LOOKS[look]
    with site.looking(**given) as page:
        judged(page, "main .ways", f"welcome-{look}")
        page.keyboard.press("?")
        judged(page, "dialog[open]", f"help-{look}")
    with site.looking(sign_in=False, **given) as page:
        judged(page, ".sign-in", f"sign-in-{look}")


def judged(page: Page, there: str, name: str) -> None:
    """Take a picture of a page once it is there, and look for faults: of access, and of what does not fit."""
    expect(page.locator(there).first).to_be_visible()
    expect(page.locator("main .loading")).to_have_count(0)
    for shut in page.locator("main .telling summary, main .policy summary").all()[:1]:
        shut.click()
    PICTURES.mkdir(exist_ok=True)
    size = page.viewport_size or {"width": 0, "height": 0}
    if name.startswith(LONG):
        tall = page.evaluate("document.querySelector('main').scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": min(MOST, max(size["height"], tall + 80))})
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    page.set_viewport_size(size)
    assert not page.evaluate(CUT), f"{name} has what is cut"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    assert not faults(page), name


def faults(page: Page) -> list[str]:
    """Return what axe finds that keeps somebody out."""
    if not AXE.is_file():
        pytest.skip("axe is not there: make viewer-check")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
            .map(one => ({id: one.id, impact: one.impact, at: one.nodes.slice(0, 3).map(node => node.html)}))"""
    )
    return [f"{one['id']}: {one['at']}" for one in found if one["impact"] in SERIOUS]
