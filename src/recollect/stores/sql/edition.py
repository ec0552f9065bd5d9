"""The number that tells every process whether anything about people has changed."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.stores.sql.schema import people_edition

_READ = sa.select(people_edition.c.edition)
_TURN = sa.update(people_edition).values(edition=people_edition.c.edition + 1)


def turn(connection: sa.Connection) -> None:
    """Count a change, in the transaction that makes it."""
    connection.execute(_TURN)


def edition(connection: sa.Connection) -> int:
    """Return the present number."""
    return int(connection.execute(_READ).scalar_one())
