"""What somebody may do in a project, in order: each right holds all those below it."""

from __future__ import annotations

from enum import IntEnum


class Right(IntEnum):
    """NONE: nothing. READ: find and read. WRITE: keep, change and delete one's own. ADMIN: others' too, and members.

    OWNER: rename, merge, archive and delete the project.
    """

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3
    OWNER = 4
