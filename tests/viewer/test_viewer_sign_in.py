"""Signing in with the token, staying so over a restart, and being sent out when the token goes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from tests.viewer.site import Site, rows


def test_one_signs_in_with_the_token_and_the_page_never_sees_it_again(site: Site) -> None:
    token = site.server.headers["Authorization"].removeprefix("Bearer ")
    with site.looking(sign_in=False) as page:
        page.get_by_label("Token").fill("rec_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("This token opens nothing here.")).to_be_visible()
        page.get_by_label("Token").fill(f" {token} ")
        page.get_by_role("button", name="Sign in").click()
        expect(rows(page).first).to_be_visible()
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert token not in cookie["value"]
        assert (
            page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)").find(token)
            < 0
        )
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": site.url}])
        page.reload()
        expect(page.get_by_label("Token")).to_be_visible()


def test_a_restart_signs_nobody_out_but_a_new_token_does(new_site: Callable[..., Site]) -> None:
    site = new_site()
    port = str(site.server.port)
    site.add("Something")
    with site.looking() as page:
        expect(rows(page).first).to_be_visible()
        site.server.end(within=60)
        again = new_site("--port", port)
        page.reload()
        expect(rows(page).first).to_be_visible()
        (again.server.home / "token").unlink()
        again.server.end(within=60)
        new_site("--port", port)
        page.reload()
        expect(page.get_by_label("Token")).to_be_visible()


def test_who_has_signed_out_stays_out_over_a_restart(new_site: Callable[..., Site]) -> None:
    site = new_site()
    port = str(site.server.port)
    site.add("Something")
    with site.looking() as page:
        expect(rows(page).first).to_be_visible()
        (cookie,) = page.context.cookies()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        site.server.end(within=60)
        new_site("--port", port)
        page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": site.url}])
        page.reload()
        expect(page.get_by_label("Token")).to_be_visible()


def test_without_tokens_nobody_is_asked(new_site: Callable[..., Site]) -> None:
    site = new_site("--port", "0", "--no-auth")
    with site.looking(sign_in=False) as page:
        expect(page.get_by_text("Nothing is remembered yet")).to_be_visible()
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
