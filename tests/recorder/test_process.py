"""The recorder's side: nothing waits, nothing is lost silently, nothing secret is written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.store_traffic import HELLO, LIVE_INFO, event, frames, info, read
from xentara_inspect.frames import LIVE, Frame
from xentara_inspect.recorder import files as journal_file
from xentara_inspect.recorder import groups as journal_writer
from xentara_inspect.recorder.groups import Missed, Opened, Recorded, SessionHandle
from xentara_inspect.recorder.journal import Feed, Journal
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.chain import chain_files
from xentara_inspect.store.database import open_for_writing

FRAME = Frame(1_700_000_000_000_000_000, True, False, b"\x81\x83\x00\x01\x08")


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def recoveries() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is reported sooner than people would want it."""
    monkeypatch.setattr(journal_file, "LOCK_PATIENCE", 0.3)


@pytest.fixture
def journal(database: Path, problems: list[str], recoveries: list[str]) -> Iterator[Journal]:
    made = Journal(
        database,
        on_problem=problems.append,
        on_recovery=recoveries.append,
    )
    yield made
    made.close()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "that did not happen"
        time.sleep(0.002)


def count(database: Path) -> int:
    return int(read(database, "SELECT count(*) FROM frames")[0][0])


def test_frames_are_stored_as_they_were_handed_over_in_their_order(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    said = frames(*HELLO, event(1), ">text:hi", ">hex:")
    for frame in said:
        journal.append(session, frame)
    assert journal.flush()
    rows = read(database, "SELECT time, from_client, is_text, payload, redacted FROM frames ORDER BY id")
    assert rows == [(*frame, 0) for frame in said]


def test_a_session_is_stored_with_what_is_known_of_it(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    journal.close_session(session, 5, 1001, "going away")
    assert journal.flush()
    assert read(
        database, "SELECT client, server, path, subprotocol, user, opened, source, flow_id FROM sessions"
    ) == [("10.0.0.7:51234", "plant:8080", "/api/ws", "xentara-v1", "ann", 1_700_000_000, "live", "flow-1")]
    assert read(database, "SELECT closed, close_code, close_reason FROM sessions") == [
        (5, 1001, "going away")
    ]


def test_what_is_not_text_in_a_header_is_escaped(journal: Journal, database: Path) -> None:
    journal.open_session(LIVE_INFO.__class__("f", None, None, "/\udce4", "\ud800", "ü", 1))
    assert journal.flush()
    assert read(database, "SELECT path, subprotocol, user FROM sessions") == [("/\\udce4", "\\ud800", "ü")]


def test_a_frame_is_committed_soon_without_anybody_asking(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        delays = []
        for number in range(1, 11):
            start = time.perf_counter()
            journal.append(session, FRAME)
            while reader.execute("SELECT count(*) FROM frames").fetchone()[0] < number:
                time.sleep(0.001)
            delays.append(time.perf_counter() - start)
    assert sorted(delays)[5] < 0.05


def test_frames_that_come_together_are_committed_together(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        seen = set()
        for _ in range(2000):
            journal.append(session, FRAME)
        while (number := reader.execute("SELECT count(*) FROM frames").fetchone()[0]) < 2000:
            seen.add(number)
    assert len(seen) < 100


def test_a_held_lock_does_not_hold_up_who_appends(
    journal: Journal, database: Path, problems: list[str], recoveries: list[str]
) -> None:
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    with locked(database):
        start = time.perf_counter()
        for _ in range(500):
            journal.append(session, FRAME)
        assert time.perf_counter() - start < 0.5
        assert not journal.flush(0.1)
        assert count(database) == 0
    assert journal.flush(10)
    assert count(database) == 500
    assert problems == recoveries == []


def test_a_lock_that_stays_is_told_once_and_so_is_its_end(
    journal: Journal, database: Path, problems: list[str], recoveries: list[str]
) -> None:
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    with locked(database):
        journal.append(session, FRAME)
        wait_until(lambda: problems)
        journal.append(session, FRAME)
        assert not journal.flush(0.6)
    assert journal.flush(10)
    assert count(database) == 2
    assert problems == [f"{database} is locked by another program; frames are kept in memory meanwhile"]
    assert recoveries == [str(database)]


def test_a_deleted_file_is_told_and_recording_goes_on_in_a_new_one(
    journal: Journal, database: Path, problems: list[str], recoveries: list[str]
) -> None:
    session = journal.open_session(LIVE_INFO)
    journal.append(session, FRAME)
    assert journal.flush()
    for path in database.parent.iterdir():
        path.unlink()
    journal.append(session, FRAME)
    assert journal.flush(10)
    assert read(database, "SELECT flow_id, frame_count, dropped FROM sessions") == [("flow-1", 1, 1)]
    assert problems == [
        f"{database} was deleted or replaced; recording goes on in a new file of that name;"
        " frames are kept in memory meanwhile"
    ]
    assert len(recoveries) == 1


def test_a_file_deleted_while_it_could_not_be_written_is_not_gone_on_from(
    journal: Journal, database: Path, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody made room on a full disk: what is new there must not take it for the old one."""
    real = journal_writer.write_group
    full = threading.Event()

    def write_group(*arguments: object, **keywords: object) -> None:
        if full.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        real(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(journal_file, "write_group", write_group)
    first = journal.open_session(LIVE_INFO)
    journal.append(first, FRAME)
    assert journal.flush()
    full.set()
    journal.append(first, FRAME._replace(time=2))
    wait_until(lambda: problems)
    for path in database.parent.iterdir():
        path.unlink()
    full.clear()
    assert journal.flush(10)
    second = journal.open_session(info("flow-2", LIVE))
    journal.append(second, FRAME._replace(time=3))
    assert journal.flush(10)
    found = "SELECT flow_id, time, dropped FROM frames JOIN sessions ON sessions.id = session_id ORDER BY 2"
    assert read(database, found) == [("flow-1", 2, 1), ("flow-2", 3, 0)]
    assert read(database, "SELECT count(*) FROM recorders") == [(1,)]


def test_a_directory_that_does_not_exist_yet_is_waited_for(
    tmp_path: Path, problems: list[str], recoveries: list[str]
) -> None:
    database = tmp_path / "later" / "xentara.db"
    journal = Journal(
        database,
        on_problem=problems.append,
        on_recovery=recoveries.append,
    )
    session = journal.open_session(LIVE_INFO)
    journal.append(session, FRAME)
    wait_until(lambda: problems)
    assert not journal.flush(0.05)
    database.parent.mkdir()
    assert journal.close(10)
    assert count(database) == 1
    assert problems == [
        f"{database} cannot be made: its directory does not exist; frames are kept in memory meanwhile"
    ]
    assert len(recoveries) == 1


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    database = tmp_path / "xentara.db"
    script = """
import resource, signal, sys
from xentara_inspect.recorder.journal import Journal
from tests.store_traffic import LIVE_INFO
from xentara_inspect.frames import Frame
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
said = []
journal = Journal(sys.argv[1], on_problem=said.append, on_recovery=said.append)
session = journal.open_session(LIVE_INFO)
assert journal.flush()
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # writes beyond fail as on a full disk
journal.append(session, Frame(1, True, False, bytes(600_000)))
assert not journal.flush(0.6)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert journal.flush(10)
journal.close()
print(*said, sep="\\n")
"""
    run = subprocess.run(
        [sys.executable, "-c", script, str(database)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    told, over = run.stdout.splitlines()
    assert "cannot be" in told
    assert over == str(database)
    assert read(database, "SELECT length(payload) FROM frames") == [(600_000,)]


def test_a_journal_says_how_far_it_is(database: Path) -> None:
    settled: list[int] = []
    journal = Journal(database, durable=True, on_settled=settled.append)
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    journal.hand_over(Recorded(session, FRAME) for _ in range(3))
    assert journal.flush()
    assert settled == [1, 4]
    assert count(database) == 3
    journal.close()


PASSWORD = ('>[[0, 2, 12, {0: 123({0: "ann", 1: "correct horse"})}]]', b"correct horse")


def test_secrets_are_blanked_before_they_are_written(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    for frame in frames(HELLO[0], PASSWORD[0]):
        journal.append(session, frame)
    assert journal.flush()
    assert read(database, "SELECT redacted FROM frames ORDER BY id") == [(0,), (1,)]
    written = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"ann" in written
    assert PASSWORD[1] not in written


def test_secrets_are_kept_where_that_is_asked_for(database: Path) -> None:
    journal = Journal(database, keep_secrets=True)
    session = journal.open_session(LIVE_INFO)
    journal.append(session, frames(PASSWORD[0])[0])
    journal.close()
    ((payload, redacted),) = read(database, "SELECT payload, redacted FROM frames")
    assert PASSWORD[1] in payload
    assert redacted == 0


def test_a_closed_journal_goes_on_with_the_next_frame(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    journal.append(session, FRAME)
    assert journal.close(10)
    assert not database.with_name("xentara.db-wal").exists()
    assert read(database, "SELECT stopped IS NOT NULL FROM recorders") == [(1,)]
    assert read(database, "SELECT closed IS NOT NULL FROM sessions") == [(1,)]
    journal.append(session, FRAME)
    assert journal.flush()
    assert count(database) == 2
    assert read(database, "SELECT stopped, closed FROM recorders, sessions") == [(None, None)]
    assert read(database, "SELECT after_frame, reopened FROM session_ends ORDER BY id") == [(1, 0), (1, 1)]


def test_a_process_that_just_ends_has_written_everything(database: Path) -> None:
    script = """
import sys
from xentara_inspect.recorder.journal import Journal
from tests.store_traffic import LIVE_INFO
from tests.recorder.test_process import FRAME
journal = Journal(sys.argv[1])
session = journal.open_session(LIVE_INFO)
for _ in range(10_000):
    journal.append(session, FRAME)
"""
    subprocess.run([sys.executable, "-c", script, str(database)], check=True, cwd=Path(__file__).parents[2])
    assert count(database) == 10_000
    assert read(database, "SELECT close_reason FROM sessions") == [
        ("the recorder ended before the connection did",)
    ]


def test_an_idle_recorder_shows_that_it_is_there(journal: Journal, database: Path) -> None:
    journal.open_session(LIVE_INFO)
    assert journal.flush()
    ((first, pid),) = read(database, "SELECT heartbeat, pid FROM recorders")
    assert pid == os.getpid()
    wait_until(lambda: read(database, "SELECT heartbeat FROM recorders")[0][0] > first)


def hand_over(journal: Journal, session: SessionHandle, first: int, last: int) -> None:
    """Frames of these numbers, as operations of these numbers."""
    journal.hand_over(
        [Recorded(session, FRAME._replace(time=number), redacted=False) for number in range(first, last + 1)]
    )
    assert journal.flush()


@pytest.mark.parametrize("rotation", [None, Rotation(size=1)], ids=["one file", "rotating"])
def test_a_journal_goes_on_where_the_one_before_it_died_though_it_is_told_more(
    database: Path, rotation: Rotation | None
) -> None:
    """What is in the database already counts once, and still counts for the position in a replay."""
    about = LIVE_INFO if rotation else info(source="sample.flow")
    settled: list[int] = []
    died = Journal(database, feed=Feed("plant", 1), rotation=rotation)
    hand_over(died, SessionHandle(about), 1, 5)
    another = Journal(database, feed=Feed("another plant", 1))
    hand_over(another, SessionHandle(info("flow-2", LIVE)), 1, 1)
    journal = Journal(
        database, feed=Feed("plant", 3), rotation=rotation, on_settled=settled.append, group_delay=0
    )
    session = SessionHandle(about, position=2)
    hand_over(journal, session, 3, 4)
    hand_over(journal, session, 5, 8)
    assert settled[-1] == 8
    files = chain_files(str(database)).values() if rotation else [database]
    times = [time for file in files for (time,) in read(Path(file), "SELECT time FROM frames ORDER BY id")]
    assert times == [1, 2, 3, 4, 5, 1, 6, 7, 8]
    assert read(database, "SELECT count(*) FROM recorders WHERE feed = 'plant'") == [(1,)]
    for made in (died, another, journal):
        made.close()


def test_what_was_missed_is_counted_where_it_stands(journal: Journal, database: Path) -> None:
    session = SessionHandle(LIVE_INFO)
    journal.hand_over([Opened(session), Missed(session, 3), Recorded(session, FRAME)])
    assert journal.flush()
    assert read(database, "SELECT dropped, frame_count FROM sessions") == [(3, 1)]
    assert read(database, "SELECT dropped FROM recorders") == [(3,)]


def test_two_journals_write_one_database(database: Path) -> None:
    journals = [Journal(database), Journal(database)]

    def record(number: int) -> None:
        session = journals[number].open_session(info(f"flow-{number}", LIVE))
        for index in range(3000):
            journals[number].append(session, FRAME._replace(time=index))

    threads = [threading.Thread(target=record, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(journal.close(10) for journal in journals)
    assert read(database, "SELECT flow_id, frame_count FROM sessions ORDER BY flow_id") == [
        ("flow-0", 3000),
        ("flow-1", 3000),
    ]
    for flow in ("flow-0", "flow-1"):
        times = read(
            database,
            "SELECT frames.time FROM frames JOIN sessions ON sessions.id = session_id WHERE flow_id = ?"
            " ORDER BY frames.id",
            flow,
        )
        assert times == [(index,) for index in range(3000)]


# Flows that are recorded already


def replay(database: Path, said: list[Frame], source: str = "sample.flow") -> None:
    journal = Journal(database)
    session = journal.open_session(info("flow-1", source))
    for frame in said:
        journal.append(session, frame)
    journal.close_session(session, 9, 1000, "")
    assert journal.close(10)


def test_a_flow_replayed_twice_does_not_double(database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    replay(database, said)
    before = read(database, "SELECT * FROM sessions"), read(database, "SELECT * FROM session_ends")
    replay(database, said)
    assert count(database) == 4
    assert (read(database, "SELECT * FROM sessions"), read(database, "SELECT * FROM session_ends")) == before


def test_a_flow_that_is_there_in_part_gets_what_is_missing(database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    replay(database, said[:3])
    replay(database, said)
    assert [row[0] for row in read(database, "SELECT payload FROM frames ORDER BY id")] == [
        frame.payload for frame in said
    ]
    assert read(database, "SELECT after_frame, reopened FROM session_ends ORDER BY id") == [
        (3, 0), (3, 1), (4, 0),
    ]  # fmt: skip


def test_a_flow_with_gaps_is_left_alone(database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    replay(database, said[:2])
    with closing(open_for_writing(database)) as connection:
        connection.execute("UPDATE sessions SET dropped = 1")
    replay(database, said)
    assert count(database) == 2


def test_a_flow_that_is_being_recorded_is_left_alone(journal: Journal, database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    session = journal.open_session(LIVE_INFO)
    for frame in said[:2]:
        journal.append(session, frame)
    assert journal.flush()
    replay(database, said)
    assert count(database) == 2


def test_two_replays_of_one_flow_at_once_do_not_double(database: Path) -> None:
    said = frames(*HELLO, *[event(number) for number in range(200)])
    threads = [threading.Thread(target=replay, args=(database, said)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row[0] for row in read(database, "SELECT payload FROM frames ORDER BY id")] == [
        frame.payload for frame in said
    ]


def test_an_addon_that_is_loaded_anew_goes_on_with_the_session(database: Path) -> None:
    first, second = Journal(database), Journal(database)
    for journal in (first, second):
        session = journal.open_session(LIVE_INFO)
        journal.append(session, FRAME)
        assert journal.flush()
    assert read(database, "SELECT frame_count FROM sessions") == [(2,)]
    first.close()
    assert read(database, "SELECT closed FROM sessions") == [(None,)]
    second.close()


def test_a_close_that_comes_while_a_group_is_written_ends(tmp_path: Path) -> None:
    writing, go = threading.Event(), threading.Event()

    def clock() -> int:
        """Asked by the writer in the middle of a group."""
        if threading.current_thread().name == "xentara-journal" and journal_is_fed.is_set():
            writing.set()
            go.wait(10)
        return time.time_ns()

    journal_is_fed = threading.Event()
    journal = Journal(tmp_path / "xentara.db", clock=clock)
    handle = journal.open_session(LIVE_INFO)
    assert journal.flush(10)
    journal_is_fed.set()
    journal.append(handle, FRAME)
    assert writing.wait(10)
    ending = threading.Thread(target=journal.close, args=(None,), daemon=True)
    ending.start()
    wait_until(lambda: journal._stopping)
    go.set()
    ending.join(10)
    assert not ending.is_alive()
    assert read(tmp_path / "xentara.db", "SELECT stopped IS NOT NULL FROM recorders") == [(1,)]
