"""What the clients' rounds do not show: older routes, restarts, refusals, and what must never happen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from httpx import ASGITransport, AsyncClient

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.mem0.events import KEPT, PATIENCE, Events
from recollect.models import Kind, Role
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder

ALICE = {"user_id": "alice"}
UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


async def asked(client: AsyncClient, method: str, path: str, status: int = 200, **more: Any) -> Any:
    answer = await client.request(method, path, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def add(client: AsyncClient, text: str, **more: Any) -> str:
    """Add a text as it stands and return its id."""
    body = {"messages": text, "infer": False, **ALICE, **more}
    return str((await asked(client, "POST", "/v3/memories/add/", json=body))["results"][0]["id"])


async def texts(client: AsyncClient, **more: Any) -> list[str]:
    found = await asked(client, "POST", "/v3/memories/", json={"filters": ALICE, **more})
    return [one["memory"] for one in found["results"]]


async def test_messages_become_turns_of_their_run(client: AsyncClient, memory: AsyncMemory) -> None:
    messages = [
        {"role": "system", "content": "You are a bot"},
        {"role": "user", "content": [{"type": "text", "text": "I play chess"}], "name": "Al"},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": "Nice"},
    ]
    body = {"messages": messages, "user_id": 7, "run_id": "r", "agent_id": "bot", "timestamp": 1_767_225_600}
    await asked(client, "POST", "/v3/memories/add/", json=body)
    page = await memory.list(user_id="7")
    assert [(one.text, one.role, one.speaker) for one in reversed(page.memories)] == [
        ("I play chess", Role.USER, "Al"),
        ("Nice", Role.ASSISTANT, None),
    ]
    assert {one.kind for one in page.memories} == {Kind.TURN}
    assert {one.scope.conversation_id for one in page.memories} == {"r"}
    assert {one.occurred_at.isoformat() for one in page.memories} == {"2026-01-01T00:00:00+00:00"}
    assert {one.source.client for one in page.memories} == {"mem0"}


async def test_what_was_said_before_is_known_and_its_event_says_so(client: AsyncClient, memory: AsyncMemory) -> None:
    said = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    first = await asked(client, "POST", "/v3/memories/add/", json={"messages": said[:1], "async_mode": False, **ALICE})
    again = await asked(client, "POST", "/v3/memories/add/", json={"messages": said, "async_mode": False, **ALICE})
    assert [one["event"] for one in first["results"]] == ["ADD"]
    assert [(one["memory"], one["event"]) for one in again["results"]] == [("one", "NONE"), ("two", "ADD")]
    assert first["event_id"] != again["event_id"]
    last = await asked(client, "POST", "/v3/memories/add/", json={"messages": said, "async_mode": False, **ALICE})
    await memory.drain()
    shown = await asked(client, "GET", f"/v1/event/{last['event_id']}/")
    assert [one["event"] for one in shown["results"]] == ["NONE", "NONE"]
    assert await texts(client) == ["two", "one"]


async def test_an_event_is_told_after_a_restart_and_forgets_what_was_deleted(
    client: AsyncClient, memory: AsyncMemory
) -> None:
    said = {"messages": [{"role": "user", "content": "My code is blue"}], **ALICE}
    event = (await asked(client, "POST", "/v3/memories/add/", json=said))["event_id"]
    await memory.drain()
    anew = ASGITransport(create_app(memory, memory.app.settings))
    async with AsyncClient(transport=anew, base_url="http://127.0.0.1") as other:
        shown = await asked(other, "GET", f"/v1/event/{event}/")
        assert (shown["status"], [one["memory"] for one in shown["results"]]) == ("SUCCEEDED", ["My code is blue"])
        await asked(other, "GET", f"/v1/event/{UNKNOWN}/", 404)
    await asked(client, "DELETE", "/v1/memories/", params=ALICE)
    for path in (f"/v1/event/{event}/", "/v1/events/"):
        assert "blue" not in (await client.get(path)).text
    listed = await asked(client, "GET", "/v1/events/?page_size=1")
    assert (listed["count"], [one["event_type"] for one in listed["results"]]) == (2, ["DELETE"])
    assert "page=2" in listed["next"]
    assert (await asked(client, "GET", "/v1/events/?event_type=ADD"))["count"] == 1


async def test_the_event_of_a_note_is_told_after_a_restart(client: AsyncClient, memory: AsyncMemory) -> None:
    event = (await asked(client, "POST", "/v3/memories/add/", json={"messages": "A note", **ALICE}))["event_id"]
    await memory.drain()
    anew = ASGITransport(create_app(memory, memory.app.settings))
    async with AsyncClient(transport=anew, base_url="http://127.0.0.1") as other:
        assert (await asked(other, "GET", f"/v1/event/{event}/"))["results"][0]["memory"] == "A note"


async def test_an_event_is_pending_until_it_is_found_by_meaning_but_not_forever(home: Path, clock: FakeClock) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, worker=False) as memory:
        transport = ASGITransport(create_app(memory, memory.app.settings))
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            said = {"messages": [{"role": "user", "content": "My bicycle is red and fast"}], **ALICE}
            first, second = [
                f"/v1/event/{(await asked(client, 'POST', '/v3/memories/add/', json=said | more))['event_id']}/"
                for more in ({}, {"run_id": "r"})
            ]
            pending = await asked(client, "GET", first)
            assert (pending["status"], pending["results"], pending["completed_at"]) == ("PENDING", [], None)
            await memory.drain()
            assert (await asked(client, "GET", first))["status"] == "SUCCEEDED"
            await memory.app.engine.stores.vectors.drop()
            assert (await asked(client, "GET", second))["status"] == "PENDING"
            clock.forward(PATIENCE.total_seconds())
            assert (await asked(client, "GET", second))["status"] == "SUCCEEDED"


def test_events_are_bounded() -> None:
    events = Events()
    for _ in range(KEPT + 5):
        events.deleted(START, 1.0, {})
    assert len(events.latest()) == KEPT


async def test_expired_memories_stay_out_and_so_does_what_was_read_from_them(
    client: AsyncClient, memory: AsyncMemory, clock: FakeClock
) -> None:
    said = {"messages": [{"role": "user", "content": "I live in Berlin."}], "expiration_date": "2026-03-02", **ALICE}
    await asked(client, "POST", "/v3/memories/add/", json=said)
    await memory.drain()
    query = {"query": "Where do I live? Berlin", "filters": ALICE}
    (hit,) = (await asked(client, "POST", "/v3/memories/search/", json=query))["results"]
    assert hit["expiration_date"] == "2026-03-02"
    clock.forward(timedelta(hours=14).total_seconds())
    assert len(await texts(client)) == 1
    clock.forward(timedelta(hours=2).total_seconds())
    assert (await asked(client, "POST", "/v3/memories/search/", json=query))["results"] == []
    assert await texts(client) == []
    assert await texts(client, show_expired=True) == ["I live in Berlin."]
    late = await asked(client, "POST", "/v3/memories/search/", json={**query, "show_expired": True})
    assert late["results"][0]["memory"] == "I live in Berlin."


async def test_deleting_what_replaced_something_takes_it_along_when_asked(
    client: AsyncClient, memory: AsyncMemory
) -> None:
    old = await add(client, "I live in Berlin.")
    await memory.drain()
    new = await add(client, "I moved from Berlin to Lisbon.")
    await memory.drain()
    assert (await memory.get(old)).superseded_by == new
    assert await texts(client) == ["I moved from Berlin to Lisbon."]
    assert len(await texts(client, latest_only=False)) == 2
    done = await asked(client, "DELETE", f"/v1/memories/{new}/?delete_linked=true")
    assert done["cascade_count"] == 1
    await asked(client, "GET", f"/v1/memories/{old}/", 404)


async def test_categories_list_the_facts_that_have_them(client: AsyncClient, memory: AsyncMemory) -> None:
    said = {"messages": [{"role": "user", "content": "I prefer tabs over spaces."}], **ALICE}
    await asked(client, "POST", "/v3/memories/add/", json=said)
    await memory.drain()
    assert await texts(client) == ["I prefer tabs over spaces."]
    (fact,) = (await memory.list(user_id="alice", kinds=["fact"])).memories
    category = fact.metadata["category"]
    found = await asked(client, "POST", "/v3/memories/", json={"filters": ALICE, "categories": [category]})
    assert [(one["id"], one["categories"], one["synthesized"]) for one in found["results"]] == [
        (fact.id, [category], True)
    ]


async def test_dates_and_words_narrow_a_list(client: AsyncClient, clock: FakeClock) -> None:
    await add(client, "First day")
    clock.forward(86_400)
    await add(client, "Second DAY")
    clock.forward(86_400)
    await add(client, "Third time")
    assert await texts(client, start_date="2026-03-03") == ["Third time", "Second DAY"]
    assert await texts(client, start_date="2026-03-03", end_date="2026-03-03") == ["Second DAY"]
    assert await texts(client, keywords="day") == ["Second DAY", "First day"]
    changed = {"filters": {"AND": [ALICE, {"updated_at": {"gt": "2026-03-04"}}]}}
    assert [one["memory"] for one in (await asked(client, "POST", "/v3/memories/", json=changed))["results"]] == [
        "Third time"
    ]


async def test_a_change_is_dated(client: AsyncClient, clock: FakeClock) -> None:
    name = await add(client, "A note")
    clock.forward(86_400)
    changed = await asked(client, "PUT", f"/v1/memories/{name}/", json={"text": "Another note"})
    assert changed["created_at"] == START.isoformat()
    assert changed["updated_at"] == (START + timedelta(days=1)).isoformat()
    found = await asked(
        client, "POST", "/v3/memories/", json={"filters": {**ALICE, "updated_at": {"gt": "2026-03-03"}}}
    )
    assert found["count"] == 1


async def test_feedback_stands_beside_metadata_and_survives_its_change(
    client: AsyncClient, memory: AsyncMemory
) -> None:
    name = await add(client, "A note", metadata={"k": 1})
    await asked(client, "POST", "/v1/feedback/", json={"memory_id": name, "feedback": "VERY_NEGATIVE"})
    await asked(client, "PUT", f"/v1/memories/{name}/", json={"metadata": {"k": 2}})
    assert (await asked(client, "GET", f"/v1/memories/{name}/"))["metadata"] == {"k": 2}
    assert (await memory.get(name)).metadata["mem0"]["feedback"] == "VERY_NEGATIVE"
    await asked(client, "POST", "/v1/feedback/", json={"memory_id": name, "feedback": None})
    assert (await memory.get(name)).metadata == {"k": 2}
    await asked(client, "POST", "/v1/feedback/", 400, json={"memory_id": name, "feedback": "MEH"})
    await asked(client, "POST", "/v1/feedback/", 404, json={"memory_id": UNKNOWN, "feedback": "POSITIVE"})


async def test_a_batch_with_a_stranger_changes_nothing(client: AsyncClient) -> None:
    name = await add(client, "A note")
    both = [{"memory_id": name, "text": "B"}, {"memory_id": UNKNOWN, "text": "C"}]
    for method in ("PUT", "DELETE"):
        await asked(client, method, "/v1/batch/", 404, json={"memories": both})
    assert await texts(client) == ["A note"]
    await asked(client, "PUT", "/v1/batch/", 400, json={"memories": [{"memory_id": name}]})
    await asked(client, "PUT", "/v1/batch/", 422, json={"memories": []})
    await asked(client, "DELETE", "/v1/batch/", json={"memories": [{"memory_id": name}] * 3})
    assert await texts(client) == []


async def test_deleting_needs_a_name_and_takes_no_more_than_it_says(client: AsyncClient) -> None:
    await add(client, "of alice")
    await add(client, "of alice and bot", agent_id="bot")
    await add(client, "of bo", user_id="bo")
    for query in ("", "?page=1", "?user_id=", "?filters={}", '?filters={"created_at":"x"}', "?filters=[object Object]"):
        await asked(client, "DELETE", f"/v1/memories/{query}", 400)
    await asked(client, "DELETE", "/v1/memories/?user_id=alice&agent_id=*")
    assert await texts(client) == ["of alice"]
    await asked(client, "DELETE", "/v1/memories/", params={"filters": '{"user_id": "alice"}'})
    assert await texts(client) == []
    assert (await asked(client, "GET", "/v1/memories/?user_id=bo"))[0]["memory"] == "of bo"
    await asked(client, "DELETE", "/v1/memories/?user_id=*&agent_id=*&app_id=*&run_id=*")
    assert (await asked(client, "GET", "/v1/entities/"))["count"] == 0


async def test_any_name_goes_there_and_back(client: AsyncClient) -> None:
    for name in ("a/b c", "a%2Fb", "/lead", "trail/", "猫?#&=+", "x/history", "...", "100%"):
        await add(client, "A note", user_id=name)
        path = f"entities/user/{quote(name, safe='')}/"
        assert (await asked(client, "GET", f"/v1/{path}"))["name"] == name
        assert (await asked(client, "GET", f"/v2/{path}profile/"))["entity_id"] == name
        await asked(client, "DELETE", f"/v2/{path}")
        await asked(client, "GET", f"/v1/{path}", 404)


async def test_older_clients_are_answered_in_the_form_they_ask_for(client: AsyncClient) -> None:
    said = {"messages": [{"role": "user", "content": "I like figs"}], **ALICE}
    (kept,) = await asked(client, "POST", "/v1/memories/", json=said)
    assert (kept["memory"], kept["event"]) == ("I like figs", "ADD")
    new = await asked(client, "POST", "/v1/memories/", json={**said, "output_format": "v1.1"})
    assert [one["event"] for one in new["results"]] == ["NONE"]
    question = {"query": "figs", **ALICE}
    (old,) = await asked(client, "POST", "/v1/memories/search/", json=question)
    assert old["memory"] == "I like figs"
    for path, more in (("/v1/memories/search/", {"output_format": "v1.1"}), ("/v2/memories/search/", {"limit": 1})):
        assert len((await asked(client, "POST", path, json={**question, **more}))["results"]) == 1
    assert len(await asked(client, "POST", "/v2/memories/search/", json={**question, "output_format": "v1.0"})) == 1
    assert [one["id"] for one in await asked(client, "GET", "/v1/memories/", params=ALICE)] == [kept["id"]]
    paged = await asked(client, "GET", "/v1/memories/", params={**ALICE, "page": 1, "page_size": 5})
    assert paged["count"] == 1
    assert (await asked(client, "POST", "/v2/memories/", json={"filters": {"AND": [ALICE]}}))["count"] == 1
    assert len(await asked(client, "POST", "/v2/memories/", json={"filters": ALICE, "output_format": "v1.0"})) == 1
    await asked(client, "GET", "/v1/memories/", 400)


async def test_options_that_need_a_model_are_named_as_ignored(client: AsyncClient) -> None:
    body = {"messages": "x", **ALICE, "custom_instructions": "only food", "metadata": {"a": 1}}
    assert (await asked(client, "POST", "/v3/memories/add/", json=body))["ignored"] == ["custom_instructions"]


async def test_names_may_stand_in_the_filters_of_an_add(client: AsyncClient, memory: AsyncMemory) -> None:
    for filters in ({"user_id": "al", "run_id": "r"}, {"AND": [{"user_id": "al"}, {"run_id": "r"}]}):
        await asked(client, "POST", "/v3/memories/add/", json={"messages": f"{filters}", "filters": filters})
    page = await memory.list(user_id="al", conversation_id="r")
    assert len(page.memories) == 2


async def test_summaries_of_runs_are_given(client: AsyncClient, memory: AsyncMemory) -> None:
    said = [{"role": "user", "content": f"We agreed on step {n} of the release plan."} for n in range(8)]
    await asked(client, "POST", "/v3/memories/add/", json={"messages": said, "run_id": "r", **ALICE})
    await memory.drain()
    (found,) = await asked(client, "POST", "/v1/summary/", json={"filters": ALICE})
    assert (found["run_id"], found["synthesized"]) == ("r", True)
    await asked(client, "POST", "/v1/summary/", 400, json={})


async def test_figures_count_everybody(client: AsyncClient) -> None:
    await add(client, "A", agent_id="bot", app_id="web")
    await add(client, "B", user_id="bo", run_id="r")
    totals = {"total_memories": 2, "total_users": 2, "total_agents": 1, "total_apps": 1, "total_runs": 1}
    assert await asked(client, "GET", "/v1/stats/") == totals
    page = await asked(client, "GET", "/v1/entities/?page=2&page_size=2")
    assert (page["count"], len(page["results"])) == (5, 2)
    assert "page=3" in page["next"]
    assert "page=1" in page["previous"]


REFUSED: list[tuple[str, str, int, Any]] = [
    ("POST", "/v3/memories/add/", 400, {"messages": "x"}),
    ("POST", "/v3/memories/add/", 400, {"messages": "  ", **ALICE}),
    ("POST", "/v3/memories/add/", 422, {"messages": 3, **ALICE}),
    ("POST", "/v3/memories/add/", 422, {**ALICE}),
    ("POST", "/v3/memories/add/", 400, {"messages": [{"role": "king", "content": "x"}], **ALICE}),
    (
        "POST",
        "/v3/memories/add/",
        400,
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "u"}]}], **ALICE},
    ),
    ("POST", "/v3/memories/add/", 400, {"messages": [{"content": {"type": "pdf"}}], "infer": False, **ALICE}),
    ("POST", "/v3/memories/add/", 400, {"messages": "x", "expiration_date": "2026-02-30", **ALICE}),
    ("POST", "/v3/memories/add/", 400, {"messages": "x", "timestamp": "noon", **ALICE}),
    ("POST", "/v3/memories/add/", 413, {"messages": "x", "user_id": "u" * 300}),
    ("POST", "/v3/memories/search/", 400, {"query": "  ", "filters": ALICE}),
    ("POST", "/v3/memories/search/", 422, {"filters": ALICE}),
    ("POST", "/v3/memories/search/", 422, {"query": "x", "filters": ALICE, "top_k": 0}),
    ("POST", "/v3/memories/search/", 422, {"query": "x", "filters": ALICE, "threshold": 1.5}),
    ("POST", "/v3/memories/search/", 400, {"query": "x", "filters": ALICE, "reference_date": "noon"}),
    ("POST", "/v3/memories/?page=0", 422, {"filters": ALICE}),
    ("POST", "/v1/exports/get/", 404, {"memory_export_id": "x"}),
    ("POST", "/v1/exports/get/", 400, {}),
    ("POST", "/v1/exports/", 400, {"schema": {}}),
    ("PUT", f"/v1/memories/{UNKNOWN}/", 400, {}),
    ("PUT", f"/v1/memories/{UNKNOWN}/", 404, {"text": "x"}),
    ("GET", f"/v1/memories/{UNKNOWN}/history/", 404, None),
    ("DELETE", "/v2/entities/planet/mars/", 422, None),
    ("POST", "/api/v1/orgs/organizations/recollect/projects/", 400, {"name": "x"}),
    ("GET", "/api/v1/orgs/organizations/recollect/projects/other/", 404, None),
    ("GET", "/api/v1/orgs/organizations/other/projects/", 404, None),
    ("DELETE", "/api/v1/orgs/organizations/recollect/projects/default/", 400, None),
    ("POST", "/api/v1/orgs/organizations/recollect/projects/default/members/", 400, {"email": "a@b.c"}),
    ("PUT", "/api/v1/webhooks/3/", 404, {"name": "x"}),
    ("POST", "/v2/profiles/settings/", 400, {"enabled": True}),
    ("GET", "/v2/profiles/jobs/x/", 404, None),
]


async def test_what_cannot_be_done_is_said(client: AsyncClient) -> None:
    for method, path, status, body in REFUSED:
        answer = await asked(client, method, path, status, **({} if body is None else {"json": body}))
        assert isinstance(answer["detail"], str)
        assert answer["detail"]
        assert answer["success"] is False


async def test_no_answer_is_a_redirect(client: AsyncClient) -> None:
    schema = await asked(client, "GET", "/openapi.json")
    paths = [path for path in schema["paths"] if path.startswith(("/v1/", "/v2/", "/v3/", "/api/v1/"))]
    assert len(paths) > 25
    assert all(path.endswith("/") for path in paths)
    assert not any(path.endswith("/") for path in schema["paths"] if path.startswith("/mem0-oss/"))


async def test_no_search_sees_another_user(client: AsyncClient) -> None:
    for user in ("alice", "Alice", "alice ", "ali"):
        await add(client, f"The secret of {user!r} is 42", user_id=user)
    query = {"query": "secret", "filters": {"user_id": "Alice"}, "top_k": 100, "threshold": 0}
    found = await asked(client, "POST", "/v3/memories/search/", json=query)
    assert [one["memory"] for one in found["results"]] == ["The secret of 'Alice' is 42"]


async def test_a_worker_off_server_still_finds_at_once(home: Path) -> None:
    async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as memory:
        transport = ASGITransport(create_app(memory, memory.app.settings))
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            said = {"messages": [{"role": "user", "content": "The password of the wifi is hunter"}], **ALICE}
            await asked(client, "POST", "/v3/memories/add/", json=said)
            query = {"query": "wifi", "filters": ALICE}
            assert len((await asked(client, "POST", "/v3/memories/search/", json=query))["results"]) == 1
