"""The acceptance of the older system over its own stack: its five steps, and the scenarios of its Phase 3.

PostgreSQL, Redis and Chroma, two servers of different data directories and a worker; vectors are real ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.faults.stack import Stack, stack
from tests.server.conftest import plain_environment

from recollect import Client
from recollect.errors import ProviderFailed, StoreBusy
from recollect.project_name import project_of
from recollect.providers.weights import MINILM, find
from recollect.server import token

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]
T = TypeVar("T")

TOPICS = ("billing", "search", "upload", "login", "export", "import", "backup", "mail", "maps", "video")
NOISE = ("ok", "thanks!", "Hello there", "You're welcome!")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if find(MINILM, Path("/nowhere")) is None:
        pytest.skip("the weights are not installed")
    with stack(tmp_path_factory.mktemp("stack"), workers=1, index=True, embedder__provider="minilm") as made:
        yield made


def client(system: Stack, name: str = "s0") -> Client:
    server = system.servers[name]
    return Client(server.url, token.read(server.home), timeout=60)


def repeated(verb: Callable[[], T], within: float = 120) -> T:
    """Say it until it is heard, as a client does whose server is away."""
    end = time.monotonic() + within
    while True:
        try:
            return verb()
        except (ProviderFailed, StoreBusy):
            assert time.monotonic() < end
            time.sleep(0.1)


def said(system: Stack, *arguments: str, cwd: Path) -> Any:
    """Run a command in a project's directory, with the databases' addresses in the environment."""
    named = {f"RECOLLECT_{key.upper()}": str(value) for key, value in system.settings.items()}
    env = plain_environment() | named
    command = [*COMMAND, *arguments, "--home", str(system.folder / "cli"), "--json"]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_five_steps_write_restart_find_then_write_in_another_project_into_the_same_index(
    system: Stack, tmp_path: Path
) -> None:
    # 1 and 2: the databases run, and their addresses are set.
    shop, games = tmp_path / "shop", tmp_path / "games"
    for place in (shop, games):
        (place / ".git").mkdir(parents=True)
    here, there = project_of(str(shop)), project_of(str(games))
    # 3: a memory is written, embedded, and in the index.
    with client(system) as one:
        kept = one.add("The shop's payments run over Stripe. 支付走 Stripe。", user_id="default", project_id=here)
        one.drain()
    before = indexed(system)
    assert before > 0
    # 4: the server is started anew, and the memory is found.
    system.servers["s0"].end(within=60)
    system.server("s0")
    with client(system) as one:
        for question in ("which payments does the shop use", "支付", "How do customers of the store pay?"):
            assert one.search(question, user_id="default", project_id=here)[0].memory.id == kept.id
        # 5: from another project's directory a memory is written into the same index, and both are found.
        said(system, "add", "The game's payments run over Paddle.", "--project", there, cwd=games)
        one.drain()
        assert indexed(system) == before + 1
        found = one.search("payments", user_id="default", project_id=there)
        assert [hit.memory.scope.project_id for hit in found] == [there]
        assert {hit.memory.scope.project_id for hit in one.search("payments", user_id="default")} == {here, there}


def indexed(system: Stack) -> int:
    """Return how many vectors the index has, once it has all and none besides."""
    found = next(one for one in system.told("doctor")["checks"] if one["name"] == "index")
    assert found["status"] == "ok", found
    return int(found["detail"].split()[0].replace(",", ""))


FIRST = 4000
"""Number of the first step: none of them can be the day or the year of a date, which are found as well."""


def turn(conversation: str, number: int) -> dict[str, str]:
    role = "assistant" if number % 2 else "user"
    topic, port = TOPICS[number % 10], 7000 + number
    text = f"Step {FIRST + number} of {conversation}: the {topic} service now listens on port {port}."
    return {"role": role, "content": text, "message_id": f"{conversation}-{number}"}


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_multi_turn_conversation_every_turn_of_several_long_ones_is_found(system: Stack, count: int) -> None:
    talks = [f"talk{count}x{number}" for number in range(5)]
    each = count // len(talks)
    user = f"many{count}"
    with client(system) as one, client(system, "s1") as two:
        for begin in range(0, each, 20):
            for place, talk in enumerate(talks):
                turns = [turn(talk, number) for number in range(begin, begin + 20)]
                (one, two)[place % 2].capture(turns, conversation_id=talk, user_id=user)
        two.drain()
        assert {talk.id: talk.turns for talk in one.conversations(user_id=user)} == dict.fromkeys(talks, each)
        for talk in talks:
            for number in range(0, each, max(1, each // 10)):
                query = f"Which port has the {TOPICS[number % 10]} service of {talk} in step {FIRST + number}?"
                hits = two.search(query, user_id=user, conversation_id=talk, limit=5)
                assert turn(talk, number)["content"] in [hit.memory.text for hit in hits], query


def test_memory_quality_threshold_noise_is_found_by_its_words_and_never_put_into_a_context(system: Stack) -> None:
    with client(system) as one:
        texts = (*NOISE, "The release of the shop is deployed to Hetzner on Fridays.")
        one.capture([{"role": "user", "content": text} for text in texts], conversation_id="n", user_id="noisy")
        one.drain()
        for text in NOISE[1:]:
            assert text in [hit.memory.text for hit in one.search(text, user_id="noisy")]
        for question in ("Hello there, thanks! When is the shop released, and where to?", *NOISE):
            told = one.context(question, user_id="noisy").text
            assert not any(text in told for text in NOISE), told
        assert "Hetzner" in one.context("When is the shop released, and where to?", user_id="noisy").text
    embedded = "SELECT count(*) FROM memory m JOIN chunk c ON c.memory = m.key JOIN vector v ON v.chunk = c.key"
    assert system.asked(f"{embedded} WHERE NOT m.dense") == [(0,)]


def test_concurrent_operations_of_twenty_clients_end_with_each_thing_once(system: Stack) -> None:
    begin = threading.Barrier(20)

    def work(number: int) -> list[str]:
        user = f"busy{number % 5}"
        with client(system, f"s{number % 2}") as one:
            begin.wait(120)
            ids: list[str] = []
            for step in range(5):
                text = f"Client {number} keeps that its lantern {step} hangs at gate {number * 10 + step}."
                turns = [{"role": "user", "content": text, "message_id": f"{number}-{step}"}]
                told = one.capture(turns, conversation_id=f"busy{number}", user_id=user)
                assert one.capture(turns, conversation_id=f"busy{number}", user_id=user).ids == told.ids
                ids += [name for name in told.ids if name is not None]
                (note,) = one.add_all([{"text": f"{text} A note."}], user_id=user)
                one.update(note.id, text=f"{text} A better note.")
                found = one.search(f"lantern {step} gate {number * 10 + step}", user_id=user, limit=50)
                assert text in [hit.memory.text for hit in found]
                if step % 2:
                    one.delete(note.id)
            return ids

    with ThreadPoolExecutor(20) as pool:
        told = [name for ids in pool.map(work, range(20)) for name in ids]
    assert len(set(told)) == 100
    with client(system) as one:
        one.drain()
    kept = system.asked("SELECT id FROM memory WHERE kind = 'turn' AND text LIKE 'Client %'")
    assert {name for (name,) in kept} == set(told)
    assert system.asked("SELECT count(*), count(DISTINCT text) FROM memory WHERE text LIKE '% A better note.'") == [
        (60, 60)
    ]
    assert system.asked("SELECT count(*) FROM memory WHERE text LIKE '% A note.'") == [(0,)]


def test_error_recovery_whatever_is_killed_midway_all_that_was_said_is_there_and_found(system: Stack) -> None:
    assert system.chroma is not None
    told: set[str | None] = set()
    for number in range(30):
        turns = [{"role": "user", "content": f"Ledger {number} belongs to vault {number}.", "message_id": f"v{number}"}]
        if number == 5:
            system.servers["s0"].process.kill()
            system.servers["s0"].process.wait()
            threading.Thread(target=system.server, args=("s0",)).start()
        if number == 10:
            system.chroma.kill()
        if number == 15:
            system.redis.kill()
        if number == 20:
            system.database.kill()
            threading.Thread(target=system.database.start).start()

        def say(turns: list[dict[str, str]] = turns) -> set[str | None]:
            with client(system) as one:
                return set(one.capture(turns, conversation_id="vaults", user_id="teller").ids)

        told |= repeated(say)
        if number in {12, 17, 22}:  # one piece is away, and it still answers

            def ask() -> list[Any]:
                with client(system, "s1") as two:
                    return two.search("Ledger 3 vault 3", user_id="teller", conversation_id="vaults")

            assert any("Ledger 3 " in hit.memory.text for hit in repeated(ask))
    system.chroma.start()
    system.redis.start()
    assert len(told) == 30
    with client(system, "s1") as two:
        repeated(two.drain)
        texts = {memory.text for memory in two.list(user_id="teller", kinds=["turn"], limit=100).memories}
    assert texts == {f"Ledger {number} belongs to vault {number}." for number in range(30)}
    system.settled()
    assert indexed(system) > 0


def test_cross_project_isolation_users_and_projects_never_mix(system: Stack) -> None:
    users, projects = ("ann", "ben", "cem"), ("red", "green", "blue")
    with client(system) as one, client(system, "s1") as two:
        for user in users:
            for project in projects:
                text = f"The launch code of our rocket is {user}-{project}."
                one.add(text, user_id=user, project_id=project)
                one.capture([{"role": "user", "content": f"Again: {text}"}], user_id=user, project_id=project)
        one.drain()
        for user in users:
            assert {hit.memory.scope.user_id for hit in two.search("launch code", user_id=user, limit=100)} == {user}
            for project in projects:
                hits = two.search("What is the launch code of our rocket?", user_id=user, project_id=project, limit=100)
                assert {(hit.memory.scope.user_id, hit.memory.scope.project_id) for hit in hits} == {(user, project)}
                told = two.context("launch code of our rocket", user_id=user, project_id=project).text
                assert f"{user}-{project}" in told
                others = {f"{who}-{what}" for who in users for what in projects} - {f"{user}-{project}"}
                assert not any(other in told for other in others)
                listed = two.list(user_id=user, project_id=project, limit=100).memories
                assert {(memory.scope.user_id, memory.scope.project_id) for memory in listed} == {(user, project)}
