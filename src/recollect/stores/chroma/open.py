"""Opens a Chroma by its address."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import chromadb
from chromadb.config import Settings

from recollect.errors import ConfigError
from recollect.stores.chroma.index import ChromaIndex

PORT = 8000


def open_chroma(url: str, store: str, *, prefix: str, api_key: str | None, timeout: float) -> ChromaIndex:
    """Return the index at `chroma://host:8000` (`chromas://` with TLS), or in the folder `chroma:///path`.

    Nothing is asked of the server yet. Raises ConfigError.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError("vectors.url has a port that is no number", hint="Such as chroma://host:8000.") from error
    quiet = Settings(anonymized_telemetry=False)
    if parts.hostname:
        headers = {"Authorization": f"Bearer {api_key}", "X-Chroma-Token": api_key} if api_key else {}
        tls = parts.scheme == "chromas"
        connect = partial(
            chromadb.AsyncHttpClient, parts.hostname, port or PORT, ssl=tls, headers=headers, settings=quiet
        )
        return ChromaIndex(connect, store, prefix=prefix, timeout=timeout)
    if not Path(parts.path).is_absolute():
        raise ConfigError("vectors.url names no host", hint="Such as chroma://host:8000.")
    if getattr(chromadb, "is_thin_client", False):
        raise ConfigError(
            "A Chroma in this process needs all of Chroma, and only its client is installed",
            hint="pip uninstall chromadb-client && pip install chromadb; or run `chroma run` and name its address.",
        )
    local = partial(chromadb.PersistentClient, parts.path, settings=quiet)
    return ChromaIndex(local, store, prefix=prefix, timeout=timeout, thread=True)
