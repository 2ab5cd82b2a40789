"""Elements, attributes, values and errors in words, for lines that people read. Text is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.cbor.literals import literal
from xentara_inspect.escape import safe
from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.error_codes import VENDOR_ERROR_TEXTS
from xentara_inspect.protocol.shape_types import Integer
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.readings import attribute_key, attribute_number, error_object, reading_value
from xentara_inspect.traffic.time_points import time_point, time_text

_VALUE_LIMIT: Final = 60
_VALUES_SHOWN: Final = 8
_FILLERS: Final = ("value", "is")
"""Words that add nothing to the name of an error: `value is write only`."""


def element_text(element: bytes | None, names: Names) -> str:
    """What to call an element: its primary key if known, else its UUID; empty for none."""
    if element is None:
        return ""
    name = names.element(element)
    return safe(name) if name is not None else uuid_text(element)


def attribute_text(attribute: int | bytes, names: Names, element: bytes = b"") -> str:
    """What to call an attribute: its name if known, else its number or UUID."""
    known = attribute_number(attribute)
    if isinstance(known, bytes):
        name = names.attribute(known, element)
        return safe(name) if name is not None else uuid_text(known)
    return identifiers.ATTRIBUTES.get(known) or str(known)


def error_text(code: int | None, said: str | None, opcode: int | None) -> str:
    """An error code by its name, and what the server said where that is more.

    opcode: the command that it answers; of an attribute's error `read`, wherever that was seen.
    """
    name = commands.error_name(code, opcode) if code is not None else None
    meant = name.lower() if name is not None else f"error {code}" if code is not None else "error"
    usual = VENDOR_ERROR_TEXTS.get(code, "").lower() if code is not None else ""
    words = (said or "").lower().rstrip(".")
    if words == usual or not {*words.split()} - {*meant.split(), *_FILLERS}:
        return meant
    return f"{meant} ({safe(said or '')})"


def value_text(value: str) -> str:
    """A value in notation, not too long for a line."""
    return value if len(value) <= _VALUE_LIMIT else f"{value[:_VALUE_LIMIT]}…"


def attribute_values(attributes: Item | None, payload: bytes, names: Names, opcode: int | None = None) -> str:
    """The first few of a map of attribute values, and how many more there are. opcode: what they answer."""
    if attributes is None or attributes.kind != cbor.MAP:
        return ""
    shown = list(_each_value(attributes, payload, names, opcode))
    more = len(attributes.children) // 2 - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _each_value(attributes: Item, payload: bytes, names: Names, opcode: int | None) -> Iterator[str]:
    for index, (key, tagged) in enumerate(cbor.pairs(attributes)):
        if index == _VALUES_SHOWN:
            return
        attribute = attribute_key(key)
        name = (
            attribute_text(attribute, names) if attribute is not None else value_text(literal(key, payload))
        )
        if tagged.kind == cbor.TAG and tagged.value == identifiers.TAG_ALTERNATIVE_1:
            yield f"{name}: {error_text(*error_object(tagged.children[0]), opcode)}"
        elif tagged.kind == cbor.TAG and tagged.value == identifiers.TAG_ALTERNATIVE_0:
            yield f"{name} = {attribute_value(attribute, tagged.children[0], payload)}"
        else:
            yield f"{name} = {value_text(literal(tagged, payload))}"


def attribute_value(attribute: int | bytes | None, value: Item, payload: bytes) -> str:
    """A value in words where the attribute's numbers have a meaning, else in notation."""
    known = attribute_number(attribute) if attribute is not None else None
    shape = objects.ATTRIBUTE_VALUE_SHAPES.get(known) if isinstance(known, int) else None
    if isinstance(shape, Integer) and shape.values is not None:
        number_of = cbor.integer(value)
        meaning = shape.values.get(number_of) if number_of is not None else None
        if meaning is not None:
            return meaning
    point = time_point(value)
    if point is not None:
        return time_text(point)
    if value.kind in (cbor.UINT, cbor.NINT, cbor.FLOAT):
        return str(reading_value(value, payload)[0])  # how it was encoded is for the notation to say
    return value_text(literal(value, payload))
