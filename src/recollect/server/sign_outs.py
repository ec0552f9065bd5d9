"""Which browsers have signed out, as the release before kept it in a file: taken over into the store, once."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

from recollect.ports import Tokens

log = logging.getLogger(__name__)


async def take_over(home: Path, tokens: Tokens) -> None:
    """Keep in the store what a data directory's file says; the file goes, or stays as it is where it says nothing."""
    path, now = home / "sessions.ended", int(time.time())
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        log.warning("%s cannot be read: browsers that signed out may be let in again", path)
        return
    for once, ends in found.items() if isinstance(found, dict) else ():
        if isinstance(ends, int) and ends > now:
            await tokens.sign_out(once, ends, now)
    path.unlink(missing_ok=True)
