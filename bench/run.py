"""Runs measurements one after the other, each in a process of its own, and keeps their results as they come."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figure import told
from bench.machine import fingerprint, machine
from bench.plan import Task

ROOT = Path(__file__).parents[1]


class Results:
    """The results file: what is done of the run at hand, and the latest figures of earlier ones of the same size."""

    def __init__(self, path: Path, quick: bool) -> None:
        self._path = path
        self.kept: dict[str, Any] = {"quick": quick, "runs": {}}
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            if found.get("quick") == quick:
                self.kept = found
        self.kept["machine"] = machine()

    @property
    def runs(self) -> dict[str, dict[str, Any]]:
        """Results by name."""
        runs: dict[str, dict[str, Any]] = self.kept["runs"]
        return runs

    def begin(self, asked: str, *, fresh: bool) -> bool:
        """Begin a run; return whether it goes on with one that was interrupted."""
        goes_on = not fresh and self.kept.get("unfinished") == asked
        self.kept["unfinished"] = asked
        if not goes_on:
            self.kept["begun"] = datetime.now(UTC).isoformat(timespec="seconds")
        self.save()
        return goes_on

    def has(self, task: Task) -> bool:
        """Return whether the run at hand has measured this already, with success."""
        found = self.runs.get(task.name, {})
        return found.get("at", "") >= self.kept["begun"] and "result" in found

    def put(self, task: Task, found: dict[str, Any]) -> None:
        """Keep a result."""
        self.runs[task.name] = found
        self.save()

    def end(self) -> None:
        """Mark the run as done."""
        self.kept.pop("unfinished", None)
        self.save()

    def save(self) -> None:
        """Write the file."""
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text(json.dumps(self.kept, indent=1), encoding="utf-8")


def run_all(tasks: Sequence[Task], results: Results, *, fresh: bool) -> None:
    """Run what an interrupted run of the same sources has not measured yet; failures are kept as such."""
    goes_on = results.begin(f"{fingerprint()} {[task.argv for task in tasks]}", fresh=fresh)
    for place, task in enumerate(tasks, 1):
        head = f"[{place}/{len(tasks)}] {task.name}"
        if goes_on and task.section != "fill" and results.has(task):
            print(f"{head}: measured before", flush=True)
            continue
        print(f"{head} ...", end=" ", flush=True)
        found = measured(task)
        results.put(task, found)
        print(f"not measured: {found['error']}" if "error" in found else f"{found['seconds']:.0f} s", flush=True)
    results.end()


def measured(task: Task) -> dict[str, Any]:
    """Run one measurement; return its result or its error, when it was, and how long it took."""
    started = time.perf_counter()
    before = _busy()
    about: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "source": fingerprint()}
    try:
        output, errors, code = _process(task)
    except subprocess.TimeoutExpired:
        return {**about, "error": f"not done after {task.timeout:.0f} s", "seconds": task.timeout}
    seconds = time.perf_counter() - started
    about["others"] = round((_busy() - before) / seconds / (os.cpu_count() or 1), 3)
    found = told(output)
    if code or found is None:
        last = (errors.strip().splitlines() or ["no output"])[-1]
        return {**about, "error": last[:300], "output": errors[-3000:], "seconds": seconds}
    return {**about, "result": found, "seconds": seconds}


def _busy() -> float:
    """Return the seconds of work that all processors have done for others than this bench."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").split()[1:4]
    own = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") - sum(one.ru_utime + one.ru_stime for one in own)


def _process(task: Task) -> tuple[str, str, int]:
    process = subprocess.Popen(
        [sys.executable, "-m", *task.argv],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},  # what is installed was compiled by then
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=task.timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # its children are of its own session
        process.communicate()
        raise
    return output, errors, process.returncode
