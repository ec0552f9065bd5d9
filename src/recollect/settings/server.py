"""What the server is set by."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from recollect.settings.part import Names, Part


class ServerSettings(Part):
    """Where the server listens, whom it lets in, and how much it takes."""

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(37777, ge=0, le=65535)
    auth: bool = Field(True, description="whether a token is asked for")
    hosts: Names = Field((), description="names it answers to besides those of this machine's loopback")
    origins: Names = Field((), description="web pages that may call it, such as https://app.example.com")
    body_mb: float = Field(16.0, gt=0, le=1024, description="most a request may send, in megabytes")
    import_mb: float = Field(1024.0, gt=0, description="most an import may send, in megabytes")
    buffer_mb: float = Field(256.0, gt=0, description="most that all requests being received may hold, in megabytes")
    header_timeout: float = Field(10.0, gt=0, description="seconds in which a request's headers must have come")
    body_timeout: float = Field(20.0, gt=0, description="seconds a request may keep the server waiting for its body")
    request_timeout: float = Field(120.0, gt=0, description="seconds after which a request is given up")
    connections: int = Field(4000, ge=1, description="most connections at once")
    rate: str = Field(
        "60000/minute", pattern=r"^([1-9]\d{0,8} ?/ ?(second|minute|hour|day)|off)$", description="most requests"
    )
    rate_loopback: bool = Field(True, description="whether the rate counts for clients on this machine too")
    jobs: bool = Field(True, description="whether servers work off jobs too; else worker processes do it alone")
    workers: int = Field(1, ge=1, le=64, description="processes that share the port")
    session_key: SecretStr | None = Field(None, min_length=32, description="seals the sessions of browsers")
    patience: float = Field(10.0, ge=0, description="seconds a start waits for the embedder before it goes on without")
    grace: float = Field(5.0, ge=0, le=8, description="seconds requests have to end when the server is stopped")


class LogSettings(Part):
    """What the server writes down about itself."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    file: str = Field("logs/recollect.log", description="in the data directory; empty: none")
    size: int = Field(10, ge=1, le=10_000, description="megabytes after which a new file is begun")
    backups: int = Field(5, ge=0, le=1000, description="how many full files are kept")


class TelemetrySettings(Part):
    """Where traces go; nothing leaves this machine without an endpoint."""

    endpoint: str | None = Field(None, pattern=r"^https?://[^\s/]+", description="an OTLP/HTTP collector")
    service: str = Field("recollect", min_length=1)
