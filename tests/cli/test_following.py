"""`--follow`: each row once, as it is indexed, over rotation and several databases, until it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Journal
from tests.live import BIN, PATIENCE, Process, inspect, rows, wait_until
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION, HELLO, LIVE_INFO, event, frames
from xentara_inspect.recorder.rotation import Rotation

END = 1_700_000_009_000_000_000
HALF = 7
LISTS = (["log", "--events"], ["events"], ["readings"], ["findings"])


@contextlib.contextmanager
def indexing(database: Path) -> Iterator[None]:
    """The indexer as a recording has it, until the block is left."""
    command = [sys.executable, "-m", "xentara_inspect.index.process", str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        yield
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(PATIENCE) == 0


@contextlib.contextmanager
def recording(database: Path, rotation: Rotation | None = None) -> Iterator[tuple[Journal, int]]:
    """A journal with an open session, and whoever indexes it."""
    with Journal(database, rotation=rotation) as journal:
        session = journal.open_session(LIVE_INFO)
        assert journal.flush()
        with indexing(database):
            yield journal, session


def following(arguments: Sequence[str | Path], *databases: Path | str) -> Process:
    """A list that goes on; it prints something first, so that it is known to look."""
    asked = [part for database in databases for part in ("-d", database)]
    return Process([BIN / "xentara-inspect", *arguments, "--follow", *asked])


def said(process: Process) -> list[dict[str, Any]]:
    """The rows so far; how many frames are behind is said beside them."""
    return [json.loads(line) for line in list(process.lines) if line.startswith("{")]


def wait_for_rows(process: Process, count: int) -> list[dict[str, Any]]:
    def all_there() -> bool:
        assert process.child.poll() is None, process.output
        return len(said(process)) >= count

    wait_until(all_there, f"{count} rows")
    return said(process)


def by_place(found: list[dict[str, Any]]) -> list[str]:
    """Without the subscription: an event that comes before its answer is printed before anybody can know."""
    known = ({key: value for key, value in row.items() if key != "subscription"} for row in found)
    return sorted(json.dumps(row, sort_keys=True) for row in known)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", LISTS, ids=lambda arguments: arguments[0])
def test_each_row_is_printed_once_as_it_comes(arguments: list[str], database: Path) -> None:
    lines = frames(*CONVERSATION)
    with recording(database) as (journal, session):
        journal.record(session, lines[:HALF])
        wait_until(lambda: "3p2" in inspect("log", "-d", database), "the first half is indexed")
        with following([*arguments, "--ndjson"], database) as process:
            journal.record(session, lines[HALF:])
            journal.close_session(session, END, 1000, "bye")
            assert journal.flush()
            wait_until(
                lambda: "unanswered-request" in inspect("findings", "-d", database), "the end is indexed"
            )
            expected = rows(*arguments, "-d", database, "--limit", "0")
            found = wait_for_rows(process, len(expected))
            process.stop()
        assert process.child.returncode == 130
    assert found
    assert by_place(found) == by_place(expected)


def test_a_request_is_printed_when_it_is_over(database: Path) -> None:
    ask, answer = '>[[0, 2, 3, {0: "Plant.Nothing"}]]', "<[[2, 2, {0: -32100}]]"
    lines = frames(*HELLO, ask, ">[[0, 3, 8]]", answer)
    with recording(database) as (journal, session):
        journal.record(session, lines[:4])
        wait_until(lambda: "4p1" in inspect("log", "-d", database), "the requests are indexed")
        with following(["log", "--ndjson"], database) as process:
            assert [row["id"] for row in wait_for_rows(process, 1)] == ["1p1"]
            journal.record(session, lines[4:])
            assert [row["id"] for row in wait_for_rows(process, 2)] == ["1p1", "3p1"]
            journal.close_session(session, END)
            assert journal.flush()
            assert [(row["id"], row["status"]) for row in wait_for_rows(process, 3)][2:] == [
                ("4p1", "unanswered")
            ]
            process.stop()


REFUSED_WRITE = (
    ">[[0, 5, 5, {0: 37(h'e3ee10714d884ba18e5d0f1e4ce25ee8'), 1: 11, 2: 1}]]",
    "<[[2, 5, {0: -32103}]]",
)


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [None, Rotation(size=1)], ids=["one file", "two files"])
@pytest.mark.parametrize(
    "arguments",
    [["readings", "--grep", "read only"], ["log", "--grep", "read only"]],
    ids=" ".join,
)
def test_what_came_of_a_write_is_known_when_it_is_printed(
    arguments: list[str], rotation: Rotation | None, tmp_path: Path
) -> None:
    database = tmp_path / "plant.db"
    lines = frames(*HELLO, *REFUSED_WRITE)
    with recording(database, rotation) as (journal, session):
        journal.record(session, lines[:3])
        asked = ("log", "--status", "pending", "-d", tmp_path / "plant*.db")
        wait_until(lambda: bool(rows(*asked)), "the request is indexed")
        with following([*arguments, "--ndjson"], database) as process:
            journal.record(session, lines[3:])
            (row,) = wait_for_rows(process, 1)
            assert row.get("packet", row.get("id")) == "3p1"
            assert row["error_name"] == "Read Only"
            process.stop()


@pytest.mark.slow
def test_it_goes_on_in_the_next_files_of_a_recording_and_ids_stay_one(tmp_path: Path) -> None:
    database = tmp_path / "plant.db"
    lines = frames(*CONVERSATION)
    with recording(database, Rotation(size=1)) as (journal, session):
        journal.record(session, lines[:2])
        with following(["log", "--events", "--ndjson"], database) as process:
            wait_for_rows(process, 1)
            for frame in lines[2:]:
                journal.record(session, [frame])
            journal.close_session(session, END)
            assert journal.flush()
            found = wait_for_rows(process, 17)
            process.stop()
    files = sorted(tmp_path.glob("plant*.db"))
    assert len(files) > 2
    listed = rows("log", "--events", "--limit", "0", "-d", tmp_path / "plant*.db")
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in listed)
    assert {(row["id"], row["status"]) for row in found} == {(row["id"], row["status"]) for row in listed}


@pytest.mark.slow
def test_several_recordings_are_followed_as_one_and_new_ones_of_a_pattern_too(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        journals = [stack.enter_context(recording(tmp_path / f"plant-{name}.db")) for name in "ab"]
        for journal, session in journals:
            journal.record(session, frames(*HELLO))
        process = stack.enter_context(following(["log", "--events", "--ndjson"], tmp_path / "plant-*.db"))
        wait_for_rows(process, 2)
        for journal, session in reversed(journals):
            journal.record(session, frames(event(1)))
        wait_for_rows(process, 4)
        fill(tmp_path / "plant-c.db", *HELLO)
        found = {row["id"] for row in wait_for_rows(process, 5)}
        process.stop()
    assert found == {"plant-a:1p1", "plant-b:1p1", "plant-a:3p1", "plant-b:3p1", "plant-c:1p1"}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["events", "--value", "> 2"], ["5p1"]),
        (["events", "--grep", "2.5"], ["5p1"]),
        (["events", "--element", "plant.**"], ["4p1", "5p1"]),
        (["log", "--grep", "read only"], ["6p1"]),
        (["log", "--command", "write", "--slower-than", "0.5ms"], ["6p1"]),
        (["readings", "--origin", "write", "--grep", "value"], ["6p1"]),
    ],
)
def test_filters_hold_for_what_comes(arguments: list[str], found: list[str], database: Path) -> None:
    level = "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')"
    told = '>[[0, 2, 3, {0: "Plant.Level"}]]', f"<[[1, 2, {level}]]"
    write = f">[[0, 5, 5, {{0: {level}, 1: 11, 2: 1}}]]", "<[[2, 5, {0: -32103}]]"
    lines = frames(*told, event(0), event(1), event(2), *write)
    with recording(database) as (journal, session):
        journal.record(session, lines[:3])
        wait_until(lambda: "3p1" in inspect("events", "-d", database), "the first are indexed")
        with following([*arguments, "--limit", "0", "--ndjson"], database) as process:
            journal.record(session, lines[3:])
            wait_until(lambda: bool(rows("log", "--command", "write", "-d", database)), "all are indexed")
            wanted = [name for name in found if name != "3p1"]
            wait_until(
                lambda: (
                    [row for row in said(process) if row.get("id", row.get("packet")) == wanted[-1]] != []
                ),
                "the last one is printed",
            )
            names = [row.get("id", row.get("packet")) for row in said(process)]
            process.stop()
    assert [name for name in names if name != "3p1"] == wanted


def test_ctrl_c_ends_it_without_a_word(database: Path) -> None:
    fill(database, *CONVERSATION)
    with following(["log", "--limit", "1", "--csv"], database) as process:
        process.wait_for_line("get_stage")
        process.stop(signal.SIGINT)
    assert process.child.returncode == 130
    assert len(process.lines) == 2


def test_it_ends_when_nobody_reads_any_more_though_nothing_comes(database: Path) -> None:
    fill(database, *CONVERSATION)
    command = [str(BIN / "xentara-inspect"), "events", "-f", "--ndjson", "-d", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(PATIENCE) == 0
        assert child.stderr.read() == ""


def test_a_database_that_is_deleted_is_one_line(database: Path) -> None:
    fill(database, *CONVERSATION)
    with following(["log", "--limit", "1", "--ndjson"], database) as process:
        wait_for_rows(process, 1)
        database.unlink()
        assert process.wait() == 1
    assert process.lines[1:] == [f"Error: {database} is not there any more\n"]


def test_what_cannot_go_on_is_said_in_one_line(tmp_path: Path, database: Path) -> None:
    fill(database, *HELLO)
    cases: list[tuple[list[str | Path], int, str]] = [
        (["log", "-d", tmp_path / "none.db"], 1, "none.db"),
        (["log", "--json", "-d", database], 2, "take --ndjson"),
        (["log", "--sort", "latency", "-d", database], 2, "not with --sort latency"),
        (["log", "--status", "pending", "-d", database], 2, "or pending"),
    ]
    for arguments, code, line in cases:
        run = subprocess.run(
            [str(BIN / "xentara-inspect"), *map(str, arguments), "-f"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stdout) == (code, "")
        assert line in run.stderr.splitlines()[-1]


def test_columns_stay_where_they_are_on_a_terminal(database: Path) -> None:
    """The first row is short; what is longer later is broken over lines under its own column."""
    long = "Plant." + "x" * 80
    lines = frames(*HELLO, f'>[[0, 2, 3, {{0: "{long}"}}]]', "<[[2, 2, {0: -32100}]]")
    terminal, inside = pty.openpty()
    with recording(database) as (journal, session):
        journal.record(session, lines[:2])
        wait_until(lambda: "1p1" in inspect("log", "-d", database), "the first is indexed")
        command = [str(BIN / "xentara-inspect"), "log", "-f", "-d", str(database)]
        environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "xterm"}
        with subprocess.Popen(command, stdout=inside, env=environment) as child:
            os.close(inside)
            screen = _read_until(terminal, "protocol version")
            journal.record(session, lines[2:])
            screen += _read_until(terminal, "unknown element")
            child.send_signal(signal.SIGINT)
    os.close(terminal)
    plain = re.sub("\x1b\\[[0-9;]*m", "", screen).splitlines()
    head, *body = plain
    assert sum("Summary" in line for line in plain) == 1
    place = head.index("Summary")
    assert all(len(line) <= 100 for line in plain)
    assert all(line[:place].strip() == "" for line in body if line.lstrip().startswith("xxx"))
    assert {line.index("Z ") for line in body if "Z " in line} == {head.index("Time") + 12}


def _read_until(terminal: int, text: str) -> str:
    screen = ""
    deadline = time.monotonic() + PATIENCE
    while text not in screen and time.monotonic() < deadline:
        screen += os.read(terminal, 4096).decode()
    assert text in screen
    return screen
