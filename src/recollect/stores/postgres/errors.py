"""What PostgreSQL's errors mean, in our own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from recollect.errors import RecollectError, StoreBusy, StoreDamaged, StoreError, StoreFull, StoreReadOnly
from recollect.stores.sql.left import LEFT_STATE, moved

AGAIN = frozenset({"40001", "40P01", "23505"})
"""Serialisation failure, deadlock, and a row that another transaction has just written: run again, it will know."""

LOCKED = "55P03"
"""What was to be written was kept locked for too long."""

TOO_LONG = "57014"
"""A statement that took longer than it may."""

_LOST = "Try again; a write that was under way may or may not have been kept, and may safely be repeated."


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the driver into one of ours."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise StoreBusy("All connections to the database are in use", hint="Try again; nothing was written.") from error
    except sa.exc.DBAPIError as error:
        raise _ours(error.orig if isinstance(error.orig, Exception) else error) from error
    except psycopg.Error as error:
        raise _ours(error) from error
    except (UnicodeEncodeError, OverflowError) as error:  # the driver's own, for what it cannot bind
        raise StoreError(f"The store cannot hold a value ({error})", hint="Nothing was written.") from error
    except sa.exc.SQLAlchemyError as error:
        raise StoreError(f"The database failed: {error}") from error


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters by which PostgreSQL names an error."""
    origin = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _full(_: str) -> RecollectError:
    return StoreFull(
        "The database has no room, so nothing was written", hint="Give it space and try again; what was saved is safe."
    )


def _busy(text: str) -> RecollectError:
    return StoreBusy(f"The database is busy ({text})", hint="Try again; nothing was written.")


def _refused(text: str) -> RecollectError:
    return StoreReadOnly(
        f"The database does not allow this ({text})", hint="Check the user and the rights that store.url names."
    )


def _damaged(text: str) -> RecollectError:
    return StoreDamaged(f"The database is damaged ({text})", hint="It was left untouched. Restore a backup.")


def _stood_still(_: str) -> RecollectError:
    return StoreBusy("The transaction stood still for too long", hint="Try again; nothing was written.")


_BY_STATE: dict[str, Callable[[str], RecollectError]] = {
    "53100": _full,
    LEFT_STATE: lambda _: moved(),
    "53300": _busy,  # too many connections
    "25006": lambda text: StoreReadOnly(
        f"The database takes no writes ({text})", hint="Name the primary in store.url."
    ),
    TOO_LONG: lambda text: StoreBusy(f"The database took too long ({text})", hint="Ask for less, or try again."),
    LOCKED: lambda _: StoreBusy("Another process kept what is written locked", hint="Try again; nothing was written."),
    "25P03": _stood_still,
    "25P04": _stood_still,
    "42501": _refused,
    "3D000": lambda text: StoreReadOnly(f"There is no such database ({text})", hint="Create it, or mend store.url."),
    "22021": lambda text: StoreError(f"The store cannot hold a value ({text})", hint="Nothing was written."),
    "22P05": lambda text: StoreError(f"The store cannot hold a value ({text})", hint="Nothing was written."),
}
_BY_CLASS: dict[str, Callable[[str], RecollectError]] = {
    "08": lambda text: StoreBusy(f"The connection to the database was lost ({text})", hint=_LOST),
    "57": lambda text: StoreBusy(f"The database is stopping or starting ({text})", hint=_LOST),
    "28": _refused,
    "40": _busy,
    "53": _busy,
    "XX": _damaged,
}


def _ours(error: Exception) -> RecollectError:
    state, text = sqlstate(error), _first_line(error)
    if state is None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return StoreBusy(f"The database cannot be reached ({text})", hint=_LOST)
        if isinstance(error, psycopg.DataError):
            return StoreError(f"The store cannot hold a value ({text})", hint="Nothing was written.")
        return StoreError(f"The database failed: {text}")
    made = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    return made(text) if made is not None else StoreError(f"The database failed: {text}")
