"""The documented round of Mem0's Python clients against a server, told as JSON: `round.py sync|async URL KEY`.

It runs in a process of its own, with Mem0's telemetry off, and refuses every connection that leaves the machine.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

USER = "al/ice b?#%2F 猫"
DIALOGUE = [
    {"role": "user", "content": "I am vegetarian and allergic to peanuts.", "name": "Alice"},
    {"role": "assistant", "content": "Noted: no meat, no peanuts."},
]


def stay_here() -> list[str]:
    """Refuse to look up or connect to anything but this machine; return what was tried."""
    tried: list[str] = []
    find = socket.getaddrinfo

    def found(host: Any, *more: Any, **named: Any) -> Any:
        if host not in {"127.0.0.1", "localhost", None}:
            tried.append(str(host))
            raise OSError(f"{host} is not this machine")
        return find(host, *more, **named)

    socket.getaddrinfo = found
    return tried


class Teller:
    """Calls a client's methods one by one and keeps what came of each, errors by their name."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.told: dict[str, Any] = {}

    async def __call__(self, name: str, call: Callable[[Any], Any], *, raises: bool = False) -> Any:
        """Call, await what is to be awaited, and keep the answer under a name."""
        try:
            value = call(self.client)
            value = await value if inspect.isawaitable(value) else value
        except Exception as error:
            if not raises:
                raise
            value = {"raised": type(error).__name__, "text": str(error)}
        self.told[name] = value
        return value


async def remembering(tell: Teller) -> None:
    """Add, follow the event, search, list."""
    added = await tell(
        "add", lambda c: c.add(DIALOGUE, user_id=USER, run_id="r/1", app_id="shop", metadata={"topic": "food"})
    )
    await tell("event", lambda c: succeeded(c, added["event_id"]))
    await tell("verbatim", lambda c: c.add("The flat has a red door", user_id=USER, agent_id="bot", infer=False))
    await tell("expired", lambda c: c.add("Gone by now", user_id=USER, infer=False, expiration_date="2026-01-31"))
    await tell("search", lambda c: c.search(" peanuts allergy ", filters={"user_id": USER}, top_k=3))
    wide = {"AND": [{"user_id": USER}, {"OR": [{"agent_id": "bot"}, {"metadata": {"topic": "nothing"}}]}]}
    await tell("narrow", lambda c: c.search("red door", filters=wide, threshold=0.0, rerank=True))
    await tell("strict", lambda c: c.search("zebra crossing", filters={"user_id": USER}, threshold=1.0))
    await tell("all", lambda c: c.get_all(filters={"user_id": USER}))
    await tell("page", lambda c: c.get_all(filters={"AND": [{"user_id": USER}]}, page=2, page_size=2))
    await tell("late", lambda c: c.get_all(filters={"user_id": USER}, show_expired=True))
    await tell("fields", lambda c: c.get_all(filters={"user_id": USER}, fields=["memory"]))
    await tell("loose", lambda c: c.search("x", filters={"categories": {"in": ["a"]}}), raises=True)
    await tell("odd", lambda c: c.search("x", filters={"AND": [{"user_id": {"like": "a"}}]}), raises=True)
    await tell("toplevel", lambda c: c.search("x", user_id=USER), raises=True)


async def tending(tell: Teller) -> None:
    """Get, change, judge and delete single memories."""
    name = tell.told["verbatim"]["results"][0]["id"]
    await tell("get", lambda c: c.get(name))
    await tell("update", lambda c: c.update(name, text="The flat has a blue door", metadata={"room": "hall"}))
    await tell("expire", lambda c: c.update(name, expiration_date="2026-12-31"))
    await tell("endless", lambda c: c.update(name, expiration_date=None, timestamp=1_770_000_000))
    await tell("feedback", lambda c: c.feedback(name, "positive", "right"))
    await tell("history", lambda c: c.history(name))
    ids = [one["id"] for one in tell.told["all"]["results"]]
    await tell(
        "batch_update", lambda c: c.batch_update([{"memory_id": one, "text": f"Again: {one}"} for one in ids[:2]])
    )
    await tell("batch_delete", lambda c: c.batch_delete([{"memory_id": ids[1]}]))
    await tell("delete", lambda c: c.delete(name))
    await tell("gone", lambda c: c.get(name), raises=True)
    await tell("never", lambda c: c.get("a/b c"), raises=True)


async def looking_around(tell: Teller) -> None:
    """Entities, exports, summaries, the project, and what is not enabled."""
    await tell("users", lambda c: c.users())
    ordered = await tell(
        "export", lambda c: c.create_memory_export(schema={"type": "object"}, filters={"user_id": USER})
    )
    await tell("exported", lambda c: c.get_memory_export(memory_export_id=ordered["id"]))
    await tell("exported_again", lambda c: c.get_memory_export(filters={"user_id": USER}))
    await tell("summary", lambda c: c.get_summary(filters={"user_id": USER}))
    await tell("project", lambda c: c.project.get(fields=["name", "multilingual"]))
    await tell("project_kept", lambda c: c.project.update(multilingual=True))
    await tell("project_told", lambda c: c.project.update(custom_instructions="Only food"), raises=True)
    await tell("members", lambda c: c.project.get_members())
    await tell("get_project", lambda c: c.get_project(fields=["custom_categories"]))
    await tell("webhooks", lambda c: c.get_webhooks(c.project_id))
    hook = {"url": "http://127.0.0.1:9/", "name": "n", "event_types": ["memory_add"]}
    await tell("webhook", lambda c: c.create_webhook(project_id=c.project_id, **hook), raises=True)
    await tell("profile", lambda c: c.get_profile(USER))
    await tell("stranger", lambda c: c.get_profile("nobody"), raises=True)
    await tell("profile_made", lambda c: c.generate_profile(USER), raises=True)
    await tell("profile_settings", lambda c: c.get_profile_settings())
    await tell("chat", lambda c: c.chat(), raises=True)


async def forgetting(tell: Teller) -> None:
    """Delete everything of somebody, and everybody."""
    await tell("nobody", lambda c: c.delete_all(), raises=True)
    await tell("other", lambda c: c.add("Bo keeps bees", user_id="bo"))
    await tell("delete_all", lambda c: c.delete_all(user_id=USER))
    await tell("left", lambda c: c.get_all(filters={"OR": [{"user_id": USER}, {"user_id": "bo"}]}))
    await tell("run", lambda c: c.add("Cy likes cider", user_id="cy", run_id="x y"))
    await tell("delete_run", lambda c: c.delete_users(run_id="x y"))
    await tell("filtered", lambda c: c.add("Di digs", user_id="di"))
    await tell("delete_filtered", lambda c: c.delete_all(filters={"user_id": "di"}))
    await tell("then", lambda c: c.users())
    await tell("reset", lambda c: c.reset())
    await tell("after", lambda c: c.users())


async def succeeded(client: Any, event_id: str) -> Any:
    """Return an event once it has succeeded; the client has no method for it, and its connection is used."""
    for _ in range(500):
        path = f"/v1/event/{event_id}/"
        answer = client.async_client.get(path) if hasattr(client, "async_client") else client.client.get(path)
        answer = await answer if isinstance(answer, Awaitable) else answer
        event = answer.raise_for_status().json()
        if event["status"] != "PENDING":
            return event
        await asyncio.sleep(0.02)
    raise TimeoutError(event_id)


async def main(way: str, url: str, key: str) -> None:
    """Do the round and print what came of it."""
    tried = stay_here()
    # Only now: on import it makes its folder, and would begin to report.
    mem0, telemetry = import_module("mem0"), import_module("mem0.memory.telemetry")
    client = (mem0.AsyncMemoryClient if way == "async" else mem0.MemoryClient)(api_key=key, host=url)
    tell = Teller(client)
    for part in (remembering, tending, looking_around, forgetting):
        await part(tell)
    try:
        mem0.MemoryClient(api_key="wrong", host=url)
    except ValueError as error:
        tell.told["wrong_key"] = str(error)
    tell.told["telemetry"] = {"tried": tried, "posthog": telemetry.client_telemetry.posthog is not None}
    sys.stdout.write(f"{json.dumps(tell.told)}\n")


if __name__ == "__main__":
    assert os.environ["MEM0_TELEMETRY"] == "False"
    asyncio.run(main(*sys.argv[1:]))
