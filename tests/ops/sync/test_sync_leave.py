"""What may leave is decided by patterns of projects and by how far a memory says it may be seen."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from recollect.errors import ConfigError
from recollect.models import Going, Scope
from recollect.ops.sync.courier import Courier, is_private
from recollect.ops.sync.leave import Rules, matches
from recollect.settings import NodeSettings, load
from recollect.testing.sample import memory


def item(project: str = "web", said: object = None) -> Any:
    return memory("x", Scope("alice", project), metadata={} if said is None else {"visibility": said})


@pytest.mark.parametrize(
    ("patterns", "project", "meant"),
    [
        (("*",), "web", True),
        (("web",), "web", True),
        (("web",), "Web", False),
        (("crypto-*",), "crypto-eu", True),
        (("crypto-*",), "web", False),
        (("*", "!diary"), "diary", False),
        (("!diary",), "web", True),
        (("!*",), "web", False),
        (("日*",), "日记", True),
    ],
)
def test_patterns_say_which_projects_are_meant(patterns: tuple[str, ...], project: str, meant: bool) -> None:
    assert matches(patterns, project) is meant


@pytest.mark.parametrize(
    ("rules", "given", "going"),
    [
        (Rules(), item(), Going.YES),
        (Rules(), item(said="private"), Going.PRIVATE),
        (Rules(), item(said="shared"), Going.YES),
        (Rules(), item(said="nonsense"), Going.YES),
        (Rules(visibility="private"), item(), Going.PRIVATE),
        (Rules(visibility="private"), item(said="project"), Going.YES),
        (Rules(private=("web",)), item(), Going.PRIVATE),
        (Rules(private=("web",)), item(said="shared"), Going.YES),
        (Rules(projects=("app",)), item(), Going.NO),
        (Rules(projects=("app",)), item(said="shared"), Going.NO),
        (Rules(projects=("app",)), item(said="private"), Going.PRIVATE),
    ],
)
def test_a_node_sends_what_its_settings_and_the_memory_allow(rules: Rules, given: Any, going: Going) -> None:
    assert rules.to_center(given) is going


@pytest.mark.parametrize(
    ("given", "granted", "wished", "going"),
    [
        (item(), ("*",), ("*",), Going.YES),
        (item(), ("app",), ("*",), Going.NO),
        (item(), ("*",), ("app",), Going.NO),
        (item(said="shared"), ("*",), ("app",), Going.YES),
        (item(said="shared"), ("app",), ("app",), Going.NO),
        (item(said="private"), ("*",), ("*",), Going.PRIVATE),
    ],
)
def test_a_node_is_sent_what_it_may_have_and_wants_and_what_is_shared(
    given: Any, granted: tuple[str, ...], wished: tuple[str, ...], going: Going
) -> None:
    assert Rules().to_node(given, granted, wished) is going


def test_rules_that_change_have_another_digest() -> None:
    assert Rules().digest() == Rules().digest()
    assert len({Rules().digest(), Rules(projects=("a",)).digest(), Rules().digest(["a"])}) == 3


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("vps-vaym", True),
        ("center.tail1234.ts.net", True),
        ("100.115.94.1", True),
        ("100.63.255.255", False),
        ("192.168.1.2", True),
        ("10.1.2.3", True),
        ("fd7a:115c:a1e0::1", True),
        ("center.lan", True),
        ("8.8.8.8", False),
        ("example.com", False),
        ("evil-ts.net", False),
        ("", False),
    ],
)
def test_private_addresses_and_names_are_known(host: str, private: bool) -> None:
    assert is_private(host) is private


def settings(**more: object) -> NodeSettings:
    return NodeSettings.model_validate({"role": "agent", "token": SecretStr("t"), **more})


def test_texts_do_not_go_over_http_to_where_everybody_listens() -> None:
    with pytest.raises(ConfigError, match="private network"):
        Courier(settings(center="http://example.com"), "s")
    Courier(settings(center="https://example.com"), "s").close()
    Courier(settings(center="http://example.com", insecure=True), "s").close()


def test_a_node_without_a_center_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="no center"):
        Courier(settings(center=None), "s")


def test_the_names_of_older_systems_are_read() -> None:
    found = load(environ={"NODE_ROLE": "center", "NODE_NAME": "mem0-general-center"}).settings.node
    assert (found.role, found.name) == ("center", "mem0-general-center")
    assert load(environ={}).settings.node.role == "alone"
