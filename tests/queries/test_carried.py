"""Requests whose end is in a later file of a rotated recording; copies of files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.queries.asking import record
from tests.store_traffic import HELLO, VALVE
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.log import log
from xentara_inspect.queries.readings import readings
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.queries.show import show
from xentara_inspect.recorder.rotation import Rotation

WRITE = f">[[0, 2, 5, {{0: {VALVE}, 1: 11, 2: 7}}]]"
REFUSED = '<[[2, 2, {0: -32103, 1: "no"}]]'


@pytest.fixture
def rotated(tmp_path: Path) -> list[Path]:
    """A write in one file, its refusal in the next."""
    return record(tmp_path / "plant.db", *HELLO, WRITE, REFUSED, rotation=Rotation(size=1))


def test_an_exchange_is_listed_once_under_its_one_name_with_its_outcome(rotated: list[Path]) -> None:
    with open_databases(list(map(str, rotated))) as databases:
        (write,) = log(databases, commands=["write"])
        assert (write["id"], write["status"], write["latency_ms"]) == ("3p1", "error", 1.0)
        assert list(log(databases, status="pending")) == []
        shown = show(databases, "3p1")
        assert shown is not None
        assert (shown["request"]["frame"], shown["response"]["frame"]) == (3, 4)
        assert show(databases, "4p1") == shown


def test_the_later_file_alone_still_shows_the_request(rotated: list[Path]) -> None:
    holder = rotated[3]
    with open_databases([str(holder)]) as databases:
        (write,) = log(databases, commands=["write"])
        shown = show(databases, write["id"])
    assert write["summary"].endswith(": Value = 7: read only (no)")
    assert shown is not None
    assert shown["request"]["notation"].startswith("[")
    assert (shown["request"]["frame"], shown["request"]["position"]) == (3, 1)
    assert shown["request"]["decoded"]["opcode"] == {"value": 5, "name": "write"}


def test_the_reading_of_a_refused_write_has_the_error_that_a_later_file_tells(rotated: list[Path]) -> None:
    with open_databases(list(map(str, rotated))) as databases:
        (row,) = readings(databases)
    assert (row["packet"], row["value"], row["error_name"]) == ("3p1", 7, "Read Only")


def test_a_copy_of_a_file_is_a_recording_of_its_own(rotated: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(rotated[0], copy)
    with open_databases([str(rotated[0]), str(copy)]) as databases:
        assert [row["id"] for row in sessions(databases)] == ["copy:1", "plant:1"]
    with open_databases([*map(str, rotated), str(copy)]) as databases:
        assert {row["id"] for row in sessions(databases)} == {"copy:1", "plant:1"}
        found = show(databases, "plant:3p1")
        assert found is not None
        assert found["status"] == "error"
