"""Written values against the data types of their attributes, as meta_data told them or the pages fix them.

What servers convert is proper: whole floats to integers, integers to floats, 0 and 1 to Booleans. Nothing
is said of an attribute whose data type is not known, but for what no attribute is likely to hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.commands import COMMANDS, WRITE
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.readings import AttributeKey, attribute_key, attribute_number
from xentara_inspect.traffic.thresholds import LEAST_NEGATIVE
from xentara_inspect.traffic.time_points import time_point
from xentara_inspect.traffic.validation import Problem

_WRITE: Final[Object] = COMMANDS[WRITE].parameters or Object("", ())
_WIDEST: Final = 1 << 64
_BOOLEANS: Final = (cbor.FALSE, cbor.TRUE)

DataTypes = Mapping[tuple[bytes, AttributeKey], int]
"""Data type by element and attribute; well-known attributes by number."""


def of_write(parameters: Item | None, data_types: DataTypes) -> Iterator[Problem]:
    """What is wrong with the value in the parameters of a write."""
    named = entries(parameters, _WRITE)
    value, identifier = named.get("attribute_value"), named.get("attribute_id")
    element = uuid(named.get("element_uuid"))
    if value is None or identifier is None or element is None:
        return
    attribute = attribute_key(identifier)
    if attribute is not None:
        yield from of_value(value, _data_type(element, attribute_number(attribute), data_types))


def _data_type(element: bytes, attribute: AttributeKey, data_types: DataTypes) -> int | None:
    told = data_types.get((element, attribute))
    if told is None and isinstance(attribute, int):
        return identifiers.ATTRIBUTE_TYPES.get(attribute)
    return told


def of_value(value: Item, data_type: int | None) -> Iterator[Problem]:
    """What is wrong with a value for a data type, None where that is not known."""
    if _is_meant_negative(value, data_type):
        width = _width(value.value, data_type)
        yield (
            "written-unsigned",
            f"{value.value} is written, which is {value.value - width} taken as unsigned",
        )
    elif data_type in identifiers.INTEGER_DATA_TYPES:
        yield from _integer(value, data_type)
    elif data_type in identifiers.FLOAT_DATA_TYPES:
        yield from _float(value, data_type)
    elif data_type is not None and not _is_other(value, data_type):
        yield _wrong_type(value, data_type)


def _is_meant_negative(value: Item, data_type: int | None) -> bool:
    if value.kind != cbor.UINT:
        return False
    if data_type is None or data_type in identifiers.FLOAT_DATA_TYPES:
        return bool(value.value >= _WIDEST - LEAST_NEGATIVE)
    least, greatest = identifiers.INTEGER_DATA_TYPES.get(data_type, (0, 0))
    if least >= 0 or value.value <= greatest:
        return False
    return bool(least <= value.value - _width(value.value, data_type) < 0)


def _width(value: int, data_type: int | None) -> int:
    """2 to the bits in which a negative number was taken as unsigned: those of its type, or 64."""
    least, _ = identifiers.INTEGER_DATA_TYPES.get(data_type if data_type is not None else -1, (0, 0))
    return -2 * least if value < -2 * least else _WIDEST


def _integer(value: Item, data_type: int) -> Iterator[Problem]:
    whole = value.kind <= cbor.NINT or (value.kind == cbor.FLOAT and float(value.value).is_integer())
    if not whole:
        yield _wrong_type(value, data_type)
        return
    least, greatest = identifiers.INTEGER_DATA_TYPES[data_type]
    if not least <= value.value <= greatest:
        yield (
            "written-range",
            f"{value.value} is written to {_name(data_type)}, which is {least} to {greatest}",
        )


def _float(value: Item, data_type: int) -> Iterator[Problem]:
    if value.kind > cbor.NINT and value.kind != cbor.FLOAT:
        yield _wrong_type(value, data_type)
        return
    greatest = identifiers.FLOAT_DATA_TYPES[data_type]
    if greatest < abs(value.value) != float("inf"):
        yield "written-range", f"{value.value} is written to {_name(data_type)}, which ends at {greatest:.3g}"


def _is_other(value: Item, data_type: int) -> bool:
    if data_type == identifiers.DATA_TYPE_BOOLEAN:
        return (value.kind == cbor.SIMPLE and value.value in _BOOLEANS) or (
            value.kind == cbor.UINT and value.value <= 1
        )
    if data_type in identifiers.TEXT_DATA_TYPES:
        return value.kind == cbor.TEXT
    if data_type == identifiers.DATA_TYPE_TIME_POINT:
        return time_point(value) is not None
    if data_type == identifiers.DATA_TYPE_UUID:
        return cbor.uuid_bytes(value) is not None
    return True  # Custom, None, and what a newer server has


def _wrong_type(value: Item, data_type: int) -> Problem:
    seen = cbor.phrase(value)
    return "written-type", f"{seen} is written to an attribute of the data type {_name(data_type)}"


def _name(data_type: int) -> str:
    return identifiers.ATTRIBUTE_DATA_TYPES[data_type]
