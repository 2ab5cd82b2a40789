"""Tables: columns go where a terminal is narrow; what is a number, an id or a time is never cut."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest

from xentara_inspect.cli.table import Column, print_table

COLUMNS = (
    Column("id", "ID", right=True),
    Column("time", "Time", spare=1),
    Column("count", "Count", right=True, spare=2),
    Column("error", "Error", spare=1),
    Column("text", "Text", wraps=12),
)
ROW = {
    "id": "42p1",
    "time": "2026-03-01T14:03:00.000Z",
    "count": 1234567,
    "error": None,
    "text": "word " * 30,
}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[10, 20, 30, 40, 50, 60, 74, 80, 100, 160])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    return int(request.param)


def printed(*rows: dict[str, Any]) -> list[str]:
    """The lines of a table on the terminal."""
    with contextlib.redirect_stdout(_Terminal()) as terminal:
        print_table(rows, COLUMNS)
    return [re.sub("\x1b\\[[0-9;]*m", "", line) for line in terminal.getvalue().splitlines()]


@pytest.mark.usefixtures("width")
def test_no_cell_that_does_not_wrap_is_ever_cut() -> None:
    head, first, *_ = printed(ROW)
    cells = dict(zip(head.split(), first.split(), strict=False))
    for key, title in (("id", "ID"), ("time", "Time"), ("count", "Count")):
        if title in cells:
            assert cells[title] == str(ROW[key])
    assert cells["ID"] == "42p1"


@pytest.mark.usefixtures("width")
def test_all_of_a_text_is_there_on_as_many_lines_as_it_needs() -> None:
    assert sum(line.count("word") for line in printed(ROW)) == 30


def test_what_is_empty_goes_before_what_says_something(width: int) -> None:
    head, *_ = printed(ROW)
    assert "Error" not in head
    assert ("Count" in head) == (width >= 53)
    assert ("Time" in head) == (width >= 44)


def test_lines_fit_where_that_is_possible(width: int) -> None:
    if width >= 18:
        assert max(map(len, printed(ROW))) <= width
