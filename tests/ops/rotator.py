"""A process that gives a store one key after another until it is killed; `test_encrypt.py` starts and kills it.

usage: rotator.py HOME
"""

from __future__ import annotations

import sys

from recollect.ops.encrypt import rotate
from recollect.settings import load


def main(home: str) -> None:
    """Rotate, telling after each time."""
    settings = load(home).settings
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        rotate(settings, None, lambda *_: None)
        sys.stdout.write("rotated\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
