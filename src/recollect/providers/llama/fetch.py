"""Brings a GGUF file to this machine, because somebody asked: from the model hub or a mirror, an address, or a file."""

from __future__ import annotations

import hashlib
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, Final

from recollect.errors import ConfigError, EmbedderMissing, ProviderFailed, StoreError, StoreFull
from recollect.providers.llama.gguf import BLOCK, Gguf, Record, keep, records
from recollect.providers.llama.header import read_header

TIMEOUT: Final = 60.0
SPARE: Final = 64 << 20
"""Bytes that must be left on the device."""

Told = Callable[[int, int], None]
"""Called with the bytes so far and the bytes in all (0: not known)."""


def fetch(model: Gguf, folder: Path, source: str, *, hub: str, told: Told = lambda _done, _size: None) -> Record:
    """Bring a model's file into a folder, and return what is on record about it; what is there already is replaced.

    `source` is `hub` (`<hub>/<repository>/resolve/main/<file>`), an http(s) address, or a path. What broke off goes on
    where it stopped. The file is in place only once its hash is right: that which is pinned, else what the hub says
    (`X-Linked-ETag`), else that of the earlier pull. Blocks: call it in a thread.

    Raises:
        ProviderFailed: the source could not be reached or broke off; the next pull goes on from there.
        EmbedderMissing: what came is no GGUF file or has another hash; it is not kept.
        StoreFull, StoreError: the folder has no room or cannot be written.
        ConfigError: the source is neither an http(s) address nor a file.
    """
    place = f"{hub.rstrip('/')}/{model.repository}/resolve/main/{model.file}" if source == "hub" else source
    remote = place.startswith(("https://", "http://"))
    if not remote and not Path(place).is_file():
        raise ConfigError(
            f"{place!r} is neither an http(s) address nor a file", hint="Name hub, an address, or the path of a file."
        )
    part = folder / f"{model.file}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = model.sha256
        if remote:
            size, linked = _announced(place)
            wanted = wanted or linked
            _room(folder, (size or model.size) - (part.stat().st_size if part.exists() else 0))
            _download(place, part, told)
        else:
            _room(folder, Path(place).stat().st_size)
            _copied(Path(place), part, told)
        return _settle(model, folder, part, place, wanted)
    except OSError as error:
        raise StoreError(f"the model cannot be written to {folder}: {error}", hint="free space or rights") from error


def _settle(model: Gguf, folder: Path, part: Path, place: str, wanted: str | None) -> Record:
    digest, size = _digest(part), part.stat().st_size
    before = records(folder).get(model.file)
    known = wanted or (before.sha256 if before and before.source == place else None)
    if known is not None and digest != known:
        part.unlink()
        raise EmbedderMissing(
            f"{place} gave a file with the SHA-256 {digest[:12]}…, wanted {known[:12]}…; it was not kept",
            hint="pull again, or name another source",
        )
    try:
        read_header(part)
    except EmbedderMissing:
        part.unlink()
        raise
    part.replace(folder / model.file)
    record = Record(model.file, digest, size, place, datetime.now(UTC).isoformat(timespec="seconds"))
    keep(folder, record)
    return record


def _room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size + SPARE > free:
        raise StoreFull(
            f"{folder} has {free / 1e9:.1f} GB free and the model needs {size / 1e9:.1f}",
            hint="Free some, or set local.models_dir to a place that has it.",
        )


def _announced(url: str) -> tuple[int, str | None]:
    """Return the size and the SHA-256 that a hub tells before it sends one on; 0 and None where it does not."""
    asked = urllib.request.Request(url, method="HEAD")  # noqa: S310 - the scheme is checked by the caller
    try:
        with urllib.request.build_opener(_Stay).open(asked, timeout=TIMEOUT) as answer:
            headers: HTTPMessage = answer.headers
    except (urllib.error.URLError, HTTPException, OSError, ValueError):
        return 0, None  # the download itself will tell what is wrong
    etag = (headers.get("X-Linked-ETag") or "").strip('"').lower()
    hashed = etag if len(etag) == 64 and all(sign in "0123456789abcdef" for sign in etag) else None
    size = headers.get("X-Linked-Size") or (headers.get("Content-Length") if not headers.get("Location") else "")
    return int(size) if size and size.isdigit() else 0, hashed


class _Stay(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:  # noqa: ARG002 - theirs
        """Return the answer that redirects."""
        return fp

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _download(url: str, part: Path, told: Told) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is checked by the caller
    with _translated(url), _opened(asked) as answer:
        if answer is None:
            return  # all of it had come already
        go_on = answer.status == 206
        done = done if go_on else 0
        length = answer.headers.get("Content-Length") or ""
        whole = done + int(length) if length.isdigit() else 0
        with part.open("ab" if go_on else "wb") as out:
            done = _pour(answer, out, done, whole, told)
    if whole and done < whole:
        raise ProviderFailed(f"{url} broke off after {done:,} of {whole:,} bytes", hint="pull again: it goes on there")


@contextmanager
def _opened(asked: urllib.request.Request) -> Iterator[Any]:
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme is checked
            yield answer
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        error.close()
        yield None


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        hint = "pull again, or name another source: a mirror (setting hub), an address, or a file"
        raise ProviderFailed(f"{url} could not be downloaded: {error}", hint=hint) from error


def _copied(source: Path, part: Path, told: Told) -> None:
    with source.open("rb") as stream, part.open("wb") as out:
        _pour(stream, out, 0, source.stat().st_size, told)


def _pour(stream: IO[bytes], out: IO[bytes], done: int, whole: int, told: Told) -> int:
    told(done, whole)
    while block := stream.read(BLOCK):
        out.write(block)
        done += len(block)
        told(done, whole)
    return done


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
