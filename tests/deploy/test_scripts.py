"""The scripts: over a Docker that only listens, and, without containers, over a real server."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from tests.deploy.programs import ROOT, free_ports, run

MAIN = "from recollect.cli.main import main; main()"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of what the scripts need, for them to write to."""
    for name in ("scripts", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / "repo" / name, ignore=shutil.ignore_patterns(".env", "secrets"))
    script(tmp_path / "bin" / "docker", f'echo "$@" >> {tmp_path}/said; exit ${{FAIL:-0}}')
    return tmp_path / "repo"


def path(copy: Path) -> str:
    return f"{copy.parent}/bin:{os.environ['PATH']}"


def said(copy: Path) -> list[str]:
    return [line for line in (copy.parent / "said").read_text().splitlines() if line != "compose version"]


def called(copy: Path, name: str, *args: str, **env: str) -> tuple[int, str]:
    """Run a script of the copy, as it is called, with the Docker that only listens."""
    done = run("env", f"PATH={path(copy)}", "bash", copy / "scripts" / name, *args, cwd=copy, env=env)
    return done.returncode, done.stdout


def test_start_makes_an_environment_with_passwords_of_its_own(copy: Path) -> None:
    code, told = called(copy, "start.sh")
    assert code == 0, told
    env = copy / "deploy" / ".env"
    assert env.stat().st_mode & 0o077 == 0
    made = dict(line.split("=", 1) for line in env.read_text().splitlines() if "=" in line and line[0] != "#")
    assert len(made["POSTGRES_PASSWORD"]) == len(made["GRAFANA_PASSWORD"]) == 48
    assert made["POSTGRES_PASSWORD"] != made["GRAFANA_PASSWORD"]
    assert "http://127.0.0.1:37777" in told
    before = env.read_text()
    assert called(copy, "start.sh", "team")[0] == 0
    assert env.read_text() == before, "what is there is left alone"
    assert said(copy) == [
        "compose --profile local up --detach --wait",
        "compose --profile team up --detach --wait",
    ]
    assert called(copy, "start.sh", "nonsense")[0] == 2
    assert called(copy, "stop.sh")[0] == 0
    assert called(copy, "logs.sh", "server")[0] == 0
    assert said(copy)[-1].endswith("logs --follow --tail 200 server")


def test_monitoring_begins_only_with_its_tokens(copy: Path) -> None:
    code, told = called(copy, "monitoring_control.sh", "start")
    assert (code, "prometheus-token is empty" in told) == (1, True)
    for name in ("prometheus-token", "alert-token"):
        (copy / "deploy" / "secrets").mkdir(exist_ok=True)
        (copy / "deploy" / "secrets" / name).write_text("x")
    code, told = called(copy, "monitoring_control.sh", "start")
    assert code == 0, told
    assert said(copy)[-1] == (
        "compose --profile observe up --detach prometheus node alertmanager alerts grafana loki alloy logs"
    )
    assert called(copy, "monitoring_control.sh", "status")[0] == 0
    assert called(copy, "monitoring_control.sh")[0] == 2


def test_health_check_tells_what_it_could_not_reach(copy: Path) -> None:
    code, told = called(copy, "health-check.sh", "http://127.0.0.1:1")
    assert (code, "does not answer" in told) == (5, True)


def test_a_deployment_with_docker_has_seven_steps(copy: Path) -> None:
    assert called(copy, "deploy_production.sh", "--use-docker")[0] == 1, "without .env nothing is begun"
    assert not (copy.parent / "said").exists()
    shutil.copy(copy / "deploy" / ".env.example", copy / "deploy" / ".env")
    code, told = called(copy, "deploy_production.sh", "--use-docker")
    assert code == 0, told
    assert [f"[{number}/7]" in told for number in range(1, 8)] == [True] * 7
    local = "compose --profile local"
    assert said(copy) == [
        f"{local} run --rm --no-deps -T server doctor",
        f"{local} ps --quiet server",
        f"{local} stop",
        f"{local} build",
        f"{local} up --detach --wait",
        f"{local} exec -T server recollect verify",
    ]
    (copy.parent / "said").unlink()
    flags = ("--use-docker", "--skip-checks", "--skip-backup", "--skip-validation")
    assert called(copy, "deploy_production.sh", *flags)[0] == 0
    assert said(copy) == [f"{local} stop", f"{local} build", f"{local} up --detach --wait"]
    code, told = called(copy, "deploy_production.sh", "--use-docker", FAIL="3")
    assert code != 0
    assert "Step 2 failed" in told
    assert "Nothing was stopped" in told
    assert called(copy, "deploy_production.sh", "--skip-everything")[0] == 2


@pytest.mark.slow
def test_a_deployment_without_containers_runs_real_servers(copy: Path, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    home, prefix = tmp_path / "home", tmp_path / "prefix"
    command = f"exec {sys.executable} -c '{MAIN}' \"$@\""
    recollect = script(prefix / "bin" / "recollect", command)
    script(prefix / "bin" / "python", f'echo "$@" >> {tmp_path}/pip')
    systemctl = script(
        tmp_path / "systemctl",
        f"case $1 in start) {recollect} serve --background --port {port} ;; stop) {recollect} stop ;; esac; true",
    )
    settings = tmp_path / "recollect.env"
    settings.write_text(
        f'# a comment\nRECOLLECT_EMBEDDER__PROVIDER=none\nRECOLLECT_LOG__LEVEL="DEBUG"\n$(touch {tmp_path}/run)\n'
    )
    env = {"PREFIX": str(prefix), "SYSTEMCTL": str(systemctl), "ACCOUNT": "", "PORTS": str(port),
           "SETTINGS": str(settings), "RECOLLECT_HOME": str(home), "RELEASE": "recollect==9"}  # fmt: skip
    try:
        assert run(recollect, "add", "Alice prefers tabs", env=env).returncode == 0
        done = run("bash", copy / "scripts" / "deploy_production.sh", cwd=copy, env=env)
        assert done.returncode == 0, done.stdout
        assert "In service." in done.stdout
        assert "ok    removal" in done.stdout
        assert (tmp_path / "pip").read_text().strip() == "-m pip install --quiet --upgrade recollect==9"
        assert list((home / "backups").iterdir()), "there is a backup of before"
        assert not (tmp_path / "run").exists(), "nothing of the settings is run"
        health = run("bash", copy / "scripts" / "health-check.sh", f"http://127.0.0.1:{port}", cwd=copy)
        assert health.returncode == 0, health.stdout
    finally:
        run(recollect, "stop", env=env)
