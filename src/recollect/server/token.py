"""The server's own token: made at the first start, kept in a file that only its owner can read."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import EllipsisType
from typing import Final

from recollect.capture.ids import new_id
from recollect.errors import ConfigError
from recollect.models import Token, digest_of
from recollect.ports import Clock, Tokens
from recollect.server.private import MODE, create_private, write_private

PREFIX: Final = "rec_"
BYTES: Final = 32
OWN: Final = "local"
"""The name of the token whose secret is in the data directory."""


def path_of(home: Path) -> Path:
    """Return where the token of a data directory is."""
    return home / "token"


def read(home: Path) -> str | None:
    """Return the token of a data directory, `None` when it has none; raise ConfigError when it cannot be read."""
    path = path_of(home)
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The token in {path} cannot be read", hint="Check who owns the file, or make a new token."
        ) from error


async def ensure(home: Path, tokens: Tokens, clock: Clock, *, shared: bool = False) -> Path:
    """See to it that the data directory has a token and that it opens; return where it is.

    Servers that start at the same time end with the same token. Where the store is `shared` with servers of other data
    directories, the tokens of those open on.
    """
    path = path_of(home)
    made = f"{_new()}\n"
    if read(home) is None and not create_private(path, made) and read(home) is None:
        write_private(path, made)  # an empty file is no token
    path.chmod(MODE)
    secret = read(home)
    if secret is not None and digest_of(secret) not in {held.digest for held in await tokens.list()}:
        await _replace(secret, tokens, clock, None if shared else ...)
    return path


async def rotate(home: Path, tokens: Tokens, clock: Clock, *, shared: bool = False) -> Path:
    """Make a new token in place of the present one, which opens nothing any more; return where it is."""
    secret, old = _new(), read(home)
    path = path_of(home)
    write_private(path, f"{secret}\n")
    await _replace(secret, tokens, clock, old if shared else ...)
    return path


async def _replace(secret: str, tokens: Tokens, clock: Clock, old: str | EllipsisType | None) -> None:
    """Let a secret in instead of an old one, of none, or (`...`) of every other server's."""
    digest, now = digest_of(secret), clock.now()
    await tokens.add(Token(new_id(now), OWN, digest, now))
    own = [held for held in await tokens.list() if held.name == OWN and held.digest != digest]
    gone = None if old is None or old is ... else digest_of(old)
    await tokens.revoke([held.id for held in own if old is ... or held.digest == gone])


def _new() -> str:
    return PREFIX + secrets.token_urlsafe(BYTES)
