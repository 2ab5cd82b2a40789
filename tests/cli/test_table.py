"""Tables: columns go where a terminal is narrow; what is a number, an id or a time is never cut."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.live import BIN
from tests.queries.asking import fill
from tests.store_traffic import HELLO
from xentara_inspect.cli import cli, reading
from xentara_inspect.cli.table import PAGE, Column, print_table
from xentara_inspect.cli.times import short_time

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
    return _on_terminal(rows, COLUMNS)


def _on_terminal(rows: Sequence[Any], columns: Sequence[Column]) -> list[str]:
    with contextlib.redirect_stdout(_Terminal()) as terminal:
        print_table(rows, columns)
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


# The lists, of all sample captures

LISTS = (
    "sessions", "log", "events", "readings", "stats", "findings", "elements", "subscriptions",
    "readings --every 1s", "stats --by element", "stats --by second", "subscriptions --by element",
)  # fmt: skip
SAMPLES = Path(__file__).parents[2] / "sample_captures"
Listed = tuple[list[dict[str, Any]], Sequence[Column]]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Listed]:
    """The rows and columns of each list."""
    database = tmp_path_factory.mktemp("samples") / "samples.db"
    # The newest are of the same few requests again and again, in which no column is wide.
    captures = [str(path) for path in sorted(SAMPLES.glob("*.flow")) if "client-" not in path.name]
    assert CliRunner().invoke(cli, ["import", *captures, "-d", str(database)]).exit_code == 0
    found: dict[str, Listed] = {}

    def keep(
        rows: Iterator[dict[str, Any]], _keys: Any, columns: Sequence[Column], *_: Any, **__: Any
    ) -> None:
        found[command] = list(rows), columns

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reading, "print_rows", keep)
        for command in LISTS:
            assert CliRunner().invoke(cli, [*command.split(), "-d", str(database)]).exit_code == 0
            assert found[command][0]
    return found


def _text(column: Column, row: dict[str, Any]) -> str:
    value = column.pick(row) if column.pick else row[column.key]
    if column.is_time and value is not None:
        return short_time(value)
    return "" if value is None else column.show(value) if column.show else str(value)


def _pattern(column: Column, row: dict[str, Any]) -> str:
    """A date may stand above."""
    text = re.escape(_text(column, row))
    return f"(?:{text[:12]}T)?{text[13:]}" if column.is_time and text else text


def _shown(columns: Sequence[Column], head: str) -> list[Column]:
    """The columns whose titles are in the head, in their order; a title may be a part of another."""
    shown = []
    for title in re.split(r"\s{2,}", head.strip()):
        shown += [column for column in columns if column.title == title]
    assert "  ".join(column.title for column in shown) == "  ".join(re.split(r"\s{2,}", head.strip()))
    return shown


@pytest.mark.parametrize("command", LISTS)
def test_lists_never_cut_a_number_an_id_or_a_time(
    command: str, samples: dict[str, Listed], width: int
) -> None:
    rows, columns = samples[command]
    head, *lines = _on_terminal(rows, columns)
    solid = [column for column in _shown(columns, head) if not column.wraps]
    left = iter(lines)
    for row in rows:
        wanted = [_pattern(column, row) for column in solid]
        pattern = r"\s+".join(filter(None, wanted))
        # Cells that wrap stand between them, or not.
        pattern = pattern.replace(r"\s+", r"\s+(?:.*\s)?")
        assert any(re.search(rf"(?<!\S){pattern}(?!\S)", line) for line in left), (width, wanted)


@pytest.mark.parametrize("command", LISTS)
def test_lists_leave_out_what_is_empty_then_what_is_missed_least(
    command: str, samples: dict[str, Listed], width: int
) -> None:
    rows, columns = samples[command]
    head, *lines = _on_terminal(rows, columns)
    shown = _shown(columns, head)
    gone = [column for column in columns if column not in shown]
    empty = [column for column in columns if not any(_text(column, row) for row in rows)]
    if gone:
        assert not set(shown) & set(empty)
    gone = [column for column in gone if column not in empty]
    if gone:
        assert max(column.spare for column in shown) < min(column.spare for column in gone)
    least = max(len(line) for line in lines) if not any(column.spare for column in shown) else 0
    assert max(map(len, [head, *lines])) <= max(width, least)


@pytest.mark.parametrize("command", LISTS)
def test_what_a_list_is_read_for_goes_last(command: str, samples: dict[str, Listed]) -> None:
    last = sorted(samples[command][1], key=lambda column: column.spare)
    titles = [column.title for column in last if not column.wraps]
    firsts = {
        "sessions": {"ID", "Opened"},
        "log": {"ID", "Status", "Command"},
        "events": {"ID", "Time"},
        "readings": {"Packet", "Time", "Quality"},
        "stats": {"Command", "Count"},
        "findings": {"Frame", "Code", "Severity"},
        "elements": {"UUID"},
        "subscriptions": {"ID", "Status"},
        "readings --every 1s": {"From"},
        "stats --by element": {"Count"},
        "stats --by second": {"Second", "Count"},
        "subscriptions --by element": {"ID", "Events"},
    }[command]
    assert set(titles[: len(firsts)]) == firsts


@pytest.mark.parametrize(
    ("width", "command", "titles"),
    [
        (60, "log", {"ID", "Command", "Status", "Summary"}),
        (80, "log", {"ID", "Time", "Command", "Status", "Summary"}),
        (60, "subscriptions", {"ID", "Opened", "Status", "Elements"}),
        (80, "subscriptions", {"ID", "Opened", "Status", "Error", "Elements"}),
        (60, "readings", {"Packet", "Time", "Element", "Attribute", "Value"}),
        (80, "readings", {"Packet", "Time", "Element", "Attribute", "Value", "Quality"}),
        (60, "findings", {"Frame", "Severity", "Code", "Message"}),
        (80, "findings", {"Frame", "Time", "Severity", "Code", "Message"}),
    ],
)
def test_what_matters_is_there_in_narrow_terminals(
    width: int, command: str, titles: set[str], samples: dict[str, Listed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert titles <= set(_on_terminal(*samples[command])[0].split())


# Dates

ON_TWO_DAYS: Sequence[dict[str, Any]] = [
    {"id": "1p1", "time": "2026-03-01T23:59:59.9991Z", "closed": None, "text": "word " * 8 + "word"},
    {"id": "2p1", "time": "2026-03-01T23:59:59.9992Z", "closed": "2026-03-02T00:00:01Z", "text": "b"},
    {"id": "3p1", "time": "2026-03-02T00:00:00.0001Z", "closed": "2026-03-02T00:00:02Z", "text": "c"},
]
TIMES = (
    Column("id", "ID", right=True),
    Column("time", "Time", is_time=True, spare=1),
    Column("closed", "Closed", is_time=True, spare=2),
    Column("text", "Text", wraps=12),
)


def test_dates_stand_above_the_rows_where_a_line_would_be_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "96")
    assert _on_terminal(ON_TWO_DAYS, TIMES) == [
        " ID  Time           Closed                Text",
        "2026-03-01",
        "1p1  23:59:59.999Z                        word word word word word word word word word",
        "2p1  23:59:59.999Z  2026-03-02T00:00:01Z  b",
        "2026-03-02",
        "3p1  00:00:00.000Z  00:00:02Z             c",
    ]


def test_dates_stay_with_their_times_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    _, *lines = _on_terminal(ON_TWO_DAYS, TIMES)
    assert [line[5:15] for line in lines] == ["2026-03-01", "2026-03-01", "2026-03-02"]


def test_no_dates_stand_above_where_no_time_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "18")
    head, *lines = _on_terminal(ON_TWO_DAYS, TIMES)
    assert head.split() == ["ID", "Text"]
    assert not any("2026" in line for line in lines)


def test_other_programs_get_whole_times() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        print_table(ON_TWO_DAYS, TIMES)
    assert output.getvalue().count("2026-03-0") == 5


# Long lists


def many(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield ROW | {"id": f"{number}p1", "text": "word"}


def test_a_list_is_printed_while_it_is_read() -> None:
    seen = []

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(many(3 * PAGE)):
            seen.append(output.getvalue().count("\n") >= number - PAGE)
            yield row

    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert print_table(rows(), COLUMNS) == 3 * PAGE
    assert all(seen)
    assert output.getvalue().count("\n") == 3 * PAGE + 1


def test_other_programs_get_one_head_and_people_one_for_each_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    same = [ROW | {"text": "word"}] * (2 * PAGE)
    assert sum(" Time " in line for line in _on_terminal(same, COLUMNS)) == 1
    wider = [*same, ROW | {"id": "123456789p1", "text": "word"}]
    assert [number for number, line in enumerate(_on_terminal(wider, COLUMNS)) if " Time " in line] == [
        0,
        2 * PAGE + 1,
    ]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        print_table(wider, COLUMNS)
    lines = output.getvalue().splitlines()
    assert sum(" Time " in line for line in lines) == 1
    assert lines[-1].split() == ["123456789p1", ROW["time"], "1234567", "word"]


def test_a_column_that_was_empty_comes_back_with_its_first_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    rows = [*([ROW] * PAGE), ROW | {"error": "denied"}]
    lines = _on_terminal(rows, COLUMNS)
    heads = [line.split() for line in lines if line.split()[:1] == ["ID"]]
    assert heads == [["ID", "Time", "Count", "Text"], ["ID", "Time", "Error", "Text"]]
    assert any("denied" in line for line in lines)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose log is longer than a pipe holds."""
    packets = ", ".join(f"[0, {number}, 8]" for number in range(2, 3 * PAGE))
    return fill(tmp_path_factory.mktemp("long") / "long.db", *HELLO, f">[{packets}]")


def _begun(database: Path) -> subprocess.Popen[str]:
    """`log` while it waits for the reader of its output, who has read one line."""
    process = subprocess.Popen(
        [BIN / "xentara-inspect", "log", "-d", database, "--limit", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().split()[0] == "ID"
    return process


def test_a_reader_that_has_seen_enough_ends_a_list(long: Path) -> None:
    with _begun(long) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_ctrl_c_ends_a_list(long: Path) -> None:
    with _begun(long) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() == ""
