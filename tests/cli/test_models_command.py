"""`recollect models` knows language models too: lists, fetches and checks them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.providers.llama.tiny import tiny_gguf


def test_language_models_are_listed_fetched_and_checked(recollect: Run, home: Path, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in recollect("models", "list", "--json").json["models"]}
    assert list(rows) == [
        "all-MiniLM-L6-v2",
        "qwen2.5-0.5b-instruct",
        "qwen2.5-1.5b-instruct",
        "phi-3-mini",
        "tinyllama-1.1b",
    ]
    assert rows["phi-3-mini"]["path"] is None
    missing = recollect("models", "check", "phi-3-mini")
    assert missing.code == 1
    assert "recollect models pull phi-3-mini" in missing.err
    own = tiny_gguf(tmp_path / "some.gguf")
    pulled = recollect("models", "pull", "phi-3-mini", "--source", str(own), "--json").json
    assert pulled["path"] == str(home / "models" / "gguf" / "Phi-3-mini-4k-instruct-q4.gguf")
    assert pulled["memory"] > pulled["size"] == own.stat().st_size
    assert recollect("models", "check", "phi-3-mini", "--json").json["verified"] is True
    Path(pulled["path"]).write_bytes(own.read_bytes()[:-1] + b"?")
    assert "damaged or another" in recollect("models", "verify", "phi-3-mini").err
    tiny_gguf(home / "models" / "gguf" / "mine.gguf")
    assert "mine" in recollect("models", "list").out


def test_a_source_that_is_none_is_a_plain_error(recollect: Run, tmp_path: Path) -> None:
    for source in (str(tmp_path / "nowhere.gguf"), "wheel"):
        answer = recollect("models", "pull", "phi-3-mini", "--source", source)
        assert answer.code == 2
        assert "neither an http(s) address nor a file" in answer.err
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    assert "no GGUF file" in recollect("models", "pull", "phi-3-mini", "--source", str(page)).err
    assert recollect("models", "pull", "unheard-of").code == 3
