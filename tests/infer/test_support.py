"""A sentence stays only where the memories it names bear it out."""

from __future__ import annotations

import pytest
from tests.infer.conftest import Make

from recollect.infer.support import supported, touches

BORNE_OUT = [
    ("Bo prefers tabs over spaces.", "I prefer tabs to spaces in Python"),
    ("Bo's deadline is 2026-05-08.", "The deadline is next Friday"),
    ("Bo attended an LGBTQ support group on 2026-04-30.", "I went to a LGBTQ support group yesterday, so powerful"),
    ("Bo will visit Berlin in June.", "I'm going to visit Berlin next month"),
    ("Bo met Ana on May 3.", "Met Ana in Porto on Sunday 3 May"),
    ("The database runs on port 5432.", "We moved the database to port 5432"),
    ("2026-05-01 We moved the database to port 5432 on Friday.", "We moved the database to port 5432 on Friday."),
    ("It holds 1,200 rows.", "The table holds 1200 rows"),
    ("Bo 喜欢用制表符缩进。", "我喜欢用制表符来缩进代码"),
    ("用户计划在2026年5月8日发布。", "我们打算下周五发布新版"),
    ("数据库改用 PostgreSQL 16。", "我们把数据库换成 PostgreSQL 16 了"),
]
NOT_BORNE_OUT = [
    ("Bo prefers llamas.", "I prefer tabs over spaces in Go."),
    ("Bo prefers Rust.", "I prefer tabs to spaces"),
    ("The deadline is 2026-06-20.", "The deadline is next Friday"),
    ("The deadline is 2026-02-31.", "The deadline is next Friday"),
    ("The port is 5433.", "We moved the database to port 5432"),
    ("The database moved to port 5432 because Oracle demanded it.", "We moved the database to port 5432"),
    ("Bo will visit Berlin in August.", "I'm going to visit Berlin next month"),
    ("Carol prefers tabs over spaces.", "I prefer tabs to spaces"),
    ("Carol's deadline is next Friday.", "The deadline is next Friday"),
    ("数据库端口是5433。", "数据库用5432端口"),
    ("用户喜欢喝红茶。", "我们打算下周五发布新版"),
    ("用户计划在2027年1月1日发布。", "我们打算下周五发布新版"),
]


@pytest.mark.parametrize(("sentence", "said"), BORNE_OUT)
def test_what_was_said_in_other_words_is_borne_out(make: Make, sentence: str, said: str) -> None:
    assert supported(f"{sentence}", [make(1, said)])


@pytest.mark.parametrize(("sentence", "said"), NOT_BORNE_OUT)
def test_what_nobody_said_is_not(make: Make, sentence: str, said: str) -> None:
    assert not supported(sentence, [make(1, said)])


def test_sources_count_together_and_none_bear_out_nothing(make: Make) -> None:
    both = [make(1, "The port is 5432"), make(2, "The host is db.example.org")]
    assert supported("The port is 5432 and the host is db.example.org.", both)
    assert not supported("The port is 5432 and the host is db.example.org.", both[:1])
    assert not supported("Anything.", [])


def test_touching_is_sharing_a_word(make: Make) -> None:
    assert touches("Bo likes tabs", [make(1, "tabs")])
    assert not touches("Bo likes tabs", [make(1, "nothing", speaker=None)])
