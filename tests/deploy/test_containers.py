"""compose.yaml, the Dockerfile and the manifests: of the right form, and as guarded as the pages say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from tests.deploy.programs import DEPLOY, ROOT

from recollect.settings import load
from recollect.version import __version__

PROFILES = {"local", "team", "edge", "observe", "graph", "vectors", "cache"}
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::?[-+][^{}]*(?:\$\{[^}]*\})?[^{}]*)?\}")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def services() -> Mapping[str, Any]:
    found: Mapping[str, Any] = compose()["services"]
    return found


def asked() -> dict[str, str]:
    """Return the variables that .env.example sets."""
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_compose_is_of_the_form_that_compose_asks_for() -> None:
    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(path.read_text())
    jsonschema.validate(compose(), schema)
    broken = compose()
    broken["services"]["server"]["prots"] = ["1:1"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_every_service_belongs_to_a_profile_and_has_its_bounds() -> None:
    assert {profile for one in services().values() for profile in one["profiles"]} == PROFILES
    for name, one in services().items():
        limits = one["deploy"]["resources"]["limits"]
        assert limits["memory"], name
        assert limits["cpus"], name
        assert ":" in one["image"], name
        assert not one.get("privileged"), name
        assert name in {"alloy", "migrate"} or "healthcheck" in one, name
        if name not in {"postgres", "neo4j"}:  # these make their folder's owner right before they give their rights up
            assert one["read_only"], name
            assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name


def test_ports_are_this_machines_own_and_are_set_in_env() -> None:
    published = [port for one in services().values() for port in one.get("ports", [])]
    assert len(published) >= 9
    for port in published:
        assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z0-9_]+:-\d+\}:\d+", port), port


def test_every_variable_is_in_the_example_and_every_example_is_used() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    used = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    assert used == set(asked())
    for name, value in re.findall(r"\$\{([A-Z0-9_]+):-([^${}]*)\}", text):
        assert value == "unset" or not asked()[name] or asked()[name] == value, name


def test_what_compose_and_kubernetes_set_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in services().values():
        for name, value in one.get("environment", {}).items():
            if name.startswith("RECOLLECT_"):
                default = re.sub(
                    r"\$\{[A-Z0-9_]+:\+[^}]*\}|\$\{[A-Z0-9_]+:-([^}]*)\}", lambda found: found[1] or "", value
                )
                monkeypatch.setenv(name, default)
    (config,) = manifests("settings.yaml")
    for name, value in config["data"].items():
        monkeypatch.setenv(name, value)
    loaded = load(tmp_path).settings
    assert loaded.server.host == "0.0.0.0"
    assert loaded.node.role == "agent"


def test_folders_that_are_mounted_are_there() -> None:
    mounted = [str(v).split(":")[0] for one in services().values() for v in one.get("volumes", [])]
    for place in mounted:
        assert not place.startswith("./") or (DEPLOY / place).exists(), place


def test_the_image_has_what_the_profiles_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = re.search(r"^ARG EXTRAS=(\S+)$", (DEPLOY / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert found is not None
    installed = set(found[1].split(","))
    assert installed <= project.keys()
    beside = {"postgres": "postgres", "neo4j": "neo4j", "qdrant": "qdrant", "redis": "redis"}
    assert beside.keys() <= services().keys()
    assert {*beside.values(), "backup", "encrypted", "models", "telemetry"} <= installed
    assert project.keys() - installed == {"llama", "keyring", "chroma", "fastembed"}, "each has its reason there"


def test_what_stands_beside_is_asked_once_its_address_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses that .env.example names lead to the services of that name and port, by the settings of servers."""
    text = (DEPLOY / ".env.example").read_text()
    named = dict(re.findall(r"(NEO4J_URL|QDRANT_URL|REDIS_URL)=(\S+) has", text))
    assert named.keys() == {"NEO4J_URL", "QDRANT_URL", "REDIS_URL"}
    asks = {"NEO4J_URL", "NEO4J_PASSWORD", "QDRANT_URL", "QDRANT_API_KEY", "REDIS_URL"}
    assert asks <= services()["one"]["environment"].keys() & services()["worker"]["environment"].keys()
    for name in asks:
        assert services()["one"]["environment"][name] == f"${{{name}:-}}"
        monkeypatch.setenv(name, named.get(name, "secret"))
    loaded = load(tmp_path).settings
    for service, url in (("neo4j", loaded.graph.url), ("qdrant", loaded.vectors.url), ("redis", loaded.redis.url)):
        assert url is not None
        host, _, port = url.get_secret_value().partition("://")[2].rpartition("@")[2].partition("/")[0].partition(":")
        assert host == service
        assert any(str(one).endswith(f":{port}") for one in services()[service]["ports"])
    assert loaded.graph.password is not None
    for name in asks:
        monkeypatch.setenv(name, "")
    left = load(tmp_path).settings
    assert (left.graph.url, left.vectors.url, left.redis.url) == (None, None, None)


def test_the_image_runs_as_nobody_and_says_how_it_is() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text()
    last = text[text.rindex("FROM ") :]
    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    assert "org.opencontainers.image.licenses" in last
    assert f"ARG VERSION={__version__}" in last
    assert "pip install" not in last
    for source in re.findall(r"^COPY (?!--from)([^\n]+) \S+$", text, re.MULTILINE):
        assert all((ROOT / part).exists() for part in source.split()), source
    weights = re.search(r"WEIGHTS := (\S+)", (ROOT / "Makefile").read_text())
    assert weights is not None
    assert f"ARG WEIGHTS={weights[1]}" in text
    baked = json.loads((DEPLOY / "docker" / "bake.json").read_text())["target"]["recollect"]
    assert baked["platforms"] == ["linux/amd64", "linux/arm64"]
    assert "type=sbom" in baked["attest"]
    assert f"recollect:{__version__}" in baked["tags"]
    assert (ROOT / baked["dockerfile"]).exists()


def manifests(*names: str) -> Iterator[dict[str, Any]]:
    for name in names or [path.name for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))]:
        yield from yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text())


def test_manifests_are_of_the_form_that_kubernetes_asks_for() -> None:
    kinds = set()
    for one in manifests():
        if "kind" not in one or one["kind"] == "Kustomization":
            continue
        kubernetes_validate.validate(one, "1.34", strict=True)
        kinds.add(one["kind"])
    assert kinds == {
        "ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "Namespace", "NetworkPolicy",
        "PodDisruptionBudget", "Secret", "Service",
    }  # fmt: skip
    (deployment,) = manifests("deployment.yaml")
    deployment["spec"]["template"]["spec"]["containers"][0]["portz"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.34", strict=True)


def test_workers_do_what_servers_leave() -> None:
    deployment, scaler = manifests("worker.yaml")
    pod = deployment["spec"]["template"]["spec"]["containers"][0]
    (config,), (network,) = manifests("settings.yaml"), manifests("network.yaml")
    assert config["data"]["RECOLLECT_SERVER__JOBS"] == "false"
    assert pod["args"][0] == services()["worker"]["command"][0] == "worker"
    assert {"protocol": "TCP", "port": pod["ports"][0]["containerPort"]} in network["spec"]["ingress"][0]["ports"]
    assert pod["securityContext"]["readOnlyRootFilesystem"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    (values,) = manifests("prometheus-adapter.yaml")
    (metric,) = [one["external"]["metric"]["name"] for one in scaler["spec"]["metrics"]]
    assert metric in [rule["seriesQuery"] for rule in values["rules"]["external"]]
    assert pod["envFrom"] == next(manifests("deployment.yaml"))["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    for name in ("one", "two"):
        assert services()[name]["environment"]["RECOLLECT_SERVER__JOBS"] == "false"


def test_a_cron_job_makes_the_backups_and_removes_old_ones(tmp_path: Path) -> None:
    (nightly,), (service,) = manifests("backup.yaml"), manifests("service.yaml")
    pod = nightly["spec"]["jobTemplate"]["spec"]["template"]
    assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    containers = [*pod["spec"]["initContainers"], *pod["spec"]["containers"]]
    assert [one["args"] for one in containers] == [["backup"], ["backup", "prune"]]
    for one in containers:
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        done = subprocess.run(  # no place is named: it says so, and fails
            [sys.executable, "-c", "from recollect.cli.main import main; main()", *one["args"]],
            env={**os.environ, "RECOLLECT_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "backup.to" in done.stderr) == (2, True)
    (secret,) = manifests("secret.example.yaml")
    assert {"RECOLLECT_BACKUP__TO", "RECOLLECT_BACKUP__PASSPHRASE"} <= secret["stringData"].keys()


def test_manifests_fit_together() -> None:
    (custom,) = manifests("kustomization.yaml")
    assert all((DEPLOY / "kubernetes" / name).exists() for name in custom["resources"])
    assert "secret.example.yaml" not in custom["resources"], "an example must not become a secret"
    assert custom["images"][0]["newTag"] == __version__
    (deployment,), (service,), (job,) = (list(manifests(f"{n}.yaml")) for n in ("deployment", "service", "migrate"))
    pod = deployment["spec"]["template"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert not service["spec"]["selector"].items() <= job["spec"]["template"]["metadata"]["labels"].items()
    (disruption,), (scaler,) = (list(manifests(f"{name}.yaml")) for name in ("disruption", "autoscaler"))
    assert disruption["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (2, 10)
    assert scaler["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    for container in (pod["spec"]["containers"][0], job["spec"]["template"]["spec"]["containers"][0]):
        guarded = container["securityContext"]
        assert guarded["readOnlyRootFilesystem"]
        assert not guarded["allowPrivilegeEscalation"]
        assert guarded["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= pod["spec"]["containers"][0].keys()
