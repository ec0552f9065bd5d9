"""What the check of a release notices, and that the workflows of public CI are ones."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from scripts.check_archives import same, source_files, stray, versions, viewer, wheel_files
from scripts.check_docs import ROOT
from scripts.check_release import Row, pythons, table
from tests.deploy.programs import ok, run

WORKFLOWS = ROOT / ".github" / "workflows"
PAGE = b'<script type="module" src="./assets/index-1.js"></script><link rel="stylesheet" href="./assets/index-2.css">'


def test_the_version_is_the_same_wherever_it_is_repeated() -> None:
    assert list(versions(ROOT)) == []


def test_another_version_is_noticed(tmp_path: Path) -> None:
    for name in ("deploy/docker", "deploy/kubernetes", "src/recollect/plugin/openclaw"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("deploy/docker/Dockerfile", "deploy/docker/bake.json", "deploy/kubernetes/kustomization.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    for name in ("openclaw.plugin.json", "package.json"):
        (tmp_path / "src/recollect/plugin/openclaw" / name).write_text('{"version": "0.0.9"}')
    assert [line.split()[2] for line in versions(tmp_path)] == ["0.0.9,", "0.0.9,"]


def test_a_viewer_that_lacks_something_is_noticed() -> None:
    page = "recollect/viewer/index.html"
    assert list(viewer("wheel", {}, "")) == ["wheel: the viewer is missing: make viewer"]
    held = {page: PAGE, "recollect/viewer/assets/index-1.js": b""}
    assert list(viewer("wheel", held, "")) == [
        "wheel: the viewer's page wants assets/index-2.css, which is missing",
    ]
    assert not list(viewer("wheel", {**held, "recollect/viewer/assets/index-2.css": b""}, ""))


@pytest.mark.parametrize(
    "name",
    [
        "src/recollect/__pycache__/x.cpython-311.pyc",
        "viewer/node_modules/a/index.js",
        "deploy/.env",
        "tests/data/longmemeval_s.json",
        "recollect.db",
        "deploy/secrets/alert-token",
    ],
)
def test_what_nobody_should_be_sent_is_noticed(name: str) -> None:
    assert list(stray("wheel", {name: b"text"})) == [f"wheel: {name} does not belong there"]
    assert not list(stray("wheel", {"deploy/.env.example": b"", "src/recollect/data/secrets.toml": b"text"}))


def test_a_file_as_large_as_a_data_set_and_the_path_of_the_machine_are_noticed() -> None:
    found = list(stray("wheel", {"a.bin": b"\0" * 2_000_000, "b.py": b"x = '" + str(ROOT).encode() + b"/src'"}))
    assert found[0] == "wheel: a.bin has 2,000,000 bytes; data sets and weights do not belong there"
    assert "wheel: b.py holds the path it was made at" in found


def test_archives_are_compared_by_what_they_hold(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.write(tmp_path / "a.txt", "recollect/a.txt")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as source:
        source.add(tmp_path / "a.txt", "recollect-1/recollect/a.txt")
    ours, theirs = wheel_files(tmp_path / "a.whl"), source_files(tmp_path / "a.tar.gz")
    assert ours == theirs == {"recollect/a.txt": b"one"}
    assert not list(same(ours, theirs))
    assert len(list(same(ours, {"recollect/a.txt": b"two", "more": b""}))) == 2


def test_the_table_shows_every_step_of_every_python() -> None:
    rows = [Row("3.11.7", {"words": "ok, 3 s"}), Row("3.14.8", {"words": "FAILED", "tests": "9 passed"})]
    assert table(rows) == "       3.11.7   3.14.8\nwords  ok, 3 s  FAILED\ntests           9 passed"


def test_a_python_is_told_by_its_version_and_what_is_none_is_refused(tmp_path: Path) -> None:
    assert list(pythons([sys.executable])) == [".".join(map(str, sys.version_info[:3]))]
    with pytest.raises(SystemExit, match="is no Python"):
        pythons([str(tmp_path / "python")])


def test_the_workflows_are_ones_of_github() -> None:
    files = sorted(WORKFLOWS.glob("*.yml"))
    assert [path.name for path in files] == ["ci.yml", "release.yml"]
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    ok(*check, *files)


def test_a_workflow_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text("on: push\njobs: {a: {runs-on: ubuntu-24.04, step: []}}\n")
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    assert run(*check, tmp_path / "ci.yml").returncode != 0


def test_every_action_has_a_version_and_every_job_an_end_and_few_rights() -> None:
    for path in sorted(WORKFLOWS.glob("*.yml")):
        flow = yaml.safe_load(path.read_text())
        assert flow["permissions"] == {"contents": "read"}, path.name
        for name, job in flow["jobs"].items():
            assert job["timeout-minutes"] <= 120, name
            for step in job["steps"]:
                if "uses" in step:
                    assert re.fullmatch(r"[\w.-]+/[\w./-]+@v\d[\d.]*", step["uses"]), step["uses"]


def test_the_workflows_call_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "".join(path.read_text() for path in sorted(WORKFLOWS.glob("*.yml")))
    for line in re.findall(r"run: make (.+)", text):
        assert {word for word in line.split() if "=" not in word} <= targets, line
    for module in re.findall(r"python -m (scripts[\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    assert (ROOT / ".ci" / "run").is_file()
