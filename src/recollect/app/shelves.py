"""Puts together what retention stands on: the records with their shelves, and where cold texts lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recollect.access.acting import Acting
from recollect.capture.file import CLIENT
from recollect.engine import Engine
from recollect.errors import NotFound
from recollect.models import Filter, Job, Reach
from recollect.ports import Clock
from recollect.retrieve.filters import matches
from recollect.settings import RetentionSettings, Settings, secret
from recollect.stores.objects.named import place_of
from recollect.stores.objects.vault import Vault
from recollect.stores.sql.database import Database
from recollect.stores.sql.keep.boxes import Boxes
from recollect.stores.sql.keep.dump import ShelvedDump
from recollect.stores.sql.keep.purge import UNBOX
from recollect.stores.sql.keep.records import ShelvedRecords
from recollect.stores.sql.keep.retention import SqlRetention
from recollect.worker.derive import FEWEST_TURNS

if TYPE_CHECKING:
    from recollect.worker.worker import Handler


@dataclass(frozen=True, slots=True)
class Shelves:
    """The records and the dump with whole texts, and what puts texts away."""

    records: ShelvedRecords
    dump: ShelvedDump
    retention: SqlRetention
    boxes: Boxes

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The job that takes deleted texts out of object storage."""

        async def unboxing(jobs: Sequence[Job]) -> None:
            await self.boxes.unbox([int(key) for job in jobs for key in job.payload.get("boxes", ())])

        return {UNBOX: unboxing}


def shelving(settings: Settings, database: Database, clock: Clock) -> Shelves:
    """Return the shelves of a database; the place of cold texts is not asked for anything yet."""
    chosen = settings.retention
    boxes = Boxes(database, _vault(chosen), chosen.wait)
    retention = SqlRetention(database, boxes, clock, files=(CLIENT,), fewest=FEWEST_TURNS)
    return Shelves(ShelvedRecords(database, clock, boxes), ShelvedDump(database, clock, boxes), retention, boxes)


async def forget_waste(retention: SqlRetention, reach: Reach, filters: Filter | None) -> None:
    """Let go of what retention has put away in a reach and what meets the filter: delete means gone."""
    await retention.empty(reach, None if filters is None else lambda item: matches(filters, item))


async def delete(engine: Engine, retention: SqlRetention, acting: Acting, memory_id: str) -> None:
    """Delete a memory, be it one that retention has deleted and could bring back; raise NotFound."""
    try:
        await engine.delete(memory_id)
    except NotFound:
        scope = await retention.wasted(memory_id)
        if scope is None:
            raise
        await acting.check([scope])
        await retention.empty_ids([memory_id])


def _vault(chosen: RetentionSettings) -> Vault | None:
    if chosen.to is None:
        return None
    to, options = chosen.to, _options(chosen)
    return Vault(lambda: place_of(to, options), secret(chosen.passphrase) or None, to)


def _options(chosen: RetentionSettings) -> dict[str, str]:
    """Return what object storage is opened with; what is not set comes from the environment."""
    options = {
        "endpoint": chosen.s3_endpoint,
        "region": chosen.s3_region,
        "access_key_id": chosen.s3_key_id,
        "secret_access_key": secret(chosen.s3_secret) or None,
    }
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("endpoint", "").startswith("http://"):
        given["allow_http"] = "true"
    return given
