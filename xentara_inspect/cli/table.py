"""Rows as a table: whole lines for other programs, what fits for people in front of a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xentara_inspect.cli.printing import out, printable
from xentara_inspect.escape import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_UNBOUNDED: Final = 100_000
"""Width of a table that no terminal shows: nothing is cut or wrapped."""

_BETWEEN: Final = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; JSON and CSV have all keys of a row instead.

    pick: the value of a row, where it is not that of the key. show: the text of a value, None for plain
    `str`. style: the colour of a value, for terminals. wraps: the least width to which the text may be
    broken over lines where the terminal is narrow; 0 for none. spare: those with
    the highest are left out first where the terminal is narrower still, empty ones before any other;
    those with 0 never. What does not wrap is never cut.
    """

    key: str
    title: str
    show: Callable[[Any], str] | None = None
    style: Callable[[Any], str] | None = None
    right: bool = False
    wraps: int = 0
    spare: int = 0
    pick: Callable[[Mapping[str, Any]], Any] | None = None


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> int:
    """Print rows; nothing where there are none. Returns how many there were."""
    cells = [[_cell(column, row) for column in columns] for row in rows]
    if not cells:
        return 0
    from rich.console import Console

    if not sys.stdout.isatty():
        _print_whole_lines(Console(highlight=False, width=_UNBOUNDED, no_color=True), columns, cells)
        return len(cells)
    console = Console(highlight=False)
    kept = _fitting(columns, cells, console.width)
    needed = sum(_least_width(columns[place], cells, place) + _BETWEEN for place in kept) - _BETWEEN
    # Where even the least does not fit the terminal breaks the lines, and nothing is cut.
    console.width = max(needed, console.width)
    console.print(_table(columns, cells, kept), soft_wrap=True)
    return len(cells)


def _fitting(columns: Sequence[Column], cells: Sequence[Sequence[Text]], width: int) -> list[int]:
    """The places of the columns to show in a terminal."""
    kept = list(range(len(columns)))
    least = [_least_width(column, cells, place) for place, column in enumerate(columns)]
    empty = [not any(row[place].plain for row in cells) for place in kept]
    whole = sum(max(row[place].cell_len for row in cells) + _BETWEEN for place in kept)
    if whole > width:  # columns that wrap have a better use for the room
        kept = [place for place in kept if not empty[place]]
    spare = [place for place in kept if columns[place].spare]
    for place in sorted(spare, key=lambda place: -columns[place].spare):
        if sum(least[there] + _BETWEEN for there in kept) - _BETWEEN <= width:
            break
        kept.remove(place)
    return kept


def _least_width(column: Column, cells: Sequence[Sequence[Text]], place: int) -> int:
    whole = max(len(column.title), *(row[place].cell_len for row in cells))
    return min(whole, column.wraps) if column.wraps else whole


def _table(columns: Sequence[Column], cells: Sequence[Sequence[Text]], kept: Sequence[int]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place in kept:
        column = columns[place]
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*(row[place] for place in kept))
    return table


def _print_whole_lines(console: Console, columns: Sequence[Column], cells: Sequence[Sequence[Text]]) -> None:
    with console.capture() as captured:
        console.print(_table(columns, cells, range(len(columns))))
    for line in captured.get().splitlines():
        out(line.rstrip())


def _cell(column: Column, row: Mapping[str, Any]) -> Text:
    from rich.text import Text

    value = column.pick(row) if column.pick else row[column.key]
    text = "" if value is None else safe(column.show(value) if column.show else str(value))
    return Text(printable(text), style=column.style(value) if column.style and value is not None else "")
