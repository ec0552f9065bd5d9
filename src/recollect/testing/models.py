"""What language models must do behind the Models port, whichever provider and client library they are asked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from recollect.errors import ProviderError, ProviderFailed
from recollect.exchange import Answered, Asking
from recollect.ports import Models
from recollect.testing.model_server import (
    Answer,
    Cut,
    Deed,
    Failure,
    Hang,
    ModelServer,
    Raw,
    fenced,
    garbage,
    plain,
    too_many,
    wordy,
)

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "weight": {"type": "number"}},
    "required": ["name", "weight"],
    "additionalProperties": False,
}
FACT = {"name": "小明 {Ann}", "weight": 0.5}
TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "你好"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Who am I?"},
]
FORMS: Mapping[str, Deed] = {
    "plain": plain(FACT),
    "fenced": fenced(FACT),
    "fenced without a language": fenced(FACT, ""),
    "wordy": wordy(FACT),
    "after a thought": Answer('<think>{"name": 1} hm</think>\n{"name": "小明 {Ann}", "weight": 0.5}'),
    "reasoned elsewhere": Answer('{"name": "小明 {Ann}", "weight": 0.5}', reasoning='maybe {"name": "x"}'),
    "after another form": Answer('Not {"name": "x"} but {"name": "小明 {Ann}", "weight": 0.5}'),
}
MISFITS: Mapping[str, Deed] = {
    "prose": Answer("I would rather not."),
    "another form": plain({"name": "x"}),
    "cut short": Answer('{"name": "x", "weig', finish="length"),
    "a list": plain([FACT["name"]]),
    "braces": Answer("{" * 5000),
}
FAILURES: Mapping[str, Deed] = {
    "a wrong key": Failure(401),
    "no money": Failure(402),
    "not allowed": Failure(403),
    "no such model": Failure(404),
    "a request it does not take": Failure(400, "no such thing"),
    "too many requests": too_many(),
    "a failure": Failure(500),
    "a gateway's page": Failure(502, body=b"<html>Bad Gateway</html>"),
    "no JSON": garbage(),
    "an empty body": Raw([b""]),
    "empty JSON": Raw([b"{}"]),
    "a list": Raw([b"[]"]),
    "a number": Raw([b"7"]),
    "null": Raw([b"null"]),
    "no choices": Raw([b'{"choices": [], "content": [], "candidates": []}']),
    "odd choices": Raw([b'{"choices": 7, "content": 7, "candidates": 7}']),
    "a cut connection": Cut(),
    "half a body": Raw([b'{"choices": [{"mess'], breaks=True),
    "silence": Answer(""),
}

Opened = Callable[..., Models]


class ModelsContract:
    """Needs two fixtures: `server`, and `opened(**settings)`, which returns models whose every task is done by it.

    The settings are those of `models`, such as `timeout`; nothing is asked again unless `retries` says so.
    """

    async def test_an_answer_says_who_made_it(self, opened: Opened, server: ModelServer) -> None:
        server.script(Answer(" You are Ann. \n", reasoning="Let me think."))
        answered = await opened().ask(Asking("completion", "test", TALK))
        assert answered is not None
        assert (answered.text, answered.data, answered.cached) == ("You are Ann.", None, False)
        assert answered.model.endswith(server.requests[0].model)

    async def test_the_model_reads_the_whole_talk_in_order(self, opened: Opened, server: ModelServer) -> None:
        await opened().ask(Asking("completion", "test", TALK, temperature=0.3, limit=77))
        (request,) = server.requests
        assert request.text.splitlines() == ["Be brief.", "你好", "Hello.", "Who am I?"]
        assert "77" in str(request.body)
        assert not request.streams

    async def test_json_is_found_however_it_comes(self, opened: Opened, server: ModelServer) -> None:
        models = opened()
        for name, form in FORMS.items():
            server.script(form)
            answered = await models.ask(Asking("extraction", "test", TALK, schema=SCHEMA))
            assert answered is not None, name
            assert answered.data == FACT, name
        assert "weight" in server.requests[0].text  # the schema stands in the prompt, whatever else the model is told

    async def test_an_answer_that_does_not_fit_is_none(self, opened: Opened, server: ModelServer) -> None:
        models = opened()
        for name, form in MISFITS.items():
            server.script(form)
            assert await models.ask(Asking("extraction", "test", TALK, schema=SCHEMA)) is None, name

    async def test_what_was_said_as_reasoning_alone_is_the_answer(self, opened: Opened, server: ModelServer) -> None:
        server.script(Answer("", reasoning="You are Ann."))
        answered = await opened().ask(Asking("completion", "test", TALK))
        assert answered is not None
        assert answered.text == "You are Ann."

    async def test_reasoning_that_used_up_the_tokens_is_no_answer(self, opened: Opened, server: ModelServer) -> None:
        server.script(Answer("", reasoning="Let me see, first", finish="length"))
        assert await opened().ask(Asking("completion", "test", TALK)) is None

    async def test_no_failure_is_raised(self, opened: Opened, server: ModelServer) -> None:
        models = opened(cool_down=0)
        for name, failure in FAILURES.items():
            server.script(failure)
            assert await models.ask(Asking("completion", "test", TALK)) is None, name
        assert len(server.requests) == len(FAILURES)
        assert await models.ask(Asking("completion", "test", TALK)) is not None

    async def test_a_server_that_says_nothing_is_given_up(self, opened: Opened, server: ModelServer) -> None:
        server.usually(Hang())
        models = opened(timeout=0.5)
        assert await models.ask(Asking("completion", "test", TALK)) is None
        with pytest.raises(ProviderFailed):
            await drained(models, TALK)

    async def test_what_may_succeed_is_asked_again(self, opened: Opened, server: ModelServer) -> None:
        server.script(too_many("0"), Failure(503), "At last.")
        answered = await opened(retries=2).ask(Asking("completion", "test", TALK))
        assert answered is not None
        assert (answered.text, len(server.requests)) == ("At last.", 3)

    async def test_what_cannot_succeed_is_not_asked_again(self, opened: Opened, server: ModelServer) -> None:
        server.usually(Failure(401))
        assert await opened(retries=2).ask(Asking("completion", "test", TALK)) is None
        assert len(server.requests) == 1

    async def test_an_option_the_model_does_not_take_is_left_out(self, opened: Opened, server: ModelServer) -> None:
        server.script(Failure(400, "Unsupported value: 'temperature' does not support 0.3 with this model."))
        models = opened()
        for _ in range(2):
            answered = await models.ask(Asking("completion", "test", TALK, temperature=0.3, cached=False))
            assert answered is not None
        sent = ["temperature" in str(request.body) for request in server.requests]
        assert sent in ([True, False, False], [False] * 3)  # some models are known to take none

    async def test_a_stream_comes_piece_by_piece_and_whole_at_last(self, opened: Opened, server: ModelServer) -> None:
        server.script(Answer(pieces=["你", "好, ", "Ann"], reasoning="Hm."))
        pieces = await drained(opened(), TALK)
        assert pieces[:-1] == ["你", "好, ", "Ann"]
        last = pieces[-1]
        assert isinstance(last, Answered)
        assert last.text == "你好, Ann"
        assert server.requests[0].streams

    async def test_a_stream_that_does_not_begin_raises(self, opened: Opened, server: ModelServer) -> None:
        models = opened(cool_down=0)
        for failure in FAILURES.values():
            server.usually(failure)
            with pytest.raises(ProviderError):
                await drained(models, TALK)

    @pytest.mark.parametrize("deed", [Cut(["Hel"]), Hang(["Hel"])], ids=["cut", "silent"])
    async def test_a_stream_that_breaks_off_raises(self, opened: Opened, server: ModelServer, deed: Deed) -> None:
        server.script(deed)
        pieces: list[str | Answered] = []
        with pytest.raises(ProviderFailed):
            await drained(opened(timeout=1.5), TALK, pieces)
        assert pieces == ["Hel"]
        assert len(server.requests) == 1

    async def test_closing_a_stream_ends_the_request(self, opened: Opened, server: ModelServer) -> None:
        server.script(Hang(["Hel"]))
        stream = opened().stream(Asking("completion", "test", TALK))
        assert await anext(stream) == "Hel"
        await stream.aclose()


async def drained(
    models: Models, talk: list[dict[str, str]], into: list[str | Answered] | None = None
) -> list[str | Answered]:
    """Return everything a stream yields; what comes before it raises is in `into`."""
    pieces: list[str | Answered] = [] if into is None else into
    async for piece in models.stream(Asking("completion", "test", talk)):
        pieces.append(piece)  # noqa: PERF401 - what came before an error is wanted too
    return pieces
