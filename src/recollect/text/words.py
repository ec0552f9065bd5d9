"""How text is cut into search terms, the same for writing and for asking.

English words are folded and stemmed; Chinese, Japanese and Korean become pairs of characters, without a dictionary;
code identifiers stay whole and are also cut into their parts. An index made with one version of these rules must be
built again when they change: `VERSION` counts them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain
from operator import add

from recollect.text.kept import kept
from recollect.text.rules import longest_first, rules
from recollect.text.script import CJK, HAN, HAN_RUN, HANGUL, HIRAGANA, KATAKANA, LONG, UNSPACED
from recollect.text.token import expand, expand_all

VERSION = 1

_LONG_RUN = 160
_FEW_PAIRS = 3
_JOINT = r"(?:://|::|:[/\\]+|[-./\\@:'’]|(?<=\d),(?=\d{3}(?!\d)))"
_ASCII_TOKEN = re.compile(rf"[A-Za-z]\+\+|[A-Za-z]#(?!\w)|(?<![\w.])\.(?=[A-Za-z])\w+|\w+(?:{_JOINT}\w+)*")
_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0981-\u0dff"
_LETTER = f"(?:[^\\W{CJK}{UNSPACED}]|[{_MARKS}])"
_TOKEN = re.compile(
    rf"[{HAN}]+|[{HIRAGANA}{LONG}]+|[{KATAKANA}{LONG}]+|[{HANGUL}]+|[{UNSPACED}]+"
    rf"|[A-Za-z]\+\+|[A-Za-z]#(?!\w)|(?<![\w.])\.(?=[A-Za-z]){_LETTER}+|{_LETTER}+(?:{_JOINT}{_LETTER}+)*"
)
_RUN = re.compile(f"(?P<han>[{HAN}])|(?P<hiragana>[{HIRAGANA}{LONG}])|(?P<hangul>[{HANGUL}])|[{KATAKANA}{UNSPACED}]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def terms(text: str) -> list[str]:
    """Return the terms a text is indexed by, repeats included, in the order of its words.

    A run of Han characters gives its characters, then its pairs; other terms follow the text. Terms are folded, hold
    neither spaces nor control characters and have at most 64 characters. Time grows linearly with the text.
    """
    if not text.isascii():
        return _mixed_terms(_clean(text))
    return list(chain.from_iterable(map(_run_terms, text.split())))


@kept(size=1 << 15, longest=_LONG_RUN)
def _run_terms(run: str) -> tuple[str, ...]:
    """Return the terms of an ASCII run without white space, which no token holds."""
    return tuple(chain.from_iterable(map(expand, _ASCII_TOKEN.findall(run))))


def question(text: str) -> list[str]:
    """Return the terms a question is asked with: each once, in order, filler words of its language left out.

    Of Han text only the pairs are asked for, a character alone where it stands alone, or where the whole
    question has few ('我的猫叫什么' must find 一只猫). A question that is filler throughout is asked as it stands, so
    that it may still find something.
    """
    tokens = _ASCII_TOKEN.findall(text) if text.isascii() else _TOKEN.findall(_clean(text))
    found: dict[str, None] = {}
    for token in tokens:
        run = _RUN.match(token)
        if run:
            found.update(dict.fromkeys(_asked_run(token, run.lastgroup)))
        else:
            found.update(dict.fromkeys(expand(token)))
    if han := _few_han(found):
        found.update(dict.fromkeys(han))
    return list(found) or list(dict.fromkeys(term for token in tokens for term in _unfiltered(token)))


def _few_han(found: dict[str, None]) -> str:
    """Return the Han characters of a question's terms when they are few, else nothing."""
    pairs = [term for term in found if HAN_RUN.match(term)]
    return "".join(pairs) if 0 < len(pairs) <= _FEW_PAIRS else ""


def _clean(text: str) -> str:
    """Return text in NFKC without the characters that are never seen."""
    text = unicodedata.normalize("NFKC", text)
    return _UNSEEN.sub("", text) if _UNSEEN.search(text) else text


def _mixed_terms(text: str) -> list[str]:
    found: list[str] = []
    for token in _TOKEN.findall(text):
        run = _RUN.match(token)
        if not run:
            found += expand(token)
            continue
        if run.lastgroup == "han":
            found += token
        elif run.lastgroup == "hangul" or len(token) == 1:
            found.append(token[0])
        found += map(add, token, token[1:])
    return found


def _pairs(run: str) -> list[str]:
    return list(map(add, run, run[1:])) if len(run) > 1 else [run]


def _asked_run(run: str, script: str | None) -> list[str]:
    """Return the terms of a run in a question; hiragana and Hangul pieces of one character are not in the index."""
    if script == "han":
        return [term for piece in _split(_han_filler(), run) for term in _pairs(piece)]
    if script == "hiragana":
        pieces = _split(_hiragana_filler(), run)
        return [term for piece in pieces if len(piece) > 1 or piece == run for term in _pairs(piece)]
    if script == "hangul":
        return _asked_hangul(run)
    return _pairs(run)


def _split(filler: re.Pattern[str], run: str) -> list[str]:
    """Return what lies between the filler of a run; words under the group `kept` are not filler."""
    pieces: list[str] = []
    start = 0
    for match in filler.finditer(run):
        if match.lastgroup == "kept":
            continue
        pieces.append(run[start : match.start()])
        start = match.end()
    pieces.append(run[start:])
    return [piece for piece in pieces if piece]


def _asked_hangul(run: str) -> list[str]:
    """Return the pairs of a Korean word without question words and the particle at its end."""
    filler, particle = _hangul_filler()
    found: list[str] = []
    for piece in _split(filler, run):
        bare = particle.sub("", piece)
        if len(bare) > 1 or len(piece) == 1:
            found += _pairs(bare)
        else:
            found += [*_pairs(piece), piece[0]]
    return found


def _unfiltered(token: str) -> list[str]:
    return _pairs(token) if _RUN.match(token) else list(expand_all(token))


@cache
def _han_filler() -> re.Pattern[str]:
    table = rules("stopwords")["chinese"]
    return re.compile(f"(?P<kept>{longest_first(table['kept'])})|{longest_first(table['filler'])}")


@cache
def _hiragana_filler() -> re.Pattern[str]:
    return re.compile(longest_first(rules("stopwords")["japanese"]["filler"]))


@cache
def _hangul_filler() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = rules("stopwords")["korean"]
    return re.compile(longest_first(table["filler"])), re.compile(f"(?<=.)(?:{longest_first(table['particles'])})$")
