"""Many tenants held as one shard answer as the file does, stay fresh, and never show another's."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from recollect.exchange import Batch
from recollect.models import Reach, Scope, Where, Within
from recollect.stores.resident import tenants
from recollect.stores.resident.search import turns
from recollect.stores.resident.spread import ResidentSpread
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import memory, put
from recollect.testing.vectors import embed_all, put_embedded
from recollect.text.words import question

from .conftest import Opener

FAKE = FakeEmbedder()
WORDS = ("apple", "pear", "plum", "kiwi", "fig", "猫", "杭州")


@pytest.fixture(autouse=True)
def _together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "TOGETHER", 2)


def of(*projects: str) -> Where:
    return Where(Reach("u", None, within=Within(frozenset(projects))))


@pytest.mark.parametrize("number", range(3))
async def test_they_answer_as_the_file_does_whatever_has_happened(opener: Opener, tmp_path: Path, number: int) -> None:
    seed = random.Random(number)
    file = await opener.sql(tmp_path / "r.db")
    held, _ = await opener.resident(tmp_path / "r.db")
    there: list[str] = []
    for _ in range(8):
        new = [
            memory(" ".join(seed.choices(WORDS, k=4)) + f" {seed.random()}", Scope("u", f"p{seed.randint(0, 3)}"))
            for _ in range(seed.randint(1, 6))
        ]
        await put(file, *new)
        there += [item.id for item in new]
        if len(there) > 4:
            gone = there.pop(seed.randrange(len(there)))
            await file.records.commit(Batch(deletes=[gone]))
        await embed_all(file, FAKE)
        for where in (Where(Reach("u", None)), of("p0", "p2"), of("p1", "p2", "p3"), of("p0", "nowhere")):
            for word in ("apple", "猫"):
                mine = await held.words.search(question(word), where, 50)
                theirs = await file.words.search(question(word), where, 50)
                assert sorted(mine.keys.tolist()) == sorted(theirs.keys.tolist())
                asked = FAKE.one(word).vector
                near = await held.vectors.search("fake", asked, where, 50)
                assert sorted(near.keys) == sorted((await file.vectors.search("fake", asked, where, 50)).keys)


async def test_a_write_that_changes_nothing_searched_begins_no_epoch(opener: Opener, tmp_path: Path) -> None:
    writer = await opener.sql(tmp_path / "r.db")
    reader, held = await opener.resident(tmp_path / "r.db")
    await put_embedded(writer, *(memory(f"apple {one}", Scope("u", one)) for one in ("a", "b")))
    await reader.words.search(question("apple"), of("a", "b"), 9)
    before = held._epoch.now()
    await writer.queue.push([])
    writer.words._database.write_now(  # type: ignore[attr-defined]
        lambda c: c.exec_driver_sql("INSERT INTO tenant(user_id, project_id) SELECT 'x', 'y' WHERE 0")
    )
    assert held._epoch.now() == before
    await put(writer, memory("apple again", Scope("u", "a")))
    assert held._epoch.now() != before
    assert len((await reader.words.search(question("apple"), of("a", "b"), 9)).keys) == 3


async def test_every_tenant_brings_its_best_however_bad(opener: Opener, tmp_path: Path) -> None:
    backend, held = await opener.resident(tmp_path / "r.db")
    good = [memory(f"apple apple {number}", Scope("u", "good")) for number in range(9)]
    poor = [
        memory(f"an apple among very many other fruits {number}", Scope("u", f"poor{number}")) for number in range(3)
    ]
    keys = await put_embedded(backend, *good, *poor)
    where = Where(Reach("u", None))
    spread = ResidentSpread(backend.words._threads, backend.words, backend.vectors)  # type: ignore[attr-defined, arg-type]
    assert held.nbytes >= 0
    few = await backend.words.search(question("apple"), where, 3)
    wide = await spread.words(question("apple"), where, 3, 1)
    assert wide is not None
    assert set(keys[9:]) <= set(wide.keys.tolist())
    assert wide.keys.tolist()[:3] == few.keys.tolist()
    assert len(set(wide.keys.tolist())) == len(wide.keys) == 6
    near = await spread.vectors("fake", FAKE.one("apple apple 1").vector, where, 2, 1)
    assert near is not None
    assert set(keys[9:]) <= set(near.keys.tolist())
    owners = await spread.tenants(where, np.array([*keys, 10**9]))
    assert owners is not None
    assert len(set(owners.tolist())) == 5
    assert owners[-1] == -1
    sums = await spread.sums("fake", where)
    assert sums is not None
    assert sorted(count for _, count in sums.values()) == [1, 1, 1, 9]


def test_turns_count_within_their_group() -> None:
    assert turns(np.array([5, 2, 5, 5, 2, 9])).tolist() == [0, 0, 1, 2, 1, 0]
    assert turns(np.empty(0, np.int64)).tolist() == []
