"""A browser and a server for each file of tests, and servers of their own for tests that ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.server.conftest import Start, until
from tests.viewer.site import BUILT, CHROMIUM, Site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open a browser for a file. Playwright's loop runs while it is open, and asynchronous tests have their own."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    if not BUILT.is_file():
        pytest.skip("the viewer was not built: make viewer")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all tests of a file, with the sample conversation."""
    start = Start(tmp_path_factory.mktemp("viewer") / "home")
    found = Site(start(), browser)
    found.ask("POST", "/api/viewer/demo")
    until(lambda: not found.ask("GET", "/api/jobs")["waiting"], "all was derived", within=120)
    yield found
    start.close()


@pytest.fixture
def new_site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Start servers over one data directory of the test's own."""
    start = Start(tmp_path_factory.mktemp("viewer") / "home")
    yield lambda *arguments, **settings: Site(start(*arguments, **settings), browser)
    start.close()
