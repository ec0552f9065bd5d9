"""The load that faults meet: writers that repeat what was not acknowledged, readers, and listeners; what they noted."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from tests.faults.stack import Stack
from tests.server.fleet import USER, Listener

LATER = frozenset({429, 503, 504})
"""What a server may answer while something is amiss: `try again later`."""

GIVEN_UP_AFTER = 120.0


class Caller(threading.Thread, ABC):
    """Calls the servers in turn; notes every answer that is neither a success nor `try again later`."""

    def __init__(self, stack: Stack, name: str) -> None:
        super().__init__(daemon=True, name=name)
        self._stack, self._turn = stack, 0
        self._headers = stack.servers["s0"].headers  # a token opens every server of the store
        self._client = httpx.Client(timeout=20, verify=False)
        self.over = threading.Event()
        self.wrong: list[str] = []

    def run(self) -> None:
        """Go on until it is over."""
        number = 0
        try:
            while not self.over.is_set() and not self.wrong:
                self.once(number)
                number += 1
        except Exception as error:  # noqa: BLE001 - whatever ended it is told by the test
            self.wrong.append(f"{self.name}: {error!r}")
        finally:
            self._client.close()

    @abstractmethod
    def once(self, number: int) -> None:
        """Do one thing."""

    def called(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask one server after the other until one answers something else than that it cannot now."""
        end = time.monotonic() + GIVEN_UP_AFTER
        while time.monotonic() < end:
            servers = list(self._stack.servers.values())
            server = servers[self._turn % len(servers)]
            self._turn += 1
            with contextlib.suppress(httpx.TransportError):
                headers = self._headers | more.get("headers", {})
                answer = self._client.request(method, f"{server.url}{path}", **{**more, "headers": headers})
                if answer.status_code not in LATER:
                    return answer
            time.sleep(0.02)
        raise TimeoutError(f"nobody answered {method} {path} within {GIVEN_UP_AFTER} s")


class Writer(Caller):
    """Captures turns and adds notes, each until it is acknowledged, and deletes some of its notes again."""

    def __init__(self, stack: Stack, name: str) -> None:
        super().__init__(stack, name)
        self.turns: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.gone: set[str] = set()
        self.acknowledged: list[float] = []

    def once(self, number: int) -> None:
        """Write something, and note what was acknowledged."""
        if number % 5 == 4:
            self._note(number)
        elif number % 20 == 17 and self.notes:
            self._forget()
        else:
            self._turns(number)
        self.acknowledged.append(time.monotonic())
        time.sleep(0.02)

    def _turns(self, number: int) -> None:
        texts = [f"I prefer editor {part} over editor {number} of {self.name}." for part in range(number % 3 + 1)]
        names = [f"{self.name}-{number}-{part}" for part in range(len(texts))]
        turns = [{"role": "user", "content": text, "message_id": name} for text, name in zip(texts, names, strict=True)]
        body = {"turns": turns, "conversation_id": f"{self.name}-{number // 25}", "user_id": USER}
        if (told := self._done("POST", "/api/capture", 202, json=body)) is not None:
            self.turns |= dict(zip(told["ids"], texts, strict=True))

    def _note(self, number: int) -> None:
        text = f"The staging host number {number} of {self.name} is called zebra{number}."
        key = {"idempotency-key": f"{self.name}-{number}"}
        body = {"content": text, "user_id": USER}
        if (told := self._done("POST", "/api/memory/add", 200, json=body, headers=key)) is not None:
            self.notes[told["data"]["memory_id"]] = text

    def _forget(self) -> None:
        name = next(iter(self.notes))
        answer = self.called("DELETE", f"/api/memory/memory/{name}")
        if answer.status_code not in {200, 404}:  # 404: an earlier try had been heard
            self.wrong.append(f"DELETE {answer.status_code} {answer.text}")
        del self.notes[name]
        self.gone.add(name)

    def _done(self, method: str, path: str, wanted: int, **more: Any) -> Any:
        answer = self.called(method, path, **more)
        if answer.status_code == wanted:
            return answer.json()
        self.wrong.append(f"{method} {path} {answer.status_code} {answer.text}")
        return None


class Reader(Caller):
    """Looks up what was acknowledged, and searches; what was acknowledged is there at any moment."""

    def __init__(self, stack: Stack, name: str, writers: list[Writer]) -> None:
        super().__init__(stack, name)
        self._writers, self._seed = writers, random.Random(name)
        self.read = 0

    def once(self, number: int) -> None:
        """Read something."""
        if number % 4 == 3:
            body = {"query": f"editor {number % 7}", "user_id": USER, "limit": 5}
            answer = self.called("POST", "/api/memory/search", json=body)
            if answer.status_code != 200:
                self.wrong.append(f"search {answer.status_code} {answer.text}")
        elif told := list(self._seed.choice(self._writers).turns.items()):
            name, text = self._seed.choice(told[-50:])
            answer = self.called("GET", f"/api/memory/{name}")
            if answer.status_code != 200 or answer.json()["data"]["content"] != text:
                self.wrong.append(f"acknowledged, and not there: {name} {answer.status_code} {answer.text}")
        self.read += 1
        time.sleep(0.05)


class Load:
    """Everybody who calls while faults happen."""

    def __init__(self, stack: Stack, writers: int, readers: int, listeners: int) -> None:
        self.stack = stack
        begun = time.monotonic_ns()
        self.writers = [Writer(stack, f"w{begun}x{number}") for number in range(writers)]
        self.readers = [Reader(stack, f"r{number}", self.writers) for number in range(readers)]
        self.listeners = [Listener(stack, number) for number in range(listeners)]

    def start(self) -> None:
        """Let all begin, the listeners first: they are to hear of everything."""
        for listener in self.listeners:
            listener.start()
            assert listener.begun.wait(60)
        for caller in (*self.writers, *self.readers):
            caller.start()

    def sound(self) -> None:
        """Assert that nobody met anything wrong."""
        wrong = [told for caller in (*self.writers, *self.readers) for told in caller.wrong]
        assert not wrong, wrong

    def goes_on(self, since: float, each: int = 2) -> None:
        """Wait until every writer has had that many acknowledgements since a moment."""
        end = time.monotonic() + GIVEN_UP_AFTER
        while not all(len(one.acknowledged) >= each and one.acknowledged[-each] > since for one in self.writers):
            self.sound()
            assert time.monotonic() < end, "writes go on after a fault"
            time.sleep(0.01)

    def longest_wait(self) -> float:
        """Return the longest time for which a writer had nothing acknowledged."""
        waits = (
            later - sooner
            for one in self.writers
            for sooner, later in zip(one.acknowledged, one.acknowledged[1:], strict=False)
        )
        return max(waits, default=0.0)

    def stop(self) -> None:
        """Let everybody end what he has begun, but for the listeners."""
        for caller in (*self.writers, *self.readers):
            caller.over.set()
        for caller in (*self.writers, *self.readers):
            caller.join(GIVEN_UP_AFTER * 2)
            assert not caller.is_alive()
        self.sound()

    def close(self) -> None:
        """Tell all that it is over."""
        for over in (one.over for group in (self.writers, self.readers, self.listeners) for one in group):
            over.set()


@contextmanager
def load(stack: Stack, *, writers: int = 3, readers: int = 1, listeners: int = 2) -> Iterator[Load]:
    """Give a load that has begun."""
    made = Load(stack, writers, readers, listeners)
    try:
        made.start()
        yield made
    finally:
        made.close()
