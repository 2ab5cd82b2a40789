"""The sample captures, through `import` and through `mitmdump -nr`: the database says what happened."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.live import BIN, ROOT, inspect, read_only, replaying, rows
from tests.sample_expectations import EXPECTATIONS, Happened
from xentara_inspect.store.derived_tables import DERIVED_TABLES

SAMPLES = ROOT / "sample_captures"


def sample(name: str) -> Path:
    return SAMPLES / f"{name}.flow"


def imported(name: str, database: Path) -> Path:
    inspect("import", sample(name), "-d", database)
    return database


def replay(name: str, database: Path, confdir: Path) -> str:
    with replaying(sample(name), database, confdir) as run:
        said, _ = run.communicate(timeout=120)
    assert run.returncode == 0, said
    return said


def everything(database: Path) -> dict[str, list[Any]]:
    """All that is recorded or derived, but for who recorded it and from where."""
    columns = "id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, dropped"
    with read_only(database) as connection:
        found = {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in (*DERIVED_TABLES, "frames")
        }
        found["sessions"] = connection.execute(f"SELECT {columns} FROM sessions").fetchall()
    return found


def test_every_sample_has_its_expectations() -> None:
    assert {path.stem for path in SAMPLES.glob("*.flow")} == set(EXPECTATIONS)
    assert len(EXPECTATIONS) >= 6


@pytest.mark.parametrize("name", EXPECTATIONS)
def test_the_database_says_what_happened(name: str, database: Path) -> None:
    expected = EXPECTATIONS[name]
    imported(name, database)
    log = rows("log", "-d", database, "--limit", "0")
    exchanges = sorted((row for row in log if row["kind"] == "exchange"), key=by_place)
    assert [
        Happened(row["command"], row["message_id"], row["status"], row["error_code"]) for row in exchanges
    ] == list(map(as_json, expected.exchanges))
    malformed = {row["id"].partition("p")[0] for row in log if row["kind"] == "malformed"}
    assert len(malformed) == expected.malformed
    events = rows("events", "-d", database, "--limit", "0")
    assert len(events) == expected.events
    assert {row["code"] for row in rows("findings", "-d", database)} == expected.findings
    sessions = rows("sessions", "-d", database)
    assert len([row for row in sessions if row["refused"] is None]) == expected.sessions
    assert sum(row["requests"] for row in sessions) == sum(
        happened.status != "unsolicited" for happened in expected.exchanges
    )
    assert sum(row["events"] for row in sessions) == expected.events


def by_place(row: dict[str, Any]) -> tuple[int, int, int]:
    frame, _, position = row["id"].partition("p")
    return row["session"], int(frame), int(position)


def as_json(happened: Happened) -> Happened:
    """A message id that JSON numbers cannot carry exactly is a string."""
    exact = abs(happened.message_id) <= 2**53
    return happened if exact else happened._replace(message_id=str(happened.message_id))  # type: ignore[arg-type]


REPLAYED = ("out-of-order", "malformed", "sub-sessions")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in REPLAYED else pytest.mark.stress) for name in EXPECTATIONS],
)
def test_replaying_through_mitmdump_gives_the_same_database_as_import(
    name: str, tmp_path: Path, confdir: Path
) -> None:
    imported(name, tmp_path / "imported.db")
    replay(name, tmp_path / "replayed.db", confdir)
    assert everything(tmp_path / "replayed.db") == everything(tmp_path / "imported.db")


@pytest.mark.parametrize("name", ["subscription-events", "out-of-order", "malformed"])
def test_reindexing_gives_the_same_rows(name: str, database: Path) -> None:
    imported(name, database)
    before = everything(database)
    inspect("reindex", "-d", database)
    assert everything(database) == before


@pytest.mark.slow
def test_a_capture_read_twice_does_not_double_and_says_so(database: Path, confdir: Path) -> None:
    imported("out-of-order", database)
    before = everything(database)
    run = subprocess.run(
        [BIN / "xentara-inspect", "import", sample("out-of-order"), "-d", database],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "in the database already" in run.stderr
    assert "already" in replay("out-of-order", database, confdir)
    assert everything(database) == before


def test_show_prints_request_and_response_in_notation_with_their_times(database: Path) -> None:
    imported("reads-and-writes", database)
    (refused, *_) = rows("log", "-d", database, "--command", "write", "--status", "error")
    shown = inspect("show", refused["id"], "-d", database)
    assert "# OpCode: write" in shown
    assert f"# Error Code: {refused['error_name']}" in shown
    (as_row,) = rows("show", refused["id"], "-d", database)
    assert as_row["request"]["notation"] in shown
    assert as_row["response"]["notation"] in shown
    assert as_row["response"]["time"] >= as_row["request"]["time"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTATIONS)
def test_everything_in_the_log_can_be_shown(name: str, database: Path) -> None:
    from click.testing import CliRunner

    from xentara_inspect.cli import cli

    imported(name, database)
    runner = CliRunner()
    for row in rows("log", "-d", database, "--limit", "0", "--events"):
        for name_of_it in (row["id"], row["id"].partition("p")[0]):
            shown = runner.invoke(cli, ["show", name_of_it, "-d", str(database)])
            assert shown.exit_code == 0, shown.output
            assert "#" in shown.output
