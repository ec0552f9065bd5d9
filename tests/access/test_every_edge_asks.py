"""No route, tool or command can be added that reaches the library without a decision."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

import recollect
from recollect import AsyncMemory
from recollect.api import deps
from recollect.api.app import create_app
from recollect.api.routes import sync
from recollect.mcp.desk import Desk
from recollect.mcp.server import Server
from recollect.settings import Settings
from recollect.testing.embedder import FakeEmbedder

SOURCE: Final = Path(recollect.__file__).parent
EDGES: Final = ("api", "mcp", "server", "agents", "memory_tool")

ASKING: Final = {deps._memory, deps._watched, deps._operated, sync._visit}
"""What a route must depend on: each acts for whoever shows the request's token, or refuses."""

TELL_NOTHING: Final[Mapping[str, str]] = {
    "/": "name, version and paths",
    "/docs": "the description of the routes",
    "/health": "whether parts work, no content",
    "/health/live": "whether it runs",
    "/health/ready": "whether it is ready",
    "/api/session": "how browsers sign in: it asks for a token itself",
    "/viewer/assets/{name}": "the viewer's own files",
    "/v1/ping/": "the one account of Mem0's contract",
}
"""Routes without a decision, and why: what they tell is the same for everybody."""

CONSTANT: Final = re.compile(
    r"^/api/v1/(orgs|webhooks)/|^/v2/profiles/|^/v1/(ping|webhooks)|^/mem0-oss/"
    r"($|configure|generate-instructions|requests|auth/|api-keys)"
)
"""Routes of Mem0's contract that this server answers with the same words for everybody."""

ROOTS: Final[Mapping[str, str]] = {
    "api/backlog.py": "counts the jobs that wait",
    "api/deps.py": "makes the view",
    "api/app.py": "sets it",
    "api/guard/auth.py": "reads the tokens",
    "api/guard/refusals.py": "notes refusals",
    "api/idempotency.py": "looks whether what an answer names still exists, for the caller who got it",
    "api/live/events.py": "one reader for all listeners; each is told what `Access.sees` allows",
    "api/routes/session.py": "reads the tokens",
    "api/routes/sync.py": "nodes have a decision of their own",
    "api/watch/health.py": "open to everybody",
    "api/watch/metrics.py": "behind WATCHED",
    "server/mcp.py": "hands it to the desk, which makes the views",
    "server/stage.py": "opens it",
    "server/work.py": "opens it; it answers with its own state only",
}
"""Files that touch the library as its owner, and why they may."""

WHOLE: Final = re.compile(r"\.app\.(people|projects|tenants|threads|database)\b|\.finder\b|\.acting\(System")
"""What lies behind the ports that ask."""

WHOLE_IN: Final = {
    "api/live/hub.py": "watches whether anybody has written",
    "server/run.py": "watches whether the store was moved",
    "server/work.py": "watches whether the store was moved",
}


def routes_of(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "app", None)
            yield from routes_of(getattr(inner, "routes", ()))


def calls_of(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls_of(inner)


@pytest.fixture
async def memory(home: Path) -> Any:
    async with AsyncMemory(home, embed=FakeEmbedder(), worker=False) as opened:
        yield opened


@pytest.fixture
def app(memory: AsyncMemory, home: Path) -> FastAPI:
    return create_app(memory, Settings.model_validate({"home": home}))


async def test_every_route_depends_on_a_decision(app: FastAPI) -> None:
    found = list(routes_of(app.routes))
    assert len(found) > 100
    bare = {route.path for route in found if not ASKING & set(calls_of(route.dependant))}
    unexplained = {path for path in bare if path not in TELL_NOTHING and not CONSTANT.search(path)}
    assert unexplained == set()


def test_only_known_files_touch_the_library_as_its_owner() -> None:
    touching = {
        path.relative_to(SOURCE).as_posix()
        for edge in ("api", "server")
        for path in (SOURCE / edge).rglob("*.py")
        if re.search(r"state\.memory\b", path.read_text(encoding="utf-8"))
    }
    assert touching - set(ROOTS) == set()


def test_no_edge_goes_behind_the_ports_that_ask() -> None:
    behind = {
        path.relative_to(SOURCE).as_posix()
        for edge in EDGES
        for path in (SOURCE / edge).rglob("*.py")
        if WHOLE.search(path.read_text(encoding="utf-8"))
    }
    assert behind - set(WHOLE_IN) == set()


async def test_every_tool_acts_for_its_caller(memory: AsyncMemory) -> None:
    tools = await Server(Desk(memory)).list_tools()
    assert {tool.name for tool in tools} >= {"search_memories", "add_memory", "forget_memory"}
    for path in sorted((SOURCE / "mcp").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            if re.search(r"\bdesk\.memory\b", line):
                # health tells what /health tells everybody; the others look at settings and meters alone
                assert re.search(r"parts\(self\._desk\.memory|\.app\.(meters|settings)", line), f"{path.name}: {line}"


async def test_every_tool_that_has_memories_takes_its_call(memory: AsyncMemory) -> None:
    server = Server(Desk(memory))
    for tool in server._tool_manager.list_tools():
        if tool.name != "health_check":
            assert "call" in inspect.signature(tool.fn).parameters, tool.name


def test_commands_open_the_library_in_one_place() -> None:
    """The command line belongs to the owner of the data directory; that it opens in one place keeps it so.

    `demo` and `verify` use the library as its users do: without await, and by the verbs that `Client` has too.
    """
    opening = set()
    for path in (SOURCE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"AsyncMemory", "Memory", "open_app"}:
                opening.add(path.name)
    assert opening <= {"opened.py", "demo.py", "verify.py"}
