"""The pieces for a machine of one's own, each read by the program it is for."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.deploy.programs import DEPLOY, ROOT, free_ports, ok, program, run

from recollect.settings import load

SCRIPTS = sorted([*(ROOT / "scripts").glob("*.sh"), *DEPLOY.rglob("*.sh")])


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody trusts."""
    key, made = folder / "privkey.pem", folder / "fullchain.pem"
    ok(program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
       "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=mem.example.com")  # fmt: skip
    return key, made


def test_nginx_takes_the_site(tmp_path: Path) -> None:
    nginx = program("nginx")
    certificate(tmp_path)
    site = (DEPLOY / "nginx" / "recollect.conf").read_text()
    site = site.replace("/etc/letsencrypt/live/mem.example.com", str(tmp_path))
    site = site.replace("/etc/nginx/recollect/", f"{DEPLOY}/nginx/").replace("/var/log/nginx", str(tmp_path))
    secure, plain = free_ports(2)
    site = re.sub(r"listen (\[::\]:)?443", rf"listen \g<1>{secure}", site)
    site = re.sub(r"listen (\[::\]:)?80;", rf"listen \g<1>{plain};", site)
    (tmp_path / "site.conf").write_text(site)
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    told = ok(nginx, "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path, "-e", tmp_path / "error.log")
    assert "test is successful" in told
    (tmp_path / "site.conf").write_text(site.replace("keepalive 32", "keepalife 32"))
    broken = run(nginx, "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path, "-e", tmp_path / "error.log")
    assert "keepalife" in broken.stdout


def test_nginx_takes_the_front_of_compose(tmp_path: Path) -> None:
    whole = (DEPLOY / "nginx" / "front.conf").read_text()
    for name in ("one", "two"):
        whole = whole.replace(f"server {name}:", "server 127.0.0.1:")
    whole = whole.replace("/tmp/", f"{tmp_path}/").replace("/etc/nginx/proxy.conf", f"{DEPLOY}/nginx/proxy.conf")
    (tmp_path / "nginx.conf").write_text(whole)
    assert "successful" in ok(program("nginx"), "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path)


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text().replace("/var/log/caddy", str(tmp_path))
    (tmp_path / "Caddyfile").write_text(text)
    own = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(tmp_path))
    told = ok(program("caddy"), "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile", env=own)
    assert "Valid configuration" in told


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    true = shutil.which("true")
    for path in sorted((DEPLOY / "systemd").glob("*.*e*")):
        if path.suffix not in {".service", ".timer"}:
            continue
        text = path.read_text().replace("/opt/recollect/bin/recollect", str(true))
        name = path.name.replace("@.", "@37777.")
        (tmp_path / path.name).write_text(text)
        if name != path.name:
            (tmp_path / name).symlink_to(tmp_path / path.name)
    units = sorted(one for one in tmp_path.iterdir() if "@." not in one.name)
    assert len(units) == 7
    for unit in tmp_path.glob("*.service"):
        text = unit.read_text()
        assert "SystemCallErrorNumber=EPERM" in text, (
            "libraries of arrays ask for mbind; that must not kill the service"
        )
        assert "ProcSubset" not in text, "without /proc/cpuinfo the embedder does not know its processor, and is slow"
    told = run(analyze, "verify", "--man=no", *units)
    ours = [line for line in told.stdout.splitlines() if any(unit.name in line for unit in units)]
    assert not ours, told.stdout
    rated = run(analyze, "security", "--offline=true", "--threshold=30", tmp_path / "recollect@37777.service")
    assert rated.returncode == 0, rated.stdout


def test_a_unit_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.service"
    wrong.write_text("[Service]\nExecStart=/no/such/program\nProtectSytem=strict\n")
    assert "wrong.service" in run(program("systemd-analyze"), "verify", "--man=no", wrong).stdout


def test_the_environment_of_the_unit_is_one_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DEPLOY / "systemd" / "recollect.env.example").read_text().splitlines()
    for line in lines:
        found = re.fullmatch(r"#?(RECOLLECT_\w+)=(.*)", line)
        if found:
            monkeypatch.setenv(found[1], found[2] or "secret")
    monkeypatch.setenv("RECOLLECT_HOME", str(tmp_path))
    assert load().settings.server.hosts == ("mem.example.com",)


def test_supervisor_is_told_two_servers() -> None:
    parser = configparser.RawConfigParser(inline_comment_prefixes=None)
    parser.read(DEPLOY / "supervisor" / "recollect.conf")
    section = parser["program:recollect"]
    ports = [section["command"] % {"process_num": number} for number in (7, 8)]
    assert [re.search(r"--port (\d+)", one)[1] for one in ports] == ["37777", "37778"]  # type: ignore[index]
    assert section["user"] == "recollect"
    worker = parser["program:recollect-worker"]
    assert worker["command"].split()[1:] == ["worker", "--quiet"]
    assert int(worker["stopwaitsecs"]) > load(home="/nowhere", environ={}).settings.worker.grace


def test_supervisor_starts_and_ends_what_it_is_told(tmp_path: Path) -> None:
    supervisord = program("supervisord")
    text = (DEPLOY / "supervisor" / "recollect.conf").read_text()
    text = re.sub(
        r"/opt/recollect/bin/recollect [^\n]*?(?=%\(process_num\)d|\n)[^\n]*", f"{sys.executable} -c 'input()'", text
    )
    text = re.sub(r"(?m)^user=recollect$", "", text).replace("startsecs=5", "startsecs=0")
    text = text.replace("/var/lib/recollect", str(tmp_path)).replace("/var/log/recollect", str(tmp_path))
    (tmp_path / "logs").mkdir()
    head = f"[supervisord]\nnodaemon=true\nlogfile={tmp_path}/own.log\npidfile={tmp_path}/own.pid\n"
    (tmp_path / "supervisord.conf").write_text(head + text)
    with subprocess.Popen(
        [supervisord, "-c", str(tmp_path / "supervisord.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + 60
            log = tmp_path / "own.log"
            names = ("recollect-7", "recollect-8", "recollect-worker")
            while not log.exists() or not all(f"spawned: '{name}'" in log.read_text() for name in names):
                assert process.poll() is None, log.read_text() if log.exists() else "it ended at once"
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
        finally:
            process.terminate()
        assert process.wait(60) == 0


def test_fail2ban_finds_who_was_refused_and_nobody_else(tmp_path: Path) -> None:
    regex = program("fail2ban-regex")
    log = tmp_path / "access.log"
    refused = '203.0.113.7 [2026-05-01T09:00:00+00:00] "POST /api/memory/search" 401 120 0.001 127.0.0.1:37777'
    fine = '203.0.113.8 [2026-05-01T09:00:01+00:00] "POST /api/memory/search" 200 120 0.001 127.0.0.1:37777'
    page = '203.0.113.9 [2026-05-01T09:00:02+00:00] "GET /" 401 120 0.001 127.0.0.1:37777'
    log.write_text(f"{refused}\n{fine}\n{page}\n")
    told = ok(regex, log, DEPLOY / "fail2ban" / "filter.d" / "recollect.conf")
    assert re.search(r"1 ignored, 1 matched, 1 missed", told), told
    assert "backend = systemd" in (DEPLOY / "fail2ban" / "jail.d" / "sshd.conf").read_text()
    jail = configparser.RawConfigParser()
    jail.read(DEPLOY / "fail2ban" / "jail.d" / "recollect.conf")
    assert jail["recollect"]["filter"] == "recollect"


def test_logrotate_takes_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "logrotate" / "recollect").read_text().replace("/var/", f"{tmp_path}/")
    text = text.replace("su recollect recollect", "su root root").replace("www-data adm", "root root")
    (tmp_path / "logrotate").write_text(text)
    (tmp_path / "logrotate").chmod(0o644)
    told = ok(program("logrotate"), "--debug", "--state", tmp_path / "state", tmp_path / "logrotate")
    assert not re.search(r"^error:", told, re.MULTILINE), told
    assert "Handling 1 logs" in told
    assert "/var/log/nginx" not in re.sub(r"#.*", "", text), "Debian's own file has these; twice is an error"


def test_the_firewall_lets_in_what_the_pages_say(tmp_path: Path) -> None:
    said = tmp_path / "said"
    fake = tmp_path / "ufw"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    fake.chmod(0o755)
    ok(
        "bash",
        DEPLOY / "ufw" / "apply.sh",
        env={"UFW": str(fake), "UFW_APPLICATIONS": str(tmp_path), "PRIVATE": "10.0.0.0/8"},
    )
    assert said.read_text().splitlines() == [
        "default deny incoming",
        "default allow outgoing",
        "limit 22/tcp",
        "allow recollect",
        "allow from 10.0.0.0/8 to any app recollect direct",
        "allow from 10.0.0.0/8 to any port 5432 proto tcp",
        "--force enable",
    ]
    profile = configparser.ConfigParser()
    profile.read(tmp_path / "recollect")
    assert profile["recollect"]["ports"] == "80,443/tcp"


def test_sysctl_lines_are_settings_of_a_kernel() -> None:
    lines = [line for line in (DEPLOY / "sysctl" / "99-recollect.conf").read_text().splitlines() if "=" in line]
    assert len(lines) >= 5
    for line in lines:
        name, value = (part.strip() for part in line.split("=", 1))
        assert re.fullmatch(r"[\d ]+", value), line
        if sys.platform == "linux" and not name.startswith("net."):  # those of a network are hidden in containers
            assert Path("/proc/sys", *name.split(".")).exists(), name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_sound(path: Path) -> None:
    assert path.stat().st_mode & 0o111, "it can be run"
    ok(program("shellcheck"), path)
