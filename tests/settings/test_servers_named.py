"""Servers beside the store: what their addresses may be, and the names that older systems gave them."""

from __future__ import annotations

import pytest

from recollect.errors import ConfigError
from recollect.settings import load, secret


def test_the_names_of_older_systems_are_read() -> None:
    env = {"QDRANT_URL": "host:6333", "QDRANT_API_KEY": "k", "REDIS_URL": "redis://host:6379/0"}
    settings = load("nowhere", environ=env).settings
    assert secret(settings.vectors.url) == "qdrant://host:6333"
    assert secret(settings.vectors.api_key) == "k"
    assert secret(settings.redis.url) == "redis://host:6379/0"


def test_our_own_names_win() -> None:
    env = {"QDRANT_URL": "http://theirs:6333", "RECOLLECT_VECTORS__URL": "chroma://ours:8000"}
    assert secret(load("nowhere", environ=env).settings.vectors.url) == "chroma://ours:8000"


def test_names_of_older_systems_that_belong_to_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra that would use it, an address is somebody else's."""
    monkeypatch.setattr("recollect.settings.beside.find_spec", lambda _: None)
    monkeypatch.setattr("recollect.settings.redis.find_spec", lambda _: None)
    settings = load("nowhere", environ={"QDRANT_URL": "http://host", "REDIS_URL": "redis://host"}).settings
    assert (settings.vectors.url, settings.redis.url) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VECTORS__URL", "host:6333"),
        ("VECTORS__URL", "milvus://host"),
        ("REDIS__URL", "host"),
        ("REDIS__URL", "http://h"),
    ],
)
def test_an_address_of_something_else_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name.lower().replace("__", ".")):
        load("nowhere", environ={f"RECOLLECT_{name}": value})


def test_no_address_is_ever_printed() -> None:
    env = {"RECOLLECT_VECTORS__URL": "https://user:hush@host", "RECOLLECT_REDIS__URL": "redis://:hush@host"}
    told = load("nowhere", environ=env).effective()
    assert not [item for item in told if "hush" in item.value]
