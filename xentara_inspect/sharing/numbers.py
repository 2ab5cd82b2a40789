"""Numbers for others with the same head: of the same type, sign and magnitude.

What may be found in a value depends on the limits of data types, on whether it is whole and on how many
digits it has (`traffic.written_values`, `traffic.doubtful_values`): in these a replacement is like its
original.
"""

from __future__ import annotations

import math
import random
import struct
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from xentara_inspect.cbor.items import PREFERRED_FROM
from xentara_inspect.protocol.identifiers import FLOAT_DATA_TYPES
from xentara_inspect.sharing.chance import Chance
from xentara_inspect.traffic.doubtful_values import has_telling_digits

FLOAT_FORMS: Final = {25: ">e", 26: ">f", 27: ">d"}
"""What `struct` calls floats, by the additional information of their heads."""

_LIMITS: Final = sorted(
    {2, 4, 16, *PREFERRED_FROM.values()}  # Boolean, quality, category, and what heads hold
    | {1 << bits for step in range(4) for bits in ((8 << step) - 1, 8 << step)}
    | {(1 << 64) - (1 << bits) for bits in (7, 15, 31)}  # negative numbers taken as unsigned
)
"""Numbers from which on there is one type more that does not hold them."""

_FEW: Final = 1 << 16
"""As many numbers are put into another order: of these no two become one."""

_REMEMBERED: Final = 1 << 15
_MOST_ATTEMPTS: Final = 300


class Numbers:
    """What stands for which number."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.argument: Callable[[int, int], int] = lru_cache(maxsize=_REMEMBERED)(self._argument)
        """Of an integer: its major type and argument. Returns the argument of another that has its head."""
        self.float: Callable[[int, bytes], bytes] = lru_cache(maxsize=_REMEMBERED)(self._float)
        """Of a float: additional information of its head, and the bytes behind that. Returns others."""
        self._order = lru_cache(maxsize=64)(self._shuffled)

    def _argument(self, major: int, argument: int) -> int:
        low, high = _around(argument)
        telling = has_telling_digits(argument)
        if high - low <= _FEW:
            return self._order(major, low, high, telling)[argument]
        key = bytes((major,)) + argument.to_bytes(8, "big")
        other = argument
        for attempt in range(_MOST_ATTEMPTS):
            other = low + self._chance.number("integer", key, high - low, attempt)
            if has_telling_digits(other) == telling:
                break
        return other

    def _shuffled(self, major: int, low: int, high: int, telling: bool) -> dict[int, int]:
        alike = [number for number in range(low, high) if has_telling_digits(number) == telling]
        others = list(alike)
        seed = self._chance.drawn("order", b"%d %d %d" % (major, low, telling), 64)
        random.Random(seed).shuffle(others)  # noqa: S311 - its seed is a secret
        return dict(zip(alike, others, strict=True))

    def _float(self, info: int, content: bytes) -> bytes:
        """What is no number stays, and so does what no other is like."""
        (value,) = struct.unpack(FLOAT_FORMS[info], content)
        if not math.isfinite(value):
            return content
        kind = _kind_of(value)
        for attempt in range(_MOST_ATTEMPTS):
            # A whole number like it may have any digits, but hardly so few of them where it is large.
            if attempt & 1 or not value.is_integer():
                other = _with_digits(repr(value), self._chance.drawn("float", content, 24, attempt))
            else:
                low, high = _around(int(abs(value)))
                drawn = low + self._chance.number("float", content, max(1, high - low), attempt)
                other = math.copysign(drawn, value)
            try:
                packed = struct.pack(FLOAT_FORMS[info], other)
            except OverflowError:
                continue
            if packed != content and _kind_of(struct.unpack(FLOAT_FORMS[info], packed)[0]) == kind:
                return packed
        return content


def _around(number: int) -> tuple[int, int]:
    """The limits that a number is between, the upper one exclusive."""
    place = bisect_right(_LIMITS, number)
    return _LIMITS[place - 1] if place else 0, _LIMITS[place] if place < len(_LIMITS) else 1 << 64


def _kind_of(value: float) -> tuple[object, ...]:
    """What is to be the same in a float and its replacement."""
    if not math.isfinite(value):
        return ()
    whole = value.is_integer()
    among = bisect_right(_LIMITS, abs(value)) if whole else 0
    return whole, among, value < 0, has_telling_digits(value), abs(value) > min(FLOAT_DATA_TYPES.values())


def _with_digits(text: str, drawn: bytes) -> float:
    """A float with other digits, the zeros around them left. drawn: a random byte for each."""
    mantissa, e, exponent = text.partition("e")
    core = mantissa.strip("-0.")
    start = mantissa.find(core)
    last = len(core) - 1
    digits = "".join(
        letter if letter == "." else str(1 + byte % 9 if place in (0, last) else byte % 10)
        for place, (letter, byte) in enumerate(zip(core, drawn, strict=False))
    )
    return float(mantissa[:start] + digits + mantissa[start + len(core) :] + e + exponent)
