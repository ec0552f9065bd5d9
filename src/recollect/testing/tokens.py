"""What every Tokens must do."""

from __future__ import annotations

from datetime import timedelta

from recollect.models import Token
from recollect.ports import Tokens
from recollect.testing.clock import START


def numbered(number: int) -> Token:
    """Return a token of its own."""
    return Token(f"t{number}", f"name 猫 {number}", f"{number:064x}", START + timedelta(microseconds=number))


class TokensContract:
    """Tokens are kept whole and in order, known by their digest, and gone when revoked."""

    async def test_tokens_come_back_as_they_were_and_oldest_first(self, tokens: Tokens) -> None:
        held = [numbered(number) for number in (3, 1, 2)]
        assert [await tokens.add(one) for one in held] == [True] * 3
        assert await tokens.list() == held

    async def test_a_digest_is_kept_once(self, tokens: Tokens) -> None:
        first, again = numbered(1), Token("other", "other", numbered(1).digest, START)
        assert await tokens.add(first)
        assert not await tokens.add(again)
        assert await tokens.list() == [first]

    async def test_revoked_tokens_are_gone_and_the_others_stay(self, tokens: Tokens) -> None:
        for number in range(4):
            await tokens.add(numbered(number))
        assert await tokens.revoke(["t1", "t3", "nobody"]) == 2
        assert await tokens.revoke(["t1"]) == 0
        assert await tokens.revoke([]) == 0
        assert await tokens.list() == [numbered(0), numbered(2)]

    async def test_sessions_that_were_ended_are_known_until_they_would_have_ended(self, tokens: Tokens) -> None:
        assert await tokens.signed_out() == frozenset()
        for _ in range(2):
            await tokens.sign_out("one", 100, 10)
        await tokens.sign_out("猫", 200, 99)
        assert await tokens.signed_out() == {"one", "猫"}
        await tokens.sign_out("two", 300, 100)
        assert await tokens.signed_out() == {"猫", "two"}
