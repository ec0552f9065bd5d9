"""The docs say what the code says: settings, public names, words, weights."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import recollect
from recollect.models import Kind, Role, Tier
from recollect.retrieve.fuse import Weights
from recollect.settings import PREFIX, Loaded, Settings, load

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAVY = ("numpy", "sqlalchemy", "onnxruntime", "pydantic", "click", "rich", "alembic")


def rows(page: str, columns: int) -> list[tuple[str, ...]]:
    """Return the cells of every row of a page's tables that has so many columns and starts with a name in backticks."""
    found = []
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith("| `") and len(cells) == columns:
            found.append(cells)
    return found


def test_every_setting_is_in_the_docs_with_its_default_and_nothing_else_is() -> None:
    told = {name.strip("`"): default for name, default, _, _ in rows("settings.md", 4)}
    real = {item.name: item.value for item in Loaded(Settings.model_validate({}), {}).effective()}
    assert told == {name: "unset" if value == "None" else f"`{value}`" for name, value in real.items()}


GIVEN = {
    "embedder.provider": "openai",
    "embedder.precision": "float32",
    "embedder.threads": "7",
    "embedder.fallbacks": '[{"base_url": "http://x"}]',
    "embedder.cache_ttl": "60",
    "local.context": "512",
    "project.project_isolation_mode": "shared",
    "store.writers": "7",
    "store.key_file": "/keys/store.key",
    "store.pgvector": "False",
    "store.row_security": "True",
    "vectors.url": "qdrant://host:6333",
    "vectors.grpc": "True",
    "vectors.shards": "7",
    "vectors.replicas": "7",
    "vectors.quantised": "False",
    "graph.url": "bolt://host:7687",
    "redis.url": "redis://host:6379",
    "compose.language": "zh",
    "models.enabled": "true",
    "models.providers": '{"x": {"base_url": "http://x"}}',
    "models.keys": '{"x": "k"}',
    "models.tasks": '{"fusion": {"model": "x/y"}}',
    "models.prices": '{"x/*": [1, 2]}',
    "models.cache.enabled": "False",
    "fusion.enabled": "False",
    "fusion.language": "zh",
    "infer.understand": "True",
    "infer.observe": "False",
    "infer.flagged": "mark",
    "project.enable_cross_project_search": "True",
    "log.level": "DEBUG",
    "retention.policies": '[{"name": "old", "action": "warm", "older_than": 90}]',
    "node.role": "agent",
    "node.center": "http://center:37777",
    "node.visibility": "shared",
    "node.insecure": "True",
    "telemetry.endpoint": "http://127.0.0.1:4318",
    "server.auth": "False",
    "server.workers": "7",
    "server.session_key": "k" * 32,
    "worker.concurrency": "7",
    "worker.port": "7777",
    "server.import_mb": "0.5",
    "server.rate": "5/second",
    "server.rate_loopback": "False",
}
"""Values of settings that not every word will do for."""


def test_every_environment_name_in_the_docs_sets_its_setting(tmp_path: Path) -> None:
    values = {"int": "77", "float": "0.5", "str": "text"}
    given = {**GIVEN, "home": str(tmp_path / "elsewhere")}
    before = {item.name: item.value for item in load(tmp_path, environ={}).effective()}
    for cell, default, variable, _ in rows("settings.md", 4):
        name = cell.strip("`")
        plain = default.strip("`")
        kind = "int" if plain.isdigit() or name == "embedder.dimension" else "float" if "." in plain[:4] else "str"
        kind = "float" if name == "retrieve.word_weight" else kind
        opposite = {"True": "False", "False": "True"}.get(plain)
        value = given.get(name, opposite or values[kind])
        home = None if name == "home" else tmp_path
        loaded = load(home, environ={variable.strip("`"): value})
        after = {item.name: item for item in loaded.effective()}
        told = [item for item in after.values() if item.name == name or item.name.startswith(f"{name}.")]
        changed = [item for item in told if item.value != before[name] and item.origin == "environment"]
        assert changed, name


def test_environment_names_follow_from_the_names_of_settings() -> None:
    for name, _, variable, _ in rows("settings.md", 4):
        assert variable == f"`{PREFIX}{name.strip('`').upper().replace('.', '__')}`"


def test_every_public_name_resolves_and_is_in_the_docs() -> None:
    line = re.search(
        r"^Public names: (.*?)\. ", (DOCS / "python.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert line is not None
    assert sorted(re.findall(r"`(\w+)`", line[1])) == sorted(recollect.__all__)
    for name in recollect.__all__:
        assert getattr(recollect, name) is not None


def test_no_public_name_is_left_out_of_all() -> None:
    homes = vars(recollect)["_HOMES"]
    assert sorted([*homes, "__version__"]) == sorted(recollect.__all__)


def test_importing_recollect_imports_nothing_heavy() -> None:
    script = f"import sys, recollect; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_glossary_has_every_word_of_the_nouns() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = {*Kind, *Tier, "memory", "conversation", "project", "user", "agent", "scope", "reach", "chunk", "hit"}
    words |= {"context", "job", "change", "importance", "urgency", "tier", "entity", "standing", "dense", "stale"}
    missing = [word for word in words if not re.search(rf"\*\*{word}\*\*|`{word}`", text)]
    assert missing == []
    assert set(Role) <= set(re.findall(r"\w+", (DOCS / "python.md").read_text(encoding="utf-8"))) | {"system", "tool"}


def test_the_weights_in_the_docs_are_those_of_the_code() -> None:
    text = (DOCS / "retrieval.md").read_text(encoding="utf-8")
    told = {name.strip("`"): float(weight) for name, weight, _ in rows("retrieval.md", 3)}
    told |= {name: float(weight) for name, weight in re.findall(r"`(\w+)` \((-?\d[\d.]*);", text)}
    assert told == dataclasses.asdict(Weights())
