"""Reads a point in time in the forms that clients send it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from recollect.errors import InvalidInput

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST: Final = 1970
LATEST: Final = 2200
MILLISECONDS_FROM: Final = 100_000_000_000
"""A number from here on counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973."""
HINT: Final = "Use ISO 8601 such as 2026-05-01T09:00:00Z, or seconds or milliseconds since 1970."


def instant(value: object, field: str) -> datetime:
    """Return an aware time in UTC, 1970 up to and including 2200; a time without a zone is taken as UTC.

    Takes ISO 8601 text, a datetime, and Unix seconds or milliseconds as number or digits. Raises InvalidInput.
    """
    try:
        moment = _read(value)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{field} is not a time: {_shown(value)}", field=field, hint=HINT) from error
    if moment is None:
        raise InvalidInput(f"{field} is not a time: {type(value).__name__}", field=field, hint=HINT)
    if not EARLIEST <= moment.year <= LATEST:
        raise InvalidInput(
            f"{field} lies in the year {moment.year}", field=field, hint="Times from 1970 to 2200 can be kept."
        )
    return moment


def _read(value: object) -> datetime | None:
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and len(text) > 8 and text.replace(".", "", 1).isdigit():
            return _counted(float(text))
        return _zoned(datetime.fromisoformat(text))
    if isinstance(value, datetime):
        return _zoned(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _counted(value)
    return None


def _counted(number: float) -> datetime:
    seconds = number / 1000 if number >= MILLISECONDS_FROM else number
    return EPOCH + timedelta(seconds=seconds)


def _zoned(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str | float | datetime) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}…"
