"""The indexer: the same rows whenever it stops, is killed, or begins again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.store_traffic import (
    BYE,
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    LIVE_INFO,
    SUBSCRIPTION,
    VALVE_UUID,
    add,
    derived,
    event,
    frames,
    info,
    read,
)
from xentara_inspect.frames import LIVE, Frame, address
from xentara_inspect.index import process
from xentara_inspect.index.checkpoint import is_indexed
from xentara_inspect.index.indexer import Indexer
from xentara_inspect.index.keeper import start_indexer
from xentara_inspect.index.process import catch_up, follow, reindex, wait_until_indexed
from xentara_inspect.store.addresses import address_text
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.indexer_lock import IndexerLock
from xentara_inspect.store.processes import process_token
from xentara_inspect.store.recorders import Watch
from xentara_inspect.traffic.records import BEGINNING, Decoded, Reached
from xentara_inspect.traffic.session import Session


def fill(path: Path) -> None:
    """Three sessions: one whole, one that learns from it, one that comes back after its end."""
    add(path, frames(*CONVERSATION))
    add(path, frames(*HELLO, event(7), start=1_700_000_100_000_000_000), info("flow-2"), None)
    add(path, frames(*CONVERSATION)[:9], info("flow-3"))
    add(path, frames(*CONVERSATION), info("flow-3"))
    add(path, frames(*HELLO), info(None))


@pytest.fixture
def filled(database: Path) -> Path:
    fill(database)
    return database


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "that did not happen"
        time.sleep(0.005)


def indexed(path: Path) -> bool:
    with closing(open_for_writing(path)) as connection:
        return is_indexed(connection)


def test_packets_exchanges_events_and_readings_of_a_conversation(database: Path) -> None:
    add(database, frames(*CONVERSATION))
    catch_up(database)
    assert read(
        database,
        "SELECT name, status, message_id, error_code FROM exchanges"
        " LEFT JOIN commands ON number = opcode ORDER BY id",
    ) == [
        ("client_hello", "ok", 1, None),
        ("lookup", "ok", 2, None),
        ("meta_data", "ok", 3, None),
        ("subscribe", "ok", 4, None),
        ("read", "ok", 5, None),
        ("write", "error", 5, -32103),
        ("write", "unanswered", 5, None),
        (None, "unanswered", "-18446744073709551616", None),
        (None, "unsolicited", 99, None),
        ("unsubscribe", "ok", 8, None),
        ("get_stage", "unanswered", 9, None),
    ]
    assert read(database, "SELECT opcode FROM exchanges WHERE typeof(opcode) = 'text'") == [
        ("18446744073709551615",)
    ]
    assert [
        address_text(row[0])
        for row in read(database, "SELECT id FROM packets WHERE kind = 'malformed' ORDER BY id")
    ] == ["10", "13", "14p2"]
    assert read(
        database,
        "SELECT event_type, uuid, source_time FROM packets JOIN elements ON elements.id = element_id"
        " WHERE kind = 'event' ORDER BY packets.id",
    ) == [(0, LEVEL_UUID, 1_700_000_000_000_000_000 + number) for number in (1, 2, 3)]
    assert read(
        database,
        "SELECT e.uuid, coalesce(number, a.uuid), value, value_kind, quality, error_code, origin"
        " FROM readings JOIN elements e ON e.id = element_id JOIN attributes a ON a.id = attribute_id"
        " ORDER BY packet_id, position",
    ) == [
        (LEVEL_UUID, 11, 1.5, "float", 0, None, "event"),
        (LEVEL_UUID, 9, 0, "integer", 0, None, "event"),
        (VALVE_UUID, 11, "18446744073709551615", "integer", None, None, "read"),
        (VALVE_UUID, "5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b", None, "error", None, -32102, "read"),
        (LEVEL_UUID, 11, 2.5, "float", 0, None, "event"),
        (LEVEL_UUID, 9, 0, "integer", 0, None, "event"),
        (VALVE_UUID, 11, "NaN", "float", None, -32103, "write"),
        (VALVE_UUID, 11, 2, "integer", None, None, "write"),
        (LEVEL_UUID, 11, 3.5, "float", 0, None, "event"),
        (LEVEL_UUID, 9, 0, "integer", 0, None, "event"),
    ]
    assert read(database, "SELECT uuid, primary_key, category, learned_from FROM elements ORDER BY uuid") == [
        (VALVE_UUID, "Plant.Valve", 6, "meta_data"),
        (LEVEL_UUID, "Plant.Tank 1.Level", None, "lookup"),
    ]
    assert read(database, "SELECT closed IS NOT NULL, unsubscribed FROM subscriptions") == [(1, 1)]


def test_requests_of_a_session_that_is_open_are_pending(database: Path) -> None:
    add(database, frames(*HELLO, ">[[0, 2, 8]]"), end=None)
    catch_up(database)
    assert read(database, "SELECT status FROM exchanges ORDER BY id") == [("ok",), ("pending",)]


def test_subscriptions_end_with_their_session(database: Path) -> None:
    said = (f">[[0, 4, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]", f"<[[1, 4, {SUBSCRIPTION}]]")
    add(database, frames(*HELLO, *said))
    catch_up(database)
    assert read(database, "SELECT closed, unsubscribed FROM subscriptions") == [(BYE.time, 0)]


def test_indexing_again_changes_nothing(filled: Path) -> None:
    catch_up(filled)
    before = derived(filled)
    catch_up(filled)
    assert derived(filled) == before


def test_an_indexer_that_starts_anew_after_each_frame_makes_the_same_rows(
    filled: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.db"
    fill(whole)
    catch_up(whole)
    while True:
        with Indexer(filled) as indexer:
            if not indexer.step(0):
                break
    assert derived(filled) == derived(whole)


def test_an_indexer_that_starts_anew_knows_of_a_hello_that_came_before_the_recording(database: Path) -> None:
    add(database, frames(">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[2, 1, {0: -32001}]]"))
    catch_up(database)
    add(
        database,
        frames(">[[0, 1, 14, {0: 1, 1: 1}]]", "<[[2, 1, {0: -32001}]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]"),
    )
    catch_up(database)
    assert read(database, "SELECT code FROM findings") == []


@pytest.mark.parametrize("arrived", range(len(CONVERSATION) + 1))
def test_indexing_while_frames_arrive_makes_the_same_rows_as_indexing_at_the_end(
    tmp_path: Path, arrived: int
) -> None:
    live, whole = tmp_path / "live.db", tmp_path / "whole.db"
    said = frames(*CONVERSATION)
    add(live, said[:arrived], end=None)
    catch_up(live)
    add(live, said)
    catch_up(live)
    add(whole, said)
    catch_up(whole)
    assert derived(live) == derived(whole)


@pytest.mark.parametrize("arrived", range(1, len(CONVERSATION)))
def test_an_end_that_was_none_leaves_no_trace(tmp_path: Path, arrived: int) -> None:
    torn, whole = tmp_path / "torn.db", tmp_path / "whole.db"
    said = frames(*CONVERSATION)
    add(torn, said[:arrived])
    catch_up(torn)
    add(torn, said)
    catch_up(torn)
    add(whole, said)
    catch_up(whole)
    first, second = derived(torn), derived(whole)
    for rows in (first, second):
        rows["findings"] = [row[1:] for row in rows["findings"]]  # ids of those taken back are not used again
        del rows["checkpoint"]
    assert first == second


def test_reindexing_gives_the_same_rows_with_the_same_ids(filled: Path) -> None:
    catch_up(filled)
    before = derived(filled)
    assert reindex(filled) == read(filled, "SELECT count(*) FROM frames")[0][0]
    assert derived(filled) == before


def test_reindexing_tells_how_far_it_is(filled: Path) -> None:
    told: list[tuple[int, int]] = []
    frames_there = reindex(filled, lambda done, total: told.append((done, total)))
    assert told[-1] == (frames_there, frames_there)


def test_there_is_nothing_to_reindex_in_a_missing_file(database: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        reindex(database)
    assert not database.exists()


def test_an_empty_file_stays_empty(database: Path) -> None:
    database.touch()
    with pytest.raises(StoreError, match="is empty"):
        reindex(database)
    assert database.read_bytes() == b""


def test_a_running_indexer_begins_again_when_somebody_reindexes(database: Path) -> None:
    fill(database)
    with subprocess_indexer(database):
        assert wait_until_indexed(database, 20)
        before = derived(database)
        with closing(open_for_writing(database)) as connection:
            connection.execute("DELETE FROM findings")
        reindex(database)
        assert derived(database) == before


class subprocess_indexer:  # noqa: N801 - reads like a function
    """An indexer process, told to finish at the end."""

    def __init__(self, path: Path) -> None:
        self.process = start_indexer(path)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


def test_an_indexer_process_finishes_what_is_left_when_its_stdin_ends(filled: Path) -> None:
    with subprocess_indexer(filled) as process:
        pass
    assert process.returncode == 0
    assert indexed(filled)
    assert sorted(path.name for path in filled.parent.iterdir()) == ["xentara.db"]


def test_an_indexer_process_says_why_it_cannot_work(tmp_path: Path) -> None:
    (tmp_path / "xentara.db").write_bytes(b"no database" * 100)
    process = start_indexer(tmp_path / "xentara.db")
    assert process.wait(20) == 1
    assert process.stdin is not None
    process.stdin.close()


def test_only_one_indexer_works_and_the_other_takes_over(database: Path) -> None:
    with subprocess_indexer(database) as first:
        wait_until(lambda: database.with_name("xentara.db-indexer").exists())
        with subprocess_indexer(database):
            add(database, frames(*HELLO))
            assert wait_until_indexed(database, 20)
            first.kill()
            first.wait()
            add(database, frames(*HELLO), info("flow-2"))
            assert wait_until_indexed(database, 20)
    assert read(database, "SELECT count(*) FROM exchanges") == [(2,)]


def test_an_indexer_that_is_told_to_end_leaves_what_others_go_on_to_record_to_theirs(database: Path) -> None:
    with Journal(database) as other:
        session = other.open_session(LIVE_INFO)
        number = iter(range(1_000_000))

        def record(count: int) -> None:
            other.record(session, frames(*[event(next(number)) for _ in range(count)]))

        class Flooded(Indexer):
            """Finds more each time that it has indexed something."""

            def step(self, work: float) -> bool:
                record(1)
                return super().step(work)

        record(20)
        lock = IndexerLock(database)
        assert lock.acquire()
        with subprocess_indexer(database), Flooded(database, lock) as indexer:
            process._finish(indexer)
            assert indexer.frame_id >= 20
            lock.release()
            assert wait_until_indexed(database, 20)


def test_catching_up_waits_for_the_indexer_that_is_at_it(filled: Path) -> None:
    lock = IndexerLock(filled)
    assert lock.acquire()
    assert not catch_up(filled, timeout=0.1)
    with Indexer(filled) as indexer:
        indexer.run_once()
    assert catch_up(filled, timeout=0.1)
    lock.release()


def test_a_lock_is_private_and_gone_with_its_holder(database: Path) -> None:
    lock, other = IndexerLock(database), IndexerLock(database)
    assert lock.acquire()
    assert not other.acquire()
    (path,) = database.parent.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()
    assert other.acquire()
    other.release()
    assert list(database.parent.iterdir()) == []


def test_frames_are_in_the_log_soon_after_they_were_relayed(database: Path) -> None:
    journal = Journal(database)
    session = journal.open_session(LIVE_INFO)
    journal.flush()
    delays = []
    counted = "SELECT count(*) FROM packets WHERE kind = 'event'"
    with subprocess_indexer(database), closing(open_for_writing(database)) as connection:
        for number in range(20):
            start = time.perf_counter()
            journal.record(session, frames(event(number)))
            wanted = (number + 1,)
            while connection.execute(counted).fetchone() != wanted:
                assert time.perf_counter() - start < 20, "the event does not come"
                time.sleep(0.002)
            delays.append(time.perf_counter() - start)
        journal.close()
    assert sorted(delays)[len(delays) // 2] < 0.25


@pytest.mark.slow
def test_an_indexer_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed.db", tmp_path / "whole.db"
    said = frames(*CONVERSATION, *[event(number) for number in range(4000)])
    for path in (killed, whole):
        add(path, said)
    catch_up(whole)
    wanted = derived(whole)
    for number in range(5):
        process = start_indexer(killed)
        before = read(killed, "SELECT frame_id FROM checkpoint")
        while read(killed, "SELECT frame_id FROM checkpoint") == before and not indexed(killed):
            time.sleep(0.002)
        time.sleep(number * 0.003)  # another moment each time
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
    with closing(open_for_writing(killed)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    catch_up(killed)
    assert derived(killed) == wanted


def test_a_file_that_is_gone_is_not_made_again_by_its_indexer(database: Path) -> None:
    add(database, frames(*HELLO))
    looks = 0

    def is_told(_seconds: float) -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            for path in database.parent.glob("xentara.db*"):
                path.unlink()
        return looks > 9

    follow(database, is_told)
    assert looks > 9
    assert not database.exists()


def test_a_running_indexer_goes_on_with_the_file_that_takes_the_place_of_a_deleted_one(
    database: Path,
) -> None:
    add(database, frames(*HELLO))
    with subprocess_indexer(database):
        assert wait_until_indexed(database, 20)
        for path in database.parent.glob("xentara.db*"):
            if not path.name.endswith("-indexer"):
                path.unlink()
        add(database, frames(*HELLO, event(1)))
        assert wait_until_indexed(database, 20)
    assert read(database, "SELECT count(*) FROM packets WHERE kind = 'event'") == [(1,)]


# Recorders that end without saying so


def orphan(database: Path, **columns: object) -> None:
    """Make the one recorder look as if another process had been it."""
    with closing(open_for_writing(database)) as connection:
        changes = ", ".join(f"{name} = ?" for name in columns)
        connection.execute(f"UPDATE recorders SET {changes}", tuple(columns.values()))


def leave_open(database: Path) -> None:
    """A session with a request that waits, of a recorder that is there: this process."""
    journal = Journal(database)
    journal.record(journal.open_session(info("flow-9", LIVE)), frames(*HELLO, ">[[0, 2, 8]]"))
    assert journal.close()
    with closing(open_for_writing(database)) as connection:
        connection.execute("DELETE FROM session_ends")
        connection.execute("UPDATE sessions SET closed = NULL")
    orphan(database, pid=os.getpid(), process=process_token(os.getpid()), stopped=None)


def test_sessions_of_a_recorder_that_is_there_stay_open(database: Path) -> None:
    leave_open(database)
    catch_up(database)
    assert read(database, "SELECT status FROM exchanges ORDER BY id") == [("ok",), ("pending",)]


@pytest.mark.parametrize("columns", [{"pid": 2**22 + 1}, {"process": "an earlier boot:1"}])
def test_sessions_of_a_recorder_whose_process_is_gone_are_ended(
    database: Path, columns: dict[str, object]
) -> None:
    leave_open(database)
    orphan(database, **columns)
    catch_up(database)
    assert read(database, "SELECT status FROM exchanges ORDER BY id") == [("ok",), ("unanswered",)]
    assert read(database, "SELECT closed IS NOT NULL, close_reason FROM sessions") == [
        (1, "the recorder ended before the connection did")
    ]


def test_a_recorder_that_was_killed_is_noticed_though_nobody_has_waited_for_it(database: Path) -> None:
    child = subprocess.Popen(["sleep", "60"])
    leave_open(database)
    orphan(database, pid=child.pid, process=None)
    catch_up(database)
    assert read(database, "SELECT closed FROM sessions") == [(None,)]
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    catch_up(database)
    assert read(database, "SELECT closed IS NOT NULL FROM sessions") == [(1,)]
    child.wait()


def test_a_recorder_on_another_host_is_gone_once_its_heart_was_seen_to_stand_still(database: Path) -> None:
    leave_open(database)
    orphan(database, host="elsewhere", heartbeat=1)
    watch = Watch(patience=10)
    with closing(open_for_writing(database)) as connection:
        assert watch.gone(connection, 1000) == {}, "an old heartbeat alone says nothing: we may have slept"
        assert watch.gone(connection, 1009) == {}
        assert watch.gone(connection, 1010) == {1: 1}
        connection.execute("UPDATE recorders SET heartbeat = 2")
        assert watch.gone(connection, 1011) == {}


def test_of_a_frame_that_was_cut_nothing_is_decoded_and_that_is_said(database: Path) -> None:
    add(database, frames(*HELLO, event(1), event(2)))
    with closing(open_for_writing(database)) as connection:
        connection.execute("UPDATE frames SET payload = substr(payload, 1, 50) WHERE id = 3")
        connection.execute("INSERT INTO cut_frames VALUES (3, 77, 'digest', 'larger than 50 bytes')")
    catch_up(database)
    assert read(database, "SELECT id, kind FROM packets WHERE id >= ? ORDER BY id", address(3)) == [
        (address(3), "malformed"),
        (address(4, 1), "event"),
    ]
    assert read(database, "SELECT severity, message FROM findings WHERE code = 'cut-frame'") == [
        ("warning", "only the beginning of 77 bytes was recorded: larger than 50 bytes")
    ]


# A bug in the decoder


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some messages make the decoder raise, after it has begun to remember what they say."""
    feed = Session.feed

    def fails(
        self: Session, frame: Frame, number: int = 1, reached: Reached = BEGINNING
    ) -> Iterator[Decoded]:
        for decoded in feed(self, frame, number, reached):
            if b"poison" in frame.payload:
                raise RecursionError("a bug")
            yield decoded

    monkeypatch.setattr(Session, "feed", fails)


POISON = f'>[[0, 7, 3, {{0: "poison"}}], [0, 8, 4, {{0: {LEVEL}, 1: [11]}}]]'


@pytest.mark.usefixtures("poisoned")
def test_a_frame_that_the_decoder_fails_on_is_noted_and_passed_over(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(database, frames(*HELLO, ">[[0, 6, 8]]", POISON, "<[[1, 6, 2]]", "<[[1, 7]]"))
    catch_up(database)
    assert read(database, "SELECT kind FROM packets WHERE id = ?", address(4)) == [("malformed",)]
    assert read(database, "SELECT code FROM findings WHERE address = ?", address(4)) == [("internal-error",)]
    assert read(database, "SELECT message_id, status FROM exchanges ORDER BY id") == [
        (1, "ok"),
        (6, "ok"),
        (7, "unsolicited"),
    ]
    assert "frame 4 could not be decoded" in capsys.readouterr().err


@pytest.mark.usefixtures("poisoned", "capsys")
def test_what_a_failed_frame_left_in_memory_does_not_count(database: Path) -> None:
    add(database, frames(*HELLO, POISON))
    add(database, frames(*HELLO, event(1)), info("flow-2"))
    catch_up(database)
    before = derived(database)
    assert (1, LEVEL_UUID, None, None, "event", LEVEL_UUID) in before["elements"]
    reindex(database)
    assert derived(database) == before


def indexer_exit_code(database: Path, environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "xentara_inspect.index.process", str(database)]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, env=os.environ | environment
    ).returncode


def patched(place: Path, script: str) -> dict[str, str]:
    """An environment in which this comes before whatever Python runs."""
    (place / "patched").mkdir()
    (place / "patched" / "sitecustomize.py").write_text(script)
    return {"PYTHONPATH": f"{place / 'patched'}{os.pathsep}{Path(__file__).parents[2]}"}


DEADLY = """
import os, signal
from xentara_inspect.traffic.session import Session
feed = Session.feed
def deadly(self, frame, *place):
    if b"poison" in frame.payload {condition}:
        os.kill(os.getpid(), signal.SIGKILL)
    yield from feed(self, frame, *place)
Session.feed = deadly
"""


@pytest.mark.parametrize(
    ("condition", "deaths"), [("", 1), ("and self._pairing.waits_for(14)", 2)], ids=["alone", "in context"]
)
def test_a_frame_that_ends_the_process_is_found_out_and_passed_over(
    database: Path, tmp_path: Path, condition: str, deaths: int
) -> None:
    environment = patched(tmp_path, DEADLY.format(condition=condition))
    add(database, frames(HELLO[0], POISON, HELLO[1]))
    codes = [indexer_exit_code(database, environment) for _ in range(deaths + 1)]
    assert codes == [-signal.SIGKILL] * deaths + [0]
    assert indexed(database)
    assert read(database, "SELECT address FROM findings WHERE code = 'internal-error'") == [(address(2),)]
    assert read(database, "SELECT status FROM exchanges") == [("ok",)]


ENDLESS = """
import itertools
from xentara_inspect.index import watchdog
from xentara_inspect.traffic.session import Session
watchdog.LONGEST = 0.1
feed = Session.feed
def endless(self, frame, *place):
    if b"poison" in frame.payload:
        {loop}
    yield from feed(self, frame, *place)
Session.feed = endless
"""


@pytest.mark.parametrize(
    ("loop", "codes"),
    [("while True: pass", [0]), ("all(itertools.repeat(1))", [-signal.SIGVTALRM, 0])],
    ids=["in Python", "in C"],
)
def test_a_frame_that_is_never_done_with_is_found_out_and_passed_over(
    database: Path, tmp_path: Path, loop: str, codes: list[int]
) -> None:
    add(database, frames(HELLO[0], POISON, HELLO[1]))
    environment = patched(tmp_path, ENDLESS.format(loop=loop))
    assert [indexer_exit_code(database, environment) for _ in codes] == codes
    assert indexed(database)
    assert read(database, "SELECT address FROM findings WHERE code = 'internal-error'") == [(address(2),)]
    assert read(database, "SELECT status FROM exchanges") == [("ok",)]


def test_a_frame_that_was_only_there_when_somebody_killed_the_indexer_is_decoded(database: Path) -> None:
    add(database, frames(*HELLO))
    killed = IndexerLock(database)
    assert killed.acquire()
    killed.mark(address(1))
    left = database.with_name("xentara.db-indexer").read_bytes()
    killed.release()
    database.with_name("xentara.db-indexer").write_bytes(left)
    catch_up(database)
    assert read(database, "SELECT opcode FROM exchanges") == [(14,)]
    assert not database.with_name("xentara.db-indexer").exists()


def test_following_ends_when_it_is_told_to_though_another_indexer_works(filled: Path) -> None:
    lock = IndexerLock(filled)
    assert lock.acquire()
    follow(filled, lambda _seconds: True)
    lock.release()
    assert not indexed(filled)
