"""How a server that ends by itself says why, to whoever watches over it."""

from __future__ import annotations

from typing import Final

MOVED: Final = 75
"""The store was moved: start it anew, on the one that took its place. sysexits.h has it for what is to be repeated."""
