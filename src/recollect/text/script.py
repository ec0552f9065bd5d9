"""Which characters belong to which writing system, as pieces of regular expressions."""

from __future__ import annotations

import re

HAN = "\u3005\u3007\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3041-\u3096\u3099-\u309f\U0001b001-\U0001b11f\U0001b132-\U0001b152"
KATAKANA = "\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000\U0001b120-\U0001b122\U0001b155-\U0001b167"
LONG = "\u30fc"  # the sound mark that lengthens hiragana and katakana alike
HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
UNSPACED = "\u0e01-\u0e3a\u0e40-\u0eff\u1000-\u109f\u1780-\u17df"  # Thai, Lao, Burmese, Khmer: no spaces between words
CJK = HAN + HIRAGANA + KATAKANA + LONG + HANGUL

HAN_RUN = re.compile(f"[{HAN}]+")
