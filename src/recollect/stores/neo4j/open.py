"""Opens a Neo4j by its address."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from recollect.errors import ConfigError
from recollect.stores.neo4j.graph import Neo4jGraph
from recollect.stores.neo4j.outbox import ensure
from recollect.stores.neo4j.server import Neo4jServer
from recollect.stores.sql.database import Database


def open_graph(
    database: Database, url: str, *, user: str, password: str | None, name: str | None, prefix: str, timeout: float
) -> Neo4jGraph:
    """Return the graph of a store with a Neo4j beside it; whoever is named in the address comes before `user`.

    Nothing is asked of Neo4j yet. Raises ConfigError.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("graph.url has a port that is no number", hint="Such as bolt://host:7687.") from error
    if not host:
        raise ConfigError("graph.url names no host", hint="Such as bolt://host:7687.")
    if parts.username:
        user, password = unquote(parts.username), unquote(parts.password or "") or password
    place = f"[{host}]" if ":" in host else host
    bare = urlunsplit((parts.scheme, place if port is None else f"{place}:{port}", "", parts.query, ""))
    auth = (user, password) if password else None
    server = Neo4jServer(bare, auth, name, timeout)
    return Neo4jGraph(database, server, f"{prefix}-{database.write_now(ensure)}")
