"""Which browsers have signed out: kept in the data directory, so that a restart lets none of them in again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from recollect.server.private import write_private

log = logging.getLogger(__name__)


class SignOuts:
    """A small file that only its owner can read. It holds numbers used once, nothing that opens anything."""

    def __init__(self, home: Path) -> None:
        self._path = home / "sessions.ended"

    def read(self) -> Mapping[str, int]:
        """Return what was written last, nothing where that cannot be read."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            log.warning("%s cannot be read: browsers that signed out may be let in again", self._path)
            return {}
        return {name: ends for name, ends in found.items() if isinstance(ends, int)} if isinstance(found, dict) else {}

    def write(self, ended: Mapping[str, int]) -> None:
        """Keep all of them; where that fails they are known until the server ends."""
        try:
            write_private(self._path, json.dumps(dict(ended)))
        except OSError:
            log.warning("%s cannot be written: browsers that sign out may be let in after a restart", self._path)
