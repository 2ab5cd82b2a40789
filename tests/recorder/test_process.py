"""The process that writes: nothing waits for it, nothing is lost silently, nothing secret is written."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journal import Journal, numbered
from tests.live import children, wait_until
from tests.store_traffic import HELLO, LIVE_INFO, event, frames, info, read
from xentara_inspect.frames import LIVE, Frame
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store import supervision
from xentara_inspect.store.chain import chain_files
from xentara_inspect.store.processes import is_running

FRAME = Frame(1_700_000_000_000_000_000, True, False, b"\x81\x83\x00\x01\x08")


@pytest.fixture
def journal(database: Path) -> Iterator[Journal]:
    made = Journal(database)
    yield made
    made.close()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


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


ECHO = '<[[2, 2, {0: -32001, 1: "not correct horse"}]]'
BLANKED_ECHO = '<[[2, 2, {0: -32001, 1: "not *************"}]]'


def test_what_the_server_says_of_a_secret_is_blanked_before_it_is_written(
    journal: Journal, database: Path
) -> None:
    session = journal.open_session(LIVE_INFO)
    for frame in frames(HELLO[0], ECHO, PASSWORD[0], ECHO, HELLO[1]):
        journal.append(session, frame)
    journal.close_session(session, 5, 1008, "no correct horse")
    assert journal.flush()
    before, behind = frames(ECHO, BLANKED_ECHO)
    stored = read(database, "SELECT payload, redacted FROM frames WHERE NOT from_client ORDER BY id")
    assert stored == [(before.payload, 0), (behind.payload, 1), (frames(HELLO[1])[0].payload, 0)]
    assert read(database, "SELECT close_reason FROM sessions") == [("no *************",)]


def test_a_secret_is_known_in_its_session_alone(journal: Journal, database: Path) -> None:
    one, other = (journal.open_session(info(name, LIVE)) for name in ("flow-1", "flow-2"))
    journal.append(one, frames(PASSWORD[0])[0])
    journal.append(other, frames(ECHO)[0])
    assert journal.flush()
    assert read(database, "SELECT redacted FROM frames ORDER BY id") == [(1,), (0,)]


def test_secrets_of_the_request_for_a_connection_are_in_no_file(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO, (PASSWORD[1],))
    journal.append(session, frames(ECHO)[0])
    assert journal.flush()
    written = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"not *************" in written
    assert PASSWORD[1] not in written


def test_a_journal_that_goes_on_for_one_that_died_knows_its_secrets(database: Path) -> None:
    """Those of frames that are on disk already, which it is not told again."""
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, frames(PASSWORD[0]))
        (pid,) = children(os.getpid(), "journal")
        os.kill(pid, signal.SIGKILL)
        journal.record(session, frames(ECHO))
    written = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"not *************" in written
    assert PASSWORD[1] not in written


def test_secrets_are_kept_where_that_is_asked_for(database: Path) -> None:
    journal = Journal(database, keep_secrets=True)
    session = journal.open_session(LIVE_INFO)
    for frame in frames(PASSWORD[0], ECHO):
        journal.append(session, frame)
    journal.close_session(session, 5, 1008, "no correct horse")
    journal.close()
    for payload, redacted in read(database, "SELECT payload, redacted FROM frames"):
        assert PASSWORD[1] in payload
        assert redacted == 0
    assert read(database, "SELECT close_reason FROM sessions") == [("no correct horse",)]


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


def test_a_held_lock_does_not_hold_up_who_appends(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    assert journal.flush()
    with locked(database):
        start = time.perf_counter()
        for frame in numbered(1, 500):
            journal.append(session, frame)
        assert time.perf_counter() - start < 0.5
        assert not journal.flush(0.1)
        assert count(database) == 0
    assert journal.flush()
    assert count(database) == 500
    assert journal.said == []


def test_an_idle_recorder_shows_that_it_is_there(journal: Journal, database: Path) -> None:
    journal.open_session(LIVE_INFO)
    assert journal.flush()
    ((first, pid),) = read(database, "SELECT heartbeat, pid FROM recorders")
    assert [pid] == children(os.getpid(), "journal")
    wait_until(lambda: read(database, "SELECT heartbeat FROM recorders")[0][0] > first, "another beat")


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [None, Rotation(size=1)], ids=["one file", "rotating"])
def test_a_journal_goes_on_where_the_one_before_it_died(database: Path, rotation: Rotation | None) -> None:
    with Journal(database, rotation=rotation) as journal, Journal(database) as another:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, list(numbered(1, 3)))
        another.record(another.open_session(info("flow-2", LIVE)), list(numbered(1, 1)))
        for pid in children(os.getpid(), "journal"):
            os.kill(pid, signal.SIGKILL)
        journal.record(session, list(numbered(4, 6)))
    files = chain_files(str(database)).values() if rotation else [database]
    times = [time for file in files for (time,) in read(Path(file), "SELECT time FROM frames ORDER BY id")]
    assert sorted(times) == [1, 1, 2, 3, 4, 5, 6]


def test_what_was_missed_is_counted_where_it_stands(journal: Journal, database: Path) -> None:
    session = journal.open_session(LIVE_INFO)
    journal.miss(session, 3)
    journal.append(session, FRAME)
    assert journal.flush()
    assert read(database, "SELECT dropped, frame_count FROM sessions") == [(3, 1)]
    assert read(database, "SELECT dropped FROM recorders") == [(3,)]


def test_two_journals_write_one_database(database: Path) -> None:
    with Journal(database) as first, Journal(database) as second:
        for name, journal in (("flow-1", first), ("flow-2", second)):
            session = journal.open_session(info(name, LIVE))
            for frame in numbered(1, 3000):
                journal.append(session, frame)
            journal.flush(0)
    order = (
        "SELECT frames.time FROM frames JOIN sessions ON sessions.id = session_id WHERE flow_id = ?"
        " ORDER BY frames.id"
    )
    for flow in ("flow-1", "flow-2"):
        assert read(database, order, flow) == [(number,) for number in range(1, 3001)]


# Frames that cannot be kept whole


CUT = "SELECT frame_id, length, sha256, why FROM cut_frames"


def test_a_frame_at_which_the_process_dies_is_set_aside_by_itself(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its death comes before it can say so; what is before and behind that frame is recorded whole."""
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)
    monkeypatch.setenv("PYTHONPATH", str(dying_of(b"poison", database.parent)))
    poison = Frame(7, True, False, b"poison" + bytes(100_000))
    said = [*numbered(1, 3), poison, *numbered(8, 9)]
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        for frame in said:
            journal.append(session, frame)
        assert journal.flush()
        journal.record(session, list(numbered(10, 11)))
    stored = read(database, "SELECT payload FROM frames ORDER BY id")
    assert [payload for (payload,) in stored] == [
        frame.payload if frame is not poison else b"" for frame in [*said, *numbered(10, 11)]
    ]
    digest = hashlib.sha256(poison.payload).hexdigest()
    assert read(database, CUT) == [(4, 100_006, digest, "the process that writes the database died of it")]
    assert read(database, "SELECT dropped FROM sessions") == [(0,)]


def dying_of(word: bytes, place: Path) -> Path:
    """A directory for PYTHONPATH with which a journal kills itself over a frame with this word."""
    (place / "dying").mkdir()
    (place / "dying" / "sitecustomize.py").write_text(
        "import os, signal\n"
        "from xentara_inspect.traffic.echoes import SessionSecrets\n"
        "real = SessionSecrets.without\n"
        "def dies(self, frame, **how):\n"
        f"    if {word!r} in frame.payload: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, frame, **how)\n"
        "SessionSecrets.without = dies\n"
    )
    return place / "dying"


def test_a_frame_that_memory_is_too_small_for_is_set_aside_by_itself(database: Path) -> None:
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        assert journal.flush()
        (pid,) = children(os.getpid(), "journal")
        memory = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (memory + (90 << 20), resource.RLIM_INFINITY))
        journal.record(session, list(numbered(1, 2)))
        journal.append(session, Frame(3, False, False, bytes(40 << 20)))
        journal.record(session, list(numbered(4, 5)))
    assert [row[0] for row in read(database, "SELECT time FROM frames ORDER BY id")] == [1, 2, 3, 4, 5]
    ((frame_id, length, _, why),) = read(database, CUT)
    assert (frame_id, length) == (3, 40 << 20)
    assert "memory" in why or "died of it" in why
    assert read(database, "SELECT length(payload) FROM frames WHERE id = 3")[0][0] <= 65536


def test_a_process_without_memory_for_a_frame_ends_without_a_traceback(
    database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        assert journal.flush()
        (pid,) = children(os.getpid(), "journal")
        memory = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (memory + (20 << 20), resource.RLIM_INFINITY))
        journal.append(session, Frame(1, False, False, bytes(40 << 20)))
        journal.record(session, list(numbered(2, 3)))
    assert [row[0] for row in read(database, "SELECT time FROM frames ORDER BY id")] == [1, 2, 3]
    assert capfd.readouterr().err == ""


def killed_proxy(database: Path, last_words: str, **options: Any) -> None:
    """A proxy that is killed with words that its journal, which stands still, has not looked at."""
    script = f"""
import os, signal, sys
from tests.journal import Journal, numbered
from tests.live import children, wait_until
from tests.store_traffic import LIVE_INFO, info
journal = Journal(sys.argv[1], limit=100_000)
session = journal.open_session(LIVE_INFO)
journal.record(session, list(numbered(1, 3)))
(pid,) = children(os.getpid(), "journal")
os.kill(pid, signal.SIGSTOP)
{last_words}
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", script, str(database)]
    run = subprocess.run(
        command, check=False, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, **options
    )
    assert run.returncode == -signal.SIGKILL, run
    for pid in map(int, run.stdout.split()):
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: read(database, "SELECT stopped FROM recorders") != [(None,)], "its end")


RECORDED = "SELECT flow_id, frame_count, dropped, closed IS NOT NULL FROM sessions ORDER BY id"


def test_what_a_proxy_has_seen_is_recorded_though_it_is_killed_before_anybody_looked(database: Path) -> None:
    killed_proxy(
        database,
        """
print(pid)
for frame in numbered(4, 9): journal.append(session, frame)
for name in ("flow-2", "flow-3"):
    begun = journal.open_session(info(name, "live"))
    for frame in numbered(1, 2): journal.append(begun, frame)
""",
    )
    assert read(database, RECORDED) == [("flow-1", 9, 0, 1), ("flow-2", 2, 0, 1), ("flow-3", 2, 0, 1)]


def test_it_is_recorded_by_another_process_where_that_was_killed_before(database: Path) -> None:
    killed_proxy(
        database,
        """
for frame in numbered(4, 6): journal.append(session, frame)
os.kill(pid, signal.SIGKILL)
assert journal.keeper._wait(lambda: children(os.getpid(), "journal") not in ([], [pid]), 20)
for frame in numbered(7, 9): journal.append(session, frame)
""",
    )
    assert read(database, RECORDED) == [("flow-1", 9, 0, 1)]
    assert read(database, "SELECT time FROM frames ORDER BY id") == [(number,) for number in range(1, 10)]


def test_what_a_proxy_that_is_killed_had_no_room_for_is_counted(database: Path) -> None:
    killed_proxy(
        database,
        """
print(pid)
for frame in numbered(4, 13, size=30_000): journal.append(session, frame)
""",
    )
    assert read(database, RECORDED) == [("flow-1", 6, 7, 1)]
    assert read(database, "SELECT dropped FROM recorders") == [(7,)]


def test_what_it_had_no_room_for_is_counted_where_the_rest_is_rescued(database: Path) -> None:
    script = """
import os, signal, sys
from tests.journal import Journal, numbered
from tests.store_traffic import LIVE_INFO
journal = Journal(sys.argv[1], limit=100_000)
session = journal.open_session(LIVE_INFO)
journal.record(session, list(numbered(1, 3)))
print(flush=True)
input()
for frame in numbered(4, 13, size=30_000): journal.append(session, frame)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as proxy:
        assert proxy.stdout is not None
        proxy.stdout.readline()
        (journal,) = children(proxy.pid, "journal")
        with locked(database):
            proxy.communicate(b"\n")
            wait_until(lambda: not is_running(journal, None), "its end")
    (rescued,) = database.parent.glob("xentara-unwritten-*.db")
    assert read(rescued, RECORDED) == [("flow-1", 3, 7, 1)]
    assert read(rescued, "SELECT dropped FROM recorders") == [(7,)]
