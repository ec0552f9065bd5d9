"""Many short texts looked for at once."""

from __future__ import annotations

import pytest

from recollect.text.needles import Needles

WORDS = ["password", "passphrase", "pass", "private key", "key", "api_key=", "://", "密钥", "api密钥", "--", "a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing of the sort",
        "the password is my key",
        "a private key, -- and://",
        "api密钥 and 密钥",
        "PASSWORD",
        "compass",
        "api_key=1",
        "密",
    ],
)
def test_what_stands_in_a_text_is_found(text: str) -> None:
    found = Needles((word, word) for word in WORDS).found_in(text)
    assert sorted(found) == sorted(word for word in WORDS if word in text)


def test_each_text_gives_its_value_as_often_as_it_was_given() -> None:
    needles = Needles([("key", 1), ("key", 2), ("secret", 1)])
    assert sorted(needles.found_in("a secret key")) == [1, 1, 2]


def test_without_texts_nothing_is_found() -> None:
    assert Needles[int]([]).found_in("text") == []
