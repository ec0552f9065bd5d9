"""The figures of an exchange: which nodes a center has heard of, and how far a node is with its center."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.server.conftest import COMMAND, Start, plain_environment, until
from tests.viewer.site import Site


@pytest.fixture
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Start, Start]]:
    """Start the servers of a center and of a node."""
    place = tmp_path_factory.mktemp("fleet")
    both = Start(place / "center"), Start(place / "node")
    yield both
    for one in both:
        one.close()


def test_a_center_and_its_node_tell_how_far_they_are(browser: Browser, starts: tuple[Start, Start]) -> None:
    center = Site(starts[0](node__role="center"), browser)
    with center.looking("#/numbers") as page:
        expect(page.get_by_text("No node is enrolled.")).to_be_visible()
    command = [*COMMAND, "sync", "enrol", "laptop", "--home", str(center.server.home)]
    done = subprocess.run(
        command,
        env={**plain_environment(), "RECOLLECT_NODE__ROLE": "center"},
        check=True,
        capture_output=True,
        text=True,
    )
    token = done.stdout.split()[-1]
    node = Site(
        starts[1](node__role="agent", node__center=center.url, node__token=token, node__name="laptop", node__every=0.2),
        browser,
    )
    node.add("The gate of the node is green")
    until(lambda: _known(center), "the memory came to the center", 60)
    with center.looking("#/numbers") as page:
        exchange = page.get_by_role("region", name="Exchange with other machines")
        expect(exchange.get_by_text("laptop")).to_be_visible()
        expect(exchange.get_by_text(re.compile("last heard of"))).to_be_visible()
        expect(exchange.get_by_text("never")).to_have_count(0)
    with node.looking("#/numbers") as page:
        exchange = page.get_by_role("region", name="Exchange with other machines")
        expect(exchange.get_by_text(re.compile(r"^[\d,]+ s ago$"))).to_be_visible()
        expect(exchange.locator("div").filter(has_text=re.compile("^To send0$"))).to_be_visible()
    center.server.end(within=60)
    until(lambda: _failing(node), "the node noticed", 60)
    with node.looking("#/numbers") as page:
        exchange = page.get_by_role("region", name="Exchange with other machines")
        expect(exchange.get_by_text("Error", exact=True)).to_be_visible()


def _known(site: Site) -> bool:
    return bool(site.ask("POST", "/api/memory/search", {"query": "gate of the node"})["data"]["memories"])


def _failing(site: Site) -> bool:
    return bool(site.ask("GET", "/api/viewer/upkeep")["sync"].get("error"))
