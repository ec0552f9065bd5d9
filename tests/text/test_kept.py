"""What was made of short texts is kept."""

from __future__ import annotations

from recollect.text.kept import kept


def test_only_short_texts_are_kept_and_no_more_than_asked() -> None:
    asked: list[str] = []

    @kept(size=2, longest=3)
    def upper(text: str) -> str:
        asked.append(text)
        return text.upper()

    assert [upper(text) for text in ("abc", "abc", "abcd", "abcd")] == ["ABC", "ABC", "ABCD", "ABCD"]
    assert asked == ["abc", "abcd", "abcd"]
    assert [upper(text) for text in ("d", "e", "abc")] == ["D", "E", "ABC"]
    assert asked[3:] == ["d", "e", "abc"]
