"""Which language a text is written in, judged by its letters alone."""

from __future__ import annotations

import re
from typing import Literal

from recollect.text.script import CJK, HAN, HANGUL, HIRAGANA, KATAKANA

Language = Literal["zh", "ja", "ko", "en"]

_CJK = re.compile(f"[{CJK}]")
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{HIRAGANA}{KATAKANA}]")
_HANGUL = re.compile(f"[{HANGUL}]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 20_000


def cjk_share(text: str) -> float:
    """Return the share (0..1) of a text's letters that are Chinese, Japanese or Korean.

    Judged by the first 20,000 characters.
    """
    if text.isascii():
        return 0.0
    text = text[:_SAMPLE]
    letters = len(_LETTER.findall(text))
    return min(1.0, len(_CJK.findall(text)) / letters) if letters else 0.0


def language(text: str) -> Language:
    """Return the language of a text by its letters.

    Kana make it Japanese, Hangul Korean, Han Chinese; all else is English.

    A Chinese or Japanese character weighs as much as a word, so that '用 FastAPI 写的' is Chinese; a quoted foreign
    word does not turn an English text. Judged by the first 20,000 characters.
    """
    if text.isascii():
        return "en"
    text = text[:_SAMPLE]
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))
    signs = han + kana + hangul
    if not signs or signs < len(_WORD.findall(_CJK.sub(" ", text))):
        return "en"
    if hangul > han + kana:
        return "ko"
    return "ja" if kana * 10 >= signs else "zh"
