"""Column values as JSON values: exact, whatever reads them."""

from __future__ import annotations

from typing import Any, Final

from xentara_inspect.protocol import commands
from xentara_inspect.queries.words import attribute_text
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.names import Names, uuid_text
from xentara_inspect.traffic.records import AttributeKey
from xentara_inspect.traffic.time_points import nanoseconds_text

Row = dict[str, Any]
"""A row of an answer, its keys in the order that is announced."""

_EXACT: Final = 1 << 53  # beyond that, JSON numbers lose digits in most languages


def json_integer(value: int | str | None) -> int | str | None:
    """An integer from a column: a string where JSON numbers cannot carry it exactly."""
    if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
        return str(value)
    return value


def iso_time(value: int | str | None) -> str | None:
    """Nanoseconds since 1970 in ISO 8601, with all digits."""
    number = loaded_integer(value)
    return nanoseconds_text(number) if number is not None else None


def milliseconds(nanoseconds: float | None) -> float | None:
    """Nanoseconds in milliseconds."""
    return nanoseconds / 1e6 if nanoseconds is not None else None


def error_name(code: int | str | None, opcode: int | str | None) -> str | None:
    """The name of an error code in columns, by the command that it answers."""
    number = loaded_integer(code)
    return commands.error_name(number, loaded_integer(opcode)) if number is not None else None


def command_name(opcode: int | str | None) -> str | None:
    """The name of the command with the opcode in a column; None for one that is not known."""
    number = loaded_integer(opcode)
    return commands.COMMAND_NAMES.get(number) if number is not None else None


def named_number(value: int | str | None, names: Any) -> int | str | None:
    """What a number in a column means, else the number itself. names: an `EnumTable`."""
    number = loaded_integer(value)
    name: str | None = names.get(number) if number is not None else None
    return name if name is not None else json_integer(value)


def attribute_name(attribute: AttributeKey, element: bytes | None, names: Names) -> str:
    """What to call an attribute."""
    return attribute_text(attribute, names, element or b"")


def element_name(element: bytes | None, names: Names) -> str | None:
    """The primary key of an element if it is known, else its UUID."""
    if element is None:
        return None
    return names.element(element) or uuid_text(element)


def reading_json(value: Any, kind: str) -> Any:
    """The value of a reading."""
    if kind == "float" or kind == "text":
        return value
    if kind == "time":
        return iso_time(value) if isinstance(value, int) or str(value).lstrip("-").isdigit() else value
    if kind == "boolean":
        return bool(value)
    return json_integer(value) if isinstance(value, int) else value


def reading_kind(value: Any) -> str:
    """The kind of a reading's value where its type says it (`columns.plain_kind`)."""
    return _KINDS.get(type(value), "null")


_KINDS: Final[dict[type, str]] = {float: "float", int: "integer", str: "text"}
