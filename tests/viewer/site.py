"""A real server with its viewer, and real browsers that look at it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.server.conftest import Server

ROOT: Final = Path(__file__).resolve().parents[2]
BUILT: Final = ROOT / "src" / "recollect" / "viewer" / "index.html"
CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE: Final = 90_000
"""Milliseconds a browser on a loaded machine is given for what takes a tenth of a second."""
ANSWER_WITHIN: Final = 120.0
"""Seconds a server on a loaded machine is given for an answer: the sample is 368 turns."""

expect.set_options(timeout=PATIENCE)

PASSING: Final = re.compile(r"ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of (401|404|412|503)")
"""What a browser writes to its console about answers that a test provokes."""


@dataclass
class Seen:
    """What a browser did besides showing its page."""

    said: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@dataclass
class Site:
    """A server, and browsers that look at it."""

    server: Server
    browser: Browser

    @property
    def url(self) -> str:
        return self.server.url

    @contextmanager
    def looking(
        self,
        where: str = "",
        *,
        theme: str = "light",
        locale: str = "en-US",
        phone: bool = False,
        sign_in: bool = True,
        token: str = "",
    ) -> Iterator[Page]:
        """Open a browser of its own, signed in (with a token of somebody's), at a page.

        It fails when the page complained or called another host.
        """
        size: Any = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 860}
        scheme: Any = theme
        context = self.browser.new_context(viewport=size, color_scheme=scheme, locale=locale)
        context.set_default_timeout(PATIENCE)
        seen = watch(context, self.url)
        if sign_in:
            self.enter(context, token)
        page = context.new_page()
        page.goto(f"{self.url}/{where}")
        try:
            yield page
        finally:
            context.close()
        assert not seen.said
        assert not seen.foreign

    def enter(self, context: BrowserContext, token: str = "") -> None:
        shown = token or self.server.headers["Authorization"].removeprefix("Bearer ")
        answer = context.request.post(
            f"{self.url}/api/session", data={"token": shown}, headers={"X-Recollect": "viewer"}, timeout=PATIENCE
        )
        assert answer.ok, answer.text()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        with self.server.client() as client:
            client.timeout = ANSWER_WITHIN
            answer: httpx.Response = client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def add(self, content: str, **more: Any) -> str:
        """Keep a note and return its id."""
        kept = self.ask("POST", "/api/memory/add", {"content": content, **more})
        return str(kept["data"]["memory_id"])


def watch(context: BrowserContext, url: str) -> Seen:
    """Write down what the pages of a browser complain about, and whom else they call."""
    seen = Seen()
    context.on(
        "console",
        lambda line: seen.said.append(line.text) if line.type == "error" and not PASSING.search(line.text) else None,
    )
    context.on("weberror", lambda error: seen.said.append(str(error.error)))
    context.on("request", lambda asked: seen.foreign.append(asked.url) if not asked.url.startswith(f"{url}/") else None)
    return seen


def rows(page: Page) -> Locator:
    """Return the rows of the page's list that lead to memories."""
    return page.locator("main a[data-row]")
