"""Bytes of which some are blanked, at their length."""

from __future__ import annotations

from typing import Final

BLANK: Final = ord("*")
"""What each blanked byte becomes: one byte of UTF-8, readable in the notation."""


class Blanks:
    """A payload, and a copy of it from the first byte on that is written into it."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self._blanked: bytearray | None = None

    @property
    def result(self) -> bytes:
        """The payload with all that was blanked so far; the same object where nothing changed."""
        if self._blanked is None or self._blanked == self.payload:
            return self.payload
        return bytes(self._blanked)

    def blank(self, start: int, end: int) -> None:
        """Blank a range."""
        self.write(start, bytes((BLANK,)) * (end - start))

    def is_blanked(self, start: int, end: int) -> bool:
        """Whether nothing but blanks stands in a range that was written."""
        return self._blanked is not None and not self._blanked[start:end].strip(bytes((BLANK,)))

    def restore(self, start: int, end: int) -> None:
        """Take the blanking of a range back."""
        self.write(start, self.payload[start:end])

    def write(self, start: int, content: bytes) -> None:
        """Write into the copy."""
        self.opened()[start : start + len(content)] = content

    def opened(self) -> bytearray:
        """The copy itself, of which nobody may change the length."""
        if self._blanked is None:
            self._blanked = bytearray(self.payload)
        return self._blanked
