"""Starts an S3 server of a test's own: moto, from an environment of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from recollect.stores.objects.named import place_of

BESIDE = Path(sys.executable).parent.parent / ".moto/bin/moto_server"


@contextmanager
def s3() -> Iterator[str]:
    """Yield the address of an empty S3 server; skip where there is none."""
    program = shutil.which("moto_server") or (str(BESIDE) if BESIDE.exists() else None)
    if program is None:
        pytest.skip("moto_server is not installed: pip install 'moto[s3,server]' in an environment of its own")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while True:
            with suppress(URLError, OSError):
                urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()
                break
            assert time.monotonic() < end, "moto did not start"
            time.sleep(0.1)
        yield url
        server.terminate()


def bucket(endpoint: str, name: str) -> dict[str, str]:
    """Make a bucket; return the settings that open it, but for the place in it."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT"), timeout=10).close()
    return {"s3_endpoint": endpoint, "s3_region": "us-east-1", "s3_key_id": "test", "s3_secret": "test"}


def objects(place: dict[str, Any]) -> list[str]:
    """Return the names of what lies in a place, of which these are the settings."""
    return sorted(found.name for found in _opened(place).list(""))


def held(place: dict[str, Any]) -> bytes:
    """Return the bytes of every object, and of what is compressed in one."""
    opened, found = _opened(place), b""
    for name in objects(place):
        content = opened.get(name)
        found += content
        with suppress(zlib.error):
            found += zlib.decompress(content)
    return found


def _opened(place: dict[str, Any]) -> Any:
    given = {"endpoint": "s3_endpoint", "region": "s3_region", "access_key_id": "s3_key_id",
             "secret_access_key": "s3_secret"}  # fmt: skip
    return place_of(place["to"], {**{ours: place[name] for ours, name in given.items()}, "allow_http": "true"})
