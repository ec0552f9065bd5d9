"""Prompts are files in two languages; one of one's own takes their place, and a broken one is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from recollect.app.app import open_app
from recollect.errors import ConfigError
from recollect.infer.prompt import FUSION, NEEDED, Prompts
from recollect.settings import load

OWN = "# version: mine-7\n---\nBe brief.\n---\nSort this: {{data}}\n"


@pytest.mark.parametrize("name", NEEDED)
def test_every_prompt_ships_in_both_languages_with_a_version(name: str) -> None:
    prompts = Prompts()
    for language in ("zh", "en"):
        made = prompts.get(name, language)
        assert (made.name, made.language) == (name, language)
        assert made.version
        assert "<data-" in made.system
        system, user = made.messages(**dict.fromkeys(NEEDED[name], "HERE"))
        assert (system["role"], user["role"]) == ("system", "user")
        assert made.label in system["content"]
        assert "{{" not in system["content"] + user["content"]
        assert "HERE" in user["content"]
    assert prompts.get(name, "zh").user != prompts.get(name, "en").user or name != FUSION
    assert prompts.get(name, "ja") == prompts.get(name, "en")


def test_what_is_filled_in_is_not_looked_through_again() -> None:
    _, user = Prompts().get("resolve", "en").messages(data="{{known}} {{data}}")
    assert user["content"] == "{{known}} {{data}}"


def test_a_file_of_ones_own_takes_the_place_of_a_prompt_in_its_language(tmp_path: Path) -> None:
    (tmp_path / "classify.zh.txt").write_text(OWN, encoding="utf-8")
    prompts = Prompts(tmp_path)
    assert prompts.get("classify", "zh").version == "mine-7"
    assert prompts.get("classify", "en") == Prompts().get("classify", "en")
    (tmp_path / "classify.txt").write_text("\ufeff" + OWN.replace("\n", "\r\n"), encoding="utf-8")
    both = Prompts(tmp_path)
    assert both.get("classify", "en").system == "Be brief."
    assert both.get("classify", "zh").version == "mine-7"


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("classify.en.txt", "no parts at all", "three parts"),
        ("classify.en.txt", "---\na\n---\n{{data}}", "no version"),
        ("classify.en.txt", "# version: 1\n---\na\n---\nb", "no place {{data}}"),
        ("classify.en.txt", "# version: 1\n---\na\n---\n{{data}} {{who}}", "{{who}}"),
        ("classify.fr.txt", OWN, "no prompt"),
        ("clasify.en.txt", OWN, "classify"),
        ("classify.en.txt", "x" * 40_000, "40000 characters"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_told_by_its_file(tmp_path: Path, name: str, text: str, wrong: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        Prompts(tmp_path)
    assert wrong in str(told.value)
    assert name in str(told.value)


def test_a_prompt_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "classify.en.txt").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ConfigError, match="UTF-8"):
        Prompts(tmp_path)


def test_opening_a_store_tells_of_a_broken_prompt_and_takes_the_seeds_template_for_ours(home: Path) -> None:
    seeds = {"fusion": {"prompt_template": "./prompts/memory_fusion_prompt_programming.txt"}}
    open_app(load(home, seeds, {}).settings).database.close_now()
    with pytest.raises(ConfigError, match="elsewhere"):
        open_app(load(home, {"fusion": {"prompt_template": "elsewhere.txt"}}, {}).settings)
    (home / "prompts").mkdir()
    (home / "prompts" / f"{FUSION}.txt").write_text("broken", encoding="utf-8")
    with pytest.raises(ConfigError, match=FUSION):
        open_app(load(home, seeds, {}).settings)
