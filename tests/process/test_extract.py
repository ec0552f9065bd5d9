"""Mentions: precise rather than many, in English, Chinese and code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import EntityType
from recollect.process.extract import MOST, mentions
from recollect.process.keyword import MOST as MOST_KEYWORDS
from recollect.process.keyword import keywords


def found(text: str, kind: EntityType) -> set[str]:
    return {mention.name for mention in mentions(text) if mention.type is kind}


def names(text: str) -> set[str]:
    return found(text, EntityType.NAME) | found(text, EntityType.PERSON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I met my sister Zoraida in Porto yesterday.", {"Zoraida", "Porto"}),
        ("We flew to São Paulo with Tomás Silva.", {"São Paulo", "Tomás Silva"}),
        ("Then we moved to PostgreSQL.", {"PostgreSQL"}),
        ("She joined the Bank of Portugal last year.", {"Bank of Portugal"}),
        ("Mei's parents live in Ipoh.", {"Mei", "Ipoh"}),
        ("The iPad is stuck.", {"iPad"}),
        ("我叫王小明，住在上海。", {"王小明", "上海"}),
        ("小禾今天有游泳课，老李会去接。", {"小禾", "老李"}),
        ("我在读《三体》。", {"三体"}),
        ("Tomás 的首页要快。", {"Tomás"}),
    ],
)
def test_names_are_found(text: str, expected: set[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Then we talked. Nothing came of it. Perhaps later.",
        "I think so. Yes. OK! On Monday, in March.",
        "Write it down somewhere we'll find it.",
        "SELECT the API and the JSON over HTTP",
        "小时候老师说小心一点，小孩子和老人先走。",
        "这个大小多少？老是这样。",
        "",
        "42",
    ],
)
def test_ordinary_words_are_no_names(text: str) -> None:
    assert names(text) == set()


def test_a_name_at_the_start_counts_when_it_is_known_or_said_again() -> None:
    assert "Quill" not in names("Quill is ready.")
    assert "Quill" in names("Quill is ready. I asked Quill.")
    assert "Quill" in {mention.name for mention in mentions("Quill is ready.", known=["Quill"])}


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("Look at parseHttpHeader and user_id.", EntityType.IDENTIFIER, {"parseHttpHeader", "user_id"}),
        ("用 `upload_session_id`，别用`id2`。", EntityType.IDENTIFIER, {"upload_session_id", "id2"}),
        ("call os.path.join() here", EntityType.IDENTIFIER, {"os.path.join()"}),
        (
            "see src/app/main.py, README.md and /etc/hosts.",
            EntityType.FILE,
            {"src/app/main.py", "README.md", "/etc/hosts"},
        ),
        ("改一下server/app.py和.env吧", EntityType.FILE, {"server/app.py", ".env"}),
        ("from https://example.org/a?b=1, please", EntityType.URL, {"https://example.org/a?b=1"}),
        ("upgrade v0.3.1 to 2.10.0-rc1 now", EntityType.VERSION, {"v0.3.1", "2.10.0-rc1"}),
        (
            "It raised ValueError, then E11000 and ECONNREFUSED.",
            EntityType.ERROR,
            {"ValueError", "E11000", "ECONNREFUSED"},
        ),
        ("due 2026-04-10, or April 17, 2026", EntityType.DATE, {"2026-04-10", "April 17, 2026"}),
        ("3月28日独奏会", EntityType.DATE, {"3月28日"}),
    ],
)
def test_things_are_known_by_their_form(text: str, kind: EntityType, expected: set[str]) -> None:
    assert found(text, kind) == expected


@pytest.mark.parametrize(
    "text", ["and/or he/she 24/7 km/h", "3.5 percent, i.e. 0.5", "10:30 or 192.168.0.1", "well... ok"]
)
def test_what_only_looks_like_a_thing_is_left_out(text: str) -> None:
    assert mentions(text) == ()


def test_code_gives_few_and_comes_after_prose() -> None:
    code = "\n".join(f"value_{number} = call_{number}()" for number in range(40))
    named = [mention.name for mention in mentions(f"Mei wrote `main.py`:\n```python\n{code}\n```")]
    assert named[:2] == ["main.py", "Mei"]
    assert len(named) <= 10


def test_keywords_are_what_the_text_is_about() -> None:
    text = "The thumbnail worker makes thumbnails. A thumbnail is 480 pixels wide; the worker runs at night."
    assert {"thumbnail", "worker"} <= set(keywords(text)[:3])
    assert "the" not in keywords(text)


def test_chinese_keywords_stand_between_function_words() -> None:
    assert "缩略图" in keywords("我们的缩略图和相册都要重做，缩略图先做")
    assert "谢谢" not in keywords("谢谢你的缩略图")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_nothing_makes_them_fail_and_they_stay_few(text: str) -> None:
    named = mentions(text)
    assert len(named) <= MOST
    assert len({mention.name.casefold() for mention in named}) == len(named)
    assert len(keywords(text)) <= MOST_KEYWORDS
    assert mentions(text) == named
    assert keywords(text) == keywords(text)


def test_a_long_run_of_one_character_is_read_in_no_time() -> None:
    for piece in ("a/", "A ", "a_", "a.", "1.", "`", "小", "@"):
        assert len(mentions(piece * 10_000)) <= MOST


def test_headings_labels_and_blanks_to_fill_in_name_nothing() -> None:
    text = "### Additional Tips\n1. **Regular Breaks**: rest now and then.\nDear [Hiring Manager], I used Flask."
    assert names(text) == {"Flask"}


def test_an_interjection_is_not_part_of_a_name() -> None:
    assert names("Woohoo Melanie, well done!") == {"Melanie"}


def test_elements_of_markup_are_no_files() -> None:
    assert found("```html\n<head><title>x</title></head>\n```", EntityType.FILE) == set()


def test_small_words_may_stand_inside_a_name() -> None:
    assert names("We watched the Lord of the Rings again.") == {"Lord of the Rings"}


def test_a_known_name_is_a_person() -> None:
    assert mentions("Quill is ready.", known=["Quill"])[0].type is EntityType.PERSON


def test_the_word_after_a_label_opens_a_sentence() -> None:
    assert names("- **Plan**: Identify the risks.\n- **Do**: Utilize tools.") == set()
