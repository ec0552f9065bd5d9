"""A Neo4j is found by the names that others use, and refused where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from recollect.errors import ConfigError
from recollect.settings import load, secret


def test_it_is_found_by_the_names_that_others_use(home: Path) -> None:
    env = {"NEO4J_URI": "bolt://host:7687", "NEO4J_USERNAME": "ann", "NEO4J_PASSWORD": "k", "NEO4J_DATABASE": "graph"}
    found = load(home, environ=env).settings.graph
    assert (secret(found.url), found.user, secret(found.password), found.database) == (
        "bolt://host:7687",
        "ann",
        "k",
        "graph",
    )
    shorter = load(home, environ={"NEO4J_URL": "neo4j+s://host", "NEO4J_USER": "bo"}).settings.graph
    assert (secret(shorter.url), shorter.user, shorter.password) == ("neo4j+s://host", "bo", None)


def test_our_own_names_come_first(home: Path) -> None:
    env = {"NEO4J_URI": "bolt://theirs", "RECOLLECT_GRAPH__URL": "bolt://ours"}
    assert secret(load(home, environ=env).settings.graph.url) == "bolt://ours"


def test_a_password_alone_names_no_neo4j(home: Path) -> None:
    assert load(home, environ={"NEO4J_PASSWORD": "k"}).settings.graph.url is None


@pytest.mark.parametrize("url", ["host:7687", "http://host:7474", "qdrant://host"])
def test_what_is_no_address_of_a_neo4j_is_refused(home: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"graph\.url|bolt"):
        load(home, environ={"RECOLLECT_GRAPH__URL": url})


def test_the_password_is_never_shown(home: Path) -> None:
    env = {"RECOLLECT_GRAPH__URL": "bolt://ann:hunter2@host", "RECOLLECT_GRAPH__PASSWORD": "hunter3"}
    shown = repr(load(home, environ=env).settings)
    assert "hunter" not in shown
