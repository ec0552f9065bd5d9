"""Requests to a server over connections that are kept, and its failures as errors of the library."""

from __future__ import annotations

import http.client
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from recollect import errors
from recollect.errors import ConfigError, ProviderFailed, RecollectError

SPARE: Final = 8
"""Connections that are kept for the next request."""
WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
UNCLEAR: Final = "The server at {url} gave an answer that cannot be read"

CODES: Final[Mapping[str, type[RecollectError]]] = {
    kind.code: kind
    for kind in (
        errors.InvalidInput,
        errors.TooLarge,
        errors.NotFound,
        errors.Conflict,
        errors.Denied,
        errors.StoreError,
        errors.StoreBusy,
        errors.StoreFull,
        errors.StoreReadOnly,
        errors.StoreDamaged,
        errors.BackupDamaged,
        errors.IndexAway,
        errors.StoreMoved,
        errors.EmbedderMissing,
        errors.ProviderRefused,
        errors.ProviderFailed,
        errors.ConfigError,
    )
}
"""The errors of the library by the code that the server tells."""
STATUSES: Final[Mapping[int, type[RecollectError]]] = {
    400: errors.InvalidInput,
    401: errors.Denied,
    403: errors.Denied,
    404: errors.NotFound,
    408: errors.ProviderFailed,
    409: errors.Conflict,
    412: errors.Conflict,
    413: errors.TooLarge,
    415: errors.InvalidInput,
    422: errors.InvalidInput,
    429: errors.ProviderFailed,
    502: errors.ProviderError,
    503: errors.ProviderFailed,
    504: errors.ProviderFailed,
    507: errors.StoreFull,
}
"""And by status, where the code is none of these."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    secure: bool
    host: str
    port: int | None
    path: str


def address(url: str) -> Address:
    """Return the parts of a server's address; raise ConfigError for one that is none."""
    hint = "It looks like http://127.0.0.1:37777."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no address of a server", hint=hint) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{url!r} is no address of a server", hint=hint)
    return Address(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))


class Connection:
    """The way to one server, for any number of threads."""

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        self._url = url
        self._at = address(url)
        self._timeout = timeout
        self._kept: list[http.client.HTTPConnection] = []
        self._closed = False
        self._headers = {"Accept": "application/json", "Accept-Language": "en", "Prefer": "return=representation"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON of an answer; raise the error that a failure stands for, ProviderFailed without an answer.

        A write is sent with a key of its own, so that it is done once even where it had to be sent twice.
        """
        if self._closed:
            raise RecollectError("This client is closed", hint="Open it anew.")
        sent = {**self._headers, **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body, default=_plain).encode("utf-8", "replace")
            sent["Content-Type"] = "application/json"
        if method in WRITES:
            sent["Idempotency-Key"] = secrets.token_hex(16)
        status, answer = self._exchange(method, self._at.path + path, data, sent)
        if 200 <= status < 300:
            return self._json(answer)
        raise failure(status, answer, self._url)

    def close(self) -> None:
        """Close what is open; closing twice does nothing."""
        self._closed = True
        while self._kept:
            self._kept.pop().close()

    def _exchange(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send a request, over a kept connection where there is one; one the server has closed is not counted."""
        while True:
            connection, fresh = self._connection()
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                found = answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if not fresh and isinstance(error, ConnectionError):
                    continue
                raise ProviderFailed(
                    f"The server at {self._url} cannot be reached", hint="`recollect serve` starts one."
                ) from error
            except BaseException:  # half an answer may be left in it
                connection.close()
                raise
            if answer.will_close or len(self._kept) >= SPARE or self._closed:
                connection.close()
            else:
                self._kept.append(connection)
            return found

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        try:
            return self._kept.pop(), False
        except IndexError:
            kind = http.client.HTTPSConnection if self._at.secure else http.client.HTTPConnection
            return kind(self._at.host, self._at.port, timeout=self._timeout), True

    def _json(self, answer: bytes) -> Any:
        try:
            return json.loads(answer) if answer else None
        except ValueError as error:
            raise RecollectError(UNCLEAR.format(url=self._url), hint="Is it a server of recollect?") from error


def failure(status: int, answer: bytes, url: str) -> RecollectError:
    """Return the error that a failed answer stands for."""
    try:
        told = json.loads(answer)["error"]
        code, message, hint = str(told["code"]), str(told["message"]), str(told["hint"])
    except (ValueError, TypeError, KeyError):
        code, message, hint = "", f"The server at {url} answered {status}", "Is it a server of recollect?"
    kind = CODES.get(code) or STATUSES.get(status, RecollectError)
    return kind(message, hint=hint)


def _plain(value: object) -> Any:
    """Return what JSON has no word for as what the server reads: times as text, tuples and sets as lists."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise errors.InvalidInput(f"{type(value).__name__} cannot be sent", hint="Give texts, numbers, lists and mappings.")
