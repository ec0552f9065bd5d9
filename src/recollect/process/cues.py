"""Finds which of many named rules a text meets, in a few microseconds for all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recollect.process.scan import Scan


class Cues:
    """Rules met by words and phrases: Western ones at word borders, Chinese ones anywhere in the text.

    Western phrases are looked up by their longest word and only then compared, so that a text without any cue costs
    one set intersection; the Chinese ones are one compiled alternation, longest first.
    """

    def __init__(self, western: Mapping[str, Sequence[str]], chinese: Mapping[str, Sequence[str]]) -> None:
        longest_word: dict[str, list[tuple[str, str]]] = {}
        for rule, phrases in western.items():
            for phrase in phrases:
                longest_word.setdefault(max(phrase.split(), key=len), []).append((f" {phrase} ", rule))
        self._western = longest_word
        self._words = frozenset(longest_word)
        self._rule = {phrase: rule for rule, phrases in chinese.items() for phrase in phrases}
        longest = sorted(self._rule, key=len, reverse=True)
        self._chinese = re.compile("|".join(map(re.escape, longest)) or "(?!)")

    def met(self, scan: Scan) -> frozenset[str]:
        """Return the names of the rules that the text meets."""
        rules = {
            rule
            for word in self._words & scan.distinct
            for phrase, rule in self._western[word]
            if phrase in scan.joined
        }
        if scan.cjk:
            rules.update(self._rule[found] for found in self._chinese.findall(scan.text))
        return frozenset(rules)

    def told(self, scan: Scan) -> dict[str, set[str]]:
        """Return the rules that the text meets, each with words in lower case: where it is met stands one of them."""
        rules: dict[str, set[str]] = {}
        for word in self._words & scan.distinct:
            for phrase, rule in self._western[word]:
                if phrase in scan.joined:
                    rules.setdefault(rule, set()).add(word)
        if scan.cjk:
            for found in self._chinese.findall(scan.text):
                rules.setdefault(self._rule[found], set()).add(found)
        return rules
