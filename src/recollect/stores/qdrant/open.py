"""Opens a Qdrant by its address."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from qdrant_client import AsyncQdrantClient

from recollect.errors import ConfigError
from recollect.stores.qdrant.index import QdrantIndex
from recollect.stores.qdrant.layout import Layout

PORT, GRPC_PORT = 6333, 6334


def open_qdrant(
    url: str, store: str, *, prefix: str, api_key: str | None, timeout: float, grpc: bool, layout: Layout
) -> QdrantIndex:
    """Return the index at `qdrant://host:6333` (`qdrants://` and `https://` with TLS), or in the folder `qdrant:///path`.

    Nothing is asked of the server yet. Raises ConfigError.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError("vectors.url has a port that is no number", hint="Such as qdrant://host:6333.") from error
    if not parts.hostname:
        folder = Path(parts.path)
        if not folder.is_absolute():
            raise ConfigError("vectors.url names no host", hint="Such as qdrant://host:6333.")
        return QdrantIndex(_client(path=str(folder)), store, prefix=prefix, layout=layout, local=True)
    tls = parts.scheme in {"https", "qdrants"}
    client = _client(
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else PORT),
        grpc_port=GRPC_PORT if port in {None, PORT} else (port or 0) + 1,
        prefer_grpc=grpc,
        https=tls,
        prefix=parts.path.strip("/") or None,
        api_key=api_key or parts.password,
        timeout=max(round(timeout), 1),
    )
    return QdrantIndex(client, store, prefix=prefix, layout=layout)


def _client(**arguments: object) -> AsyncQdrantClient:
    return AsyncQdrantClient(check_compatibility=False, **arguments)  # type: ignore[arg-type]
