"""The ports that a search goes through."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.ports import Embed, Graph, Lore, Near, Words


@dataclass(frozen=True, slots=True)
class Ways:
    """Words, vectors, what is known besides the text, relations, and what makes a vector of the question."""

    words: Words
    vectors: Near
    lore: Lore
    graph: Graph
    embed: Embed
