"""Traces go to the collector that is named, say what was done and not what was said; without one nobody is called."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.errors import ConfigError
from recollect.server.telemetry import tracing
from recollect.settings import TelemetrySettings, load
from recollect.testing.embedder import FakeEmbedder


class Collector(ThreadingHTTPServer):
    """Receives OTLP over HTTP as a collector does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.paths: list[str] = []
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.append(self.path)
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def attributes(span: Span) -> dict[str, object]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in span.attributes}


async def test_requests_and_what_they_do_become_spans(collector: Collector, home: Path) -> None:
    secret = "zebrafish"
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with AsyncMemory(home, embed=FakeEmbedder(), settings={"worker": {"poll": 0.02}}) as memory:
        app = create_app(memory, memory.app.settings)

        @app.get("/thing/{name}")
        async def work(name: str) -> int:
            await memory.capture([{"role": "user", "content": f"I saw a {name}"}], user_id=name)
            await memory.context(name, user_id=name)
            return len(await memory.search(name, user_id=name))

        @app.get("/broken")
        async def broken() -> None:
            raise RuntimeError(secret)

        with tracing(app, TelemetrySettings(endpoint=collector.url, service="mine")):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:37777") as client:
                headers = {"traceparent": caller, "X-Request-ID": "r-1"}
                assert (await client.get(f"/thing/{secret}?q={secret}", headers=headers)).status_code == 200
                await client.get("/broken")
                await client.get("/health")
            await memory.drain()
    assert set(collector.paths) == {"/v1/traces"}
    spans = {span.name: span for span in collector.spans()}
    assert {
        "GET /thing/{name}",
        "GET /broken",
        "capture",
        "context",
        "search",
        "job embed",
        "job derive",
    } <= spans.keys()
    assert not any("health" in name for name in spans)
    request = spans["GET /thing/{name}"]
    assert request.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    told = attributes(request)
    assert (told["http.route"], told["http.response.status_code"], told["recollect.request_id"]) == (
        "/thing/{name}",
        200,
        "r-1",
    )
    for name in ("capture", "context", "search"):
        span = spans[name]
        assert (span.trace_id, span.parent_span_id) == (request.trace_id, request.span_id)
        assert request.start_time_unix_nano <= span.end_time_unix_nano <= request.end_time_unix_nano
        assert span.start_time_unix_nano < span.end_time_unix_nano
    assert attributes(spans["capture"])["recollect.count"] == 1
    assert spans["GET /broken"].status.code == 2
    assert not spans["job embed"].parent_span_id
    whole = b"".join(request.SerializeToString() for request in collector.requests)
    assert secret.encode() not in whole
    assert b"mine" in whole


async def test_without_an_endpoint_nothing_is_loaded_and_nobody_is_called(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: called.append(address))
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")
    monkeypatch.delitem(sys.modules, "recollect.server.traces", raising=False)
    async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
        app = create_app(memory, memory.app.settings)
        with tracing(app, memory.app.settings.telemetry):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
                await client.get("/metrics")
    assert "recollect.server.traces" not in sys.modules
    assert called == []


async def test_a_collector_that_is_not_there_holds_nothing_up(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with AsyncMemory(home, embed=FakeEmbedder()) as memory:
            app = create_app(memory, memory.app.settings)
            with tracing(app, TelemetrySettings(endpoint=endpoint, service="mine")):
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app), base_url="http://localhost"
                ) as client:
                    assert (await client.get("/")).status_code in {200, 404}
                began = time.monotonic()
            assert time.monotonic() - began < 4
            await asyncio.sleep(0)


def test_a_missing_extra_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "recollect.server.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    app = create_app(None, load().settings)
    wanted = TelemetrySettings(endpoint="http://127.0.0.1:4318", service="mine")
    with pytest.raises(ConfigError, match=r"recollect\[telemetry\]"), tracing(app, wanted):
        pass


def test_the_endpoint_is_read_from_the_environment_by_its_standard_name(tmp_path: Path) -> None:
    url = "http://127.0.0.1:4318"
    loaded = load(tmp_path, environ={"OTEL_EXPORTER_OTLP_ENDPOINT": url})
    assert loaded.settings.telemetry.endpoint == url
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "RECOLLECT_TELEMETRY__ENDPOINT": "https://collector.example"}
    assert load(tmp_path, environ=own).settings.telemetry.endpoint == "https://collector.example"
    for wrong in ("collector:4318", "ftp://x", "http://", "javascript:alert(1)"):
        with pytest.raises(ConfigError, match=r"telemetry\.endpoint"):
            load(tmp_path, environ={"RECOLLECT_TELEMETRY__ENDPOINT": wrong})
