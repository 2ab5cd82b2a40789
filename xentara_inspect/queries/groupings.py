"""What rows of `stats` are by: which exchanges and events share one, what it is called, which come first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.exchanges import EXCHANGE_TIME
from xentara_inspect.queries.values import Row, command_name, element_name, error_name, iso_time, json_integer
from xentara_inspect.traffic.names import Names

Label = Any
"""What tells a row from others in all files; those of one question can be sorted."""

_SECOND: Final = 10**9


class Grouping(NamedTuple):
    """A way to tell rows apart.

    exchange: in SQL, what exchanges `e` of one row share in a file; event: the same of packets `p` and
    their frames `f`, None where events have no such thing. label: of what they share. row: the first
    keys of a row. in_order: whether rows come by their labels, else the busiest first. newest: whether
    of many the last are taken, else the busiest. width: of a row by time, in nanoseconds; else 0.
    condition: which exchanges count. has_readings: whether readings are counted too.
    """

    exchange: str
    event: str | None
    label: Callable[[Database, Any], Label]
    row: Callable[[Label, Names], Row]
    in_order: bool = False
    newest: bool = False
    width: int = 0
    condition: str = "e.requested IS NOT NULL"
    has_readings: bool = False


def _time(name: str, seconds: int) -> Grouping:
    width = seconds * _SECOND
    return Grouping(
        f"{EXCHANGE_TIME} / {width}",
        f"f.time / {width}",
        lambda _file, number: number * width,
        lambda start, _names: {name: iso_time(start)},
        in_order=True,
        newest=True,
        width=width,
    )


def _command_row(label: tuple[bool, int | str], _names: Names) -> Row:
    return {"command": command_name(label[1]) or f"opcode {label[1]}"}


def _error_label(_file: Database, shared: str) -> Label:
    code, _, opcode = shared.partition(" ")
    number = int(code) if code else None
    name = error_name(number, opcode or None) or f"error {code}".rstrip()
    return name, number is None, number or 0


def _error_row(label: Label, _names: Names) -> Row:
    name, is_none, code = label
    return {"error": name, "error_code": None if is_none else json_integer(code)}


def _element_label(file: Database, row_id: int | None) -> Label:
    return file.element(row_id) or b""


def _session_label(file: Database, number: int) -> Label:
    return file.recording.index, number, file.number(number)


def _user_label(file: Database, session_id: int) -> Label:
    row = file.row("SELECT user FROM sessions WHERE id = ?", session_id)
    return (row["user"] if row is not None else None) or ""


GROUPINGS: Final[dict[str, Grouping]] = {
    # What does not fit 64 bits is text, and comes behind as it does in SQLite.
    "command": Grouping(
        "e.opcode", None, lambda _file, opcode: (isinstance(opcode, str), opcode), _command_row, in_order=True
    ),
    "element": Grouping(
        "e.element_id",
        "p.element_id",
        _element_label,
        lambda uuid, names: {"element": element_name(uuid or None, names)},
        has_readings=True,
    ),
    "error": Grouping(
        "coalesce(e.error_code, '') || ' ' || coalesce(e.opcode, '')",
        None,
        _error_label,
        _error_row,
        condition="e.requested IS NOT NULL AND e.status = 'error'",
    ),
    "user": Grouping(
        "e.session_id", "f.session_id", _user_label, lambda user, _names: {"user": user or None}
    ),
    "session": Grouping(
        "e.session_id",
        "f.session_id",
        _session_label,
        lambda label, _names: {"session": label[2]},
        in_order=True,
        newest=True,
    ),
    "second": _time("second", 1),
    "minute": _time("minute", 60),
    "hour": _time("hour", 3600),
    "day": _time("day", 86400),
}
"""By the name of what rows are by."""
