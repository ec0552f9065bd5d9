"""A Neo4j of the tests' own: the community edition, as `.ci/run` brings it from Maven, under a Java of the system."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

JARS = Path(__file__).parents[1] / ".venv/.neo4j/lib"
"""Where its jars are, as `.ci/run` puts them there."""

USER, PASSWORD = "neo4j", "of-the-tests"

CONFIG = """
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size=32m
server.databases.default_to_read_only=false
db.tx_log.preallocate=false
dbms.usage_report.enabled=false
"""

JAVA = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true")


class Neo4j:
    """One server in a folder and on a port of its own, which it keeps when it is killed and started again."""

    def __init__(self, java: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.folder, self.bare = folder, f"bolt://127.0.0.1:{self.port}"
        self.url = f"bolt://{USER}:{PASSWORD}@127.0.0.1:{self.port}"
        (folder / "conf").mkdir()
        (folder / "conf/neo4j.conf").write_text(CONFIG.format(port=self.port))
        self._log = folder / "log"
        places = (f"--home-dir={folder}", f"--config-dir={folder / 'conf'}")
        self._command = [java, *JAVA, "-cp", f"{JARS}/*", "org.neo4j.server.CommunityEntryPoint", *places]
        self._process: subprocess.Popen[bytes] | None = None
        self._password = USER

    def start(self) -> None:
        """Start, and wait until it answers; the first time it takes its password."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + 120
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self._enter()
            except (DriverError, Neo4jError):
                time.sleep(0.1)
            else:
                return
        told = [path.read_text()[-2000:] for path in (self._log, self.folder / "logs/neo4j.log") if path.exists()]
        raise TimeoutError("\n".join(told))

    def ask(self, statement: str) -> list[dict[str, object]]:
        """Return what a statement finds, by the back door."""
        with GraphDatabase.driver(self.bare, auth=(USER, self._password)) as driver:
            return [record.data() for record in driver.execute_query(statement).records]

    def kill(self) -> None:
        """Kill it the hard way."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _enter(self) -> None:
        with GraphDatabase.driver(self.bare, auth=(USER, self._password), max_transaction_retry_time=0) as driver:
            if self._password == USER:
                change = "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"
                driver.execute_query(change, old=USER, new=PASSWORD, database_="system")
                self._password = PASSWORD
                return
            driver.verify_connectivity()


@contextmanager
def neo4j() -> Iterator[Neo4j]:
    """Give a running Neo4j; skip the test where there is none to be had."""
    java = shutil.which("java")
    if java is None or not JARS.is_dir():
        pytest.skip("no Neo4j is installed")
    folder = Path(tempfile.mkdtemp(prefix="recollect-neo4j"))
    server = Neo4j(java, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
