"""GGUF files come here whole or not at all: from a hub and its mirrors, an address, or a file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.providers.llama.tiny import tiny_gguf

from recollect.errors import ConfigError, EmbedderMissing, NotFound, ProviderFailed, StoreFull
from recollect.providers.llama import fetch as fetching
from recollect.providers.llama.fetch import fetch
from recollect.providers.llama.gguf import KNOWN, Gguf, check, find, here, known, records, require
from recollect.providers.llama.header import read_header

TINY = Gguf("tiny", "owner/tiny-GGUF", "tiny-q4.gguf", "F32", 150_000, "MIT")


@dataclass
class Hub:
    """A model hub: what it holds, what it was asked, how much it gives before it breaks off."""

    url: str = ""
    data: bytes = b""
    linked: str | None = None
    breaks_after: int | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    state = Hub(data=tiny_gguf(tmp_path / "source.gguf").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            state.asked.append(("HEAD", self.path, None))
            self.send_response(302)
            self.send_header("Location", "/store")
            if state.linked:
                self.send_header("X-Linked-ETag", f'"{state.linked}"')
                self.send_header("X-Linked-Size", str(len(state.data)))
            self.end_headers()

        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            state.asked.append(("GET", self.path, wanted))
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if start >= len(state.data):
                self.send_error(416)
                return
            rest = state.data[start:]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest if state.breaks_after is None else rest[: state.breaks_after])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        state.url = f"http://127.0.0.1:{listening.server_address[1]}"
        yield state
        listening.shutdown()
        thread.join()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_model_comes_from_the_hub_with_progress_and_is_put_on_record(hub: Hub, tmp_path: Path) -> None:
    folder, told = tmp_path / "models", list[tuple[int, int]]()
    record = fetch(TINY, folder, "hub", hub=f"{hub.url}/", told=lambda done, size: told.append((done, size)))
    assert hub.asked[-1][1] == "/owner/tiny-GGUF/resolve/main/tiny-q4.gguf"
    assert (folder / "tiny-q4.gguf").read_bytes() == hub.data
    assert (record.sha256, record.size) == (sha(hub.data), len(hub.data))
    assert records(folder) == {"tiny-q4.gguf": record}
    assert told[0][0] == 0
    assert told[-1] == (len(hub.data), len(hub.data))
    assert sorted(path.name for path in folder.iterdir()) == ["gguf.json", "tiny-q4.gguf"]


def test_what_broke_off_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.breaks_after = 60_000
    for done in (60_000, 120_000):
        with pytest.raises(ProviderFailed, match=r"broke off|could not be downloaded"):
            fetch(TINY, tmp_path, "hub", hub=hub.url)
        assert (tmp_path / "tiny-q4.gguf.part").stat().st_size == done
        assert not (tmp_path / "tiny-q4.gguf").exists()
    hub.breaks_after = None
    fetch(TINY, tmp_path, "hub", hub=hub.url)
    assert [wanted for verb, _, wanted in hub.asked if verb == "GET"] == [None, "bytes=60000-", "bytes=120000-"]
    assert (tmp_path / "tiny-q4.gguf").read_bytes() == hub.data


def test_a_part_that_was_whole_already_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "tiny-q4.gguf.part").write_bytes(hub.data)
    fetch(TINY, tmp_path, "hub", hub=hub.url)
    assert (tmp_path / "tiny-q4.gguf").read_bytes() == hub.data


@pytest.mark.parametrize("where", ["pin", "hub"])
def test_a_file_of_another_hash_is_not_kept(hub: Hub, tmp_path: Path, where: str) -> None:
    other = sha(b"another")
    hub.linked = other if where == "hub" else sha(hub.data)
    model = replace(TINY, sha256=other) if where == "pin" else TINY
    with pytest.raises(EmbedderMissing, match=other[:12]):
        fetch(model, tmp_path, "hub", hub=hub.url)
    assert not list(tmp_path.glob("tiny-q4*"))
    hub.linked = sha(hub.data)
    assert fetch(TINY, tmp_path, "hub", hub=hub.url).sha256 == sha(hub.data)


def test_what_the_same_place_gave_before_it_must_give_again(hub: Hub, tmp_path: Path) -> None:
    fetch(TINY, tmp_path, "hub", hub=hub.url)
    before = hub.data
    hub.data = tiny_gguf(tmp_path / "changed.gguf", seed=9).read_bytes()
    with pytest.raises(EmbedderMissing, match="it was not kept"):
        fetch(TINY, tmp_path, "hub", hub=hub.url)
    assert (tmp_path / "tiny-q4.gguf").read_bytes() == before
    assert fetch(TINY, tmp_path, f"{hub.url}/mirror.gguf", hub="").sha256 == sha(hub.data)


def test_a_file_of_ones_own_is_taken_and_a_page_is_not(hub: Hub, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(hub.data)
    fetch(TINY, tmp_path / "models", str(own), hub="")
    assert own.exists()
    hub.data = b"<html>please log in</html>"
    with pytest.raises(EmbedderMissing, match="no GGUF file"):
        fetch(replace(TINY, file="b.gguf"), tmp_path / "models", f"{hub.url}/b.gguf", hub="")
    assert find("b", tmp_path / "models") is None
    with pytest.raises(ConfigError, match="neither"):
        fetch(TINY, tmp_path / "models", "ftp://somewhere/x.gguf", hub="")


def test_nobody_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderFailed, match="could not be downloaded"):
        fetch(TINY, tmp_path, "hub", hub="http://127.0.0.1:9")


def test_without_room_nothing_is_begun(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SPARE", 1 << 60)
    with pytest.raises(StoreFull, match="GB free"):
        fetch(TINY, tmp_path, "hub", hub=hub.url)
    assert not [verb for verb, *_ in hub.asked if verb == "GET"]


def test_the_four_models_are_known_and_a_file_that_is_there_is_used(tmp_path: Path) -> None:
    assert list(KNOWN) == ["qwen2.5-0.5b-instruct", "qwen2.5-1.5b-instruct", "phi-3-mini", "tinyllama-1.1b"]
    with pytest.raises(NotFound, match="gpt"):
        known("gpt")
    with pytest.raises(EmbedderMissing, match="phi-3-mini is not in"):
        require("phi-3-mini", tmp_path)
    tiny_gguf(tmp_path / KNOWN["phi-3-mini"].file)
    tiny_gguf(tmp_path / "tinyllama-1.1b.gguf")
    tiny_gguf(tmp_path / "mine.gguf")
    assert sorted(here(tmp_path)) == ["mine", "phi-3-mini", "tinyllama-1.1b"]
    for name in ("../mine", "", "a/b", ".gguf", "x" * 300):
        assert find(name, tmp_path) is None


def test_checking_reads_the_file_and_finds_what_was_changed(hub: Hub, tmp_path: Path) -> None:
    fetch(TINY, tmp_path, "hub", hub=hub.url)
    assert check("tiny-q4", tmp_path)[1] == sha(hub.data)
    (tmp_path / "tiny-q4.gguf").write_bytes(hub.data[:-1] + b"?")
    with pytest.raises(EmbedderMissing, match="damaged or another"):
        check("tiny-q4", tmp_path)
    (tmp_path / "gguf.json").write_text("[1]")
    assert check("tiny-q4", tmp_path)


def test_a_header_tells_what_a_model_needs(tmp_path: Path) -> None:
    header = read_header(tiny_gguf(tmp_path / "tiny.gguf", context=2048))
    assert (header.architecture, header.context, header.layers, header.width) == ("llama", 2048, 2, 32)
    assert header.need(2048) - header.need(1024) == 2 * 2 * 1024 * 32 * 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"GGUF" + b"\xff" * 20,
        b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (1).to_bytes(8, "little") + b"\xff" * 8,
        b"GGUF"
        + (3).to_bytes(4, "little")
        + bytes(8)
        + (9).to_bytes(8, "little")
        + bytes(8)
        + (99).to_bytes(4, "little"),
        b"GGUF"
        + (3).to_bytes(4, "little")
        + bytes(8)
        + (9).to_bytes(8, "little")
        + bytes(8)
        + (9).to_bytes(4, "little"),
    ],
)
def test_a_broken_header_is_a_typed_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.gguf").write_bytes(data)
    with pytest.raises(EmbedderMissing, match="no GGUF file"):
        read_header(tmp_path / "broken.gguf")
