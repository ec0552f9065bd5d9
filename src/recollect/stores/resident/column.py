"""An array that grows."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)


class Column(Generic[S]):
    """Rows of one type, appended in amortised constant time; `data` is a view of those that are there."""

    def __init__(self, dtype: type[S], width: int | None = None) -> None:
        shape: Any = 0 if width is None else (0, width)
        self._room: NDArray[S] = np.empty(shape, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def data(self) -> NDArray[S]:
        """The rows, writable; valid until the next append."""
        return self._room[: self._size]

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return self._room.nbytes

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows at the end."""
        size = self._size + len(rows)
        if size > len(self._room):
            # Exact for a first load, by half afterwards: most tenants are loaded once and grow slowly.
            grown = np.empty((size if self._size == 0 else size + size // 2, *self._room.shape[1:]), self._room.dtype)
            grown[: self._size] = self.data
            self._room = grown
        self._room[self._size : size] = rows
        self._size = size
