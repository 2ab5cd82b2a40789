"""`status`: the files alone tell whether somebody records into them, and what is wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.live import inspect
from tests.queries.asking import ask, record
from tests.store_traffic import CONVERSATION, HELLO, event
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.status import status, whole_recordings
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store import recorders
from xentara_inspect.store.database import open_for_writing

NOW = 1_800_000_000_000_000_000
SECOND = 10**9


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    """A database that this process records into, with a heartbeat just now."""
    with closing(open_for_writing(database)) as opened:
        recorders.register(opened, NOW)
        yield opened


def told(database: Path, seconds: float = 0) -> tuple[bool, list[str]]:
    """Whether it is healthy, and why not. seconds: since NOW."""
    (row,) = ask(database, "status", now=NOW + int(seconds * SECOND))
    return row["healthy"], row["reasons"]


@pytest.mark.usefixtures("connection")
def test_a_recorder_whose_heart_beats_is_healthy(database: Path) -> None:
    assert told(database) == told(database, 2.9) == (True, [])
    (row,) = ask(database, "status", now=NOW + SECOND // 2)
    assert (row["recorders"], row["last_commit"]) == (1, "2027-01-15T08:00:00.000000000Z")
    assert row["last_commit_age_s"] == 0.5


@pytest.mark.usefixtures("connection")
def test_one_without_a_heartbeat_for_three_seconds_is_not(database: Path) -> None:
    healthy, (reason,) = told(database, 4)
    assert not healthy
    assert reason.startswith(
        "nothing was written for 4 seconds: the process that writes stands still, or the"
    )


def test_what_the_recorder_finds_wrong_is_told_while_its_heart_beats(
    database: Path, connection: sqlite3.Connection
) -> None:
    recorders.beat(connection, 1, NOW, 0, "the indexer stands still\nno room")
    assert told(database, 1) == (False, ["the indexer stands still", "no room"])
    assert [reason[:28] for reason in told(database, 4)[1]] == ["nothing was written for 4 se"]
    recorders.beat(connection, 1, NOW, 0)
    assert told(database, 1) == (True, [])


def test_a_recorder_that_ended_or_was_killed_is_nobody(
    database: Path, connection: sqlite3.Connection
) -> None:
    connection.execute("UPDATE recorders SET process = 'another boot'")
    assert told(database, 7) == (False, ["the recorder was killed 7 seconds ago"])
    recorders.stop(connection, 1, NOW)
    assert told(database, 8) == (False, ["nobody records: the last recorder ended 8 seconds ago"])
    assert told(database, 1) == (False, ["nobody records: the last recorder ended 1 second ago"])
    recorders.register(connection, NOW)
    assert told(database, 1) == (True, []), "another one took over"


def test_of_another_machine_only_the_heartbeat_tells(database: Path, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE recorders SET host = 'elsewhere', heartbeat = ?", (NOW * 2,))
    (row,) = ask(database, "status", now=NOW * 2)
    assert (row["healthy"], row["recorders"]) == (True, 1)
    connection.execute("UPDATE recorders SET heartbeat = ?", (NOW // 2,))
    (row,) = ask(database, "status", now=NOW)
    assert (row["healthy"], row["recorders"]) == (False, 0)


def test_into_an_import_nobody_has_recorded(conversation: Path) -> None:
    assert told(conversation) == (False, ["nobody has recorded into it"])
    (row,) = ask(conversation, "status", now=NOW)
    assert (row["frames"], row["sessions"], row["behind"]) == (len(CONVERSATION), 1, 0)


def test_frames_that_are_not_decoded_are_counted_by_their_numbers(
    database: Path, connection: sqlite3.Connection
) -> None:
    connection.execute("INSERT INTO sessions (opened, source, frame_count) VALUES (1, 'live', 3)")
    frames = "INSERT INTO frames (id, session_id, time, from_client, is_text, payload, redacted)"
    connection.executemany(f"{frames} VALUES (?, 1, 1, 1, 0, x'80', 0)", [(number,) for number in (8, 9, 10)])
    (row,) = ask(database, "status", now=NOW)
    assert (row["frames"], row["behind"]) == (3, 3), "of the file after one with seven frames"
    connection.execute("UPDATE checkpoint SET frame_id = 9")
    (row,) = ask(database, "status", now=NOW)
    assert row["behind"] == 1


def test_the_exit_code_tells(database: Path, connection: sqlite3.Connection) -> None:
    recorders.beat(connection, 1, time.time_ns(), 0)
    assert ": healthy\n  recording    1 recorder, last commit " in inspect("status", "-d", database)
    recorders.beat(connection, 1, time.time_ns(), 0, "the indexer stands still")
    assert ": unhealthy\n  the indexer stands still\n" in inspect("status", "-d", database, code=1)


def test_any_file_of_a_rotated_recording_stands_for_all_of_them(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *HELLO, event(1), event(2), rotation=Rotation(size=1))
    assert len(files) > 2
    rows: list[Any] = []
    for file in (files[0], files[-1]):
        paths = whole_recordings([str(file)])
        assert paths == list(map(str, files))
        with open_databases(paths) as databases:
            rows += status(databases, now=NOW)
    for row in rows:
        assert row.pop("free_disk_bytes") > 0
    assert rows[0] == rows[1]
    assert (rows[0]["database"], rows[0]["files"]) == (str(files[0]), len(files))
    assert (rows[0]["frames"], rows[0]["sessions"], rows[0]["open_sessions"]) == (4, 1, 0)
    assert rows[0]["size_bytes"] == sum(map(os.path.getsize, files))


def test_a_copy_beside_a_recording_stands_for_itself(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *HELLO, event(1), rotation=Rotation(size=1))
    copy = tmp_path / "copy.db"
    copy.write_bytes(files[1].read_bytes())
    assert whole_recordings([str(copy)]) == [str(copy)]
