"""The place that a name leads to."""

from __future__ import annotations

from pathlib import Path

from recollect.errors import InvalidInput
from recollect.stores.objects.place import Folder, Place
from recollect.stores.objects.s3 import Bucket


def place_of(name: str, options: dict[str, str] | None = None) -> Place:
    """Return the place a name leads to: a folder, or `s3://bucket/folder`."""
    if name.startswith("s3://"):
        bucket, _, folder = name.removeprefix("s3://").partition("/")
        return Bucket(bucket, folder.strip("/"), options or {})
    if "://" in name:
        raise InvalidInput(f"{name} is no place for objects", field="to", hint="Name a folder, or s3://bucket/folder.")
    return Folder(Path(name).expanduser().absolute())
