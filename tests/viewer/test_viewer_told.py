"""What assistants were told: at which prompt and what it took, how often each memory, and the transcript's line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.server.conftest import COMMAND
from tests.viewer.site import Site

RULE = "We always deploy the lighthouse with the blue pipeline, never with the green one."
QUESTION = "How do we deploy the lighthouse, with which pipeline?"
FOLDER = "/home/mei/lantern"


def hear(site: Site, event: str, session: str, number: int, **payload: Any) -> Any:
    """Send an event of a coding assistant."""
    common = {"session_id": session, "cwd": FOLDER, "hook_event_name": event, "prompt_id": f"{session}-{number}"}
    common["transcript_path"] = f"/home/mei/.claude/projects/-home-mei-lantern/{session}.jsonl"
    body = {
        "event_id": f"{session}-{event}-{number}",
        "sent_at": datetime.now(UTC).isoformat(),
        "payload": {**common, **payload},
    }
    return site.ask("POST", f"/api/hooks/claude-code?event={event}", body)["output"]


@pytest.fixture(scope="module")
def talked(site: Site) -> Site:
    """Return a site at which one session was told what another had said."""
    hear(site, "UserPromptSubmit", "first", 1, prompt=RULE)
    hear(site, "Stop", "first", 1, last_assistant_message="The blue pipeline deploys the lighthouse.")
    hear(site, "SessionStart", "second", 1, source="startup")
    hear(site, "UserPromptSubmit", "second", 2, prompt=QUESTION)
    hear(site, "Stop", "second", 2, last_assistant_message="With the blue pipeline.")
    return site


def told(site: Site) -> list[dict[str, Any]]:
    return list(site.ask("GET", "/api/conversations/second/tellings?project_id=lantern")["tellings"])


def test_a_conversation_shows_what_was_told_at_each_prompt_and_what_it_took(talked: Site) -> None:
    found = told(talked)
    assert found
    with talked.looking("#/conversations/second?project=lantern") as page:
        expect(page.get_by_text(re.compile(rf"told something {len(found)} times? here"))).to_be_visible()
        tellings = page.locator("li.telling")
        expect(tellings).to_have_count(len(found))
        first = tellings.first
        expect(first).to_contain_text("claude-code began and was told what is remembered")
        expect(first).to_contain_text(f"{found[0]['tokens']} of 1,500 tokens")
        first.locator("summary").click()
        link = first.locator(".sources a").first
        expect(link).to_contain_text("pipeline")
        link.click()
        expect(page.locator(".memory-text")).to_contain_text("pipeline")


def test_what_a_prompt_was_told_stands_at_that_prompt(talked: Site) -> None:
    memory, prompt = told(talked)[0]["memories"][0], _prompt(talked)
    asked = {"query": "x", "project_id": "lantern", "conversation_id": "second"}
    talked.ask("POST", "/api/context", {**asked, "query": RULE})
    assert memory != prompt
    with talked.looking("#/conversations/second?project=lantern") as page:
        order = page.locator("ol.turns > li")
        expect(order.first).to_have_class(re.compile("telling"))
        expect(order.filter(has_text=QUESTION)).to_have_count(1)
        expect(order.last).to_contain_text("An assistant was handed what is remembered")


def _prompt(site: Site) -> str:
    turns = site.ask("GET", "/api/conversations/second?project_id=lantern")["turns"]
    return str(next(turn["id"] for turn in turns if turn["content"] == QUESTION))


def test_a_memory_tells_how_often_it_was_told_and_where(talked: Site) -> None:
    memory = told(talked)[0]["memories"][0]
    count = talked.ask("GET", f"/api/memory/{memory}/usage")["data"]["told"]
    with talked.looking(f"#/memory/{memory}") as page:
        usage = page.get_by_role("region", name="Told to assistants")
        expect(usage.get_by_text(re.compile(rf"^{count} times?\."))).to_be_visible()
        expect(usage.get_by_text("not what was only found")).to_be_visible()
        usage.get_by_role("link", name="second").click()
        expect(page.locator("li.telling").first).to_be_visible()
        page.goto(f"{talked.url}/#/memory/{talked.add('Nobody was ever told of the cellar')}")
        expect(usage.get_by_text("Not yet.")).to_be_visible()


def test_looking_at_what_would_be_told_is_telling_nobody(talked: Site) -> None:
    memory = told(talked)[0]["memories"][0]
    before = talked.ask("GET", f"/api/memory/{memory}/usage")["data"]["told"]
    with talked.looking("#/search?q=lighthouse+pipeline&project=lantern") as page:
        expect(page.get_by_role("complementary", name="What an assistant is given")).to_contain_text("pipeline")
    assert talked.ask("GET", f"/api/memory/{memory}/usage")["data"]["told"] == before


def test_a_memory_leads_back_to_the_line_of_its_transcript(talked: Site, tmp_path: Path) -> None:
    file = tmp_path / "imported.jsonl"
    common = {"sessionId": "imported", "cwd": FOLDER, "timestamp": "2026-03-02T09:00:00Z"}
    lines: list[dict[str, Any]] = [
        {"type": "summary", "summary": "Lamps"},
        {"type": "user", "uuid": "u1", "message": {"role": "user", "content": "The lamp is brass"}, **common},
    ]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    command = [*COMMAND, "import", str(file), "--home", str(talked.server.home), "--from", "claude-code"]
    subprocess.run(command, check=True, capture_output=True)
    with talked.looking("#/conversations/imported?project=lantern") as page:
        page.locator("li.turn a").first.click()
        comes = page.get_by_role("region", name="Where it comes from")
        expect(comes.get_by_text("imported.jsonl")).to_be_visible()
        expect(comes.locator("div").filter(has_text=re.compile("^Line2$"))).to_be_visible()
        comes.get_by_role("link", name="imported").click()
        expect(page.locator("li.turn")).to_contain_text("The lamp is brass")
        page.goto(f"{talked.url}/#/memory/{_prompt(talked)}")
        expect(comes.get_by_text("second.jsonl")).to_be_visible()
        expect(comes.get_by_text("second-2")).to_be_visible()


def test_what_was_heard_live_leads_to_its_line_too(new_site: Callable[..., Site], tmp_path: Path) -> None:
    file = tmp_path / "transcripts" / "live.jsonl"
    file.parent.mkdir()
    said = {"type": "user", "promptId": "live-1", "message": {"role": "user", "content": RULE}}
    common = {"sessionId": "live", "cwd": FOLDER, "timestamp": "2026-03-02T09:00:00Z"}
    lines = [{"type": "summary", "summary": "Lamps"}, {**said, **common}]
    site = new_site(agents__transcripts=str(file.parent))
    hear(site, "UserPromptSubmit", "live", 1, prompt=RULE, transcript_path=str(file))
    with site.looking("#/conversations/live?project=lantern") as page:
        page.locator("li.turn a").first.click()
        comes = page.get_by_role("region", name="Where it comes from")
        expect(comes.get_by_text("live.jsonl")).to_be_visible()
        expect(comes.get_by_text("Line", exact=True)).to_have_count(0)
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        page.reload()
        expect(comes.locator("div").filter(has_text=re.compile("^Line2$"))).to_be_visible()


def test_what_was_told_is_no_call_of_a_model(talked: Site) -> None:
    assert told(talked)
    with talked.looking("#/numbers") as page:
        expect(page.get_by_text("No model was called: nothing was spent.")).to_be_visible()
    totals = talked.ask("GET", "/api/usage")["totals"]
    assert [row["purpose"] for row in totals] == ["inject"]


def test_what_was_told_goes_with_what_it_was_made_of(talked: Site) -> None:
    turns = [{"role": "user", "content": text} for text in ("The zephyr blows at noon", "When does the zephyr blow?")]
    place = {"conversation_id": "w", "project_id": "wind"}
    first, _ = talked.ask("POST", "/api/capture", {"turns": turns, **place})["ids"]
    talked.ask("POST", "/api/context", {"query": "zephyr noon", **place})
    talked.ask("DELETE", f"/api/memory/{first}")
    with talked.looking("#/conversations/w?project=wind") as page:
        expect(page.locator("li.turn")).to_contain_text("When does the zephyr blow?")
        page.locator("li.telling summary").click()
        expect(page.locator("li.telling .sources a")).to_contain_text("When does the zephyr blow?")
        expect(page.get_by_text("blows at noon")).to_have_count(0)
