"""Sends traces where the settings say so, and loads nothing and calls nobody where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from fastapi import FastAPI

from recollect.errors import ConfigError
from recollect.settings import TelemetrySettings


@contextmanager
def tracing(app: FastAPI, settings: TelemetrySettings) -> Iterator[None]:
    """Trace an application while the block runs; to be entered before its first request.

    Raises ConfigError when a collector is named and the extra `telemetry` is not installed.
    """
    if settings.endpoint is None:
        yield
        return
    try:
        found = import_module("recollect.server.traces")
    except ImportError as error:
        raise ConfigError(
            "telemetry.endpoint is set, but OpenTelemetry is not installed",
            hint="Install recollect[telemetry], or leave telemetry.endpoint out.",
        ) from error
    traces = found.Traces(settings.endpoint, settings.service)
    app.add_middleware(found.Traced, traces=traces)
    try:
        yield
    finally:
        traces.close()
