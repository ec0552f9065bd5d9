"""Judgement: answers are dense however short, noise is not; what is asked for good stays at hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.models import Kind, Memory, Role, Scope, Tier
from recollect.process.classify import classify, dense

from .conftest import START, Make


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "OK!",
        "Thanks a lot!",
        "hi there",
        "Good morning",
        "👍",
        "haha lol",
        "Sounds good, thanks",
        "great, thank you so much",
        "Sure, no problem.",
        "See you tomorrow!",
        "好的",
        "好的，谢谢！",
        "嗯嗯",
        "哈哈哈",
        "收到，明白了",
        "早上好",
        "晚安",
        "没问题",
        "...",
        "",
        "You're welcome!",
        "Exit code 0",
        "(no output)",
        "明天见",
    ],
)
def test_noise_is_not_dense(make: Make, text: str) -> None:
    assert not dense(classify(make(text)))


@pytest.mark.parametrize(
    "text",
    [
        "Lisbon",
        "Yes, on Friday",
        "42",
        "No, the blue one",
        "PostgreSQL",
        "at 15:00",
        "Tabs.",
        "two",
        "里斯本",
        "周五",
        "是的，周五下午",
        "用英文",
        "三点",
        "蓝色的",
        "Port 8080",
        "v0.3.1",
        "tchau!",
        "Can you do it like we did with that one?",
    ],
)
def test_a_short_answer_is_dense(make: Make, text: str) -> None:
    assert dense(classify(make(text)))


def test_more_is_denser_and_repetition_is_not(make: Make) -> None:
    short = classify(make("The build failed")).density
    full = classify(make("The build failed because libheif was missing in the arm64 image of the worker")).density
    log = classify(make("downloading layer waiting " * 200)).density
    assert short < full
    assert log < full


@pytest.mark.parametrize(
    "text",
    [
        "Always write commit messages in English.",
        "From now on, answer in Chinese please.",
        "I prefer tabs over spaces.",
        "Remember that the server runs on port 8080.",
        "以后提交信息都用英文写。",
        "记住，我们的仓库是私有的。",
        "我喜欢用制表符缩进代码。",
        "Please never push to main directly.",
    ],
)
def test_instructions_and_preferences_of_the_user_are_global(make: Make, text: str) -> None:
    judged = classify(make(text))
    assert judged.tier is Tier.GLOBAL
    assert judged.importance >= 0.6


def test_what_the_assistant_says_is_never_global(make: Make) -> None:
    assert classify(make("Always write tests first.", role=Role.ASSISTANT)).tier is not Tier.GLOBAL


@pytest.mark.parametrize(
    "text",
    [
        "I'm working on the upload screen.",
        "报错了，合并的时候找不到分片。",
        "TODO: rename the bucket",
        "正在迁移数据库",
    ],
)
def test_working_state_is_quick(make: Make, text: str) -> None:
    assert classify(make(text)).tier is Tier.QUICK


@pytest.mark.parametrize(
    "text", ["I never enabled it on the new machine.", "My uncle does look Victorian.", "上周我们去了怡保。"]
)
def test_everything_else_is_archive(make: Make, text: str) -> None:
    assert classify(make(text)).tier is Tier.ARCHIVE


@pytest.mark.parametrize(
    "text",
    [
        "Fix it ASAP, production is down",
        "请尽快处理，数据库挂了",
        "The deadline is tomorrow, hurry",
        "今天之内必须马上交",
    ],
)
def test_urgency_is_seen(make: Make, text: str) -> None:
    assert classify(make(text)).urgency >= 0.5


def test_idle_talk_is_not_urgent(make: Make) -> None:
    assert classify(make("We walked along the river and had ice cream.")).urgency == 0


def test_what_is_written_on_purpose_weighs_more(make: Make) -> None:
    text = "The bucket is called lantern-media"
    assert classify(make(text, kind=Kind.NOTE, role=None)).importance > classify(make(text)).importance


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I prefer tabs.", "preference"),
        ("Which port is it on?", "question"),
        ("它在哪个端口？", "question"),
        ("ok", "noise"),
        ("The worker crashed with a segfault.", "problem"),
        ("We decided to use Redis for the queue.", "decision"),
        ("The river is long.", "other"),
        ("我叫王小明。", "identity"),
    ],
)
def test_the_category_is_what_it_is_mainly_about(make: Make, text: str, category: str) -> None:
    assert classify(make(text)).category == category


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, *Role]), st.sampled_from(Kind))
def test_every_text_is_judged_within_bounds(text: str, role: Role | None, kind: Kind) -> None:
    memory = Memory("x", kind, text, Scope(), START, START, "", role=role)
    judged = classify(memory)
    for figure in (judged.importance, judged.urgency, judged.density):
        assert 0 <= figure <= 1
    assert classify(memory) == judged
