"""Rows to a table, JSON, one JSON object a line, or CSV; safe to print in every form."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from xentara_inspect.cli.printing import note, out, shows_every_character
from xentara_inspect.cli.table import Column, pages, print_pages
from xentara_inspect.escape import safe

Row = Mapping[str, Any]

_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that a spreadsheet evaluates (OWASP, CSV injection), in full width too."""
_NUMBER: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")


def print_rows(
    rows: Iterable[Row],
    keys: Sequence[str],
    columns: Sequence[Column],
    form: str,
    *,
    nothing: str = "nothing found",
) -> int:
    """Print rows in the form asked for. Returns how many there were. keys: of every row, in order.

    nothing: what is said of an empty table.
    """
    if form == "json":
        return _print_json(rows)
    count = print_as_they_come(pages(rows), keys, columns, form)
    if form == "table" and not count:
        note(nothing)
    return count


def print_as_they_come(
    batches: Iterable[Sequence[Row]],
    keys: Sequence[str],
    columns: Sequence[Column],
    form: str,
    *,
    is_fixed: bool = False,
) -> int:
    """Print rows that come bit by bit, each batch at once. Returns how many there were.

    keys: where there are no rows at all. form: any but json. is_fixed: as for `print_pages`.
    """
    printers: dict[str, Callable[[], int]] = {
        "ndjson": lambda: _print_ndjson(batches),
        "csv": lambda: _print_csv(batches, keys, _csv_cell),
        "csv-safe": lambda: _print_csv(batches, keys, _csv_cell_without_formula),
        "table": lambda: print_pages(batches, columns, is_fixed=is_fixed),
    }
    return printers[form]()


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in which every character is plainly visible.

    Readable text of any script stays readable where the output can carry it.
    """
    if not shows_every_character():
        return json.dumps(value, indent=indent)
    return _visible(json.dumps(value, ensure_ascii=False, indent=indent))


def cell_text(value: Any) -> str:
    """A value as people and spreadsheets read it: `true` as in JSON, compounds in JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_text(value) if isinstance(value, (dict, list)) else str(value)


def _visible(text: str) -> str:
    return text if text.isascii() and "\x7f" not in text else _NOT_ASCII.sub(_json_escaped, text)


def _json_escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if safe(character) == character else json.dumps(character)[1:-1]


def _print_json(rows: Iterable[Row]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        out(("[\n " if count == 1 else ",\n ") + json_text(row), newline=False)
    out("\n]" if count else "[]")
    return count


def _print_ndjson(batches: Iterable[Sequence[Row]]) -> int:
    whole = shows_every_character()
    encode = json.JSONEncoder(ensure_ascii=not whole, check_circular=False).encode
    count = 0
    for batch in batches:
        text = "\n".join(map(encode, batch))
        out(_visible(text) if whole else text)
        count += len(batch)
    return count


def _print_csv(batches: Iterable[Sequence[Row]], keys: Sequence[str], cell: Callable[[Any], Any]) -> int:
    count = 0
    for batch in batches:
        if not count:
            keys = list(batch[0])  # a row may have more than is announced
            _write_csv([keys])
        _write_csv([[cell(row[key]) for key in keys] for row in batch])
        count += len(batch)
    if not count:
        _write_csv([keys])
    return count


def _write_csv(rows: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    out(text.getvalue(), newline=False)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    return cell_text(value) if isinstance(value, (bool, dict, list)) else value


def _csv_cell_without_formula(value: Any) -> Any:
    """The same with a `'` before what spreadsheets would take for a formula; numbers stay numbers."""
    is_formula = isinstance(value, str) and value[:1] in _FORMULA and not _NUMBER.fullmatch(value)
    return f"'{_csv_cell(value)}" if is_formula else _csv_cell(value)


def milliseconds(value: float) -> str:
    """Milliseconds with as many digits as they deserve."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def status_style(status: str) -> str:
    """Colour of an exchange's status."""
    return _STATUS_STYLES.get(status, "")


def severity_style(severity: str) -> str:
    """Colour of a finding's severity."""
    return _SEVERITY_STYLES.get(severity, "")


_STATUS_STYLES: Final = {
    "ok": "green",
    "error": "red",
    "pending": "yellow",
    "unanswered": "magenta",
    "unsolicited": "magenta",
}
_SEVERITY_STYLES: Final = {"error": "red", "warning": "yellow", "info": "cyan"}
