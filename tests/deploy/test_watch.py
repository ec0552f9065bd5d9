"""Rules, alerts and dashboards: read by the programs they are for, fed by a real server through a real Prometheus."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.deploy.programs import DEPLOY, free_ports, ok, program, run
from tests.deploy.served import Served, running

from recollect.ops.alerts.channel import slack
from recollect.ops.alerts.desk import Desk
from recollect.ops.alerts.receive import Receiver

RULES = DEPLOY / "prometheus" / "rules" / "recollect.yml"
BOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
ABSENT = {
    "recollect_sync_lag_seconds", "recollect_model_calls_total", "recollect_beside_answers", "recollect_beside_waiting",
    "recollect_replica_lag_seconds", "recollect_replica_read",
}  # fmt: skip
"""Told by nodes, by servers with a language model, and where an index, a graph or a replica stands beside."""
KEPT = {
    "backup__to": "backups", "retention__every": "24",
    "retention__policies": '[{"name": "old", "action": "delete", "older_than": 9000}]',
}  # fmt: skip
"""Settings by which a server has something to tell of backups and policies."""


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def queries() -> list[tuple[str, str]]:
    return [
        (f"{board.stem}: {panel['title']}", target["expr"])
        for board in BOARDS
        for panel in json.loads(board.read_text())["panels"]
        for target in panel["targets"]
    ]


def test_prometheus_takes_its_rules_and_its_configuration() -> None:
    promtool = program("promtool")
    ok(promtool, "check", "rules", RULES)
    for name in ("prometheus.yml", "prometheus.machine.yml"):
        ok(promtool, "check", "config", "--syntax-only", DEPLOY / "prometheus" / name)


def test_every_alert_is_raised_when_it_should_be_and_only_then(tmp_path: Path) -> None:
    tested = (DEPLOY / "prometheus" / "rules_test.yml").read_text()
    told = ok(program("promtool"), "test", "rules", DEPLOY / "prometheus" / "rules_test.yml")
    assert "SUCCESS" in told
    assert set(re.findall(r'alertname="(\w+)"', tested)) == {rule["alert"] for rule in rules()}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "recollect.yml").write_text(RULES.read_text().replace("> 4096", "> 999999"))
    (tmp_path / "test.yml").write_text(tested)
    assert run(program("promtool"), "test", "rules", tmp_path / "test.yml").returncode != 0


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    page = (DEPLOY.parent / "docs" / "operations" / "watch.md").read_text()
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["remedy"]
        assert f"`{rule['alert']}`" in page, "the page says what to do"


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    amtool = program("amtool")
    path = DEPLOY / "alertmanager" / "alertmanager.yml"
    ok(amtool, "check-config", path)
    for labels, receiver in ((["severity=critical"], "everywhere"), (["severity=warning"], "webhook")):
        told = ok(amtool, "config", "routes", "test", f"--config.file={path}", *labels)
        assert told.splitlines()[-1] == receiver
    broken = tmp_path / "broken.yml"
    broken.write_text(path.read_text().replace("receiver: everywhere", "receiver: nobody"))
    assert run(amtool, "check-config", broken).returncode != 0


def test_dashboards_are_whole() -> None:
    assert len(BOARDS) == 2
    uids = set()
    for board in BOARDS:
        found = json.loads(board.read_text())
        uids.add(found["uid"])
        ids = [panel["id"] for panel in found["panels"]]
        assert len(ids) == len(set(ids))
        for panel in found["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {"prometheus"}
    assert len(uids) == len(BOARDS)


def use(server: Served) -> None:
    """Do with a server what assistants do, so that every figure has something to tell."""
    who = {"user_id": "alice", "project_id": "web"}
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
        turns = [{"role": "user", "content": "We moved the brass lantern to the north tower."}]
        body = {"turns": turns, "conversation_id": f"c{time.monotonic_ns()}", **who}
        hooked = {"X-Recollect-Hook": "PostToolUse", "X-Recollect-Hook-Ms": "12"}
        assert client.post("/api/capture", json=body, headers=hooked).status_code == 202
        note = {"content": f"Note {time.monotonic_ns()} on the lantern", **who}
        assert client.post("/api/memory/add", json=note).status_code == 200
        for path, more in (("/api/memory/search", {"limit": 5}), ("/api/context", {"budget": 200})):
            assert client.post(path, json={"query": "Where is the lantern?", **more, **who}).status_code == 200
        assert client.get("/api/memory/00000000-0000-7000-8000-000000000000").status_code == 404


@pytest.mark.slow
def test_every_panel_shows_something_of_a_real_server(home: Path, tmp_path: Path) -> None:
    prometheus = program("prometheus")
    port, watched = free_ports(2)
    server = Served(home, port, **KEPT | {"backup__to": str(tmp_path / "backups")})
    try:
        server.wait()
        (tmp_path / "token").write_text(server.headers["Authorization"].removeprefix("Bearer "))
        config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
        job = next(one for one in config["scrape_configs"] if one["job_name"] == "recollect")
        job.pop("dns_sd_configs")
        job["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
        job["authorization"]["credentials_file"] = str(tmp_path / "token")
        config |= {"scrape_configs": [job], "rule_files": [str(RULES)]}
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"}
        config.pop("alerting")
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        url = f"http://127.0.0.1:{watched}"
        command = (prometheus, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                   f"--web.listen-address=127.0.0.1:{watched}")  # fmt: skip
        with running(*command, ready=f"{url}/-/ready", log=tmp_path / "prometheus.log"):
            empty = dict(queries())
            until = time.monotonic() + 90
            while empty and time.monotonic() < until:
                use(server)
                empty = {name: text for name, text in empty.items() if not shown(url, text)}
                time.sleep(0.5)
            assert not empty
            for rule in rules():
                names = set(re.findall(r"\brecollect_\w+", rule["expr"]))
                assert all(shown(url, name) for name in names - ABSENT), rule["alert"]
                assert asked(url, rule["expr"]) is not None
            firing = {one["labels"]["alertname"] for one in alerts(url) if one["state"] == "firing"}
            assert "ServiceDown" not in firing
    finally:
        server.end()


def asked(url: str, text: str) -> list[Any]:
    query = text.replace("$__rate_interval", "30s").replace("[1h]", "[30s]")
    answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, timeout=30).json()
    assert answer["status"] == "success", answer
    found: list[Any] = answer["data"]["result"]
    return found


def shown(url: str, text: str) -> bool:
    """Whether a query has a value that is a number."""
    return any(one["value"][1] != "NaN" for one in asked(url, text))


def alerts(url: str) -> list[Any]:
    found: list[Any] = httpx.get(f"{url}/api/v1/alerts", timeout=30).json()["data"]["alerts"]
    return found


@pytest.mark.slow
def test_what_alertmanager_is_told_reaches_a_chat_through_the_receiver(tmp_path: Path) -> None:
    manager = program("prometheus-alertmanager")
    heard: list[Any] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    (port,) = free_ports(1)
    with ExitStack() as stack:
        chat = served(stack, HTTPServer(("127.0.0.1", 0), Chat))
        desk = Desk([slack(f"http://127.0.0.1:{chat}/hook")], tmp_path / "alerts.log", lambda _: None, timeout=20)
        receiver = served(stack, Receiver("127.0.0.1", 0, desk, "let-me-in"))
        (tmp_path / "token").write_text("let-me-in")
        config = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
        config["route"] |= {"group_wait": "1s", "routes": []}
        config["receivers"] = [one for one in config["receivers"] if one["name"] == "webhook"]
        hook = config["receivers"][0]["webhook_configs"][0]
        hook["url"] = f"http://127.0.0.1:{receiver}/alerts"
        hook["http_config"]["authorization"]["credentials_file"] = str(tmp_path / "token")
        config["global"] = {}
        (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
        url = f"http://127.0.0.1:{port}"
        command = (manager, f"--config.file={tmp_path}/alertmanager.yml", f"--storage.path={tmp_path}/data",
                   f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=")  # fmt: skip
        with running(*command, ready=f"{url}/-/ready", log=tmp_path / "alertmanager.log"):
            raised = {"labels": {"alertname": "JobsParked", "severity": "warning"}, "annotations": {"summary": "停了"}}
            assert httpx.post(f"{url}/api/v2/alerts", json=[raised], timeout=30).status_code == 200
            until = time.monotonic() + 60
            while not heard:
                assert time.monotonic() < until, (tmp_path / "alertmanager.log").read_text()[-2000:]
                time.sleep(0.1)
    assert heard[0]["text"].splitlines() == ["WARNING: JobsParked", "- [warning] 停了"]


def served(stack: ExitStack, server: HTTPServer) -> int:
    """Serve until the stack is unwound; return the port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    stack.callback(server.server_close)
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    return server.server_port
