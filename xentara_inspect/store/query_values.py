"""Column values as JSON values: exact, whatever reads them."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final, ParamSpec

from xentara_inspect import protocol
from xentara_inspect.names import Names, uuid_text
from xentara_inspect.store.column_values import loaded_attribute, loaded_integer, loaded_uuid
from xentara_inspect.store.database import database_path
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.summary_values import attribute_text
from xentara_inspect.timestamps import nanoseconds_text

Row = dict[str, Any]
P = ParamSpec("P")

_EXACT: Final = 1 << 53  # beyond that, JSON numbers lose digits in most languages


def clear_errors(query: Callable[P, Iterator[Row]]) -> Callable[P, Iterator[Row]]:
    """A query whose sqlite3 errors come out as StoreError. Its first argument is the connection."""

    @functools.wraps(query)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Iterator[Row]:
        connection = args[0]
        try:
            yield from query(*args, **kwargs)
        except sqlite3.Error as error:
            path = database_path(connection) if isinstance(connection, sqlite3.Connection) else ""
            raise from_sqlite(path, error) from None

    return wrapped


def json_integer(value: int | str | None) -> int | str | None:
    """An integer from a column: a string where JSON numbers cannot carry it exactly."""
    if isinstance(value, int) and not -_EXACT <= value <= _EXACT:
        return str(value)
    return value


def iso_time(value: int | str | None) -> str | None:
    """Nanoseconds since 1970 in ISO 8601, with all digits."""
    number = loaded_integer(value)
    return nanoseconds_text(number) if number is not None else None


def milliseconds(nanoseconds: int | None) -> float | None:
    """Nanoseconds in milliseconds."""
    return nanoseconds / 1e6 if nanoseconds is not None else None


def error_name(code: int | str | None, opcode: int | str | None) -> str | None:
    """The name of an error code in columns, by the command that it answers."""
    number = loaded_integer(code)
    return protocol.error_name(number, loaded_integer(opcode)) if number is not None else None


def attribute_name(attribute: int | str, element: str | None, names: Names) -> str:
    """What to call the attribute in a column."""
    key = loaded_attribute(attribute)
    return attribute_text(key, names, loaded_uuid(element) if element is not None else b"")


def element_name(element: str | None, names: Names) -> str | None:
    """The primary key of the element in a column if it is known, else its UUID."""
    if element is None:
        return None
    return names.element(loaded_uuid(element)) or element


def reading_json(value: Any, kind: str) -> Any:
    """The value of a reading."""
    if kind == "time":
        return iso_time(value) if isinstance(value, int) or str(value).lstrip("-").isdigit() else value
    if kind == "boolean":
        return bool(value)
    return json_integer(value) if isinstance(value, int) else value


def elements_called(connection: sqlite3.Connection, name: str) -> list[str]:
    """UUIDs of elements by primary key, or by UUID in any usual form."""
    found = [
        uuid for (uuid,) in connection.execute("SELECT uuid FROM elements WHERE primary_key = ?", (name,))
    ]
    digits = name.strip().removeprefix("urn:uuid:").strip("{}").replace("-", "")
    try:
        uuid = bytes.fromhex(digits)
    except ValueError:
        return found
    return [*found, uuid_text(uuid)] if len(uuid) == 16 else found
