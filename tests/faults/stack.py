"""The whole stack, of which any piece may be killed: PostgreSQL, Redis, Chroma, servers and workers, and wires between.

Each server is the test's own and keeps its address when it is killed and started again.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.chroma_server import Chroma, chroma
from tests.proxy import Proxy
from tests.redis_server import RedisServer, redis_server
from tests.server.conftest import COMMAND, Server, Start, plain_environment
from tests.server.fleet import Fleet
from tests.servers import Postgres, debian, postgres

from recollect.testing.model_server import ModelServer, model_server

SETTLED_WITHIN = 400.0

WIRES = ("clients", "postgres", "redis", "chroma")
"""Which connections may go through a proxy: those to the servers, and those of servers and workers to each system."""


@dataclass
class Stack(Fleet):
    """A fleet over systems of its own."""

    database: Postgres = field(kw_only=True)
    redis: RedisServer = field(kw_only=True)
    chroma: Chroma | None = field(kw_only=True)
    wires: dict[str, Proxy] = field(default_factory=dict, kw_only=True)
    wired: bool = field(default=False, kw_only=True)
    """Whether clients reach the servers through proxies, each its own: `clients/<name>` of `wires`."""

    def server(self, name: str) -> Server:
        """Start a server, anew where one of that name has ended; what it logs is in its data directory."""
        starter = self.starters.setdefault(name, Start(self.folder / name))
        made = starter("--port", "0", "--quiet", **self.settings)
        if self.wired:
            if (old := self.wires.pop(f"clients/{name}", None)) is not None:
                old.close()
            wire = self.wires[f"clients/{name}"] = Proxy(("127.0.0.1", made.port))
            made.url = f"http://127.0.0.1:{wire.port}"
        self.servers[name] = made
        return made

    def told(self, *arguments: str) -> Any:
        """Return what a command says of the store."""
        named = {f"RECOLLECT_{key.upper()}": str(value) for key, value in self.settings.items()}
        command = [*COMMAND, *arguments, "--home", str(self.folder / "asks"), "--json"]
        env = {**plain_environment(), **named}
        done = subprocess.run(command, env=env, capture_output=True, check=False, timeout=120)
        assert done.stdout, done.stderr.decode()
        return json.loads(done.stdout)

    def settled(self) -> None:
        """Wait until no job is left; one that is parked will never be done."""
        end = time.monotonic() + SETTLED_WITHIN
        while rows := self.asked("SELECT state, name, error FROM job ORDER BY state = 'parked' DESC LIMIT 5"):
            assert all(state != "parked" for state, _, _ in rows), rows
            assert time.monotonic() < end, rows
            time.sleep(0.1)

    def close(self) -> None:
        """End everything the hard way."""
        super().close()
        for wire in self.wires.values():
            wire.close()


@contextmanager
def stack(
    folder: Path,
    *,
    servers: int = 2,
    workers: int = 2,
    wires: Collection[str] = (),
    index: bool = False,
    room: str = "",
    **more: Any,
) -> Iterator[Stack]:
    """Give the stack, all of it running; `index` adds a Chroma, on a disk of so much `room` where that is said.

    The database is as safe as it is by default.
    """
    with ExitStack() as closing:
        database = closing.enter_context(postgres(debian(), ("-c", "max_connections=300")))
        redis = closing.enter_context(redis_server())
        beside = closing.enter_context(chroma(room)) if index else None
        models = closing.enter_context(model_server())
        made = _stack(folder, database, redis, beside, models, frozenset(wires), more)
        closing.callback(made.close)
        for number in range(servers):
            made.server(f"s{number}")
        for number in range(workers):
            made.worker(f"w{number}")
        yield made


def _stack(
    folder: Path,
    database: Postgres,
    redis: RedisServer,
    beside: Chroma | None,
    models: ModelServer,
    wires: frozenset[str],
    more: dict[str, Any],
) -> Stack:
    assert wires <= {*WIRES}
    url = database.database()
    proxies: dict[str, Proxy] = {}
    settings: dict[str, Any] = {"redis__url": redis.url, **({"vectors__url": beside.url} if beside else {})}
    if "postgres" in wires:
        wire = proxies["postgres"] = Proxy(database.folder / ".s.PGSQL.5432")
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        settings["store__url"] = f"postgresql://owner@127.0.0.1:{wire.port}/{name}?sslmode=disable&gssencmode=disable"
    if "redis" in wires:
        wire = proxies["redis"] = Proxy(("127.0.0.1", redis.port))
        settings["redis__url"] = f"redis://127.0.0.1:{wire.port}/0"
    if "chroma" in wires and beside is not None:
        wire = proxies["chroma"] = Proxy(("127.0.0.1", int(beside.url.rpartition(":")[2])))
        settings["vectors__url"] = f"chroma://127.0.0.1:{wire.port}"
    made = Stack(
        folder, url, models, {**settings, **more},
        database=database, redis=redis, chroma=beside, wires=proxies, wired="clients" in wires,
    )  # fmt: skip
    if "embedder__provider" in more:
        for name in ("base_url", "api_key", "dimension"):
            del made.settings[f"embedder__{name}"]
    return made
