"""Tenants in memory are fresh whoever writes, fit into their limit, and answer as the file does."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.exchange import Batch, Revision
from recollect.models import Compare, Kind, Memory, Op, Reach, Scope, Where
from recollect.stores.resident.column import Column
from recollect.stores.resident.postings import Postings, lengths_of, term_code
from recollect.stores.resident.search import LEADING, PROBE, Answer, firsts, highest
from recollect.stores.resident.shard import Shard, rows_of
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import HERE, entry, memory, put, rewrite, turn
from recollect.testing.vectors import embed_all, put_embedded
from recollect.text.words import question

from .conftest import Opener

FAKE = FakeEmbedder()
WORDS = "apple pear plum kiwi fig lime date melon cherry grape 猫 小白 杭州 parseHttpHeader v1.2.3 build fails".split()  # noqa: SIM905


def said(seed: random.Random) -> str:
    return " ".join(seed.choices(WORDS, k=seed.randint(2, 12)))


async def test_what_another_process_writes_is_found_at_once(opener: Opener, tmp_path: Path) -> None:
    writer = await opener.sql(tmp_path / "r.db")
    reader, _ = await opener.resident(tmp_path / "r.db")
    for number in range(5):
        item = memory(f"apple number {number}")
        (key,) = await put_embedded(writer, item)
        assert key in (await reader.words.search(question("apple"), HERE, 9)).keys
        assert key in (await reader.vectors.search("fake", FAKE.one("apple").vector, HERE, 9)).keys
        assert key in (await reader.lore.traits(HERE, np.array([key]))).keys
        await rewrite(writer, replace(item, text=f"pear number {number}", version=2))
        assert key not in (await reader.words.search(question("apple"), HERE, 9)).keys
        assert key in (await reader.words.search(question("pear"), HERE, 9)).keys
        if number % 2:
            await writer.records.commit(Batch(deletes=[item.id]))
            assert key not in (await reader.words.search(question("pear"), HERE, 9)).keys
            assert key not in (await reader.vectors.search("fake", FAKE.one("pear").vector, HERE, 9)).keys


async def test_a_tenant_another_process_made_is_found_at_once(opener: Opener, tmp_path: Path) -> None:
    writer = await opener.sql(tmp_path / "r.db")
    reader, _ = await opener.resident(tmp_path / "r.db")
    open_ = Where(Reach("alice", None))
    assert (await reader.words.search(question("apple"), open_, 9)).keys.tolist() == []
    (key,) = await put(writer, memory("apple", Scope("alice", "new", "talk")))
    assert (await reader.words.search(question("apple"), open_, 9)).keys.tolist() == [key]
    talk = Where(Reach("alice", None, "talk"))
    assert (await reader.words.search(question("apple"), talk, 9)).keys.tolist() == [key]


async def test_vectors_another_process_dropped_are_forgotten(opener: Opener, tmp_path: Path) -> None:
    writer = await opener.sql(tmp_path / "r.db")
    reader, _ = await opener.resident(tmp_path / "r.db")
    await put_embedded(writer, memory("apple"), memory("pear"))
    asked = FAKE.one("apple").vector
    assert len((await reader.vectors.search("fake", asked, HERE, 9)).keys) == 2
    await writer.vectors.drop()
    assert len((await reader.vectors.search("fake", asked, HERE, 9)).keys) == 0
    wide = FakeEmbedder(dimension=32)
    assert await embed_all(writer, wide) == 2
    assert len((await reader.vectors.search("fake", wide.one("apple").vector, HERE, 9)).keys) == 2


async def fill(backend: Backend, seed: random.Random, rounds: int = 12) -> list[Memory]:
    """Add, rewrite, retire and delete at random; return what is left."""
    there: dict[str, Memory] = {}
    for number in range(rounds):
        new = [
            turn(said(seed), f"talk{seed.randint(0, 3)}", metadata={"n": seed.randint(0, 3)})
            if seed.random() < 0.6
            else memory(said(seed), kind=seed.choice([Kind.NOTE, Kind.FACT]), metadata={"n": seed.randint(0, 3)})
            for _ in range(seed.randint(1, 12))
        ]
        await put(backend, *new, size=seed.choice([None, 15]))
        there |= {item.id: item for item in new}
        for item in seed.sample(sorted(there.values(), key=lambda item: item.id), min(4, len(there))):
            way = seed.random()
            if way < 0.4:
                there[item.id] = replace(item, text=said(seed), version=item.version + 1)
                await rewrite(backend, there[item.id])
            elif way < 0.6:
                there[item.id] = replace(item, superseded_by="x", version=item.version + 1)
                await backend.records.commit(Batch(revisions=[Revision(there[item.id], retire=True)]))
            elif way < 0.8:
                await backend.records.commit(Batch(deletes=[item.id]))
                del there[item.id]
        if number % 3 == 0:
            await embed_all(backend, FAKE)
    await embed_all(backend, FAKE)
    return list(there.values())


WHERES = (
    HERE,
    Where(Reach(), stale=True),
    Where(Reach(), (Kind.FACT,)),
    Where(Reach(conversation_id="talk1")),
    Where(Reach(), filter=Compare("metadata.n", Op.GTE, 2), valid_at=START),
    Where(Reach("default", None)),
)


@pytest.mark.parametrize("number", range(6))
async def test_memory_and_file_agree_whatever_has_happened(opener: Opener, tmp_path: Path, number: int) -> None:
    seed = random.Random(number)
    file = await opener.sql(tmp_path / "r.db")
    held, tenants = await opener.resident(tmp_path / "r.db")
    for _ in range(3):
        await fill(file, seed, 5)
        for where in WHERES:
            await agree(file, held, where, said(seed))
    assert tenants.nbytes > 0


async def agree(file: Backend, held: Backend, where: Where, text: str) -> None:
    terms, vector = question(text), FAKE.one(text).vector
    by_file, by_memory = await file.words.search(terms, where, 999), await held.words.search(terms, where, 999)
    assert set(by_memory.keys.tolist()) == set(by_file.keys.tolist())
    keys = np.array(await every_key(file), np.int64)
    scores = await held.words.score(terms, where, keys)
    assert set(keys[scores > 0].tolist()) == set(by_file.keys.tolist())

    near_file = await file.vectors.search("fake", vector, where, 999)
    near_held = await held.vectors.search("fake", vector, where, 999)
    assert dict(zip(near_held.keys.tolist(), near_held.scores.tolist(), strict=True)) == pytest.approx(
        dict(zip(near_file.keys.tolist(), near_file.scores.tolist(), strict=True)), abs=5e-3
    )
    assert np.allclose(
        await held.vectors.score("fake", vector, where, keys),
        await file.vectors.score("fake", vector, where, keys),
        atol=5e-3,
        equal_nan=True,
    )
    assert near_held.mean == pytest.approx(near_file.mean, abs=5e-3)
    assert near_held.deviation == pytest.approx(near_file.deviation, abs=5e-3)

    one, other = await file.lore.traits(where, keys), await held.lore.traits(where, keys)
    for name in ("keys", "before", "after", "words", "times", "roles", "kinds", "speakers", "questions", "pieces"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    assert one.allowed.tolist() == other.allowed.tolist()


async def every_key(backend: Backend) -> list[int]:
    found = await backend.records.keys(await backend.records.ids(Where(Reach(), stale=True)))
    return [*found.values(), 10**6]


async def test_clear_cases_are_ranked_alike(opener: Opener, tmp_path: Path) -> None:
    file = await opener.sql(tmp_path / "r.db")
    held, _ = await opener.resident(tmp_path / "r.db")
    filler = [memory(f"filler {number} about nothing in particular") for number in range(30)]
    await put(file, memory("apple pear plum"), memory("apple pear and more words"), memory("apple alone here"), *filler)
    asked = question("apple pear plum")
    by_file, by_memory = await file.words.search(asked, HERE, 9), await held.words.search(asked, HERE, 9)
    assert by_file.keys.tolist() == by_memory.keys.tolist()
    assert by_file.chunks.tolist() == by_memory.chunks.tolist()
    assert np.allclose(by_file.scores, by_memory.scores, atol=0.35)


async def test_the_least_recently_used_leave_when_memory_is_short(opener: Opener, tmp_path: Path) -> None:
    backend, tenants = await opener.resident(tmp_path / "r.db", limit=120_000)
    wheres = [Where(Reach(f"u{number}", "p")) for number in range(8)]
    for number in range(8):
        await put_embedded(backend, *(memory(f"apple {n}", Scope(f"u{number}", "p")) for n in range(50)))
    for _ in range(2):
        for where in wheres:
            assert len((await backend.words.search(question("apple"), where, 99)).keys) == 50
            found = await backend.vectors.search("fake", FAKE.one("apple").vector, where, 99)
            assert len(found.keys) == 50
            assert tenants.nbytes <= 120_000
    assert 1 <= len(tenants._shards) < 8


async def test_what_does_not_fit_is_answered_from_the_file(opener: Opener, tmp_path: Path) -> None:
    backend, tenants = await opener.resident(tmp_path / "r.db", limit=20_000)
    keys = await put_embedded(backend, *(memory(f"apple {n}", metadata={"n": n}) for n in range(100)))
    found = await backend.words.search(question("apple"), HERE, 5)
    assert len(found.keys) == 5
    asked = FAKE.one("apple 7").vector
    assert (await backend.vectors.search("fake", asked, HERE, 1)).keys.tolist() == [keys[7]]
    narrow = Where(Reach(), filter=Compare("metadata.n", Op.EQ, 9))
    assert (await backend.vectors.search("fake", asked, narrow, 9)).keys.tolist() == [keys[9]]
    assert (await backend.lore.traits(HERE, np.array(keys))).keys.tolist() == keys
    assert tenants.nbytes < 20_000


async def test_words_of_a_tenant_are_held_where_its_vectors_do_not_fit(opener: Opener, tmp_path: Path) -> None:
    wide = FakeEmbedder(dimension=384)
    held, tenants = await opener.resident(tmp_path / "r.db", limit=100 * 700)
    keys = await put_embedded(held, *(memory(f"apple number{n}") for n in range(100)), embedder=wide)
    for number in (7, 8):
        found = await held.words.search(question(f"number{number}"), HERE, 9)
        near = await held.vectors.search("fake", wide.one(f"apple number{number}").vector, HERE, 1)
        assert found.keys[0] == near.keys[0] == keys[number]
        (shard,) = tenants._shards.values()
        assert len(shard) == len(keys)
        assert not shard.spaces
    (fresh,) = await put_embedded(held, memory("apple number100"), embedder=wide)
    near = await held.vectors.search("fake", wide.one("apple number100").vector, HERE, 1)
    assert near.keys.tolist() == [fresh]
    assert (await held.words.search(question("number100"), HERE, 9)).keys[0] == fresh
    assert (await held.lore.traits(HERE, near.keys)).keys.tolist() == [fresh]


async def test_a_reach_over_many_tenants_that_do_not_fit_together_is_answered_from_the_file(
    opener: Opener, tmp_path: Path
) -> None:
    backend, tenants = await opener.resident(tmp_path / "r.db", limit=100_000)
    for number in range(20):
        await put(backend, *(memory(f"apple {n}", Scope("u", f"p{number}")) for n in range(20)))
    every = Where(Reach("u", None))
    for _ in range(2):
        assert len((await backend.words.search(question("apple"), every, 999)).keys) == 400
        assert tenants.nbytes <= 100_000
    assert len((await backend.words.search(question("apple"), Where(Reach("u", "p3")), 999)).keys) == 20


async def test_texts_written_anew_before_a_tenant_is_loaded_in_runs_keep_their_vectors(
    opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recollect.stores.resident.load.RUN", 7)
    file = await opener.sql(tmp_path / "r.db")
    items = [memory(f"apple number{number}") for number in range(40)]
    await put(file, *items[:30])
    for item in items[2:30:5]:
        await rewrite(file, replace(item, text=f"{item.text} again", version=2))
    await put(file, *items[30:])
    await embed_all(file, FAKE)
    held, _ = await opener.resident(tmp_path / "r.db")
    await agree(file, held, HERE, "apple number7 again")
    await agree(file, held, HERE, "number33")


async def test_many_tenants_keep_apart(opener: Opener, tmp_path: Path) -> None:
    backend, _ = await opener.resident(tmp_path / "r.db")
    items = [memory(f"apple of {n}", Scope(f"u{n % 60}", f"p{n % 7}")) for n in range(420)]
    await backend.records.commit(Batch(adds=[entry(item) for item in items]))
    for number in (0, 17, 59):
        found = await backend.words.search(question("apple"), Where(Reach(f"u{number}", None)), 999)
        texts = {item.text for item in await backend.records.fetch(found.keys.tolist())}
        assert texts == {f"apple of {n}" for n in range(420) if n % 60 == number}
    found = await backend.words.search(question("apple"), Where(Reach(None, "p3")), 999)
    assert len(found.keys) == 60


async def test_a_tenant_mostly_deleted_is_loaded_anew(opener: Opener, tmp_path: Path) -> None:
    backend, tenants = await opener.resident(tmp_path / "r.db")
    items = [memory(f"apple {n}") for n in range(100)]
    await put_embedded(backend, *items)
    asked = FAKE.one("apple").vector
    await backend.vectors.search("fake", asked, HERE, 9)
    await backend.records.commit(Batch(deletes=[item.id for item in items[:60]]))
    assert len((await backend.words.search(question("apple"), HERE, 999)).keys) == 40
    (extra,) = await put_embedded(backend, memory("apple again"))
    assert len((await backend.words.search(question("apple"), HERE, 999)).keys) == 41
    assert extra in (await backend.vectors.search("fake", asked, HERE, 999)).keys
    (shard,) = tenants._shards.values()
    assert len(shard) == 41


async def test_searching_while_others_write_never_fails_and_ends_right(opener: Opener, tmp_path: Path) -> None:
    writer = await opener.sql(tmp_path / "r.db")
    reader, _ = await opener.resident(tmp_path / "r.db")

    async def write(number: int) -> None:
        seed = random.Random(number)
        for _ in range(10):
            await put_embedded(writer, *(memory(said(seed)) for _ in range(3)))

    async def read() -> None:
        for _ in range(40):
            await reader.words.search(question("apple pear"), HERE, 9)
            await reader.vectors.search("fake", FAKE.one("apple pear").vector, HERE, 9)

    await asyncio.gather(write(1), read(), write(2), read())
    await agree(writer, reader, HERE, "apple pear plum")


def test_a_column_grows_and_keeps_its_rows() -> None:
    column: Column[Any] = Column(np.int64)
    rows: list[int] = []
    for step in range(30):
        column.append(np.arange(step))
        rows += range(step)
    assert column.data.tolist() == rows
    assert len(column) == len(rows)


def test_postings_count_what_texts_hold_however_they_were_added() -> None:
    seed = random.Random(5)
    texts = [said(seed) for _ in range(200)] + [""]
    postings, at = Postings(), 0
    while at < len(texts):
        part = texts[at : at + seed.randint(1, 30)]
        postings.add(part, lengths_of(part), at)
        at += len(part)
    for word in WORDS:
        assert postings.frequency(term_code(word)) == sum(word in text.split() for text in texts)


@given(st.sets(st.integers(1, 60)), st.lists(st.integers(-2, 80)), st.integers(0, 9))
def test_keys_are_found_with_gaps_between_them_and_without(keys: set[int], wanted: list[int], more: int) -> None:
    for some in (sorted(keys), list(range(7, 7 + more))):
        column = np.array(some, np.int64)
        rows = [some.index(key) if key in some else -1 for key in wanted]
        assert rows_of(column, np.array(wanted, np.int64)).tolist() == rows


@given(st.lists(st.integers(0, 9)))
def test_the_first_of_each_value_is_found(values: list[int]) -> None:
    assert firsts(np.array(values, np.int64)).tolist() == [values.index(one) for one in dict.fromkeys(values)]


@pytest.mark.parametrize("size", [1, 50, 2 * PROBE - 1, 2 * PROBE, 7 * PROBE])
@pytest.mark.parametrize("shape", ["many", "few", "rising", "falling", "nothing"])
def test_the_highest_are_never_missed(size: int, shape: str) -> None:
    seed = np.random.default_rng(size)
    scores = seed.normal(size=size).astype(np.float32)
    scores = {
        "many": scores,
        "few": np.where(seed.random(size) < 0.01, np.abs(scores), np.float32(0)),
        "rising": np.sort(scores),
        "falling": np.sort(scores)[::-1],
        "nothing": np.zeros(size, np.float32),
    }[shape]
    floor = -np.inf if shape in {"many", "rising", "falling"} else 0.0
    for count in (1, 64, 400, size):
        best = np.sort(scores[scores > floor])[::-1][:count]
        assert np.sort(scores[highest(scores, count, floor)])[::-1].tolist() == best.tolist()


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("limit", [1, 200, LEADING, 1000])
@pytest.mark.parametrize("dead", [0, 300, 1990])
def test_the_leading_vectors_answer_as_all_of_them_would(limit: int, dead: int, pieces: int) -> None:
    scores = np.random.default_rng(limit).normal(size=2000).astype(np.float32)
    leading = highest(scores, LEADING, -np.inf)
    scores[(-scores).argsort()[:dead]] = -np.inf  # the best of them were deleted
    shard, chunks = Shard(), np.arange(2000)
    shard.aligned = pieces == 1
    shard.chunk_key.append(chunks)
    shard.chunk_row.append(chunks // pieces)

    def best(known: Any) -> list[tuple[int, float]]:
        answer = Answer(shard, scores, chunks, chunks, None, -np.inf, leading=known)
        rows, found, _ = answer.best(limit)
        return sorted(zip(rows.tolist(), found.tolist(), strict=True), key=lambda one: -one[1])[:limit]

    assert best(leading) == best(None)
