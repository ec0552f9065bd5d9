"""What every Words must do: find what shares a term at once, by its best chunk, never beyond its reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recollect.exchange import Batch, Revision
from recollect.models import And, Compare, Kind, Op, Or, Reach, Scope, Where
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import HERE, entry, memory, put, rewrite, texts, turn
from recollect.text.words import question, terms

MIXED = (
    ("The quick brown fox jumps", "foxes jumping", True),
    ("We call parseHttpHeader here", "parseHttpHeader", True),
    ("We call parseHttpHeader here", "http header", True),
    ("set max_page_count=20", "max_page_count", True),
    ("see /srv/app/main.py line 3", "main.py", True),
    ("released v1.2.3 today", "v1.2.3", True),
    ("failed with ERR_CONN_RESET", "ERR_CONN_RESET", True),
    ("我的猫叫小白，住在杭州", "猫叫什么", True),
    ("我的猫叫小白，住在杭州", "小白", True),
    ("我们用 PostgreSQL 存储数据", "postgresql 数据", True),
    ("東京タワーに行きました", "タワー", True),
    ("서울에서 만났어요", "서울", True),
    ("Café crème", "cafe creme", True),
    ("The quick brown fox jumps", "zebra", False),
    ("我的猫叫小白", "天气预报", False),
)


class WordsContract:
    """Search by words."""

    @pytest.mark.parametrize(("text", "asked", "found"), MIXED)
    async def test_text_of_every_sort_is_found(self, backend: Backend, text: str, asked: str, found: bool) -> None:
        (key,) = await put(backend, memory(text))
        await put(backend, *(memory(f"filler number {number}") for number in range(5)))
        hits = await backend.words.search(question(asked), HERE, 5)
        assert (key in hits.keys.tolist()) is found

    async def test_more_shared_and_rarer_words_come_first(self, backend: Backend) -> None:
        said = [
            "apple pear plum",
            "apple pear kiwi",
            "apple fig lime",
            "nothing at all",
            "fig lime kiwi",
            "lime fig date",
        ]
        keys = await put(backend, *(memory(text) for text in said))
        found = await backend.words.search(question("apple pear plum"), HERE, 9)
        assert found.keys.tolist() == keys[:3]
        assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
        assert (await backend.words.search(question("apple pear plum"), HERE, 2)).keys.tolist() == keys[:2]

    async def test_a_score_is_a_share_of_the_most_a_text_could_score(self, backend: Backend) -> None:
        await put(backend, *(memory(f"other text {number}", Scope("big", "p")) for number in range(50)))
        keys = await put(
            backend, memory("apple apple apple pear"), memory("apple and a lot of other words"), memory("fig")
        )
        found = await backend.words.search(question("apple pear"), HERE, 9)
        assert found.keys.tolist() == keys[:2]
        assert all(0 < score <= 1 for score in found.scores)
        assert 0 <= found.mean <= 1
        assert 0 <= found.deviation <= 1

    async def test_scores_are_given_for_the_memories_asked_for(self, backend: Backend) -> None:
        keys = await put(backend, memory("apple"), memory("fig"), memory("apple", Scope("other", "p")))
        found = await backend.words.search(question("apple"), HERE, 9)
        asked = np.array([keys[2], keys[1], 10**9, keys[0]])
        scores = await backend.words.score(question("apple"), HERE, asked)
        assert scores.tolist() == [0, 0, 0, pytest.approx(float(found.scores[0]))]
        assert len(await backend.words.score(question("apple"), HERE, np.empty(0, np.int64))) == 0

    @pytest.mark.parametrize(
        "asked", [[], [""], ['"'], ["*"], ["zzz", "^"], ["and", "or", "near("], ["a" * 5000], ["'; drop"], ["\x00"]]
    )
    async def test_odd_terms_find_nothing_and_break_nothing(self, backend: Backend, asked: list[str]) -> None:
        await put(backend, memory("apple"), memory("pear"))
        assert (await backend.words.search(asked, HERE, 9)).keys.tolist() == []
        assert (await backend.words.search([*asked, *question("apple")], HERE, 9)).keys.shape == (1,)

    async def test_hundreds_of_terms_may_be_asked(self, backend: Backend) -> None:
        (key, _) = await put(backend, memory("apple pear"), memory("fig"))
        asked = [*question("apple"), *(f"term{number}" for number in range(500))]
        assert (await backend.words.search(asked, HERE, 9)).keys.tolist() == [key]

    async def test_a_long_memory_is_found_by_any_part_and_scores_by_its_best(self, backend: Backend) -> None:
        long = " ".join(f"word{number} filler{number}" for number in range(200))
        (key,) = await put(backend, memory(long), size=100)
        await put(backend, memory("word3 in another"))
        for wanted in ("word0", "filler77", "word199"):
            found = await backend.words.search(terms(wanted)[:1], HERE, 9)
            assert found.keys.tolist() == [key]
            (place,) = await backend.records.locate([(key, int(found.chunks[0]))])
            assert wanted in long[place.start : place.end]

    async def test_no_search_looks_beyond_its_reach(self, backend: Backend) -> None:
        places = [Scope(user, project, "c", "a") for user in ("u1", "u2") for project in ("p1", "p2")]
        keys = await put(backend, *(turn("one apple", scope=place) for place in places))
        for reach, seen in (
            (Reach("u1", "p1"), keys[:1]),
            (Reach("u1", None), keys[:2]),
            (Reach(None, "p2"), keys[1::2]),
            (Reach("u2", "p2", "c", "a"), keys[3:]),
            (Reach("u2", "p2", "other"), []),
            (Reach("u2", "p2", None, "other"), []),
            (Reach("u3", "p1"), []),
            (Reach(None, None), []),
        ):
            found = await backend.words.search(question("apple"), Where(reach), 9)
            assert sorted(found.keys.tolist()) == seen
            scores = await backend.words.score(question("apple"), Where(reach), np.array(keys))
            assert [key for key, score in zip(keys, scores, strict=True) if score > 0] == seen

    async def test_conditions_narrow_the_search(self, backend: Backend) -> None:
        keys = await put(
            backend,
            memory("one apple", metadata={"n": 1}),
            memory("one apple", metadata={"n": 2}, kind=Kind.FACT),
            memory("one apple", metadata={"n": 3}, superseded_by="x"),
            memory("one apple", metadata={"n": 4}, expires_at=START),
        )
        either = Or((Compare("metadata.n", Op.EQ, 1), Compare("metadata.n", Op.EQ, 4)))
        for where, seen in (
            (Where(Reach()), [0, 1, 3]),
            (Where(Reach(), valid_at=START), [0, 1]),
            (Where(Reach(), valid_at=START, stale=True), [0, 1, 2, 3]),
            (Where(Reach(), (Kind.FACT,)), [1]),
            (Where(Reach(), filter=either), [0, 3]),
            (Where(Reach(), filter=And((either, Compare("text", Op.EQ, "no")))), []),
        ):
            found = await backend.words.search(question("apple"), where, 9)
            assert sorted(found.keys.tolist()) == [keys[place] for place in seen]

    async def test_a_rewritten_text_is_found_by_its_new_words_only(self, backend: Backend) -> None:
        item = memory("apple pear")
        (key,) = await put(backend, item)
        assert (await backend.words.search(question("apple"), HERE, 9)).keys.tolist() == [key]
        await rewrite(backend, replace(item, text="plum kiwi", version=2))
        assert (await backend.words.search(question("apple"), HERE, 9)).keys.tolist() == []
        assert (await backend.words.search(question("kiwi"), HERE, 9)).keys.tolist() == [key]

    async def test_what_changes_between_two_searches_shows_in_the_second(self, backend: Backend) -> None:
        old = memory("apple")
        (key,) = await put(backend, old)
        assert (await backend.words.search(question("apple"), HERE, 9)).keys.tolist() == [key]
        await rewrite(backend, replace(old, text="plum", version=2))
        (newer,) = await put(backend, memory("plum kiwi"))
        assert sorted((await backend.words.search(question("plum"), HERE, 9)).keys.tolist()) == [key, newer]
        assert (await backend.words.search(question("apple"), HERE, 9)).keys.tolist() == []
        gone = replace(old, text="plum", version=3, superseded_by="x")
        await backend.records.commit(Batch(revisions=[Revision(gone, retire=True)]))
        assert (await backend.words.search(question("plum"), HERE, 9)).keys.tolist() == [newer]

    async def test_hundreds_of_changes_between_two_searches_all_show(self, backend: Backend) -> None:
        items = [memory(f"first{number}") for number in range(700)]
        await put(backend, *items[:100])
        await backend.words.search(question("first0"), HERE, 9)
        await put(backend, *items[100:])
        better = [replace(item, text=f"second{place}", version=2) for place, item in enumerate(items) if place % 3 == 0]
        await backend.records.commit(Batch(revisions=[Revision(item, entry(item).chunks) for item in better]))
        await put(backend, memory("third0"))
        await backend.records.commit(Batch(deletes=[items[1].id, items[601].id]))
        for term, there in (
            ("first0", 0),
            ("second0", 1),
            ("second699", 1),
            ("first1", 0),
            ("first698", 1),
            ("third0", 1),
        ):
            found = await backend.words.search([term], HERE, 9)
            assert (term, await texts(backend, found.keys)) == (term, [term] * there)
