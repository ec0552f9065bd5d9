"""Fail when the docs leave something out, link to nothing, or a file holds what does not belong into the project."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

import recollect
from recollect.settings import Loaded, Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PUBLIC = "docs/python.md"
COMMANDS = "docs/cli.md"
SETTINGS = "docs/settings.md"

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
# Written so that this file does not hold what it looks for.
FOREIGN = {
    "the address of a package registry": re.compile(
        r"\b(?:pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|crates[.]io|proxy[.]golang[.]org|aliyun[.]com/pypi)\b"
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:work|root)/(?=\w)"),
}
UNFINISHED = re.compile(r"#.*\b(?:TODO|FIXME|XXX)\b")
CODE = ("src", "tests")


def main() -> int:
    """Print what is wrong; return 1 if anything is."""
    found = [*missing(SETTINGS, "setting", settings()), *missing(COMMANDS, "command", commands())]
    found += [*missing(PUBLIC, "public name", recollect.__all__), *dead_links(), *foreign()]
    for line in found:
        print(line)
    if not found:
        print(f"{len(PAGES)} pages name every setting, command and public name, and their links lead somewhere")
    return int(bool(found))


def settings() -> list[str]:
    """Return the dotted name of every setting."""
    return [setting.name for setting in Loaded(Settings.model_validate({}), {}).effective()]


def commands() -> list[str]:
    """Return every command of the command line, with those below it."""
    edge = vars(import_module("recollect.cli.main"))
    group = next(value for value in edge.values() if isinstance(value, click.Group))
    return [f"recollect {name}" for name in _below(group)]


def _below(group: click.Group) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield name
        if isinstance(command, click.Group):
            yield from (f"{name} {below}" for below in _below(command))


def missing(page: str, what: str, names: list[str]) -> Iterator[str]:
    """Yield a line for each name that a page does not hold between backticks or in an example."""
    path = ROOT / page
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for name in names:
        if not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text):
            yield f"{page}: the {what} {name} is not there"


def dead_links() -> Iterator[str]:
    """Yield a line for each link to a file that is not there."""
    for page in PAGES:
        for match in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
            target = (match[1] or match[2]).partition("#")[0]
            if target and "://" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: the link to {target} leads nowhere"


def foreign() -> Iterator[str]:
    """Yield a line for each place that names a registry, a machine's path, or unfinished work."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in sorted(set(names)):
        path = ROOT / name
        if not path.is_file() or path.suffix in {".onnx", ".png", ".whl"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for what, pattern in FOREIGN.items():
                if pattern.search(line):
                    yield f"{name}:{number}: {what}"
            if name.startswith(CODE) and path.suffix == ".py" and UNFINISHED.search(line):
                yield f"{name}:{number}: unfinished work"


if __name__ == "__main__":
    sys.exit(main())
