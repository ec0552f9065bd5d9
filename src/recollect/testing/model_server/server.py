"""Models to test against: a real HTTP server on the loopback that answers by script and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from recollect.testing.model_server.anthropic import Anthropic
from recollect.testing.model_server.behaviour import (
    Answer,
    Behaviour,
    Cut,
    Deed,
    Failure,
    Hang,
    Raw,
    Request,
    Scores,
    Slow,
    Vectors,
)
from recollect.testing.model_server.form import Form, Sent, body
from recollect.testing.model_server.gemini import Gemini
from recollect.testing.model_server.openai import OpenAI
from recollect.testing.model_server.vectors import embedded, reranked

FORMS: Final[Mapping[str, Form]] = {"openai": OpenAI(), "anthropic": Anthropic(), "gemini": Gemini()}
ANY: Final = "*"
"""The script of every model that has none of its own."""


@dataclass(slots=True)
class ModelServer:
    """Where the server is, what it will do, and what it was asked.

    A request takes the next deed of its model's queue, then of the queue of `ANY`, then what its model, or `ANY`,
    usually does. `requests` holds all of them in the order they came.
    """

    url: str
    requests: list[Request] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _queues: dict[str, deque[Deed]] = field(default_factory=lambda: defaultdict(deque))
    _usual: dict[str, Deed] = field(default_factory=lambda: {ANY: Answer("Hello there.")})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def openai(self) -> str:
        """The `base_url` of a client that speaks OpenAI's form; rerankers have it too."""
        return f"{self.url}/v1"

    def script(self, *deeds: Deed, model: str = ANY) -> None:
        """Add deeds that are done once each, in order."""
        with self._lock:
            self._queues[model].extend(deeds)

    def usually(self, deed: Deed, model: str = ANY) -> None:
        """Set what is done when no script is left."""
        with self._lock:
            self._usual[model] = deed

    def of(self, model: str) -> list[Request]:
        """Return the requests that named a model."""
        return [request for request in self.requests if request.model == model]

    def take(self, request: Request) -> Behaviour:
        """Note a request and return what is to be done with it."""
        with self._lock:
            self.requests.append(request)
            queue = self._queues.get(request.model) or self._queues.get(ANY)
            deed = queue.popleft() if queue else self._usual.get(request.model, self._usual[ANY])
        made = deed(request) if callable(deed) else deed
        return Answer(made) if isinstance(made, str) else made


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Run a server on a free port; what hangs ends with it."""
    with _Listening(("127.0.0.1", 0), _Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield listening.state
        finally:
            listening.state.ended.set()
            listening.shutdown()
            thread.join()
            listening.hang_up()


def refusing() -> str:
    """Return the address of a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.state = ModelServer(f"http://127.0.0.1:{self.server_address[1]}")
        self._open: set[socket.socket] = set()
        self._serving: set[threading.Thread] = set()
        self._guard = threading.Lock()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, and know of it while it lasts."""
        with self._guard:
            self._open.add(request)
            self._serving.add(threading.current_thread())
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)
                self._serving.discard(threading.current_thread())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients break off, and this server does on purpose."""

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        with self._guard:
            left, threads = list(self._open), list(self._serving)
        for connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or what follows the headers waits for their receipt: some 40 ms
    server: _Listening

    def do_GET(self) -> None:
        """List the models that have a script, as OpenAI's form does."""
        state = self.server.state
        names = sorted({request.model for request in state.requests if request.model})
        state.requests.append(self._request("models", {}))
        self._send(body({"object": "list", "data": [{"id": name, "object": "model"} for name in names]}))

    def do_POST(self) -> None:
        """Answer by the script."""
        size = int(self.headers.get("content-length") or 0)
        try:
            given = json.loads(self.rfile.read(size) or b"{}")
        except ValueError:
            self._send(body({"error": {"message": "no JSON"}}, 400))
            return
        request = self._request(_form(urlsplit(self.path).path), given)
        if not request.form:
            self._send(body({"error": {"message": f"no such route {self.path}"}}, 404))
            return
        self._do(request, self.server.state.take(request))

    def _request(self, form: str, given: Any) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.path, form, _model(self.path, given), given, headers, time.monotonic())

    def _do(self, request: Request, behaviour: Behaviour) -> None:
        match behaviour:
            case Slow(then, seconds):
                self.server.state.ended.wait(seconds)
                self._do(request, Answer(then) if isinstance(then, str) else then)
            case Failure():
                self._send(FORMS.get(request.form, FORMS["openai"]).failure(behaviour))
            case Raw(parts, status, headers, hangs, breaks):
                self._send(Sent(parts, status, headers), hangs=hangs, breaks=breaks)
            case Hang(after):
                self._stop(request, after, hangs=True)
            case Cut(after):
                self._stop(request, after, breaks=True)
            case _:
                self._send(_answered(request, behaviour))

    def _stop(self, request: Request, after: Sequence[str], *, hangs: bool = False, breaks: bool = False) -> None:
        """Send the beginning of an answer, or nothing, and then no more."""
        if after and request.streams:
            sent = FORMS[request.form].streamed(request, Answer(pieces=after))
            upto = max(place for place, part in enumerate(sent.parts) if json.dumps(after[-1]).encode() in part) + 1
            self._send(replace(sent, parts=sent.parts[:upto]), hangs=hangs, breaks=breaks)
            return
        if hangs:
            self.server.state.ended.wait(60)
        self._cut()

    def _send(self, sent: Sent, *, hangs: bool = False, breaks: bool = False) -> None:
        whole = len(sent.parts) == 1 and not hangs and not breaks
        self.send_response(sent.status)
        for name, value in sent.headers.items():
            self.send_header(name, value)
        framing = ("content-length", str(len(sent.parts[0]))) if whole else ("transfer-encoding", "chunked")
        self.send_header(*framing)
        self.end_headers()
        for place, part in enumerate(sent.parts):
            if place and sent.pause:
                self.server.state.ended.wait(sent.pause)
            self.wfile.write(part if whole else b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
            self.wfile.flush()
        if hangs:
            self.server.state.ended.wait(60)
        if hangs or breaks:
            self._cut()
        elif not whole:
            self.wfile.write(b"0\r\n\r\n")

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Say nothing."""


def _form(path: str) -> str:
    last = path.rstrip("/").rsplit("/", 1)[-1]
    if path.endswith("/chat/completions"):
        return "openai"
    if "eneratecontent" in last.lower():
        return "gemini"
    if last == "messages":
        return "anthropic"
    if last in {"embeddings", "embed"}:
        return "embeddings"
    return "rerank" if last in {"rerank", "reranks"} else ""


def _model(path: str, given: Any) -> str:
    """Return the model a request names: in its body, or in its path as Gemini and Azure have it."""
    parts = unquote(urlsplit(path).path).split("/")
    if ":" in parts[-1] and "eneratecontent" in parts[-1].lower():
        return parts[-1].rsplit(":", 1)[0]
    if "deployments" in parts:
        return parts[parts.index("deployments") + 1]
    return str(given.get("model", "")) if isinstance(given, dict) else ""


def _answered(request: Request, behaviour: Behaviour) -> Sent:
    if request.form == "embeddings":
        return embedded(request, behaviour if isinstance(behaviour, Vectors) else None)
    if request.form == "rerank":
        return reranked(request, behaviour if isinstance(behaviour, Scores) else None)
    answer = behaviour if isinstance(behaviour, Answer) else Answer()
    form = FORMS[request.form]
    return form.streamed(request, answer) if request.streams else form.whole(request, answer)
