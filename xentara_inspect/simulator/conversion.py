"""What may be written into an attribute: data types (C) and ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import cbor2

from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.wire import integer

BOOLEAN: Final = 0
INT8, INT16, INT32, INT64 = 1, 2, 3, 4
UINT8, UINT16, UINT32, UINT64 = 5, 6, 7, 8
FLOAT32, FLOAT64 = 9, 10
U8STRING: Final = 13
TIME_POINT: Final = 16
UUID_TYPE: Final = 17
QUALITY: Final = 18
ELEMENT_CATEGORY: Final = 19
ERROR_CODE: Final = 20
CUSTOM: Final = 21
NONE: Final = 22

_FLOAT32_MAXIMUM: Final = 3.4028234663852886e38


@dataclass(frozen=True, slots=True)
class Range:
    """Limits of what may be written; choices are the only legal values, if given."""

    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[int | str, ...] = ()


def convert(value: Any, data_type: int, limits: Range) -> Any:
    """`value` as it is stored. Raises Refused with -32105, -32106 or -32107."""
    if BOOLEAN < data_type <= UINT64:
        converted: Any = _to_integer(value, data_type)
    elif data_type in (FLOAT32, FLOAT64):
        converted = _to_float(value, data_type)
    else:
        accepts = _OTHER_TYPES.get(data_type)
        if accepts is not None and not accepts(value):
            raise Refused(error_codes.TYPE_MISMATCH)
        converted = value
    if limits.choices and converted not in limits.choices:
        raise Refused(error_codes.ILLEGAL_VALUE)
    if isinstance(converted, (int, float)):
        if math.isnan(converted):
            raise Refused(error_codes.ILLEGAL_VALUE)
        if not limits.minimum <= converted <= limits.maximum:
            raise Refused(error_codes.VALUE_OUT_OF_RANGE)
    return converted


def _to_integer(value: Any, data_type: int) -> int:
    number = integer(value)
    if number is None and isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None:
        raise Refused(error_codes.TYPE_MISMATCH)
    unsigned = data_type >= UINT8
    bits = 8 << (data_type - (UINT8 if unsigned else INT8))
    low, high = (0, (1 << bits) - 1) if unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    if not low <= number <= high:
        raise Refused(error_codes.VALUE_OUT_OF_RANGE)
    return number


def _to_float(value: Any, data_type: int) -> float:
    if not isinstance(value, float) and integer(value) is None:
        raise Refused(error_codes.TYPE_MISMATCH)
    try:
        number = float(value)
    except OverflowError:
        raise Refused(error_codes.VALUE_OUT_OF_RANGE) from None
    if data_type == FLOAT32 and math.isfinite(number) and abs(number) > _FLOAT32_MAXIMUM:
        raise Refused(error_codes.VALUE_OUT_OF_RANGE)
    return number


def _is_time(value: Any) -> bool:
    return isinstance(value, cbor2.CBORTag) and value.tag == identifiers.TAG_TIME


_OTHER_TYPES: Final[dict[int, Callable[[Any], bool]]] = {
    BOOLEAN: lambda value: isinstance(value, bool),
    U8STRING: lambda value: isinstance(value, str),
    TIME_POINT: _is_time,
    UUID_TYPE: lambda value: isinstance(value, UUID),
    NONE: lambda value: value is None,
}
"""Types that take a value as it is or not at all; those that are not here take anything."""
