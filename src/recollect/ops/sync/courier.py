"""Requests to the center over HTTP or HTTPS: one connection, on a thread; certificates are checked as a rule."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from recollect.client.connection import failure
from recollect.errors import ConfigError, ProviderFailed, TooLarge
from recollect.ops.sync.wire import PACKED
from recollect.settings import NodeSettings

PATH: Final = "/api/sync"
ENDINGS: Final = (".ts.net", ".local", ".internal", ".lan", ".home.arpa", ".localhost")
"""How names end that exist in private networks only: Tailscale's, those of a house, those of a company."""
CONNECTING: Final = 10.0
"""Most seconds to wait for a connection."""
TAILNET: Final = ipaddress.ip_network("100.64.0.0/10")
"""Addresses of carrier-grade NAT (RFC 6598), which Tailscale gives to its machines."""


class Courier:
    """The way from a node to its center. Every failure is an error of the library; none of them names the token."""

    def __init__(self, settings: NodeSettings, store: str) -> None:
        if settings.center is None or settings.token is None:
            raise ConfigError(
                "This node has no center",
                hint="Set node.center to its address and node.token to what `recollect sync enrol` gave there.",
            )
        self._url = settings.center.rstrip("/")
        parts = urlsplit(self._url)
        try:
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError as error:
            raise ConfigError(f"{self._url!r} is no address of a center", hint="Mend node.center.") from error
        self._path = parts.path.rstrip("/") + PATH
        self._secure = parts.scheme == "https"
        if not (self._secure or settings.insecure or is_private(self._host)):
            raise ConfigError(
                f"{self._host} is not in a private network, and http would show everybody what is sent",
                hint="Use https://, or set node.insecure where you know better.",
            )
        self._trust = _trust(settings) if self._secure else None
        self._timeout = settings.timeout
        self._headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}", "X-Recollect-Store": store}
        self._headers["Accept-Encoding"] = "gzip"
        self._kept: http.client.HTTPConnection | None = None
        self._used: http.client.HTTPConnection | None = None

    async def changes(self, asked: Mapping[str, Any]) -> bytes:
        """Return a page of the center's changes."""
        return await _apart(self._exchange, "GET", f"{self._path}/changes?{urlencode(asked)}", None)

    async def push(self, page: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Send a page and return what the center made of it."""
        answer = await _apart(self._exchange, "POST", f"{self._path}/push?{urlencode(asked)}", page)
        try:
            found = json.loads(answer)
        except ValueError as error:
            raise self._unreached() from error
        if not isinstance(found, dict):
            raise self._unreached()
        return found

    def close(self) -> None:
        """Close what is open; a request under way fails at once."""
        used, kept = self._used, self._kept
        if used is not None and used.sock is not None:
            with suppress(OSError):
                used.sock.shutdown(socket.SHUT_RDWR)
        if kept is not None:
            kept.close()
            self._kept = None

    def _exchange(self, method: str, path: str, body: bytes | None) -> bytes:
        """Ask once; a kept connection that the center has closed meanwhile is not counted."""
        headers = self._headers | ({"Content-Type": "application/gzip"} if body is not None else {})
        while True:
            connection, fresh = self._kept or self._connection(), self._kept is None
            self._kept, self._used = None, connection
            try:
                if fresh:
                    connection.connect()
                    connection.sock.settimeout(self._timeout)
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                data = answer.read(PACKED + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if not fresh and isinstance(error, ConnectionError):
                    continue
                raise self._unreached(error) from error
            finally:
                self._used = None
            if answer.will_close or len(data) > PACKED:
                connection.close()
            else:
                self._kept = connection
            if len(data) > PACKED:
                raise TooLarge("The center sent too much at once", hint="Bring node and center to the same release.")
            if answer.status != http.HTTPStatus.OK:
                raise failure(answer.status, data, self._url)
            return data

    def _connection(self) -> http.client.HTTPConnection:
        soon = min(CONNECTING, self._timeout)
        if self._trust is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=soon, context=self._trust)
        return http.client.HTTPConnection(self._host, self._port, timeout=soon)

    def _unreached(self, error: Exception | None = None) -> ProviderFailed:
        why = f" ({error})" if isinstance(error, ssl.SSLError) else ""
        hint = (
            "Check node.ca_file." if why else "It is tried again by itself; `recollect sync status` tells since when."
        )
        return ProviderFailed(f"The center at {self._url} cannot be reached{why}", hint=hint)


async def _apart(work: Callable[[str, str, bytes | None], bytes], method: str, path: str, body: bytes | None) -> bytes:
    """Run on a thread that nobody waits for when the caller is cancelled and the process ends.

    Finding an address and connecting cannot be broken off from outside, and a pool's threads are waited for.
    """
    done: Future[bytes] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work(method, path, body))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            done.set_exception(error)

    threading.Thread(target=run, name="recollect-courier", daemon=True).start()
    return await asyncio.wrap_future(done)


def _trust(settings: NodeSettings) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"The certificates in {settings.ca_file} cannot be read", hint="Mend node.ca_file."
        ) from error
    if settings.insecure:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust


def is_private(host: str) -> bool:
    """Whether a name or address is one of this machine or of a private network, Tailscale's among them."""
    name = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(ENDINGS))
    carrier = address.version == TAILNET.version and address in TAILNET
    return address.is_private or address.is_loopback or address.is_link_local or carrier
