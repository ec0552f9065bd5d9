"""Words are cut the same way for writing and for asking."""

from __future__ import annotations

import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.text.token import stem
from recollect.text.words import question, terms

MIXED = ("the", "parseHttp", "snake_case", "v1.2", "数据库", "データ", "한국", "it's", "3.5", "a/b.py", "C++", "é")
HOSTILE = ("a", "a.", "中", "é", "'", "_", ".", "\ud800", "👨‍👩‍👧", "1,000", "가", "あ", "A", "://", "x@", "ا")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The parsers were parsing", ["parser", "pars"]),
        ("Café NAÏVE Ёлка", ["cafe", "naiv", "елка"]),
        ("Alice's dog doesn't bark", ["alic", "dog", "bark"]),
        ("They won the cup", ["won", "cup"]),
        ("the US office asked us", ["us", "offic", "ask"]),
        ("2023 3.5 1,000", ["2023", "3.5", "1000"]),
        ("ＡＢＣ １２３", ["abc", "123"]),
        ("HTTP 502", ["http", "502"]),
        ("March 7th", ["march", "7th", "7"]),
        ("O'Brien", ["obrien", "brien"]),
        ("猫", ["猫"]),
        ("数据库", ["数", "据", "库", "数据", "据库"]),
        ("用FastAPI写", ["用", "fastapi", "fast", "api", "写"]),
        ("𠀀𠀁", ["𠀀", "𠀁", "𠀀𠀁"]),
        ("データ", ["デー", "ータ"]),
        ("서울에서", ["서", "서울", "울에", "에서"]),
        ("", []),
        ("👨‍👩‍👧 \ud800 \x00 \u0301", []),
    ],
)
def test_terms_are(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("parseHttpHeader", ["parsehttpheader", "pars", "http", "header"]),
        ("snake_case", ["snake_case", "snake", "case"]),
        ("kebab-case", ["kebab-case", "kebab", "case"]),
        ("/a/path.py", ["a/path.py", "path.py", "path", "py"]),
        (r"C:\Users\foo.txt", ["foo.txt", "foo", "txt"]),
        ("v1.2.3", ["v1.2.3", "1.2.3"]),
        ("ERR_CERT_DATE_INVALID", ["err_cert_date_invalid", "cert", "invalid"]),
        ("E11000", ["e11000"]),
        ("40P01", ["40p01"]),
        ("bob@x.org", ["bob@x.org", "bob", "x.org"]),
        ("https://example.com/a/b", ["example.com/a/b", "example.com"]),
        ("user@host", ["user@host", "user", "host"]),
        ("4c2e9f1", ["4c2e9f1"]),
        ("C++", ["c++"]),
        ("C#", ["c#"]),
        (".NET", [".net", "net"]),
        ("node.js", ["node.js", "node", "js"]),
        ("20GB", ["20gb", "20", "gb"]),
        ("python3", ["python3", "python"]),
    ],
)
def test_an_identifier_stands_whole_and_in_parts(text: str, parts: list[str]) -> None:
    assert set(parts) <= set(terms(text))
    assert terms(f"see {text}, please")[1:-1] == terms(text)


def test_an_identifier_with_digits_is_not_cut_to_pieces() -> None:
    assert terms("40P01 E11000 4c2e9f1") == ["40p01", "e11000", "4c2e9f1"]


def test_case_does_not_keep_an_identifier_from_being_found() -> None:
    assert set(question("parsehttpheader")) <= set(terms("parseHttpHeader"))
    assert set(question("JAVASCRIPT")) <= set(terms("JavaScript"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What did I say about the parsers?", ["say", "parser"]),
        ("你上周说的那个数据库是什么？", ["上周", "周说", "数据", "据库"]),
        ("武藏浦和站可分为几个部分？", ["武藏", "藏浦", "浦和", "和站", "站可", "可分", "分为", "部分"]),
        ("東京の天気はどうですか", ["東京", "天気", "東", "京", "天", "気"]),
        ("吗", ["吗"]),
        ("猫在哪里", ["猫在", "猫", "在"]),
        ("회의는 언제", ["회의"]),
    ],
)
def test_a_question_asks_for(text: str, expected: list[str]) -> None:
    assert question(text) == expected


@pytest.mark.parametrize("text", ["to be or not to be", "是什么", "これはどこですか", "the"])
def test_a_question_of_filler_still_asks_for_something(text: str) -> None:
    assert question(text)


@pytest.mark.parametrize(
    ("question_text", "memory"),
    [
        ("我的猫叫什么？", "我养了一只猫，名字是团子"),
        ("목욕은 집에서", "집은 크다"),
        ("Where is the café?", "CAFE on the corner"),
        ("がぎぐ", "がぎぐ"),
        ("Who wrote path.py?", "src/a/path.py was written by Bo"),
    ],
)
def test_a_question_meets_its_memory(question_text: str, memory: str) -> None:
    assert set(question(question_text)) & set(terms(memory))


def test_dakuten_are_kept() -> None:
    assert "がき" not in terms("かき")
    assert terms("か\u3099き") == terms("がき")


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_terms_are_short_and_hold_no_space_and_no_control(text: str) -> None:
    for term in [*terms(text), *question(text)]:
        assert 0 < len(term) <= 64
        assert not any(unicodedata.category(sign) == "Cc" for sign in term)
        assert not any(sign.isspace() for sign in term)
        assert term == term.casefold() or not term.isascii()


@given(st.lists(st.sampled_from(MIXED), max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_question_asks_only_for_what_the_same_text_is_indexed_by(words: list[str]) -> None:
    text = " ".join(words)
    assert set(question(text)) <= set(terms(text)) | {"it", "the"}  # filler alone is asked as it stands
    assert len(set(question(text))) == len(question(text))


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.thread_time()
    terms(text)
    question(text)
    assert time.thread_time() - started < 4  # as in test_sentence.py


def test_stemming_is_safe_between_threads() -> None:
    heads, tails = ("relat", "nation", "hop", "run"), ("ing", "ed", "ional", "fulness", "s")
    words = [head + tail for head in heads for tail in tails]
    expected = [stem(word) for word in words]
    stem.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: [stem(word) for word in words], range(50)))
    assert all(result == expected for result in results)
