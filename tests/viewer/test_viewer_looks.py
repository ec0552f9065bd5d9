"""What each page looks like, in both themes and languages and on a phone: pictures to look at, and no fault of access.

The pictures go to `viewer/screenshots`. They are compared with nothing: people look at them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect
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
    "failing": ("#/conversations?failing", "main .failure"),
}
"""Where each page is, and what is on it once it is there."""

READING: Final = {
    "reader-memory": ("", "main .memory-text"),
    "reader-settings": ("#/settings", "main .project"),
    "reader-off": ("#/search?q=shed&in=all", "main .notice"),
}
"""The same of pages of one who may only read, where several projects are not searched at once."""

LONG: Final = ("settings", "numbers", "memory", "reader")
"""Pages that are taken as a whole, not only what is in sight."""
MOST: Final = 4000

CUT: Final = """[...document.querySelectorAll("button, select, input, textarea, a, h1, h2, meter, header p")]
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
SEEN: Final = [name if name == "light-en" else pytest.param(name, marks=pytest.mark.slow) for name in LOOKS]
"""One look is taken with every change, all of them before a release."""

POLICIES: Final = [
    {"name": "old talk", "action": "delete", "project": "recollect-demo", "kinds": ["turn"], "keep_latest": 100},
    {"name": "quiet projects", "action": "archive", "project": "elsewhere", "older_than": 365},
]

pytestmark = pytest.mark.timeout(1200)


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


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that remembers nothing."""
    start = Start(tmp_path_factory.mktemp("looks") / "home")
    yield Site(start(), browser)
    start.close()


@pytest.fixture(scope="module")
def shed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a project of ann's, in which ria may read."""
    start = Start(tmp_path_factory.mktemp("looks") / "home")
    found = Site(start(), browser)
    for name in ("ann", "ria"):
        found.ask("POST", "/api/users", {"id": name})
    found.ask("POST", "/api/projects", {"id": "shed", "name": "The shed", "owner": "ann"})
    found.ask("POST", "/api/projects/shed/members", {"user_id": "ria", "right": "READ"})
    yield found
    start.close()


@pytest.fixture(scope="module")
def reader(shed: Site) -> tuple[str, str]:
    """Return the token of one who may only read, and the address of a memory he may not change."""
    whose = {"project_id": "shed", "user_id": "ann"}
    turns = [
        {"role": "user", "content": text, "occurred_at": f"2026-03-02T09:0{minute}:00Z"}
        for minute, text in enumerate(("Where did I put the key of the shed?", "The shed key hangs behind the rake"))
    ]
    ids = shed.ask("POST", "/api/capture", {"turns": turns, "conversation_id": "rakes", **whose})["ids"]
    shed.ask("POST", "/api/context", {"query": "shed key rake", "conversation_id": "rakes", **whose})
    token = shed.ask("POST", "/api/tokens", {"name": "ria's browser", "user_id": "ria"})["token"]
    return str(token), f"#/memory/{ids[1]}"


@pytest.mark.parametrize("look", SEEN)
def test_every_page_is_without_fault(site: Site, decision: str, look: str) -> None:
    with site.looking(**LOOKS[look]) as page:  # type: ignore[arg-type] # the values are of the right types by name
        page.route("**/api/conversations?*", _failing)
        for name, (where, there) in PAGES.items():
            opened(page, f"{site.url}/{where or decision}")
            judged(page, there, f"{name}-{look}")
        opened(page, f"{site.url}/#/settings")
        pictured(page, "main section:has(.policy)", f"retention-{look}")
        opened(page, f"{site.url}/#/conversations/lantern-01-kickoff")
        pictured(page, "main li.telling", f"told-{look}")


@pytest.mark.parametrize("look", SEEN)
def test_what_a_reader_sees_is_without_fault(shed: Site, reader: tuple[str, str], look: str) -> None:
    given: Any = LOOKS[look]
    token, memory = reader
    with shed.looking(token=token, **given) as page:
        for name, (where, there) in READING.items():
            opened(page, f"{shed.url}/{where or memory}")
            judged(page, there, f"{name}-{look}")
    with shed.looking("#/search?q=shed&in=all", **given) as page:
        judged(page, "main .notice", f"off-{look}")


@pytest.mark.parametrize("look", SEEN)
def test_the_first_pages_are_without_fault(empty: Site, look: str) -> None:
    given: Any = LOOKS[look]
    with empty.looking(**given) as page:
        judged(page, "main .ways", f"welcome-{look}")
        page.keyboard.press("?")
        judged(page, "dialog[open]", f"help-{look}")
    with empty.looking(sign_in=False, **given) as page:
        judged(page, ".sign-in", f"sign-in-{look}")


def _failing(route: Route) -> None:
    """Answer as a server that cannot, where the page asks to be shown that."""
    if not route.request.frame.url.endswith("failing"):
        route.continue_()
        return
    error: Mapping[str, Any] = {"code": "unavailable", "message": "The database cannot be reached", "retryable": True}
    route.fulfill(status=503, json={"success": False, "error": error})


def opened(page: Page, address: str) -> None:
    """Open a page anew: of the one before it nothing is left that could be taken for it."""
    page.goto("about:blank")
    page.goto(address)


def judged(page: Page, there: str, name: str) -> None:
    """Take a picture of a page once it is there, and look for faults: of access, and of what does not fit."""
    settled(page, there)
    for shut in page.locator("main .telling summary, main .policy summary, main .project summary").all()[:1]:
        shut.click()
        settled(page, there)
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


def pictured(page: Page, part: str, name: str) -> None:
    """Take a picture of a part of a page, with what can be opened in it open."""
    settled(page, part)
    found = page.locator(part).first
    size = page.viewport_size or {"width": 0, "height": 0}
    page.set_viewport_size({"width": size["width"], "height": MOST})
    found.locator("summary").first.click()
    page.mouse.move(0, 0)
    settled(page, part)
    found.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    page.set_viewport_size(size)


def settled(page: Page, there: str) -> None:
    """Wait until a page is there and nothing that it asked for is missing."""
    expect(page.locator(there).first).to_be_visible()
    expect(page.locator("main .loading")).to_have_count(0)
    expect(page.locator("[data-busy=true], [data-stale=true]")).to_have_count(0)
    expect(page.locator(there).first).to_be_visible()
    PICTURES.mkdir(exist_ok=True)


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
