"""Rows as a table: whole lines for other programs, what fits for people in front of a terminal.

Rows are laid out and printed by the page, so that a list of millions needs the memory of one page. A column
never gets narrower again, but where dates go: lines that follow one another seldom shift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any, Final

import click

from xentara_inspect.cli.printing import is_coloured, out, printable, terminal_width
from xentara_inspect.cli.times import short_time
from xentara_inspect.escape import safe

if TYPE_CHECKING:
    from rich.console import Console

PAGE: Final = 1000
"""Rows that are laid out and printed together."""

_BETWEEN: Final = 2
_HEAD_STYLE: Final = "bold"
_TIME: Final = len("2026-03-01T14:03:00.000Z")
_DATE: Final = len("2026-03-01")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; JSON and CSV have all keys of a row instead.

    pick: the value of a row, where it is not that of the key. show: the text of a value, None for plain
    `str`. style: the colour of a value, for terminals. is_time: whether it holds times, in ISO 8601. Where
    the terminal is narrow, the date of a row, which is that of the first time in it, stands on a line of its
    own above those that share it. wraps: the least width to which the text may be broken over lines where it
    is narrower still; 0 for none. spare: how easily it is missed. Where that is not enough, the columns with
    the highest are left out first, empty ones before any other; those with 0 never. What does not wrap is
    never cut. usual: the width that rows mostly need which are yet to come.
    """

    key: str
    title: str
    show: Callable[[Any], str] | None = None
    style: Callable[[Any], str] | None = None
    right: bool = False
    is_time: bool = False
    wraps: int = 0
    spare: int = 0
    pick: Callable[[Mapping[str, Any]], Any] | None = None
    usual: int = 0


Cell = tuple[str, str]
"""What is printed, and its style."""

_EMPTY: Final[Cell] = ("", "")

Layout = Sequence[tuple[int, int]]
"""The columns that are printed: the place of each among all, and its width."""

_Form = tuple[bool, int]
"""Whether a cell stands at the right of its column, and the width of that."""


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> int:
    """Print rows, with a head where there are any. Returns how many there were."""
    return print_pages(pages(rows), columns)


def pages(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Rows by so many that printing them costs little, and few are held."""
    source = iter(rows)
    while page := list(islice(source, PAGE)):
        yield page


def print_pages(
    pages: Iterable[Sequence[Mapping[str, Any]]], columns: Sequence[Column], *, is_fixed: bool = False
) -> int:
    """Print pages of rows as they come, with a head where there are any. Returns how many rows there were.

    On a terminal a head stands above each page with other columns or widths than the page before.
    is_fixed: the first page and what is usual decide on columns and widths; what is too wide then is
    broken over lines on a terminal, or moves what stands behind it.
    """
    width = terminal_width()
    paints = is_coloured()
    fit = _Fit(columns, width, is_fixed=is_fixed)
    date = ""
    count = 0
    for page in pages:
        before = fit.layout
        cells = fit.cells(page)
        layout = fit.layout
        form = [(columns[place].right, width) for place, width in layout]
        lines: list[str] = []
        if not before or (width and layout != before):
            head = tuple((columns[place].title, _HEAD_STYLE) for place, _ in layout)
            lines += _lines(head, form, paints, width is not None)
        says_dates = fit.says_dates and any(columns[place].is_time for place, _ in layout)
        for row, shown in zip(page, zip(*(cells[place] for place, _ in layout), strict=True), strict=True):
            if says_dates and date != (date := _date(row, columns) or date):
                lines.append(_painted(date, _HEAD_STYLE) if paints else date)
            lines += _lines(shown, form, paints, width is not None)
        out("\n".join(lines))
        count += len(page)
    return count


class _Fit:
    """What is shown of columns in a terminal of some width, None for none; it grows with what it is given."""

    def __init__(self, columns: Sequence[Column], width: int | None, *, is_fixed: bool) -> None:
        self.layout: Layout = ()
        self._columns = columns
        self._width = width
        self._is_fixed = is_fixed
        self._begin(says_dates=False)

    def _begin(self, *, says_dates: bool) -> None:
        self.says_dates = says_dates
        self._widest = [
            _usual(column, self._width, says_dates) if self._is_fixed else 0 for column in self._columns
        ]

    def cells(self, page: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
        """The cells of each column. Dates go where they do not fit, and do not come back."""
        cells = self._measured(page)
        if self._width is not None and not self.says_dates and _total(self.layout) > self._width:
            self._begin(says_dates=True)
            self.layout = ()
            cells = self._measured(page)
        return cells

    def _measured(self, page: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
        dates = [_date(row, self._columns) if self.says_dates else "" for row in page]
        cells = [
            [_cell(column, row, date) for row, date in zip(page, dates, strict=True)]
            for column in self._columns
        ]
        if not (self.layout and self._is_fixed):
            for place, column in enumerate(cells):
                self._widest[place] = max(self._widest[place], *(_width(text) for text, _ in column))
            self.layout = _whole(self._columns, self._widest)
            if self._width is not None and self.says_dates:
                self.layout = _fitting(self._columns, self._widest, self.layout, self._width)
        return cells


def _usual(column: Column, width: int | None, says_dates: bool) -> int:
    """The width of a column whose rows are yet to come: what wraps takes all that a terminal has."""
    if column.is_time:
        return _TIME - (_DATE + 1 if says_dates else 0)
    return width if width and column.wraps else column.usual


def _date(row: Mapping[str, Any], columns: Sequence[Column]) -> str:
    """The date of the first time in a row; empty for none."""
    return next((row[column.key][:_DATE] for column in columns if column.is_time and row[column.key]), "")


def _cell(column: Column, row: Mapping[str, Any], date: str) -> Cell:
    """date: what is said elsewhere; empty for nothing."""
    value = column.pick(row) if column.pick else row[column.key]
    if value is None:
        return _EMPTY
    text = short_time(value).removeprefix(f"{date}T") if column.is_time else value
    text = printable(safe(column.show(text) if column.show else str(text)))
    return text, column.style(value) if column.style else ""


def _whole(columns: Sequence[Column], widest: Sequence[int]) -> Layout:
    """All columns, as wide as what stands in them."""
    return [(place, max(widest[place], _width(column.title))) for place, column in enumerate(columns)]


def _fitting(columns: Sequence[Column], widest: Sequence[int], whole: Layout, width: int) -> Layout:
    """The columns to show in a terminal of this width. widest: of what stands in each, 0 if it is empty.

    Where even the least does not fit the terminal breaks the lines, and nothing is cut.
    """
    if _total(whole) <= width:
        return whole
    # Columns that wrap have a better use for the room of empty ones.
    kept = [(place, min(most, columns[place].wraps or most), most) for place, most in whole if widest[place]]
    for column in sorted(kept, key=lambda column: -columns[column[0]].spare):
        if _total(kept) <= width or not columns[column[0]].spare:
            break
        kept.remove(column)
    # What is left over goes to those that wrap, the same to each as long as they need it.
    room = max(0, width - _total(kept))
    widths = {}
    for left, (place, least, most) in zip(
        range(len(kept), 0, -1), sorted(kept, key=lambda column: column[2] - column[1]), strict=True
    ):
        more = min(most - least, room // left)
        widths[place] = least + more
        room -= more
    return sorted(widths.items())


def _total(layout: Iterable[tuple[int, ...]]) -> int:
    """The width of a line. layout: of each column the place, the width, and what else there may be."""
    return sum(column[1] + _BETWEEN for column in layout) - _BETWEEN


def _lines(row: Sequence[Cell], form: Sequence[_Form], paints: bool, wraps: bool) -> Iterator[str]:
    """The lines of a row. paints: whether in colours. wraps: whether what is too wide goes on below."""
    cells = []
    is_one_line = True
    for cell, (right, width) in zip(row, form, strict=True):
        text, style = cell
        if not wraps or right or _width(text) <= width:
            cells.append([cell])
        else:
            is_one_line = False
            cells.append([(line, style) for line in _broken(text, width)])
    if is_one_line:
        yield _line(row, form, paints)
    else:
        for line in zip_longest(*cells, fillvalue=_EMPTY):
            yield _line(line, form, paints)


def _line(cells: Sequence[Cell], form: Sequence[_Form], paints: bool) -> str:
    line = ""
    blank = 0
    for (text, style), (right, width) in zip(cells, form, strict=True):
        left_over = width - _width(text)
        if not text:
            blank += width + _BETWEEN
            continue
        before, behind = (left_over, 0) if right else (0, left_over)
        line += " " * (blank + before) + (_painted(text, style) if style and paints else text)
        blank = behind + _BETWEEN
    return line


def _width(text: str) -> int:
    """Places that a text takes on the screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


@lru_cache(maxsize=PAGE)
def _broken(text: str, width: int) -> list[str]:
    """A text over as many lines as it needs."""
    from rich.text import Text

    return [line.plain.rstrip() for line in Text(text).wrap(_console(), width, overflow="fold")]


@cache
def _console() -> Console:
    from rich.console import Console

    return Console()


def _painted(text: str, style: str) -> str:
    return click.style(text, bold=True) if style == _HEAD_STYLE else click.style(text, fg=style)
