"""The log is JSON, private, bounded, and free of what people said."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.errors import ConfigError, ProviderFailed
from recollect.models import Embedding
from recollect.server.logs import JsonLines, PrivateFile, Sink, logging_to
from recollect.settings import Settings, load
from recollect.testing.embedder import FakeEmbedder

SECRET = "zebrafish-under-the-moon"


@pytest.fixture
def settings(home: Path) -> Settings:
    home.mkdir()
    return load(home).settings


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def of(found: list[dict[str, Any]], component: str) -> list[dict[str, Any]]:
    return [line for line in found if line["component"] == component]


def test_a_line_is_json_with_the_fields_everybody_expects(settings: Settings) -> None:
    told = io.StringIO()
    with logging_to(settings, stderr=told):
        logging.getLogger("recollect.worker.worker").info(
            "done %d", 3, extra={"metadata": {"job": "embed", "猫": object()}}
        )
    (line,) = of(lines(told.getvalue()), "worker")
    assert line.keys() == {"timestamp", "level", "component", "message", "metadata"}
    assert line["timestamp"].endswith("+00:00")
    assert (line["level"], line["component"], line["message"]) == ("INFO", "worker", "done 3")
    assert line["metadata"] == {"logger": "recollect.worker.worker", "job": "embed", "猫": "object"}


def test_the_file_gets_the_same_and_only_its_owner_can_read_it(settings: Settings) -> None:
    told = io.StringIO()
    before = os.umask(0)
    try:
        with logging_to(settings, stderr=told):
            logging.getLogger("recollect.server").warning("one\ntwo")
    finally:
        os.umask(before)
    file = settings.home / "logs" / "recollect.log"
    assert file.read_text(encoding="utf-8") == told.getvalue()
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_full_file_is_turned_over_and_old_ones_go(settings: Settings) -> None:
    small = settings.model_copy(update={"log": settings.log.model_copy(update={"size": 1, "backups": 2})})
    with logging_to(small, stderr=io.StringIO()):
        for _ in range(45):
            logging.getLogger("recollect.server").info("x" * 100_000)
    files = sorted(path.name for path in (settings.home / "logs").iterdir())
    assert files == ["recollect.log", "recollect.log.1", "recollect.log.2", "recollect.log.lock"]
    for name in files:
        status = (settings.home / "logs" / name).stat()
        assert status.st_size <= 1 << 20
        assert stat.S_IMODE(status.st_mode) == 0o600


def test_logging_stands_as_before_when_the_server_has_ended(settings: Settings) -> None:
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    before = (root.handlers[:], root.level, access.disabled)
    threads = threading.active_count()
    with logging_to(settings, stderr=io.StringIO()):
        assert root.handlers != before[0]
        assert access.disabled
    assert (root.handlers, root.level, access.disabled) == before
    assert threading.active_count() == threads


def test_the_level_is_for_recollect_and_libraries_stay_quiet(settings: Settings) -> None:
    chatty = settings.model_copy(update={"log": settings.log.model_copy(update={"level": "DEBUG"})})
    told = io.StringIO()
    with logging_to(chatty, stderr=told):
        logging.getLogger("recollect.api").debug("ours")
        logging.getLogger("httpx").info(SECRET)
    assert "ours" in told.getvalue()
    assert SECRET not in told.getvalue()


def test_exceptions_are_told_by_kind_and_place_never_by_message(settings: Settings) -> None:
    def failing() -> None:
        try:
            dict[str, str]()[SECRET]
        except KeyError as error:
            raise ValueError(SECRET) from error

    told = io.StringIO()
    with logging_to(settings, stderr=told):
        try:
            failing()
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert SECRET not in told.getvalue()
    (line,) = lines(told.getvalue())
    assert (line["component"], line["message"]) == ("uvicorn", "Exception in ASGI application")
    assert line["metadata"]["error"]["type"] == "ValueError"
    assert line["metadata"]["error"]["cause"] == "KeyError"
    assert "test_logs.py" in line["metadata"]["error"]["at"][-1]


def test_what_does_not_fit_its_message_or_utf_8_costs_no_line() -> None:
    def record(message: object, *given: object) -> logging.LogRecord:
        return logging.LogRecord("recollect.api", logging.INFO, __file__, 1, message, given, None)

    for bad in (record("%d", "x"), record("%s %s", 1), record("\ud800 lone"), record(None), record({"a": 1})):
        assert json.loads(JsonLines().format(bad))["level"] == "INFO"


def test_a_full_pipe_holds_nothing_up() -> None:
    entered, release = threading.Event(), threading.Event()

    class Stuck(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            entered.set()
            release.wait(30)

    sink = Sink(Stuck())
    sink.setFormatter(JsonLines())
    record = logging.LogRecord("recollect.api", logging.INFO, __file__, 1, "line", (), None)
    sink.emit(record)
    assert entered.wait(5)
    for _ in range(10_050):
        sink.emit(record)
    assert sink.dropped == 50
    release.set()
    sink.close()


def test_a_log_file_that_cannot_be_written_is_a_clear_error(settings: Settings) -> None:
    wrong = settings.model_copy(update={"log": settings.log.model_copy(update={"file": "."})})
    with pytest.raises(ConfigError, match="log file"), logging_to(wrong, stderr=io.StringIO()):
        pass


def test_without_a_file_there_is_none(settings: Settings) -> None:
    none = settings.model_copy(update={"log": settings.log.model_copy(update={"file": ""})})
    with logging_to(none, stderr=io.StringIO()):
        logging.getLogger("recollect.api").info("line")
    assert list(settings.home.iterdir()) == []


class Quoting(FakeEmbedder):
    """Fails, and quotes what it was given."""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        raise ProviderFailed(f"cannot embed {list(texts)}")


async def test_nothing_anyone_said_gets_into_the_log(settings: Settings) -> None:
    told = io.StringIO()
    with logging_to(settings, stderr=told):
        async with AsyncMemory(settings.home, embed=Quoting(), settings={"worker": {"poll": 0.01}}) as memory:
            app = create_app(memory, settings)

            @app.get("/broken")
            async def broken() -> None:
                raise RuntimeError(SECRET)

            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:37777") as client:
                await memory.capture([{"role": "user", "content": f"I saw a {SECRET}"}], conversation_id="c1")
                await memory.add(f"the {SECRET} is mine", metadata={"what": SECRET})
                await memory.search(SECRET)
                await memory.context(SECRET)
                for path in (
                    f"/api/{SECRET}",
                    f"/api/events?user_id={SECRET}&after=x",
                    "/broken",
                    f"/metrics?{SECRET}",
                ):
                    await client.get(path, headers={"X-Request-ID": "r-1", "Accept": "application/json"})
                while not of(lines(told.getvalue()), "worker"):  # noqa: ASYNC110 - a log knows no event
                    await asyncio.sleep(0.01)
                loop = asyncio.get_running_loop()
                loop.call_exception_handler({"message": "lost", "exception": RuntimeError(SECRET), "task": SECRET})
    found = lines(told.getvalue())
    assert SECRET not in told.getvalue()
    assert SECRET not in (settings.home / "logs" / "recollect.log").read_text(encoding="utf-8")
    requests = [line for line in found if line["metadata"].get("route")]
    assert {(line["metadata"]["route"], line["metadata"]["status"]) for line in requests} == {
        ("unmatched", 404),
        ("/api/events", 422),
        ("/broken", 500),
    }
    for line in requests:
        assert line["request_id"] == "r-1"
        assert line["metadata"]["method"] == "GET"
        assert line["metadata"]["ms"] >= 0
    assert of(found, "worker")


def test_two_who_write_to_one_file_turn_it_over_together_and_lose_no_line(tmp_path: Path) -> None:
    files = [PrivateFile(tmp_path / "log", maxBytes=600, backupCount=99, encoding="utf-8") for _ in range(2)]
    try:
        for number in range(120):
            files[number % 2].handle(logging.makeLogRecord({"msg": f"line {number:04d} of the log"}))
    finally:
        for file in files:
            file.close()
    parts = [path for path in tmp_path.iterdir() if path.suffix != ".lock"]
    found = sorted(line for path in parts for line in path.read_text().splitlines())
    assert found == [f"line {number:04d} of the log" for number in range(120)]
    assert len(parts) <= 120 * 22 // 600 + 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
