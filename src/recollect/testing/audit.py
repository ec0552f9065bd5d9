"""What every Audit must do."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from recollect.models import AuditFilter, AuditHead, Decision, Deed
from recollect.models.audit import GENESIS, LONGEST, digest_of_entry
from recollect.ports import Audit
from recollect.testing.clock import START, FakeClock


def deed(number: int) -> Deed:
    """Return a deed of its own."""
    return Deed(
        action=("search_across", "delete")[number % 2],
        actor=f"user {number % 3} 猫",
        decision=Decision.DENIED if number % 4 == 3 else Decision.ALLOWED,
        origin="127.0.0.1",
        token=f"t{number}",
        projects=("web", f"p{number}"),
        target=f"m{number}",
        detail={"count": number, "whole": True, "name": "größe"},
        times=number + 1,
    )


class AuditContract:
    """Entries stand in one unbroken chain, come back as they were, and are found by what they say."""

    async def test_an_empty_log_is_whole_and_has_no_end(self, audit: Audit) -> None:
        assert await audit.head() is None
        assert await audit.entries(AuditFilter(), limit=10) == []
        proof = await audit.verify()
        assert (proof.entries, proof.head, proof.faults, proof.whole) == (0, None, (), True)

    @pytest.mark.parametrize("durable", [True, False])
    async def test_entries_come_back_as_they_were_noted_each_linked_to_the_one_before(
        self, audit: Audit, durable: bool
    ) -> None:
        noted = [await audit.note(deed(number), durable=durable) for number in range(5)]
        assert [entry.deed for entry in noted] == [deed(number) for number in range(5)]
        assert [entry.seq for entry in noted] == [1, 2, 3, 4, 5]
        assert [entry.previous for entry in noted] == [GENESIS, *(entry.digest for entry in noted[:-1])]
        assert all(entry.digest == digest_of_entry(entry.seq, entry.at, entry.deed, entry.previous) for entry in noted)
        assert await audit.entries(AuditFilter(), limit=10, newest=False) == noted
        assert await audit.entries(AuditFilter(), limit=10) == noted[::-1]
        assert await audit.head() == AuditHead(5, noted[-1].digest)
        assert (await audit.verify()).whole

    async def test_pages_go_on_where_the_one_before_ended(self, audit: Audit) -> None:
        noted = [await audit.note(deed(number), durable=False) for number in range(7)]
        first = await audit.entries(AuditFilter(), limit=3)
        assert first + await audit.entries(AuditFilter(), limit=9, beyond=first[-1].seq) == noted[::-1]
        last = await audit.entries(AuditFilter(), limit=3, beyond=4, newest=False)
        assert last == noted[4:]

    async def test_a_filter_holds_all_its_conditions(self, audit: Audit, clock: FakeClock) -> None:
        for number in range(8):
            await audit.note(deed(number), durable=False)
            clock.forward(3600)

        async def found(**asked: object) -> list[int]:
            return [entry.seq for entry in await audit.entries(AuditFilter(**asked), limit=99, newest=False)]  # type: ignore[arg-type]

        assert await found(actor="user 1 猫") == [2, 5, 8]
        assert await found(action="delete") == [2, 4, 6, 8]
        assert await found(decision=Decision.DENIED) == [4, 8]
        assert await found(project_id="p3") == [4]
        assert await found(project_id="P3") == []
        assert await found(project_id="%") == []
        assert await found(project_id='p3", "') == []
        assert await found(since=START + timedelta(hours=2), until=START + timedelta(hours=5)) == [3, 4, 5]
        assert await found(actor="user 1 猫", action="delete", project_id="web") == [2, 8]

    async def test_long_and_strange_names_are_noted_shortened(self, audit: Audit) -> None:
        strange = Deed(
            "x" * 1000, "a\x00b\nc\ud800", projects=("p" * 999,) * 3, target="猫" * 999, detail={"n\x1b": "v" * 999}
        )
        entry = await audit.note(strange)
        kept = entry.deed
        assert len(kept.action) == len(kept.target) == len(kept.projects[0]) == len(str(kept.detail["n�"])) == LONGEST
        assert kept.actor == "a�b�c?"
        assert await audit.entries(AuditFilter(), limit=1) == [entry]
        assert (await audit.verify()).whole

    async def test_appends_at_the_same_time_make_one_chain(self, audit: Audit) -> None:
        noted = await asyncio.gather(*(audit.note(deed(number), durable=number % 5 == 0) for number in range(40)))
        assert sorted(entry.seq for entry in noted) == list(range(1, 41))
        proof = await audit.verify()
        assert proof.whole
        assert proof.entries == 40

    async def test_an_end_known_from_elsewhere_is_looked_for(self, audit: Audit) -> None:
        first = await audit.note(deed(1))
        second = await audit.note(deed(2))
        assert (await audit.verify([AuditHead(1, first.digest), AuditHead(2, second.digest)])).whole
        other = await audit.verify([AuditHead(1, second.digest)])
        assert [(fault.seq, fault.sort) for fault in other.faults] == [(1, "replaced")]
        beyond = await audit.verify([AuditHead(9, first.digest)])
        assert [(fault.seq, fault.sort) for fault in beyond.faults] == [(3, "cut")]
