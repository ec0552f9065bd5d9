"""The limiter: notes go first, then the oldest history; guide and memories stay."""

from __future__ import annotations

from recollect.compose.limit import Part, Rank, limit

GUIDE = Part(Rank.GUIDE, "guide")
MEMORIES = Part(Rank.MEMORIES, "memories " * 20)
NOTES = [Part(Rank.NOTE, f"note {at} " * 5) for at in range(2)]
HISTORY = [Part(Rank.HISTORY, f"history {at} " * 5) for at in range(3)]
ALL = [GUIDE, *NOTES, MEMORIES, *HISTORY]


def test_what_fits_stays_in_its_order() -> None:
    found = limit(ALL)
    assert found.parts == tuple(ALL)
    assert found.dropped == 0


def test_parts_go_one_after_the_other_in_the_seeds_order() -> None:
    gone = []
    budget = limit(ALL).tokens
    before = set(ALL)
    while budget > 0:
        budget -= 1
        now = set(limit(ALL, budget).parts)
        gone += [part for part in ALL if part in before - now]
        before = now
    assert gone == [NOTES[1], NOTES[0], *HISTORY]


def test_guide_and_memories_are_never_cut() -> None:
    found = limit(ALL, 3)
    assert found.parts == (GUIDE, MEMORIES)
    assert found.tokens > 3
    assert found.text == f"{GUIDE.text}\n\n{MEMORIES.text}"


def test_empty_parts_leave_no_gap() -> None:
    assert limit([GUIDE, Part(Rank.NOTE, ""), MEMORIES]).text == f"{GUIDE.text}\n\n{MEMORIES.text}"


def test_long_quotes_are_shortened_before_any_goes() -> None:
    long = [Part(Rank.HISTORY, f"{name}: " + "word " * 200) for name in ("old", "new")]
    parts = [Part(Rank.MEMORIES, "m " * 50), *long, Part(Rank.NOTE, "note")]
    found = limit(parts, 350)
    assert [part.rank for part in found.parts][:3] == [Rank.MEMORIES, Rank.HISTORY, Rank.HISTORY]
    assert found.parts[0].text == "m " * 50
    assert found.parts[1].text.startswith("old: word")
    assert found.parts[1].text.endswith("…")
    assert found.parts[2] == long[1]
    assert found.tokens <= 350
    tight = limit(parts, 160)
    assert [part.text[:3] for part in tight.parts[1:3]] == ["old", "new"]
    assert limit(parts, 110).parts[1].text.startswith("new")
