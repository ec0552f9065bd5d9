"""The webhook that Alertmanager calls: `POST /alerts`, and `GET /health` for those who look after it."""

from __future__ import annotations

import hmac
import ipaddress
import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from recollect.errors import ConfigError, InvalidInput
from recollect.ops.alerts.desk import Desk
from recollect.version import __version__

LARGEST: Final = 1 << 20
"""Bytes of a call; Alertmanager's are some kilobytes."""
SILENCE: Final = 20.0
"""Seconds a caller may keep a thread waiting."""


class Receiver(ThreadingHTTPServer):
    """Listens until `shutdown` is called."""

    daemon_threads = True

    def __init__(self, host: str, port: int, desk: Desk, token: str) -> None:
        """Bind; raise ConfigError where strangers could call without a token, OSError where the port is taken."""
        if not token and not _is_own(host):
            raise ConfigError(
                f"Without a token alerts are taken from this machine only, not on {host}",
                hint="Set alerts.token, and the same in Alertmanager's http_config.",
            )
        self.desk, self.token = desk, token
        super().__init__((host, port), _Call)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers who hang up."""


class _Call(BaseHTTPRequestHandler):
    server: Receiver
    server_version = f"recollect/{__version__}"
    timeout = SILENCE

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "healthy", "version": __version__})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "alerts are taken at POST /alerts"})

    def do_POST(self) -> None:
        refused = self._refusal()
        if refused is not None:
            self.close_connection = True
            self._answer(*refused)
            return
        try:
            handed = self.server.desk.take(self.rfile.read(int(self.headers["Content-Length"])))
        except InvalidInput as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": error.message, "hint": error.hint})
            return
        status = HTTPStatus.BAD_GATEWAY if handed.failed else HTTPStatus.OK
        self._answer(status, {"told": list(handed.told), "failed": list(handed.failed)})

    def _refusal(self) -> tuple[HTTPStatus, dict[str, Any]] | None:
        if self.path != "/alerts":
            return HTTPStatus.NOT_FOUND, {"error": "alerts are taken at POST /alerts"}
        shown = self.headers.get("Authorization", "")
        wanted = f"Bearer {self.server.token}"
        if self.server.token and not hmac.compare_digest(shown.encode("utf-8", "replace"), wanted.encode()):
            return HTTPStatus.UNAUTHORIZED, {"error": "a token is asked for: Authorization: Bearer ..."}
        # A page in a browser cannot send JSON to another site without being asked first, which nobody answers here.
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "send application/json"}
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            return HTTPStatus.LENGTH_REQUIRED, {"error": "say how long the body is: Content-Length"}
        if int(length[:20]) > LARGEST:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"more than {LARGEST} bytes"}
        return None

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the word of the library
        """Say nothing of requests: alerts themselves are told."""


def _is_own(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
