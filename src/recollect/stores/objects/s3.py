"""Object storage that speaks S3: `s3://bucket/folder`, credentials from the usual AWS variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from recollect.errors import ConfigError, NotFound, StoreError
from recollect.stores.objects.place import Listed


class Bucket:
    """One folder of a bucket. `options` are those of obstore's S3Store: region, endpoint, keys."""

    def __init__(self, bucket: str, folder: str, options: Mapping[str, Any]) -> None:
        try:
            self._library: Any = import_module("obstore")
            self._errors: Any = import_module("obstore.exceptions")
            stores = import_module("obstore.store")
        except ImportError as error:
            raise ConfigError(
                "Backups to object storage need obstore", hint="Install it: pip install 'recollect[backup]'."
            ) from error
        self._name = f"s3://{bucket}/{folder}".rstrip("/")
        try:
            self._store: Any = stores.S3Store(bucket, prefix=folder or None, **options)
        except (self._errors.BaseError, ValueError) as error:
            raise ConfigError(f"{self._name} cannot be used: {_first(error)}", hint="Check backup.s3.") from error

    def __str__(self) -> str:
        return self._name

    def put(self, name: str, value: bytes) -> None:
        """Upload an object as a whole."""
        with self._told():
            self._library.put(self._store, name, value)

    def create(self, name: str, value: bytes) -> bool:
        """Upload it unless there is one of that name."""
        with self._told():
            try:
                self._library.put(self._store, name, value, mode="create")
            except (FileExistsError, self._errors.AlreadyExistsError):
                return False
        return True

    def get(self, name: str) -> bytes:
        """Download an object."""
        with self._told():
            try:
                return bytes(self._library.get(self._store, name).bytes())
            except (FileNotFoundError, self._errors.NotFoundError):
                raise NotFound(f"There is no {name} in {self._name}") from None

    def list(self, folder: str) -> Iterator[Listed]:
        """List a folder, page by page."""
        with self._told():
            for page in self._library.list(self._store, folder):
                for found in page:
                    yield Listed(str(found["path"]), int(found["size"]), found["last_modified"])

    def delete(self, name: str) -> None:
        """Remove an object."""
        with self._told():
            try:
                self._library.delete(self._store, name)
            except (FileNotFoundError, self._errors.NotFoundError):
                return

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the library raises into errors of ours."""
        try:
            yield
        except (self._errors.BaseError, OSError) as error:
            raise StoreError(
                f"{self._name} failed: {_first(error)}", hint="Check the bucket, its keys and the network."
            ) from error


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
