"""A process that gives a store one key after another until it is killed; `test_encrypt.py` starts and kills it.

usage: rotator.py HOME [encrypt|decrypt]

With a word it encrypts or decrypts the store once, and ends.
"""

from __future__ import annotations

import sys

from recollect.ops.encrypt import decrypt, encrypt, rotate
from recollect.settings import load


def main(home: str, once: str = "") -> None:
    """Rotate, telling after each time; or do what is asked for once."""
    settings = load(home).settings
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if once:
        (encrypt if once == "encrypt" else decrypt)(settings, lambda *_: None)
        sys.stdout.write("done\n")
        return
    while True:
        rotate(settings, None, lambda *_: None)
        sys.stdout.write("rotated\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
