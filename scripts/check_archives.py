"""Fail when the wheel or the source package in dist/ lacks something, or holds what nobody should be sent."""

from __future__ import annotations

import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

from scripts.check_docs import FOREIGN, ROOT

from recollect.version import __version__

Files = Mapping[str, bytes]

PAGE = "recollect/viewer/index.html"
ASSET = re.compile(rb"""(?:src|href)="[./]*(assets/[^"]+)""")
STRAY = re.compile(
    r"(^|/)(\.venv|\.git|\.hypothesis|\.bench|\.[a-z]+_cache|node_modules|__pycache__|dist|secrets|\.env)(/|$)"
    r"|\.(pyc|db|db-wal|db-shm|sqlite3?|log|npz|npy|parquet|safetensors|gguf|pem|key)$",
    re.IGNORECASE,
)
EVALUATION = re.compile(
    r"(^|/)[^/]*(locomo|longmemeval|memoryagentbench)[^/]*\.(json|jsonl|csv|zip|gz)$", re.IGNORECASE
)
LARGEST = 1_000_000
"""Bytes of the largest file that anybody wrote; data sets and weights are larger."""
NEEDED = ("LICENSE", "README.md", "Makefile", "constraints.txt", "pyproject.toml", "deploy/compose.yaml")
"""What a source package is built, tested and deployed from."""
REPEATED = {
    "deploy/docker/Dockerfile": r"^ARG VERSION=(\S+)",
    "deploy/docker/bake.json": r'"recollect:(\d[^"]*)"',
    "deploy/kubernetes/kustomization.yaml": r"newTag: (\S+)",
    "src/recollect/plugin/openclaw/openclaw.plugin.json": r'"version": "([^"]+)"',
    "src/recollect/plugin/openclaw/package.json": r'"version": "([^"]+)"',
}
"""Where others read the version, who cannot ask src/recollect/version.py."""


def main() -> int:
    """Print what is wrong with the archives of the folder that is named (dist/); return 1 if anything is."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    found = [*faults(*archives(folder)), *versions(ROOT)]
    for line in found:
        print(line)
    if not found:
        print(f"The archives of {__version__} in {folder} hold what they should and nothing else")
    return int(bool(found))


def archives(folder: Path) -> tuple[Files, Files]:
    """Return what wheel and source package of this version in the folder hold, by name; SystemExit without them."""
    wheel, source = folder / f"recollect-{__version__}-py3-none-any.whl", folder / f"recollect-{__version__}.tar.gz"
    for path in (wheel, source):
        if not path.is_file():
            raise SystemExit(f"{path} is not there: make build")
    return wheel_files(wheel), source_files(source)


def wheel_files(path: Path) -> Files:
    """Return the files of a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def source_files(path: Path) -> Files:
    """Return the files of a source package, without the folder that all of them lie in."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            held = archive.extractfile(member)
            if held is not None:
                found[member.name.partition("/")[2]] = held.read()
    return found


def faults(wheel: Files, source: Files) -> Iterator[str]:
    """Yield a line for each thing that is wrong with a wheel and its source package."""
    yield from (f"source package: {name} is missing" for name in NEEDED if name not in source)
    yield from viewer("wheel", wheel, "")
    yield from viewer("source package", source, "src/")
    for what, files in (("wheel", wheel), ("source package", source)):
        yield from stray(what, files)
    yield from metadata(wheel)
    theirs = {name.removeprefix("src/") for name in source if name.startswith("src/recollect/")}
    ours = {name for name in wheel if name.startswith("recollect/")}
    yield from (f"{name} is in one of wheel and source package only" for name in sorted(theirs ^ ours))


def viewer(what: str, files: Files, under: str) -> Iterator[str]:
    """Yield a line when the page of the viewer, or something that it loads, is not there."""
    page = files.get(under + PAGE)
    if page is None:
        yield f"{what}: the viewer is missing: make viewer"
        return
    for name in (found.decode() for found in ASSET.findall(page)):
        if f"{under}recollect/viewer/{name}" not in files:
            yield f"{what}: the viewer's page wants {name}, which is missing"


def stray(what: str, files: Files) -> Iterator[str]:
    """Yield a line for each file that nobody should be sent, or that tells of the machine it was made on."""
    here = str(ROOT).encode()
    for name, held in files.items():
        if STRAY.search(name) or EVALUATION.search(name):
            yield f"{what}: {name} does not belong there"
        if len(held) > LARGEST:
            yield f"{what}: {name} has {len(held):,} bytes; data sets and weights do not belong there"
        if len(ROOT.parts) > 2 and here in held:
            yield f"{what}: {name} holds the path it was made at"
        if b"\0" not in held:
            text = held.decode(errors="replace")
            yield from (f"{what}: {name} holds {kind}" for kind, pattern in FOREIGN.items() if pattern.search(text))


def metadata(wheel: Files) -> Iterator[str]:
    """Yield a line for each thing that an index, or a person who looks at it there, would miss."""
    name = f"recollect-{__version__}.dist-info/METADATA"
    if name not in wheel:
        yield f"wheel: {name} is missing"
        return
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told: Message = BytesParser().parsebytes(wheel[name])
    wanted = {
        "Name": "recollect",
        "Version": __version__,
        "Requires-Python": project["requires-python"],
        "License-Expression": project["license"],
        "Summary": project["description"],
        "Description-Content-Type": "text/markdown",
    }
    for field, value in wanted.items():
        if told[field] != value:
            yield f"wheel: {field} is {told[field]!r} instead of {value!r}"
    for extra in sorted(set(project["optional-dependencies"]) - set(told.get_all("Provides-Extra", []))):
        yield f"wheel: the extra {extra} is missing"
    if not str(told.get_payload()).lstrip().startswith("# recollect"):
        yield "wheel: the description is not the README"


def versions(root: Path) -> Iterator[str]:
    """Yield a line for each place that repeats the version and says another one."""
    for name, pattern in REPEATED.items():
        told = re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        if set(told) != {__version__}:
            yield f"{name} says {', '.join(told) or 'nothing'}, src/recollect/version.py {__version__}"


def same(ours: Files, theirs: Files) -> Iterator[str]:
    """Yield a line for each file in which two builds of one source differ."""
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            yield f"{name} is not the same when the source package is built again"


if __name__ == "__main__":
    sys.exit(main())
