"""How the query tool meets people: help, empty answers, pipes, narrow and plain terminals, hostile names."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.live import ROOT, inspect, ran
from tests.store_traffic import HELLO, add, frames
from tests.terminal import on_terminal
from xentara_inspect.cli import _COMMANDS
from xentara_inspect.index.process import catch_up
from xentara_inspect.store.database import open_for_writing

LISTS = ("sessions", "log", "events", "readings", "stats", "findings", "elements", "subscriptions", "names")
HOSTILE = 'Plänt\u001b[31m\u202e;"x",y'


@pytest.fixture
def plant(database: Path) -> Path:
    inspect("import", ROOT / "sample_captures" / "reads-and-writes.flow", "-d", database)
    return database


@pytest.fixture
def hostile(database: Path) -> Path:
    asked = f">[[0, 2, 3, {{0: {json.dumps(HOSTILE)}}}]]"
    add(database, frames(*HELLO, asked, "<[[1, 2, 37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')]]"))
    catch_up(database)
    return database


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "xentara_inspect", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


def in_terminal(width: int, *arguments: str | Path) -> str:
    """What the command prints on a terminal of so many columns."""
    command = [sys.executable, "-m", "xentara_inspect", *map(str, arguments)]
    printed = on_terminal(command, columns=width, lines=500).text
    return re.sub("\x1b\\[[0-9;]*m", "", printed).replace("\r\n", "\n")


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_says_how_it_is_used(command: str) -> None:
    text = inspect(command, "-h")
    assert text.startswith(f"Usage: xentara-inspect {command}")
    assert "\\b" not in text
    if command in (*LISTS, "show", "why"):  # with examples, on lines of their own
        lines = text.splitlines()
        assert any(line.startswith("    xentara-inspect ") for line in lines[lines.index("  Examples:") :])


@pytest.mark.parametrize("command", LISTS)
def test_an_empty_answer_is_said_to_people_and_is_no_error(command: str, database: Path) -> None:
    open_for_writing(database).close()
    answer = ran(command, "-d", database)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "nothing found\n")
    assert ran(command, "-d", database, "--format", "json").stdout == "[]\n"
    assert ran(command, "-d", database, "--format", "ndjson").stderr == ""
    assert ran(command, "-d", database, "--format", "csv").stdout.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["sessions", "log", "events", "readings", "stats", "findings", "subscriptions"]
)
def test_where_nothing_is_found_in_a_stretch_of_time_it_is_said_when_there_is_something(
    command: str, plant: Path
) -> None:
    day = ("--since", "2099-01-01", "--until", "2099-01-02")
    answer = ran(command, "-d", plant, *day)
    assert (answer.returncode, answer.stdout) == (0, "")
    times = r"2026-11-21T[0-9:]{8}\.[0-9]{3}Z"
    assert re.fullmatch(f"nothing found; what is recorded is from {times} to {times}\n", answer.stderr)
    assert ran(command, "-d", plant, *day, "--csv").stderr == ""


def test_an_id_that_is_not_there_is_one_line_and_exit_code_1(plant: Path) -> None:
    answer = run("show", "999p1", "-d", plant)
    assert answer.returncode == 1
    assert answer.stderr.decode() == f"Error: 999p1 is not in {plant}; `xentara-inspect log` lists what is\n"
    answer = run("show", "plant.db", "-d", plant)
    assert answer.returncode == 1
    assert (
        answer.stderr.decode() == "Error: plant.db is no ID such as 42p1; `xentara-inspect log` lists them\n"
    )
    answer = run("why", "3p1-5p1", "-d", plant)
    assert answer.returncode == 2
    assert answer.stderr.decode().endswith("Error: 3p1-5p1 are several: name each of them.\n")


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("findings", ("log", "--grep", "x")),
        ("elements", ("readings",)),
    ],
)
def test_a_database_that_lacks_something_is_one_line(
    table: str, command: tuple[str, ...], plant: Path
) -> None:
    with closing(sqlite3.connect(plant)) as connection:
        connection.execute(f"DROP TABLE {table}")
    answer = run(*command, "-d", plant)
    assert (answer.returncode, answer.stderr.count(b"\n")) == (1, 1), answer.stderr


def test_a_reader_that_has_seen_enough_gets_no_traceback(plant: Path) -> None:
    command = f"{sys.executable} -m xentara_inspect log -d '{plant}' --limit 0 --format ndjson | head -1"
    answer = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert (answer.stdout.count(b"\n"), answer.stderr) == (1, b"")


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
@pytest.mark.parametrize("form", ["table", "json", "ndjson", "csv"])
def test_what_a_plain_terminal_cannot_show_becomes_an_escape(
    environment: dict[str, str], form: str, hostile: Path
) -> None:
    answer = run("elements", "-d", hostile, "--format", form, **environment)
    assert (answer.returncode, answer.stderr) == (0, b"")
    if "PYTHONIOENCODING" in environment:
        assert answer.stdout.isascii()
        assert b"Pl\\u00e4nt" in answer.stdout or b"Pl\\xe4nt" in answer.stdout
    if form == "json":
        assert json.loads(answer.stdout)[0]["primary_key"] == HOSTILE


def test_show_survives_a_plain_terminal(hostile: Path) -> None:
    answer = run("show", "3p1", "-d", hostile, PYTHONIOENCODING="ascii")
    assert answer.returncode == 0
    assert answer.stdout.isascii()


def test_hostile_names_reach_neither_a_terminal_nor_a_spreadsheet_raw(hostile: Path) -> None:
    for form in ("table", "csv", "json", "ndjson"):
        printed = inspect("log", "-d", hostile, "--format", form)
        assert "\x1b" not in printed
        assert "\u202e" not in printed
    (row,) = csv.DictReader(io.StringIO(inspect("elements", "-d", hostile, "--format", "csv")))
    assert row["primary_key"] == 'Plänt\\u001b[31m\\u202e;"x",y'


@pytest.mark.parametrize("width", [40, 80, 120, 300])
def test_a_narrow_terminal_loses_columns_and_never_half_of_an_id(width: int, plant: Path) -> None:
    ids = [row["id"] for row in json.loads(inspect("log", "-d", plant, "--format", "json"))]
    lines = in_terminal(width, "log", "-d", plant).splitlines()
    assert max(map(len, lines)) <= width
    firsts = [line.split()[0] for line in lines if line[:1] != " " or line.lstrip()[:1].isdigit()]
    assert set(ids) <= set(firsts)
    assert ("Msg" in lines[0]) == (width >= 80)


def test_another_program_gets_whole_lines_with_all_columns(plant: Path) -> None:
    lines = inspect("log", "-d", plant).splitlines()
    assert lines[0].split() == ["ID", "Session", "Time", "Command", "Msg", "Status", "ms", "Summary"]
    assert len(lines) == 51
