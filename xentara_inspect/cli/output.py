"""Rows to a table, JSON, one JSON object a line, or CSV; safe to print in every form."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from xentara_inspect.escape import safe

Row = Mapping[str, Any]

_NOT_ASCII: Final = re.compile(r"[^\x00-\x7e]")
_UNBOUNDED: Final = 100_000
"""Width of a table that no terminal shows: nothing is cut or wrapped."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; JSON and CSV have all keys of a row instead.

    show: the text of a value, None for plain `str`. style: the colour of a value, for terminals.
    wraps: whether the text may be broken over lines where the terminal is narrow.
    """

    key: str
    title: str
    show: Callable[[Any], str] | None = None
    style: Callable[[Any], str] | None = None
    right: bool = False
    wraps: bool = False


def print_rows(rows: Iterable[Row], keys: Sequence[str], columns: Sequence[Column], form: str) -> int:
    """Print rows in the form asked for. Returns how many there were. keys: of every row, in order."""
    printers: dict[str, Callable[[], int]] = {
        "json": lambda: _print_json(rows),
        "ndjson": lambda: _print_ndjson(rows),
        "csv": lambda: _print_csv(rows, keys),
        "table": lambda: _print_table(rows, columns),
    }
    return printers[form]()


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in which every character is plainly visible; readable text of any script stays readable."""
    return _NOT_ASCII.sub(_json_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _json_escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if safe(character) == character else json.dumps(character)[1:-1]


def _print_json(rows: Iterable[Row]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        click.echo(("[\n " if count == 1 else ",\n ") + json_text(row), nl=False)
    click.echo("\n]" if count else "[]")
    return count


def _print_ndjson(rows: Iterable[Row]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        click.echo(json_text(row))
    return count


def _print_csv(rows: Iterable[Row], keys: Sequence[str]) -> int:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(keys)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        writer.writerow([_csv_cell(row[key]) for key in keys])
    return count


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    return json_text(value) if isinstance(value, (dict, list)) else value


def _print_table(rows: Iterable[Row], columns: Sequence[Column]) -> int:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            overflow="fold",
        )
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        cells = []
        for column in columns:
            value = row[column.key]
            text = "" if value is None else safe(column.show(value) if column.show else str(value))
            style = column.style(value) if column.style and value is not None else ""
            cells.append(Text(text, style=style))
        table.add_row(*cells)
    if count:
        _print_rich(table)
    return count


def _print_rich(table: Any) -> None:
    """Colours and the terminal's width only where there is a terminal; elsewhere whole lines."""
    from rich.console import Console

    if sys.stdout.isatty():
        Console(highlight=False).print(table)
        return
    console = Console(highlight=False, width=_UNBOUNDED, no_color=True)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def short_time(text: str) -> str:
    """An ISO time with milliseconds instead of nanoseconds."""
    head, dot, fraction = text.removesuffix("Z").partition(".")
    return f"{head}{dot}{fraction[:3]}Z" if dot else text


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
