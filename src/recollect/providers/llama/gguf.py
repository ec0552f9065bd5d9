"""The GGUF files recollect knows by name, where they are, and what is on record about each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from recollect.errors import EmbedderMissing, NotFound
from recollect.providers.llama.header import read_header

RECORDS: Final = "gguf.json"
BLOCK: Final = 1 << 20
NAME: Final = re.compile(r"[\w][\w.+-]{0,99}")
PULL: Final = "run `recollect models pull {name}`"


@dataclass(frozen=True, slots=True)
class Gguf:
    """A model in one file: where it is on the model hub, how it is quantised, about how large it is in bytes.

    `sha256` is `None` where we have never seen the file: the first pull checks it against what the hub says, and puts
    on record what came.
    """

    name: str
    repository: str
    file: str
    quantisation: str
    size: int
    licence: str
    sha256: str | None = None


KNOWN: Final = {
    one.name: one
    for one in (
        Gguf(
            "qwen2.5-0.5b-instruct",
            "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
            "qwen2.5-0.5b-instruct-q4_k_m.gguf",
            "Q4_K_M",
            491_000_000,
            "Apache-2.0",
        ),
        Gguf(
            "qwen2.5-1.5b-instruct",
            "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
            "qwen2.5-1.5b-instruct-q4_k_m.gguf",
            "Q4_K_M",
            1_117_000_000,
            "Apache-2.0",
        ),
        Gguf(
            "phi-3-mini",
            "microsoft/Phi-3-mini-4k-instruct-gguf",
            "Phi-3-mini-4k-instruct-q4.gguf",
            "Q4",
            2_393_000_000,
            "MIT",
        ),
        Gguf(
            "tinyllama-1.1b",
            "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF",
            "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf",
            "Q4_K_M",
            669_000_000,
            "Apache-2.0",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record about a file that was pulled: its hash, its size, where it came from, and when."""

    file: str
    sha256: str
    size: int
    source: str
    at: str


def known(name: str) -> Gguf:
    """Return the model of that name; raise NotFound."""
    if name not in KNOWN:
        raise NotFound(f"no language model is known by the name {name!r}", hint=f"known: {', '.join(KNOWN)}")
    return KNOWN[name]


def find(name: str, folder: Path) -> Path | None:
    """Return the file of a model, by its name, its file's name or as `<name>.gguf`; None where it is not here."""
    if not NAME.fullmatch(name):
        return None
    files = [f"{name}.gguf", name] if name.endswith(".gguf") else [f"{name}.gguf"]
    if name in KNOWN:
        files.insert(0, KNOWN[name].file)
    return next((folder / file for file in files if (folder / file).is_file()), None)


def require(name: str, folder: Path) -> Path:
    """Return the file of a model; raise EmbedderMissing with what to do where it is not here."""
    path = find(name, folder)
    if path is None:
        hint = PULL.format(name=name) if name in KNOWN else f"put {name}.gguf there"
        raise EmbedderMissing(f"the language model {name} is not in {folder}", hint=hint)
    return path


def here(folder: Path) -> dict[str, Path]:
    """Return every model that is in a folder, by name: known ones, then files of their owner's."""
    found = {name: path for name in KNOWN if (path := find(name, folder)) is not None}
    taken = set(found.values())
    more = sorted(folder.glob("*.gguf")) if folder.is_dir() else []
    return found | {path.stem: path for path in more if path not in taken and NAME.fullmatch(path.stem)}


def check(name: str, folder: Path, told: Callable[[int, int], None] = lambda _done, _size: None) -> tuple[Path, str]:
    """Read a model's file in full; return it and its hash.

    Raises EmbedderMissing where it is not here, is no whole GGUF file, or differs from its pin or its record.
    """
    path = require(name, folder)
    read_header(path)
    digest = digest_of(path, told)
    kept = records(folder).get(path.name)
    wanted = (KNOWN[name].sha256 if name in KNOWN else None) or (kept.sha256 if kept else None)
    if wanted is not None and wanted != digest:
        raise EmbedderMissing(
            f"the model file {path} is damaged or another: SHA-256 {digest[:12]}…, wanted {wanted[:12]}…",
            hint=PULL.format(name=name),
        )
    return path, digest


def digest_of(path: Path, told: Callable[[int, int], None]) -> str:
    """Return the SHA-256 of a file, telling how far it has read."""
    found, size, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            found.update(block)
            done += len(block)
            told(done, size)
    return found.hexdigest()


def records(folder: Path) -> dict[str, Record]:
    """Return what is on record, by file name; nothing where the note is gone or broken."""
    try:
        kept = json.loads((folder / RECORDS).read_bytes())
        return {name: Record(**row) for name, row in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep(folder: Path, record: Record) -> None:
    """Put a file on record; where the folder cannot be written the file is used all the same."""
    rows = {name: asdict(row) for name, row in (records(folder) | {record.file: record}).items()}
    draft = folder / f"{RECORDS}.{os.getpid()}"
    with contextlib.suppress(OSError):
        draft.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        draft.replace(folder / RECORDS)
