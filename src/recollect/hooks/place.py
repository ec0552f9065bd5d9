"""Where the server is, and what opens it."""

import os

from recollect.hooks.arguments import Asked

LARGEST = 1 << 16
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - they are read, not bound


def find(asked: Asked) -> tuple[str, int] | None:
    """Return host and port, `None` when no server runs.

    The server of this machine is the one that has written `server.json`, which nobody but its owner can: whatever else
    listens on the usual port is handed neither prompts nor the token.
    """
    if not asked.is_local:
        return asked.host, asked.port
    text = slurp(os.path.join(asked.home, "server.json"))
    port = _value(text, '"port":').strip()
    if not (port.isascii() and port.isdigit()):
        return None
    host = _value(text, '"host":').strip().strip('"')
    return _ANY.get(host, host), int(port)


def token(asked: Asked) -> str:
    """Return the token, empty where there is none: a server may ask for none."""
    secret = slurp(asked.token_file).strip()
    return secret if secret.isascii() and secret.isprintable() else ""


def slurp(path: str) -> str:
    """Return the text of a small file, empty when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _value(text: str, name: str) -> str:
    """Return what follows a name, up to a comma or the end: the server writes one flat object."""
    return text.partition(name)[2].partition(",")[0].partition("}")[0]
