"""The cursor of our connections to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.abc import Params, Query


class Cursor(psycopg.Cursor[Any]):
    """A cursor after which PostgreSQL still counts how long a transaction stands idle.

    psycopg ends the pipeline of `executemany` with a flush behind the sync. The server takes that for the beginning of
    a statement and stops `idle_in_transaction_session_timeout`: a process that stands still then keeps its locks for as
    long as it stands. An empty query starts it again.
    """

    def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """Do what psycopg does, and have the server count again."""
        super().executemany(query, params_seq, returning=returning)
        self.connection.pgconn.exec_(b"")
