"""Traces for an OpenTelemetry collector: a span for every request, and one for each capture, search, context and job.

The only file that knows OpenTelemetry's SDK; it is imported only when a collector is named. Spans carry times, counts,
route templates and statuses: no texts, no ids of memories or users, no query strings.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect.api.guard.headers import header
from recollect.api.watch.figures import METHODS
from recollect.api.watch.request_log import HUNG_UP, QUIET, attach, route_of
from recollect.meters import Deed
from recollect.version import __version__

PATH: Final = "/v1/traces"
TOLD: Final = frozenset({"capture", "search", "context", "embed", "job"})
LEAVING: Final = 2.0
"""Seconds for sending what is left when the server ends; a collector that does not answer holds nothing up."""


class Traces:
    """Makes spans of deeds and requests, and sends them in the background."""

    def __init__(self, endpoint: str, service: str) -> None:
        url = endpoint if endpoint.endswith(PATH) else endpoint.rstrip("/") + PATH
        self._provider = TracerProvider(
            sampler=ParentBased(ALWAYS_ON),
            resource=Resource({SERVICE_NAME: service, SERVICE_VERSION: __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url)))
        self.tracer = self._provider.get_tracer("recollect", __version__)

    def __call__(self, deed: Deed) -> None:
        """Make a span of what was just done, within the request that asked for it if there is one."""
        if deed.verb not in TOLD:
            return
        end = time.time_ns()
        span = self.tracer.start_span(
            f"{deed.verb} {deed.way}" if deed.verb == "job" else deed.verb,
            start_time=end - int(deed.seconds * 1e9),
            attributes={"recollect.way": deed.way, "recollect.count": deed.count},
        )
        if deed.failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def close(self) -> None:
        """Send what is left, as far as that goes in two seconds."""
        ending = threading.Thread(target=self._provider.shutdown, name="recollect-traces", daemon=True)
        ending.start()
        ending.join(LEAVING)


class Traced:
    """Makes a span of every request, continuing the caller's trace when it sends one."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within its span; what monitors ask every few seconds has none."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        attach(scope, self._traces)
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        caller = {name: value for name in ("traceparent", "tracestate") if (value := header(scope, name.encode()))}
        context = TraceContextTextMapPropagator().extract(caller)
        span = self._traces.tracer.start_span(method, context=context, kind=SpanKind.SERVER)
        status = HUNG_UP

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                await self._app(scope, receive, noting)
        except Exception:  # it goes on as it came; the span only has to say 500
            status = 500
            raise
        finally:
            route = route_of(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "recollect.request_id": scope.get("state", {}).get("request_id", ""),
                }
            )
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()
