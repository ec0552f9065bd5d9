"""The port a server listens on, taken before anything else is done, so that a second one is refused at once."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from ipaddress import ip_address

from recollect.errors import ConfigError, RecollectError
from recollect.server.record import bracketed

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)

BACKLOG = 2048
SPARE = 200
"""Files that are open besides connections: the store, the log, the weights."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raise RecollectError when the port is taken, ConfigError for no such address."""
    where = f"{bracketed(host)}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ConfigError(f"There is no address {host}", hint="Name one of this machine with --host.") from error
    taken = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        raise _refused(where, error) from error
    return taken


def _refused(where: str, error: OSError) -> RecollectError:
    if error.errno == errno.EADDRINUSE:
        return RecollectError(
            f"Something listens on {where} already",
            hint="`recollect status` says whether it is the server of this data directory; --port takes another one.",
        )
    return RecollectError(f"Cannot listen on {where} ({error.strerror})", hint="Name another --host or --port.")


def is_private(taken: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    return ip_address(str(taken.getsockname()[0]).partition("%")[0]).is_loopback


def room_for(connections: int) -> int:
    """Allow this process as many open files as so many connections need; return how many connections it may have."""
    if sys.platform == "win32":
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    least = max(16, soft - SPARE)
    log.warning("The system allows %d open files, so at most %d connections", soft, least)
    return least
