"""`Client` is `Memory` over HTTP: the same verbs, arguments, results and errors."""

from __future__ import annotations

import inspect
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.api.served import served

import recollect
from recollect import AsyncMemory, Client, Memory, errors
from recollect.client.connection import CODES, Connection, failure
from recollect.errors import ConfigError, Conflict, InvalidInput, NotFound, ProviderFailed, RecollectError
from recollect.models import Add, Delete, Revise
from recollect.testing.embedder import FakeEmbedder

TURNS = [
    {"role": "user", "speaker": "Bo", "content": "We deploy to Hetzner, from main.", "message_id": "m1"},
    {
        "role": "assistant",
        "content": "Noted: Hetzner it is.",
        "message_id": "m2",
        "occurred_at": "2026-05-04T09:00:00Z",
    },
]


@pytest.fixture
def url(home: Path) -> Iterator[str]:
    with served(home) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as made:
        yield made


@pytest.fixture
def memory(home: Path, url: str) -> Iterator[Memory]:
    """Return the same store, opened beside the server."""
    with Memory(home, embed=FakeEmbedder(), worker=False) as opened:
        yield opened


def test_it_has_the_verbs_of_the_library_with_their_arguments() -> None:
    verbs = {name: verb for name, verb in vars(AsyncMemory).items() if inspect.iscoroutinefunction(verb)}
    for name, verb in verbs.items():
        if not name.startswith("_"):
            own, theirs = (inspect.signature(found).parameters for found in (getattr(Client, name), verb))
            assert [*own] == [*theirs], name
            assert [one.default for one in own.values()] == [one.default for one in theirs.values()], name


def test_a_note_comes_back_as_it_is_kept(client: Client, memory: Memory) -> None:
    when = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    note = client.add("Alice prefers tabs", user_id="alice", metadata={"category": "style", "n": [1, None]}, title="T")
    assert note == memory.get(note.id) == client.get(note.id)
    assert client.add("alice prefers  TABS", user_id="alice").repeats == 2
    other = client.add("It rained", occurred_at=when, expires_at="2100-01-01", importance=0.9, kind="fact")
    assert (other, other.occurred_at) == (memory.get(other.id), when)
    assert client.update(note.id, text="Alice prefers spaces", importance=0.7) == memory.get(note.id)
    assert client.update(note.id, expires_at=when.replace(year=2090)).expires_at == when.replace(year=2090)


def test_notes_are_kept_together_or_not_at_all(client: Client, memory: Memory) -> None:
    kept = client.add_all([{"text": "one fish"}, {"text": "two fish", "metadata": {"a": 1}}], project_id="web")
    assert kept == [memory.get(note.id) for note in kept]
    assert client.add_all([]) == memory.add_all([]) == []
    with pytest.raises(InvalidInput):
        client.add_all([{"text": "red fish"}, {"text": "blue fish", "size": 3}])
    assert client.stats().memories == 2


def test_turns_are_captured_found_and_composed(client: Client, memory: Memory) -> None:
    done = client.capture(TURNS, conversation_id="c1", project_id="web", source="tests")
    again = client.capture(TURNS, conversation_id="c1", project_id="web", source="tests")
    assert (done.duplicates, again.duplicates, again.ids) == (0, 2, done.ids)
    assert client.capture([{"role": "user", "content": "<private>x</private>"}], conversation_id="c1").ids == (None,)
    client.drain()
    assert client.search("where do we deploy?", project_id="web", explain=True) == memory.search(
        "where do we deploy?", project_id="web", explain=True
    )
    assert client.search("deploy", project_id="web", kinds=("turn",), limit=1)[0].memory.speaker == "Bo"
    assert client.search("deploy", project_id="elsewhere") == []
    assert client.context("deploy?", project_id="web", budget=200) == memory.context(
        "deploy?", project_id="web", budget=200
    )
    assert list(client.timeline(str(done.ids[0]), span=1)) == list(memory.timeline(str(done.ids[0]), span=1))
    assert client.conversations(project_id="web") == list(memory.conversations(project_id="web"))


def test_lists_and_figures_are_those_of_the_library(client: Client, memory: Memory) -> None:
    client.capture(TURNS, conversation_id="c1", project_id="web")
    for n in range(5):
        client.add(f"Note number {n}", user_id="alice", project_id="web", metadata={"n": n})
    client.drain()
    first = client.list(project_id="web", limit=4)
    assert first == memory.list(project_id="web", limit=4)
    assert client.list(project_id="web", limit=4, cursor=first.cursor) == memory.list(
        project_id="web", limit=4, cursor=first.cursor
    )
    chosen = client.list(user_id="alice", filters={"n": {"gte": 3}}, kinds=["note"])
    assert [note.metadata["n"] for note in chosen.memories] == [4, 3]
    for reach in ({"project_id": "web"}, {"user_id": "alice"}, {"project_id": "web", "conversation_id": "c1"}, {}):
        assert client.stats(**reach) == memory.stats(**reach)


def test_history_tells_what_was_and_what_became(client: Client, memory: Memory) -> None:
    note = client.add("Alice prefers tabs", user_id="alice")
    client.update(note.id, text="Alice prefers spaces")
    assert client.history(note.id) == memory.history(note.id)
    assert [type(step.event) for step in client.history(note.id)] == [Add, Revise]
    client.delete(note.id)
    [gone] = client.history(note.id)
    assert (gone.event, gone.user_id) == (Delete(note.id), "alice")


def test_what_is_forgotten_is_gone(client: Client) -> None:
    client.capture(TURNS, conversation_id="c1", project_id="web")
    kept = client.add("Alice prefers tabs", user_id="alice", metadata={"keep": True})
    client.add("Alice prefers vim", user_id="alice", metadata={"keep": False})
    assert client.forget(user_id="alice", filters={"keep": False}) == 1
    assert client.forget(project_id="web", conversation_id="c1") >= 2
    assert client.get(kept.id).text == "Alice prefers tabs"
    with pytest.raises(InvalidInput):
        client.forget()


def test_failures_are_the_errors_of_the_library(client: Client) -> None:
    note = client.add("Alice prefers tabs")
    missing = "01997e5a-0000-7000-8000-000000000000"
    for verb in (client.get, client.delete, client.history, client.timeline):
        with pytest.raises(NotFound, match="no memory"):
            verb(missing)
    for name in ("", "add", "../health", "user/alice", "a b\r\nX: y"):
        with pytest.raises(NotFound):
            client.get(name)
    with pytest.raises(Conflict):
        client.update(note.id, text="x", version=7)
    assert client.update(note.id, text="Alice prefers spaces", version=1).version == 2
    with pytest.raises(InvalidInput):
        client.add("")
    with pytest.raises(InvalidInput):
        client.search("x", kinds="note")
    with pytest.raises(InvalidInput):
        client.search("x", limit=0)
    with pytest.raises(InvalidInput):
        client.add("x", metadata={"a": object()})
    with pytest.raises(InvalidInput):
        client.context("x", format="html")


def test_it_may_be_used_from_many_threads(client: Client) -> None:
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for m in range(5):
                client.add(f"Thread {n} says {m} with words of its own: {n * 100 + m}", user_id="alice")
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            failures.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert client.stats(user_id="alice").memories == 60


def test_a_token_is_shown_and_a_wrong_one_is_denied(home: Path) -> None:
    seen: list[bytes] = []
    answers = [
        b"HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<htm>",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        b"nonsense\r\n\r\n",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    seen.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        at = f"http://127.0.0.1:{listening.getsockname()[1]}/below/"
        missing = "01997e5a-0000-7000-8000-000000000000"
        for kind in (errors.Denied, RecollectError, RecollectError, ProviderFailed):
            client = Client(at, "rec_secret", timeout=5)
            with pytest.raises(kind):
                client.get(missing)
            client.close()
        thread.join()
    assert seen[0].startswith(f"GET /below/api/memory/{missing} HTTP/1.1\r\n".encode())
    assert b"Authorization: Bearer rec_secret\r\n" in seen[0]


def test_a_connection_the_server_has_closed_is_made_anew(home: Path) -> None:
    keys: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for closing in (False, True):
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as said:
                    head = b"".join(iter(said.readline, b"\r\n")).decode()
                    length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
                    said.read(length)
                    keys.append(head.partition("Idempotency-Key: ")[2].partition("\r\n")[0])
                    body = b'{"ids":[],"duplicates":0,"redacted":{}}'
                    connection.sendall(b"HTTP/1.1 202 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
                    if not closing:
                        continue  # it promised to stay, and goes

        thread = threading.Thread(target=serve)
        thread.start()
        with Client(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            assert client.capture([]).ids == ()
            assert client.capture([]).ids == ()
        thread.join()
    assert len(set(keys)) == 2
    assert all(len(key) == 32 for key in keys)


def test_without_a_server_it_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = f"http://127.0.0.1:{free.getsockname()[1]}"
        with Client(at) as client, pytest.raises(ProviderFailed, match="cannot be reached") as told:
            client.stats()
    assert told.value.retryable


@pytest.mark.parametrize("url", ["", "localhost:37777", "ftp://x", "http://", "http://x:99999999", "http://[::1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Client(url)


def test_a_client_that_is_closed_is_closed() -> None:
    client = Client("https://memory.example.com")
    client.close()
    client.close()
    with pytest.raises(RecollectError, match="closed"):
        client.stats()
    assert Connection("http://[::1]:1/", None, 1)._at.host == "::1"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "store_busy", errors.StoreBusy),
        (503, "embedder_missing", errors.EmbedderMissing),
        (503, "starting", errors.ProviderFailed),
        (429, "rate_limited", errors.ProviderFailed),
        (507, "store_full", errors.StoreFull),
        (507, "store_read_only", errors.StoreReadOnly),
        (413, "too_large", errors.TooLarge),
        (422, "invalid_input", errors.InvalidInput),
        (403, "denied", errors.Denied),
        (412, "conflict", errors.Conflict),
        (500, "failed", RecollectError),
        (418, "", RecollectError),
    ],
)
def test_every_failure_has_its_error(status: int, code: str, kind: type[RecollectError]) -> None:
    answer = json.dumps({"success": False, "error": {"code": code, "message": "m", "hint": "h"}, "detail": "m"})
    error = failure(status, answer.encode(), "http://x")
    assert (type(error), error.message, error.hint) == (kind, "m", "h")
    for bare in (b"", b"<html>", b"[]", b'{"error": "text"}', b"\xff"):
        assert str(status) in failure(status, bare, "http://x").message


def test_every_error_with_a_code_of_its_own_is_known() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RecollectError)]
    assert {kind.code for kind in kinds} - {"failed"} == set(CODES)


def test_it_is_made_of_the_standard_library() -> None:
    script = "import sys; from recollect import Client; Client('http://127.0.0.1:1'); print(*sys.modules)"
    root = str(Path(recollect.__file__).parents[1])
    line = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({root!r}); {script}"]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=30)
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert found - {"recollect", "__main__"} <= set(sys.stdlib_module_names)
