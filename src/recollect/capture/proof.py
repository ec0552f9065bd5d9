"""Tells a secret from what only stands where secrets stand: prose, source code, stand-ins, hashes.

Every check takes the value, whether it stood in quotes, and the text from the name up to the value.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from recollect.capture.secret import book, compiled

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY: Final = re.compile(r"[A-Za-z0-9_\-./+=~:%!@#$^&*]{8,8192}")
LETTER: Final = re.compile(r"[A-Za-z]")
DIGIT: Final = re.compile(r"[0-9]")
SYMBOL: Final = re.compile(r"[!@#$%^&*+~](?=.*[A-Za-z0-9])")
HUMP: Final = re.compile(r"[a-z][A-Z]")
PORT: Final = re.compile(r"[0-9]{1,5}[?#&/]")
COOKIE: Final = re.compile(r"=(?=[^;\s]*[0-9A-Z])[^;\s<>{}$]{8}|=[^;\s<>{}$]{16}")
NAMING: Final = re.compile(r"(?i)pass|secret|token|key|auth|field|input|prompt|label|user")

MIN_ENTROPY: Final = 2.5
"""Bits a character. Hexadecimal digits at random come near 4; `test1111` has 2."""
ISSUERS: Final = re.compile(
    r"4(?:.{12}|.{15}|.{18})|5[1-5].{14}|2[2-7].{14}|3[47].{13}|3(?:0[0-5]|[68].).{11}|6(?:011|4[4-9]|5).{12,13}"
    r"|35.{14}|62.{14,17}"
)
GROUPS: Final = re.compile(r"\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}")


def entropy(text: str) -> float:
    """Return the Shannon entropy of the text's characters, in bits a character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def _is(kind: str, value: str) -> bool:
    return len(value) <= 256 and compiled(book().words[kind]).match(value) is not None


def _empty_word(value: str) -> bool:
    return _is("stand_in", value) or _is("ordinary", value)


def anything(_value: str, _quoted: bool, _label: str) -> bool:
    """Take every value: the place says it all."""
    return True


def varied(value: str, _quoted: bool, _label: str) -> bool:
    """Take what is neither one character over and over (`ghp_xxxxxxxx`) nor words with dashes (`xoxb-your-token`)."""
    if len(set(value[-32:])) < 6:
        return False
    return DIGIT.search(value) is not None or HUMP.search(value) is not None or value.count("-") + value.count("_") < 2


def password(value: str, quoted: bool, label: str) -> bool:
    """Take what a person may have chosen: in quotes any single word, else only what no prose or code would say."""
    if _empty_word(value) or len(value) < 4:
        return False
    coded = _is("code", value)
    if quoted:
        return not any(map(str.isspace, value)) and not (coded and NAMING.search(value)) and value.isascii()
    if coded:
        return False
    letters, digits = LETTER.search(value), DIGIT.search(value)
    if letters is None:
        return len(value) >= 6 and digits is not None and value.isdigit()
    shell = label.endswith("=") and label.isupper()
    return len(value) >= 6 and (digits is not None or SYMBOL.search(value) is not None or shell)


def spoken(value: str, quoted: bool, label: str) -> bool:
    """Take what follows 'the password is' when it mixes letters with digits or signs."""
    return "'" not in value and LETTER.search(value) is not None and password(value, quoted, label)


def key(value: str, quoted: bool, _label: str) -> bool:
    """Take what a machine made: letters with digits, or long and mixed, and not a name of source code."""
    if KEY.fullmatch(value) is None or _empty_word(value) or _is("code", value):
        return False
    if entropy(value[:256]) < MIN_ENTROPY or len(value) < (8 if quoted else 10) or LETTER.search(value) is None:
        return False
    return DIGIT.search(value) is not None or (len(value) >= 20 and HUMP.search(value) is not None)


def token(value: str, quoted: bool, label: str) -> bool:
    """Take what `key` takes, without UUIDs: those number pages and requests."""
    return UUID.fullmatch(value) is None and key(value, quoted, label)


def authorization(value: str, quoted: bool, label: str) -> bool:
    """Take a key, or mixed case such as Base64 without digits."""
    return key(value, quoted, label) or (HUMP.search(value) is not None and not _empty_word(value) and "." not in value)


def url_password(value: str, _quoted: bool, _label: str) -> bool:
    """Take what stands between colon and @ in an address, unless it is a port with a query or a stand-in."""
    return PORT.match(value) is None and not _is("stand_in", value)


def cookie(value: str, _quoted: bool, _label: str) -> bool:
    """Take a cookie header in which some value is long enough to open a session."""
    return COOKIE.search(value) is not None


def card(value: str, _quoted: bool, _label: str) -> bool:
    """Take a card number: an issuer's prefix and length, the usual groups, and a right check digit."""
    digits = value.replace(" ", "").replace("-", "")
    return bool(GROUPS.fullmatch(value) and ISSUERS.fullmatch(digits)) and len(set(digits)) > 1 and luhn(digits)


CHECKS: Final[Mapping[str, Callable[[str, bool, str], bool]]] = {
    "any": anything,
    "varied": varied,
    "password": password,
    "spoken": spoken,
    "key": key,
    "token": token,
    "authorization": authorization,
    "url_password": url_password,
    "cookie": cookie,
    "card": card,
}
"""The checks by the names that `data/secrets.toml` gives them."""
