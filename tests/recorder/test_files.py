"""The journal's file through trouble: what is told, once, and that nothing is lost by it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live import wait_until
from tests.store_traffic import LIVE_INFO, info, read
from xentara_inspect.frames import LIVE
from xentara_inspect.recorder import files, wire
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import Group, SessionProgress
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.recorder.shared import Shared
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.store.database import open_for_reading, open_for_writing, transaction

_MADE: list[Writer] = []


@pytest.fixture(autouse=True)
def left_behind() -> Iterator[None]:
    """No file is held open behind its test."""
    yield
    while _MADE:
        _MADE.pop().file._leave()


class Writer:
    """A file and its sessions, in this process."""

    def __init__(self, path: Path, *, durable: bool = False, rotation: Rotation | None = None) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.sessions = {1: SessionProgress(LIVE_INFO), 2: SessionProgress(info("flow-2", LIVE))}
        settings = Settings(str(path), durable=durable, rotation=rotation)
        self.file = JournalFile(settings, self.sessions, Shared().page, lambda *said: self.said.append(said))
        self.last = 0
        _MADE.append(self)

    def write(self, time: int, session: int = 1, size: int = 4) -> float:
        return self.group([(wire.FRAME, session, time, False, False, bytes(size), None, None)])

    def group(self, operations: list[tuple[Any, ...]]) -> float:
        pause = self.file.write(operations, self.last + len(operations))
        self.last += 0 if pause else len(operations)
        return pause

    def until_written(self, *arguments: int) -> None:
        deadline = time.monotonic() + 10
        while pause := self.write(*arguments):
            assert time.monotonic() < deadline
            time.sleep(pause)


@pytest.fixture
def writer(database: Path) -> Writer:
    made = Writer(database)
    made.until_written(1)
    return made


def test_a_lock_is_told_once_it_lasts(writer: Writer, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert writer.write(2) == 0.002
        assert writer.said == []
        wait_until(lambda: writer.write(2) > 0.002, "longer pauses")
        assert writer.write(2) > 0
        other.execute("ROLLBACK")
    writer.until_written(2)
    assert writer.said == [(wire.PROBLEM, f"{database} is locked by another program", True)]
    assert read(database, "SELECT time FROM frames") == [(1,), (2,)]


def test_a_deleted_file_is_told_and_recording_goes_on_in_a_new_one(writer: Writer, database: Path) -> None:
    for path in database.parent.iterdir():
        path.unlink()
    writer.until_written(2)
    assert read(database, "SELECT flow_id, frame_count, dropped FROM sessions") == [("flow-1", 1, 1)]
    assert writer.said == [
        (
            wire.PROBLEM,
            f"{database} was deleted or replaced; recording goes on in a new file of that name",
            False,
        ),
    ]


def test_what_is_there_though_its_commit_failed_is_not_written_again(
    writer: Writer, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where fsync fails all of it stands in the log, and who opens that next finds it."""

    @contextmanager
    def doubtful(connection: sqlite3.Connection) -> Iterator[None]:
        with transaction(connection):
            yield
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(files, "transaction", doubtful)
        assert writer.write(2) > 0
        assert writer.write(2) > 0
    writer.until_written(2)
    writer.until_written(3)
    assert read(database, "SELECT time FROM frames ORDER BY id") == [(1,), (2,), (3,)]
    assert read(database, "SELECT frame_count, dropped FROM sessions") == [(3, 0)]


def test_a_deleted_log_is_told_and_what_was_in_it_is_there(writer: Writer, database: Path) -> None:
    """Readers find it all, and so they do after a crash of the recorder."""
    log = database.with_name("xentara.db-wal")
    assert log.stat().st_size > 0
    log.unlink()
    writer.until_written(2)
    assert writer.said == [(wire.PROBLEM, f"{log} was deleted or replaced; it is written anew", False)]
    copy = database.parent / "copy"
    copy.mkdir()
    for path in database.parent.glob("xentara.db*"):
        (copy / path.name).write_bytes(path.read_bytes())
    with closing(open_for_reading(copy / "xentara.db")) as connection:
        assert connection.execute("SELECT time FROM frames").fetchall() == [(1,), (2,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_deleted_while_it_could_not_be_written_is_not_gone_on_from(
    writer: Writer, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody made room on a full disk: what is new there must not take it for the old one."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Group, "apply", full)
        assert writer.write(2) > 0
        for path in database.parent.iterdir():
            path.unlink()
    writer.until_written(2)
    writer.until_written(3, 2)
    found = "SELECT flow_id, time, dropped FROM frames JOIN sessions ON sessions.id = session_id ORDER BY 2"
    assert read(database, found) == [("flow-1", 2, 1), ("flow-2", 3, 0)]
    assert read(database, "SELECT count(*) FROM recorders") == [(1,)]


def test_a_directory_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    database = tmp_path / "later" / "xentara.db"
    writer = Writer(database)
    assert writer.write(1) > 0
    database.parent.mkdir()
    writer.until_written(1)
    assert writer.said == [(wire.PROBLEM, f"{database} cannot be made: its directory does not exist", False)]


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from tests.recorder.test_files import Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = Writer(Path(sys.argv[1]))
writer.until_written(1)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # writes beyond fail as on a full disk
assert writer.write(2, 1, 600_000) > 0
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer.until_written(2, 1, 600_000)
for said in writer.said: print(said[1])
"""
    database = tmp_path / "xentara.db"
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", script, database], capture_output=True, text=True, check=True, cwd=root
    )
    (told,) = run.stdout.splitlines()
    assert "cannot be" in told
    assert read(database, "SELECT length(payload) FROM frames") == [(4,), (600_000,)]


def test_of_a_frame_larger_than_the_database_takes_the_beginning_is_written(
    writer: Writer, database: Path
) -> None:
    connection = writer.file._connection
    assert connection is not None
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
    writer.until_written(2, 1, 200_000)
    assert read(database, "SELECT time, length(payload) FROM frames") == [(1, 4), (2, 65536)]
    why = "larger than the database or the memory takes"
    assert read(database, "SELECT length, why FROM cut_frames") == [(200_000, why)]
    assert writer.said == []


def test_what_is_not_text_in_a_header_is_escaped(database: Path) -> None:
    writer = Writer(database)
    writer.sessions[1] = SessionProgress(LIVE_INFO.__class__("f", None, None, "/\udce4", "\ud800", "ü", 1))
    writer.until_written(1)
    assert read(database, "SELECT path, subprotocol, user FROM sessions") == [("/\\udce4", "\\ud800", "ü")]


def test_links_that_appear_beside_a_database_are_told_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "diary.txt"
    victim.write_text("do not touch")
    database = tmp_path / "xentara.db"
    open_for_writing(database).close()
    os.symlink(victim, f"{database}-wal")
    writer = Writer(database)
    assert writer.write(1) > 0
    assert writer.said == [(wire.PROBLEM, f"{database}-wal is a link, which is not followed", False)]
    assert victim.read_text() == "do not touch"


def test_each_reason_for_which_nothing_can_be_written_is_told_once(tmp_path: Path) -> None:
    database = tmp_path / "here" / "xentara.db"
    database.parent.mkdir()
    writer = Writer(database)
    writer.until_written(1)
    shutil.rmtree(database.parent)
    for _ in range(3):
        assert writer.write(2) > 0
    assert [text for _, text, _ in writer.said] == [
        f"{database} was deleted or replaced; recording goes on in a new file of that name",
        f"{database} cannot be made: its directory does not exist",
    ]


def test_files_whose_name_is_no_text_cannot_follow_each_other(tmp_path: Path) -> None:
    database = tmp_path / "plant-\udcff.db"
    writer = Writer(database, rotation=Rotation(size=1))
    assert writer.write(1) > 0
    said = f"{database} cannot go on in other files: its name is not UTF-8"
    assert writer.said == [(wire.PROBLEM, said, False)]
