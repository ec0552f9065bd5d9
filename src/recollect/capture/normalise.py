"""Makes foreign text storable without changing what it says: line ends, controls, hidden characters."""

from __future__ import annotations

import codecs
import re
from typing import Final

ARABIC: Final = "\u0600-\u06ff\u0750-\u077f\u0860-\u08ff\ufb50-\ufdff\ufe70-\ufefe"
INDIC: Final = "\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\u1a20-\u1aaf"
UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
SELECTOR: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
HAN: Final = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

JOINS: Final = ARABIC + INDIC + "\u2190-\u3299\u00a9\u00ae\u203c\u2049\ufe0f\U0001f000-\U0001faff"
HIDDEN: Final = "\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e00ff"

SUSPECT: Final = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200d\u2028\u2029{HIDDEN}{SELECTOR}\ud800-\udfff]")
LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\))")
CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
REGION: Final = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("eng", "sct", "wls"))
FLAG: Final = f"\U000e0067\U000e0062(?:{REGION})\U000e007f"
"""What follows a black flag to make the flags of England, Scotland and Wales: the tag characters with a use."""

CONCEALED: Final = re.compile(f"((?<=\U0001f3f4){FLAG})|[{HIDDEN}]")
NOT_JOINING: Final = re.compile(
    f"(?<![{JOINS}])[\u200c\u200d]|(?<![{INDIC}])[\u200c\u200d](?![{JOINS}])"
    f"|(?<![{UNSPACED}])\u200b|\u200b(?![{UNSPACED}])"
)
NOT_SELECTING: Final = re.compile(f"(?<=[{SELECTOR}])[{SELECTOR}]|(?<![{HAN}])[\U000e0100-\U000e01ef]")


def normalise(text: str) -> str:
    r"""Return the text with line ends as `\n` and without what cannot be seen; all else stays as it was.

    Lone surrogates become U+FFFD (pairs become their character). Terminal colour codes, controls other than `\n` and
    `\t`, byte order marks, bidirectional overrides, soft hyphens and tag characters go. Zero-width joiners stay where
    they join (emoji, Arabic, Indic), zero-width spaces where a script has no others (Thai, Khmer), one variation
    selector where it selects. No Unicode normal form is applied. Idempotent; clean text is returned as it came.
    """
    if SUSPECT.search(text) is None:
        return text
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = LINE_END.sub("\n", text)
    text = CONTROL.sub("", TERMINAL.sub("", text))
    text = CONCEALED.sub(r"\1", text)
    return NOT_SELECTING.sub("", NOT_JOINING.sub("", text))


BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked(data: bytes) -> str | None:
    """Return the codec that the byte order mark at the start of `data` names, or `None` where there is none."""
    return next((codec for mark, codec in BYTE_ORDER_MARKS if data.startswith(mark)), None)


def decode(data: bytes) -> str:
    """Return a file's bytes as text: by its byte order mark, else UTF-8, else GB18030, else UTF-8 with U+FFFD."""
    codec = marked(data)
    if codec is not None:
        return data.decode(codec, "replace")
    for guess in ("utf-8", "gb18030"):
        try:
            return data.decode(guess)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")
