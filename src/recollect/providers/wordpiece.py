"""Cuts texts into the word pieces of BERT's vocabulary without capitals; what was cut before is not cut again.

The tokenizer looks at every character of every text anew, which takes longer than all else around a run of the model.
In plain text each word, each sign and each Chinese character is cut by itself, and few of them make up most of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from recollect.text.kept import kept

WORDS = 1 << 15
"""So many words are kept."""

LONGEST = 32
"""Characters of a word that is kept."""

# What Unicode calls punctuation, in ASCII all signs: each stands alone.
_SIGNS = r"!-/:-@\[-`{-~\u2010-\u2027\u3001-\u3003\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
_IDEOGRAPHS = r"\u4e00-\u9fff"
_WORD = re.compile(rf"[a-z0-9]+|[{_SIGNS}{_IDEOGRAPHS}]")
_OTHER = re.compile(rf"[^A-Za-z0-9 \t\n\r{_SIGNS}{_IDEOGRAPHS}]")
_SPECIAL = re.compile(r"\[(?:PAD|UNK|CLS|SEP|MASK)]")


class WordPieces:
    """The tokenizer of a file, for texts of at most `window` pieces, the two marks at the edges among them.

    Its methods may be called from several threads at once.
    """

    def __init__(self, file: Path, window: int) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only who embeds pays for the import

        self._tokenizer: Any = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(window)
        self._first, self._last = self._tokenizer.encode("").ids
        self._window = window
        self._cut = kept(WORDS, LONGEST)(self._word)

    def ids(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces, the marks at the edges among them."""
        if _OTHER.search(text) or ("[" in text and _SPECIAL.search(text)):
            return list(self._tokenizer.encode(text).ids)
        found = [self._first]
        for word in _WORD.findall(text.lower()):
            found += self._cut(word)
        found[self._window - 1 :] = [self._last]
        return found

    def _word(self, word: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)
