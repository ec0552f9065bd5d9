"""A memory as the rules see it, ready to be written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from recollect.exchange import Entry
from recollect.models import Memory
from recollect.process.classify import dense
from recollect.process.index import index
from recollect.process.process import Findings, process
from recollect.process.standing import standing


def judged(
    item: Memory, key: str, known: Collection[str], *, threshold: float, keep_importance: bool
) -> tuple[Entry, Findings]:
    """Return a memory with what the rules say of it and its chunks, and what they found in it.

    `known` are names to be recognised everywhere; what says less than `threshold` is not `dense`.
    """
    found = process(item, known)
    seen = replace(
        item,
        keywords=found.keywords,
        entities=tuple(mention.name for mention in found.mentions),
        importance=item.importance if keep_importance else found.judgement.importance,
        urgency=found.judgement.urgency,
        tier=found.judgement.tier,
        dense=dense(found.judgement, threshold),
        standing=standing(item.text),
    )
    return Entry(seen, index(seen), key), found
