"""A hook from its start to its end: read the event, hand it over or keep it, tell the answer, exit with 0."""

import _thread
import os
import time

from recollect.hooks import payload, place, private, spool, wake
from recollect.hooks.arguments import ACKNOWLEDGED, Asked, read
from recollect.hooks.exchange import Answer, post

GIVEN_UP = 3.0
"""Seconds after its deadline at which a hook ends whatever still hangs: stdin, a name server, a disk."""
COMING_UP = 5.0
"""Seconds after its start in which a server that is not there yet is believed to come."""
PAUSE = 0.05
SESSION_PATIENCE = 0.3
"""Most seconds a session waits for a server that comes up; a prompt waits as long as for any answer."""


def main(arguments: list[str]) -> None:
    """Run a hook and end the process with 0, whatever happens; nothing is ever written to stderr."""
    try:
        hook = Hook(Asked(read(arguments)))
        _thread.start_new_thread(hook.watch, ())
        hook.run()
    except BaseException:  # noqa: BLE001, S110 - an agent must not hear of a memory's troubles
        pass
    finally:
        os._exit(0)


class Hook:
    """One event on its way."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._until = time.monotonic() + (asked.wait or ACKNOWLEDGED)
        self._envelope = b""
        self._id = f"{time.time_ns():016x}-{os.getpid():x}-{os.urandom(4).hex()}"

    def run(self) -> None:
        """Hand the event over and tell the answer; what the server did not take is kept in the spool.

        An event that was sent without an acknowledgement is kept too: by its id the server knows it again.
        """
        found = payload.whole(*payload.read())
        if found is None:
            return
        self._until = time.monotonic() + (self._asked.wait or ACKNOWLEDGED)
        self._envelope = b'{"event_id":"%s","sent_at":"%s","payload":%s}' % (self._id.encode(), _now(), found)
        answer = Answer()
        try:
            if not self._must_queue():
                answer = self._deliver()
        finally:
            if not answer.taken:
                self._keep()
        if self._asked.wait and answer.taken and (said := output(answer.body)):
            tell(said)

    def watch(self) -> None:
        """End the process when it takes too long; what was to be handed over is kept first."""
        time.sleep(max(self._asked.wait, ACKNOWLEDGED) + GIVEN_UP)
        try:
            if self._envelope:
                self._keep()
        finally:
            os._exit(0)

    def _must_queue(self) -> bool:
        """Whether earlier events wait for the server, so that this one has to stand behind them."""
        asked = self._asked
        return not asked.wait and asked.is_local and spool.has_any(spool.folder(asked.home))

    def _deliver(self) -> Answer:
        """Hand the event to the server, of which one that is coming up is waited for while there is time."""
        asked = self._asked
        patience = min(self._until, time.monotonic() + SESSION_PATIENCE) if asked.starts else self._until
        while True:
            at = place.find(asked)
            until = patience if wake.is_coming(asked.home, COMING_UP) else self._until  # it listens before it answers
            answer = None if at is None else self._send(at, until)
            if answer is None and asked.starts and not wake.is_coming(asked.home):
                wake.start(asked)
                return Answer()
            comes = answer.status == 503 if answer else wake.is_coming(asked.home, COMING_UP)
            if not (asked.wait and comes) or time.monotonic() + PAUSE >= patience:
                return answer or Answer()
            time.sleep(PAUSE)

    def _send(self, at: tuple[str, int], until: float) -> Answer | None:
        """Return the server's answer, `None` when nobody is there."""
        asked = self._asked
        secret = place.token(asked)
        shown = f"Authorization: Bearer {secret}\r\n" if secret else ""
        headers = f"{shown}Content-Type: application/json\r\nX-Recollect-Hook: {asked.event}\r\nConnection: close\r\n"
        path = f"/api/hooks/{asked.client}?event={asked.event}"
        try:
            return post(at, path, headers, self._envelope, until, whole=bool(asked.wait))
        except OSError:
            return None

    def _keep(self) -> None:
        asked = self._asked
        spool.put(asked.home, asked.client, asked.event, self._id, private.without(self._envelope))


def output(body: bytes) -> bytes:
    """Return what the answer says to the agent as one line, empty when it says nothing."""
    if b"".join(body.split()) == b'{"output":null}':
        return b""
    import json  # noqa: PLC0415 - only few answers say something

    found = json.loads(body)
    said = found.get("output") if isinstance(found, dict) else None
    return json.dumps(said).encode() + b"\n" if isinstance(said, dict) else b""


def tell(line: bytes) -> None:
    """Write a line to stdout."""
    while line:
        line = line[os.write(1, line) :]


def _now() -> bytes:
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z".encode()
