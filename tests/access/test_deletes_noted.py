"""A deletion and its entry in the audit log are one: both or neither, and the witness follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.errors import StoreError
from recollect.models import AuditFilter
from recollect.stores.sql.audit import UNSEEN
from recollect.stores.witness import Witness
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture(params=["sqlite", "postgres"])
async def memory(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[AsyncMemory]:
    store = {} if request.param == "sqlite" else {"url": request.getfixturevalue("postgres_url")}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings={"store": store}, worker=False) as memory:
        yield memory


async def deletions(memory: AsyncMemory) -> list[tuple[str, dict[str, Any]]]:
    found = await memory.app.audit.entries(AuditFilter(action="delete"), limit=1000)
    return [(entry.deed.target, dict(entry.deed.detail)) for entry in found]


async def test_it_says_whose_memory_went_and_how_many(memory: AsyncMemory) -> None:
    kept = [await memory.add(f"zebra {number}", project_id="zoo") for number in range(3)]
    await memory.delete(kept[0].id)
    assert await deletions(memory) == [(kept[0].id, {"memories": 1})]
    assert await memory.forget(project_id="zoo") == 2
    assert [detail for _, detail in await deletions(memory)] == [{"memories": 2}, {"memories": 1}]
    assert (await memory.app.audit.verify()).faults == ()


async def test_what_cannot_be_noted_is_not_deleted(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = await memory.add("a zebra")

    def full(*_: Any) -> None:
        raise StoreError("The disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("recollect.stores.sql.records.append", full)
        with pytest.raises(StoreError):
            await memory.delete(kept.id)
    assert (await memory.get(kept.id)).text == "a zebra"
    assert await deletions(memory) == []
    await memory.delete(kept.id)
    assert len(await deletions(memory)) == 1


async def test_the_witness_follows_many_deletions(memory: AsyncMemory, home: Path) -> None:
    kept = await memory.add_all([{"text": f"zebra {number}"} for number in range(UNSEEN + 1)])
    for one in kept:
        await memory.delete(one.id)
    head = Witness(home / "audit.head").head()
    assert head is not None
    assert head.seq >= UNSEEN
    proof = await memory.app.audit.verify()
    assert (proof.entries >= UNSEEN, proof.faults) == (True, ())


async def test_a_witness_of_what_is_gone_stays_as_evidence(memory: AsyncMemory, home: Path) -> None:
    (home / "audit.head").write_text('{"seq": 1000, "digest": "of a log that was cut"}', encoding="ascii")
    for one in await memory.add_all([{"text": f"zebra {number}"} for number in range(UNSEEN + 1)]):
        await memory.delete(one.id)
    head = Witness(home / "audit.head").head()
    assert head is not None
    assert head.seq == 1000
    assert [fault.sort for fault in (await memory.app.audit.verify()).faults] == ["cut"]
