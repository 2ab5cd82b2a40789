"""Column values as JSON values: exact, whatever reads them."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from xentara_inspect.protocol import commands
from xentara_inspect.queries.words import attribute_text
from xentara_inspect.store.columns import loaded_attribute, loaded_integer, loaded_uuid
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.time_points import nanoseconds_text

Row = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


class _InFile(Protocol):
    """What a query of one database is asked of."""

    path: str


Q = TypeVar("Q", bound=_InFile)

_EXACT: Final = 1 << 53  # beyond that, JSON numbers lose digits in most languages


def clear_errors(
    query: Callable[Concatenate[Q, P], Iterator[T]],
) -> Callable[Concatenate[Q, P], Iterator[T]]:
    """A query of one database, its sqlite3 errors as StoreError. Its first argument has the path."""

    @functools.wraps(query)
    def wrapped(part: Q, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        try:
            yield from query(part, *args, **kwargs)
        except sqlite3.Error as error:
            raise from_sqlite(part.path, error) from None

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
    return commands.error_name(number, loaded_integer(opcode)) if number is not None else None


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
