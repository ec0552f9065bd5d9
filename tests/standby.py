"""A streaming replica of a PostgreSQL that the tests started: copied by pg_basebackup, following over its socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.servers import QUICK, Postgres


class Standby(Postgres):
    """A hot standby, which is read only and may be held back, killed and started again."""

    def __init__(self, primary: Postgres, folder: Path) -> None:
        self.folder, self._programs, self._options = folder, primary._programs, QUICK
        self._process, self._own = None, primary._own
        if self._own:
            os.chown(folder, self._own["user"], self._own["group"])
        self._run(
            "pg_basebackup", "-h", str(primary.folder), "-U", "owner", "-D", "data", "-R", "-X", "stream", "-c", "fast"
        )

    def hold_back(self, *, back: bool) -> None:
        """Have it receive and not replay, or go on."""
        with psycopg.connect(self.url(), autocommit=True) as door:
            door.execute(f"SELECT pg_wal_replay_{'pause' if back else 'resume'}()")


@contextmanager
def standby(primary: Postgres) -> Iterator[Standby]:
    """Give a running replica of a server that runs."""
    folder = Path(tempfile.mkdtemp(prefix="recollect-pg"))
    server: Standby | None = None
    try:
        server = Standby(primary, folder)
        server.start()
        yield server
    except subprocess.CalledProcessError as error:
        raise RuntimeError(error.stderr) from error
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
