"""What a server process of several has from the one that started it: the port, a name, and a line to it."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

READY = b"r"


@dataclass(frozen=True, slots=True)
class Share:
    """One of several processes: its number, the open files of the port and of the line, and the server's name."""

    number: int
    port: int
    line: int
    instance: str

    @property
    def is_first(self) -> bool:
        """Whether it is the one that does what only one may do."""
        return self.number == 1

    def written(self) -> str:
        """Return it as one argument."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Share:
        """Return what an argument says; raise ValueError or TypeError where it says nothing."""
        return cls(**json.loads(text))

    def taken(self) -> socket.socket:
        """Return the port as this process has it."""
        return socket.socket(fileno=self.port)

    def tell_ready(self) -> None:
        """Tell the one who started it that it is ready."""
        with suppress(OSError):
            os.write(self.line, READY)

    def when_alone(self, do: Callable[[], object]) -> None:
        """Call `do`, on a thread of its own, when the one who started this process is gone."""

        def wait() -> None:
            with suppress(OSError):
                while os.read(self.line, 64):
                    pass
            do()

        threading.Thread(target=wait, name="recollect-parent", daemon=True).start()
