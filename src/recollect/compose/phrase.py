"""The words that stand around memories, in the language of the question."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from recollect.text.language import language
from recollect.text.rules import rules

Phrases = Mapping[str, str]


@cache
def phrases(tongue: str) -> Phrases:
    """Return the phrases of a language; Chinese ones for `zh`, English ones for every other."""
    return dict(rules("compose")["zh" if tongue == "zh" else "en"])


def tongue(query_text: str, asked: str | None) -> str:
    """Return the language the context speaks: the one asked for, else the language of the question."""
    return asked or language(query_text)
