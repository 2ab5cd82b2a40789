"""Values of the protocol as cbor2 writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import cbor2

from xentara_inspect.protocol import identifiers

NIL: Final = UUID(int=0)


class NotCborError(ValueError):
    """Bytes that cannot be decoded to a value."""


def encode(value: Any) -> bytes:
    """The CBOR of `value`, heads and floats as short as they can be, as real servers send them."""
    return cbor2.dumps(value, canonical=True)


def decode(payload: bytes) -> Any:
    """The first CBOR item of `payload`; bytes behind it are ignored. Raises NotCborError."""
    try:
        return cbor2.loads(payload)
    except (cbor2.CBORDecodeError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise NotCborError(str(error)) from error


def integer(value: Any) -> int | None:
    """`value` if it is an integer on the wire (in Python a bool is one as well), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def success(value: Any) -> cbor2.CBORTag:
    """An attribute's value in a read result or an event (S)."""
    return cbor2.CBORTag(identifiers.TAG_ALTERNATIVE_0, value)


def failure(code: int, text: str) -> cbor2.CBORTag:
    """An attribute's error in a read result or an event (S)."""
    return cbor2.CBORTag(identifiers.TAG_ALTERNATIVE_1, error_object(code, text))


def error_object(code: int, text: str) -> dict[int, Any]:
    """What an error response carries (S)."""
    return {0: code, 1: text}


def time_point(nanoseconds: int) -> cbor2.CBORTag:
    """A time stamp: tag 1001 on a decimal fraction of nanoseconds since 1970 UTC (D)."""
    fraction = cbor2.CBORTag(identifiers.TAG_DECIMAL_FRACTION, [-9, nanoseconds])
    return cbor2.CBORTag(identifiers.TAG_TIME, {identifiers.TIME_KEY_DECIMAL: fraction})


def nanoseconds(time: Any) -> int:
    """The time of a decoded time stamp, in ns since 1970 UTC. Raises ValueError for anything else."""
    if (
        isinstance(time, cbor2.CBORTag)
        and time.tag == identifiers.TAG_TIME
        and isinstance(time.value, Mapping)
    ):
        return int(time.value[identifiers.TIME_KEY_DECIMAL].scaleb(9))
    raise ValueError(f"not a time stamp: {time!r}")
