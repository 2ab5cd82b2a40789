"""Which files of a long recording go: by number, age and room, and none that somebody needs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.disks import small_disk
from tests.recorder.test_rotation import WAITING, record_whole
from tests.rotating import EACH_GROUP, Recorder, files_of, index
from tests.store_traffic import HELLO, LIVE_INFO, event, frames, read
from xentara_inspect.recorder import files, wire
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import SessionProgress
from xentara_inspect.recorder.retention import Retention
from xentara_inspect.recorder.shared import Shared
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.store.archived import archive_key, mark_archived
from xentara_inspect.store.indexer_lock import IndexerLock

ONE_FILE = Retention(files=1, indexed=False)
DAY = 86_400_000_000_000


@pytest.mark.slow
def test_only_the_newest_files_are_kept(tmp_path: Path, problems: list[str]) -> None:
    path = tmp_path / "plant.db"
    with Recorder(path, problems, EACH_GROUP, Retention(files=3, indexed=False)) as recorder:
        recorder.record(recorder.open(), frames(*WAITING))
        assert [file.name for file in files_of(path)] == ["plant-12.db", "plant-13.db", "plant-14.db"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["plant-12.db", "plant-13.db", "plant-14.db"]


def test_a_file_stays_until_it_is_indexed(tmp_path: Path, problems: list[str]) -> None:
    path = tmp_path / "plant.db"
    with Recorder(path, problems, EACH_GROUP, Retention(files=1)) as recorder:
        handle = recorder.open()
        recorder.record(handle, frames(*HELLO, event(1)))
        assert len(files_of(path)) == 3
        lock = IndexerLock(path)
        assert lock.acquire()
        recorder.record(handle, frames(event(2)))
        assert len(files_of(path)) == 4
        lock.release()
        index(path)
        recorder.record(handle, frames(event(3)))
        assert [file.name for file in files_of(path)] == ["plant-4.db", "plant-5.db"]
    index(path)
    assert read(files_of(path)[-1], "SELECT code FROM findings") == [("unsubscribed-event",)]


def test_files_of_others_are_never_deleted(tmp_path: Path, problems: list[str]) -> None:
    (tmp_path / "plant-3.db").write_text("somebody's notes")
    record_whole(tmp_path / "plant-4.db", frames(*HELLO))
    path = tmp_path / "plant.db"
    with Recorder(path, problems, EACH_GROUP, ONE_FILE) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, event(1)))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["plant-3.db", "plant-4.db", "plant-6.db"]


def names(path: Path) -> list[str]:
    return [file.name for file in files_of(path)]


def test_files_go_whose_newest_frame_is_too_old(tmp_path: Path, problems: list[str]) -> None:
    path = tmp_path / "plant.db"
    now = time.time_ns()
    with Recorder(path, problems, EACH_GROUP, Retention(age=2 * DAY, indexed=False)) as recorder:
        session = recorder.open()
        for days in (9, 3, 1, 3, 0):
            recorder.record(session, frames(event(days), start=now - days * DAY))
        # Behind one that stays all stay: a clock that went back does not make a hole.
        assert names(path) == ["plant-3.db", "plant-4.db", "plant-5.db"]


def test_files_go_when_their_time_has_come_though_nothing_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_DELETION_PAUSE", 0)
    now = 0
    path = tmp_path / "plant.db"
    settings = Settings(str(path), rotation=EACH_GROUP, retention=Retention(age=DAY, indexed=False))
    file = JournalFile(settings, {1: SessionProgress(LIVE_INFO)}, Shared().page, lambda *_: None, lambda: now)
    for number, frame in enumerate(frames(event(1), event(2), start=0), 1):
        assert file.write([(wire.FRAME, 1, *frame, None, None)], number) == 0
    assert names(path) == ["plant.db", "plant-2.db"]
    now = 2 * DAY
    assert file.write([], 2) == 0
    assert names(path) == ["plant-2.db"]
    assert file.write([], 2, stopping=True) == 0


@pytest.mark.parametrize(
    ("free", "kept"), [(1, ["plant.db", "plant-2.db", "plant-3.db"]), (1 << 62, ["plant-3.db"])]
)
def test_the_oldest_files_go_while_too_little_of_the_disk_is_free(
    tmp_path: Path, problems: list[str], free: int, kept: list[str]
) -> None:
    path = tmp_path / "plant.db"
    with Recorder(path, problems, EACH_GROUP, Retention(free=free, indexed=False)) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, event(1)))
        assert names(path) == kept


@pytest.mark.slow
def test_a_recording_goes_on_and_on_where_only_a_few_files_have_room(
    tmp_path: Path, problems: list[str]
) -> None:
    retention = Retention(free=3 << 20, indexed=False)
    with (
        small_disk(tmp_path / "disk", "8m") as disk,
        Recorder(path := disk / "plant.db", problems, EACH_GROUP, retention) as recorder,
    ):
        session = recorder.open()
        for number in range(30):
            recorder.record(session, frames(event(number)))
        assert 1 <= len(names(path)) < 8
        assert names(path)[-1] == "plant-30.db"


NORTH = archive_key("/mnt/archive", "north")


@pytest.mark.parametrize(
    "retention",
    [
        Retention(files=1, indexed=False, archive=NORTH),
        Retention(age=1, indexed=False, archive=NORTH),
        Retention(free=1 << 62, indexed=False, archive=NORTH),
    ],
    ids=["number", "age", "room"],
)
def test_a_file_stays_until_it_is_archived_where_an_archive_is_named(
    tmp_path: Path, problems: list[str], retention: Retention
) -> None:
    path = tmp_path / "plant.db"
    second = tmp_path / "plant-2.db"
    with Recorder(path, problems, EACH_GROUP, retention) as recorder:
        session = recorder.open()
        recorder.record(session, frames(*HELLO, event(1)))
        assert names(path) == ["plant.db", "plant-2.db", "plant-3.db"]
        mark_archived(str(second), NORTH)
        mark_archived(str(path), archive_key("/mnt/archive", "south"))
        recorder.record(session, frames(event(2)))
        assert names(path) == ["plant.db", "plant-2.db", "plant-3.db", "plant-4.db"]
        mark_archived(str(path), NORTH)
        recorder.record(session, frames(event(3)))
        assert names(path) == ["plant-3.db", "plant-4.db", "plant-5.db"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["plant-3.db", "plant-4.db", "plant-5.db"]


@pytest.mark.slow
def test_what_says_that_a_file_is_archived_says_nothing_of_another_in_its_place(
    tmp_path: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    with Recorder(path, problems) as recorder:
        recorder.record(recorder.open(), frames(*HELLO))
    mark_archived(str(path), NORTH)
    for file in files_of(path):
        file.unlink()
    retention = Retention(files=1, indexed=False, archive=NORTH)
    with Recorder(path, problems, EACH_GROUP, retention) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, event(1)))
        assert names(path) == ["plant.db", "plant-2.db", "plant-3.db"]
