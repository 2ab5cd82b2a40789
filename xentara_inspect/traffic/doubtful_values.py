"""Values that came with a quality that is not good, and are written elsewhere as if they were.

Whoever copies from element to element has to look at the quality. The same value written back to its own
element is none of that, nor is one so short that two elements have it by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xentara_inspect.protocol.identifiers import ATTRIBUTE_VALUE, QUALITIES, QUALITY_UNRELIABLE
from xentara_inspect.traffic.memory import Memory
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.readings import Reading, ReadingValue, attribute_number
from xentara_inspect.traffic.thresholds import COPIED_WITHIN, REMEMBERED, SECOND, TELLING_DIGITS
from xentara_inspect.traffic.validation import Problem

_DOUBT: Final = "doubt"
_NUMBERS: Final = ("integer", "float")


class DoubtfulValues:
    """The latest value of each element that has one in doubt: address, time, quality, value."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    @property
    def is_there(self) -> bool:
        """Whether there is any."""
        return bool(self._memory.all(_DOUBT))

    def seen(
        self, element: bytes, quality: int | None, readings: Sequence[Reading], place: int, time: int
    ) -> None:
        """Values of an element in an event or the answer to a read."""
        subject = element.hex()
        value = _value(readings)
        if value is None:
            return
        if quality is not None and quality in QUALITIES and quality >= QUALITY_UNRELIABLE and _tells(value):
            self._memory.put(_DOUBT, subject, (place, time, quality, value.value), REMEMBERED)
        else:
            self._memory.drop(_DOUBT, subject)

    def written(self, element: bytes, readings: Sequence[Reading], time: int) -> Problem | None:
        """A value that the client writes, and what there is to say of it."""
        value = _value(readings)
        if value is None or not _tells(value):
            return None
        for subject, (_, seen, quality, doubtful) in self._memory.all(_DOUBT).items():
            is_copy = _same(doubtful, value.value) and subject != element.hex()
            if is_copy and 0 <= time - seen <= COPIED_WITHIN:
                source, seconds = uuid_text(bytes.fromhex(subject)), f"{(time - seen) / SECOND:.3g} s"
                return "bad-quality-written", (
                    f"{value.value} is written, which element {source} had {seconds} before"
                    f" with the quality {QUALITIES[quality]}"
                )
        return None


def has_telling_digits(number: object) -> bool:
    """Whether a number has so many digits, zeros around them not counted."""
    digits = str(number).partition("e")[0].strip("-0.")
    return sum(letter.isdigit() for letter in digits) >= TELLING_DIGITS


def _value(readings: Sequence[Reading]) -> Reading | None:
    for reading in readings:
        if attribute_number(reading.attribute) == ATTRIBUTE_VALUE:
            return reading
    return None


def _tells(reading: Reading) -> bool:
    """Whether a value is so long that another element hardly has it by chance."""
    if reading.value_kind == "text":
        return len(str(reading.value)) >= 2 * TELLING_DIGITS
    return reading.value_kind in _NUMBERS and has_telling_digits(reading.value)


def _same(one: ReadingValue, other: ReadingValue) -> bool:
    return one == other and isinstance(one, str) == isinstance(other, str)
