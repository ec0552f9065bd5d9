"""Which folder a session was begun in, and whose project that is: the same for live hooks and for transcripts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from recollect.project_name import DEFAULT, LONGEST, project_of

MOST_ABOVE: Final = 64
_UNPLAIN: Final = re.compile(r"[^A-Za-z0-9]")


def begun_in(folder: str, named: Iterable[str]) -> str:
    """Return the folder a session was begun in: the one at or above `folder` that one of the names stands for.

    An assistant walks about, but its transcripts stay in one folder, named by the path where it began, with `-` for
    each character that is no ASCII letter or digit. Where none fits, `folder` itself.
    """
    names = frozenset(named)
    above = folder
    for _ in range(MOST_ABOVE):
        if _UNPLAIN.sub("-", above) in names:
            return above
        above, before = above[: max(above.rfind("/"), above.rfind("\\"), 0)], above
        if above in ("", before):
            break
    return folder


def parents_of(transcript: str) -> list[str]:
    """Return the names of the folders a transcript lies in: its own and, for a subagent's, those above."""
    return transcript.replace("\\", "/").split("/")[:-1][-4:]


@lru_cache(4096)
def project_in(folder: str) -> str:
    """Return the project of a session that was begun in a folder, which need not be one of this machine."""
    if os.path.isabs(folder):  # noqa: PTH117 - pathlib refuses what a payload may hold
        return project_of(folder)
    name = folder.replace("\\", "/").rstrip("/").rpartition("/")[2][:LONGEST]
    return "".join(sign if sign.isprintable() else "-" for sign in name).strip() or DEFAULT
