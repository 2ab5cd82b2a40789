"""What stands for an original: drawn by a secret of one run, the same each time that it is met."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

_SECRET: Final = 32  # bytes


class Chance:
    """Bytes that follow from an original and a secret that nobody keeps: without it nothing leads back."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(_SECRET)

    def drawn(self, what: str, original: bytes, size: int, attempt: int = 0) -> bytes:
        """So many bytes. what: they are drawn for; attempt: from 0, each gives others."""
        question = b"%b%s:%d:%b" % (self._secret, what.encode(), attempt, original)
        return hashlib.shake_256(question).digest(size)

    def number(self, what: str, original: bytes, below: int, attempt: int = 0) -> int:
        """A number from 0 on, all alike likely."""
        size = (below.bit_length() + 7) // 8 + 8  # so many more that no number is preferred to another
        return int.from_bytes(self.drawn(what, original, size, attempt), "big") % below
