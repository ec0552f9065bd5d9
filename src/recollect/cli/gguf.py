"""Language models of this machine, as `recollect models` shows, fetches and checks them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recollect.app.llama import folder_of, limits_of
from recollect.cli.progress import Bar
from recollect.errors import EmbedderMissing
from recollect.providers.llama.fetch import fetch
from recollect.providers.llama.gguf import KNOWN, Gguf, check, find, here, records
from recollect.providers.llama.header import read_header
from recollect.settings import Settings

MEGABYTE = 1 << 20


def is_language_model(name: str, settings: Settings) -> bool:
    """Return whether a name is that of a GGUF file: one we know, or one that is there."""
    return name in KNOWN or find(name, folder_of(settings)) is not None


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return the shape of every language model that is known or here."""
    folder = folder_of(settings)
    present = here(folder)
    return [shape(name, settings) for name in (*KNOWN, *(name for name in present if name not in KNOWN))]


def shape(name: str, settings: Settings) -> dict[str, Any]:
    """Return what is known of a model: its file, hash, and the memory it would need."""
    folder, model = folder_of(settings), KNOWN.get(name)
    path = find(name, folder)
    kept = records(folder).get(path.name) if path else None
    return {
        "name": name,
        "kind": "language",
        "size": path.stat().st_size if path else model.size if model else 0,
        "licence": model.licence if model else "",
        "repository": model.repository if model else "",
        "quantisation": model.quantisation if model else "",
        "sha256": (kept and kept.sha256) or (model and model.sha256),
        "memory": _need(path, settings) if path else None,
        "path": None if path is None else str(path),
    }


def pull(name: str, settings: Settings, source: str, bar: Bar) -> dict[str, Any]:
    """Bring a model here and return its shape; a name we do not know needs an address or a file to come from."""
    model = KNOWN.get(name) or Gguf(name, "", f"{name}.gguf", "", 0, "")

    def told(done: int, size: int) -> None:
        bar(done // MEGABYTE, (size or model.size) // MEGABYTE or None, "MB")

    fetch(model, folder_of(settings), source, hub=settings.hub, told=told)
    return shape(name, settings)


def checked(name: str, settings: Settings, bar: Bar) -> dict[str, Any]:
    """Read a model's file in full and return its shape; raise EmbedderMissing where it is not what it was."""
    path, digest = check(name, folder_of(settings), lambda done, size: bar(done // MEGABYTE, size // MEGABYTE, "MB"))
    return {**shape(name, settings), "sha256": digest, "path": str(path), "verified": True}


def _need(path: Path, settings: Settings) -> int | None:
    limits = limits_of(settings.local)
    try:
        header = read_header(path)
    except EmbedderMissing:
        return None
    return header.need(min(limits.context, header.context or limits.context))
