"""Which project a folder belongs to, by a rule that the hooks, the command line and the MCP server share.

Nothing is imported here that Python does not load at its start anyway: hooks run with every tool call of an assistant.
"""

from __future__ import annotations

import os

DEFAULT = "default"
LONGEST = 256
"""Characters that the name of a project may have (`capture.identifier`)."""

_SELECTORS = range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)
_ABOVE = 256
"""Folders that are looked into on the way up; deeper ones are not anybody's work."""

_WORKTREES = f"{os.sep}worktrees{os.sep}"


def project_of(cwd: str) -> str:
    """Return the project that work in a folder belongs to; never raises, and needs no folder to be there.

    It is the name of the top folder of the git repository, for a linked worktree that of the main one; outside of
    repositories the name of the folder itself. The home directory and the root are nobody's project: `default`.
    Characters that a project's name may not hold become `-`.
    """
    folder, home = _absolute(cwd), _absolute("~")
    top = _repository(folder)
    if top is None or top == home:  # settings under version control make no project of everything in them
        top = folder
    return DEFAULT if top == home else _name(os.path.basename(top))


def _absolute(path: str) -> str:
    try:
        return os.path.realpath(os.path.expanduser(path))
    except (OSError, ValueError):  # no folder has such a name; `ValueError`: it holds a NUL
        return os.sep


def _repository(folder: str) -> str | None:
    """Return the top folder of the repository that a folder is in."""
    for _ in range(_ABOVE):
        mark = os.path.join(folder, ".git")
        if os.path.isdir(mark):
            return folder
        if os.path.isfile(mark):
            return _main(mark) or folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return None


def _main(mark: str) -> str | None:
    """Return the top folder of the repository whose worktree has this `.git` file; `None` for a submodule's."""
    try:
        with open(mark, encoding="utf-8") as file:
            said = file.read(4096)
    except (OSError, ValueError):
        return None
    if not said.startswith("gitdir:"):
        return None
    place = os.path.join(os.path.dirname(mark), said.removeprefix("gitdir:").strip())
    kept, found, _ = _absolute(place).rpartition(_WORKTREES)
    if not found:
        return None
    above, last = os.path.split(kept)
    return above if last.startswith(".") else kept.removesuffix(".git")


def _name(text: str) -> str:
    """Return a folder's name as the name of a project."""
    seen = (sign for sign in text if not any(ord(sign) in selectors for selectors in _SELECTORS))
    plain = "".join(sign if sign.isprintable() else "-" for sign in seen)
    return plain.strip()[:LONGEST].rstrip() or DEFAULT
