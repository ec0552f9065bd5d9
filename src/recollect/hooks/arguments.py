"""The arguments of a hook, as they were written when it was installed."""

import os

WAITS = {
    "SessionStart": 5.0,
    "sessionStart": 5.0,
    "UserPromptSubmit": 1.5,
    "BeforeAgent": 1.5,
    "beforeSubmitPrompt": 1.5,
}
"""Seconds an event's answer is waited for, of the events whose answer is told to the agent."""
STARTS = frozenset({"SessionStart", "sessionStart"})
"""Events that start a server where none runs."""
ACKNOWLEDGED = 0.25
"""Seconds the server has to say that it took an event whose answer nobody needs."""
PORT = 37777
MOST_WAIT = 30.0
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Asked:
    """Which event of which client, and where the memories are."""

    __slots__ = ("client", "event", "home", "host", "port", "starts", "token_file", "wait")

    def __init__(self, given: dict[str, str]) -> None:
        self.event = name(given.get("event", ""))
        self.client = name(given.get("client", "claude-code"))
        self.home = os.path.expanduser(given.get("home", "") or os.path.join("~", ".recollect"))
        self.host = given.get("host", "") or "127.0.0.1"
        self.port = _port(given.get("port", ""))
        self.token_file = given.get("token-file", "") or os.path.join(self.home, "token")
        self.wait = _seconds(given.get("wait", ""), WAITS.get(self.event, 0.0))
        self.starts = self.event in STARTS and "no-start" not in given and self.is_local

    @property
    def is_local(self) -> bool:
        """Whether the server is of this machine, and so reads the spool of this data directory."""
        return self.host in {"127.0.0.1", "localhost", "::1"}


def read(arguments: list[str]) -> dict[str, str]:
    """Return `--name value` and `--name=value` by name; what is neither is passed over."""
    given: dict[str, str] = {}
    waiting = ""
    for word in arguments:
        if word.startswith("--"):
            waiting, _, value = word[2:].partition("=")
            given[waiting] = value
        elif waiting:
            given[waiting], waiting = word, ""
    return given


def name(given: str) -> str:
    """Return a name that may stand in a path and in JSON as it is; raise ValueError for any other."""
    if not given or len(given) > 64 or not _NAME.issuperset(given):
        raise ValueError("not the name of a client or an event")
    return given


def _port(given: str) -> int:
    return int(given) if given.isascii() and given.isdigit() and 0 < int(given) < 65536 else PORT


def _seconds(given: str, usual: float) -> float:
    try:
        wanted = float(given)
    except ValueError:
        return usual
    return min(wanted, MOST_WAIT) if wanted >= 0 else usual
