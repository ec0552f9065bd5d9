"""Texts made up from a Zipf-Mandelbrot vocabulary, English-like and Chinese, and questions about them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from recollect.errors import EmbedderMissing
from recollect.providers.weights import MINILM, require

CACHE = Path(__file__).parents[2] / ".bench"
WORDS = 30_000
GREETING, LENGTHY = 0.05, 0.01
"""Shares of turns that say too little to have a vector, and of those that need several chunks."""
EXPONENT, OFFSET = 1.0, 2.7  # Mandelbrot's fit to English
ENGLISH = """the I to you and a it of that in was is for my on we have so with be just this but me are not what at
had do can they all about like really your there from out up he when how she one know time would get been their some if
were think good more did her him them then too great new also"""
NAMED = """Anna Ben Carla David Emma Felix Grace Henry Iris Jack Karen Leo Maria Noah Olivia Paul Rosa Sam Tina
Victor"""
HAN = (
    """的 是 了 我 在 你 有 不 他 我们 这 就 也 说 要 都 和 去 会 很 到 没有 可以 什么 今天 知道 时候 一个 因为 所以"""
)
OPENINGS, VOWELS = "b c d f g h l m n p r s t v w st tr pl", "a e i o u ai ea ou an er in"
COMMON, NAMES, COMMON_HAN = ENGLISH.split(), NAMED.split(), HAN.split()
SYLLABLES = [opening + vowel for opening in OPENINGS.split() for vowel in VOWELS.split()]


class Writer:
    """Writes texts in `language` ('en' or 'zh'); the same seed gives the same texts."""

    def __init__(self, language: str, seed: int) -> None:
        self.language = language
        self._random = random.Random(seed)
        words = _chinese() if language == "zh" else _english()
        self._frequent = set(words[:120])
        self._words = words
        self._odds = list(accumulate(1 / (rank + OFFSET) ** EXPONENT for rank in range(len(words))))

    def text(self, least: int = 15, most: int = 25) -> str:
        """Return one or two sentences of so many words in all (Chinese: about as many characters)."""
        if self.language == "zh":
            return "".join(self._some(self._random.randint(least // 2, most // 2))) + "。"
        words = self._some(self._random.randint(least, most))
        middle = len(words) // 2
        return f"{_sentence(words[:middle])} {_sentence(words[middle:])}"

    def said(self) -> str:
        """Return a turn as in real talk: usually a text, at times a mere greeting, now and then one of some length."""
        odd = self._random.random()
        if odd < GREETING:
            return self._random.choice(
                ("好的，谢谢！", "你好！") if self.language == "zh" else ("Okay, thanks!", "Hi there!")
            )
        return self.text(150, 400) if odd > 1 - LENGTHY else self.text()

    def texts(self, count: int, least: int = 15, most: int = 25) -> list[str]:
        """Return `count` texts."""
        return [self.text(least, most) for _ in range(count)]

    def speaker(self) -> str:
        """Return a speaker's name."""
        return self._random.choice(NAMES)

    def question(self, texts: Sequence[str]) -> str:
        """Return a question about one of these texts; in Chinese a long one, about three of them."""
        if self.language == "zh":
            return (
                "请问" + "，".join(self._random.choice(texts)[:15].rstrip("。") for _ in range(3)) + "是什么时候的事？"
            )
        text = self._random.choice(texts)
        rare = [word for word in text.replace(".", "").split() if word.lower() not in self._frequent] or text.split()
        asked = self._random.sample(rare, min(len(rare), self._random.randint(2, 4)))
        when = self._random.choice(("", "", "", "", "", "", "", "", " last month", " in May 2024"))
        return f"What did {self.speaker()} say about the {' '.join(asked)}{when}?"

    def _some(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._odds, k=count)


def _sentence(words: Sequence[str]) -> str:
    line = " ".join(words)
    return line[:1].upper() + line[1:] + "."


def _english() -> list[str]:
    """Return words by rank: those of the embedder's vocabulary, in its order of frequency, then made-up ones.

    Without weights all but the most frequent are made up, and a question then has more word pieces than a real one.
    """
    made = random.Random(7)
    words = dict.fromkeys([*COMMON, *NAMES, *_known()])
    while len(words) < WORDS:
        words[
            "".join(made.choices(SYLLABLES, k=made.choice((1, 2, 2, 3)))) + made.choice(("", "s", "ing", "ed", "n"))
        ] = None
    return list(words)


def _known() -> list[str]:
    try:
        place = require(MINILM, CACHE)
    except EmbedderMissing:
        return []
    vocabulary = json.loads((place / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    ranked = sorted(vocabulary, key=vocabulary.__getitem__)
    return [word for word in ranked if len(word) > 2 and word.isascii() and word.isalpha() and word not in NAMES]


def _chinese() -> list[str]:
    made = random.Random(7)
    signs = [chr(made.randint(0x4E00, 0x9FA5)) for _ in range(3500)]
    odds = list(accumulate(1 / (rank + 20) for rank in range(len(signs))))
    words = dict.fromkeys(COMMON_HAN)
    while len(words) < WORDS:
        words["".join(made.choices(signs, cum_weights=odds, k=made.choice((1, 2, 2, 2, 2, 3))))] = None
    return list(words)
