"""A long recording in many files: each can be read alone, and together they say what one file would."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.health import HEALTH, Asked
from tests.journal import Journal
from tests.live import (
    ADDON,
    BIN,
    ROOT,
    Mitmdump,
    Process,
    children,
    run_async,
    simulated,
    stop_at_start,
    wait_for_stopped,
    wait_until,
)  # fmt: skip
from tests.rotating import EACH_GROUP, Recorder, files_of, index
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL,
    LIVE_INFO,
    SUBSCRIPTION,
    VALVE,
    add,
    derived,
    event,
    frames,
    info,
    read,
)
from xentara_inspect.frames import Frame, address
from xentara_inspect.index.process import catch_up, follow, reindex
from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.proxy.options import parse
from xentara_inspect.recorder import wire
from xentara_inspect.recorder.files import JournalFile
from xentara_inspect.recorder.groups import SessionProgress
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.recorder.shared import Shared
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.simulator import OPERATOR, Client, everything
from xentara_inspect.store.chain import chain_at, newest_file
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.settings import EXCHANGES as EXCHANGES_ONLY
from xentara_inspect.store.settings import notation_setting

WAITING = (
    *HELLO,
    '>[[0, 2, 3, {0: "Plant.Tank 1.Level"}]]',
    f"<[[1, 2, {LEVEL}]]",
    f">[[0, 4, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}]}}], [0, 6, 8]]",
    event(1),
    f"<[[1, 4, {SUBSCRIPTION}]]",
    event(2),
    ">[[0, 7, 8]]",
    "<[[1, 7, 2]]",
    f">[[0, 8, 7, {{0: {SUBSCRIPTION}}}], [0, 9, 14, {{0: 1, 1: 1}}]]",
    "<[[1, 8]]",
    ">[[0, 7, 8], [0, 7, 8]]",
    '<[[2, 7, {0: -32103, 1: "no"}]]',
)
"""Requests that wait over many files, a subscription, and ids in use twice."""

DESERVED = {"message-id-in-use", "duplicate-hello", "undocumented-error-code", "unanswered-request"}
"""What there is to find in that, however many files it is in."""


# What the files say together: ids count on, so each row is the same as in one file.

EXCHANGES = """
    SELECT e.id, s.flow_id, e.message_id, e.opcode, x.uuid, e.status, e.error_code, e.error_text,
           e.requested, e.responded, e.latency, e.response_id
    FROM exchanges e JOIN sessions s ON s.id = e.session_id LEFT JOIN elements x ON x.id = e.element_id"""
EVENTS = """
    SELECT p.id, p.source_time, p.event_type, x.uuid
    FROM packets p LEFT JOIN elements x ON x.id = p.element_id WHERE p.kind = 'event'"""
READINGS = """
    SELECT r.packet_id, r.source_time, x.uuid, a.uuid, r.value, r.value_kind, r.quality, r.origin
    FROM readings r LEFT JOIN elements x ON x.id = r.element_id
    LEFT JOIN attributes a ON a.id = r.attribute_id"""
FINDINGS = "SELECT address, exchange_id, code, severity, message FROM findings"


def together(files: list[Path], sql: str) -> list[tuple[Any, ...]]:
    rows = [row for file in files for row in read(file, sql)]
    return sorted(rows, key=repr)


def exchanges_of(files: list[Path]) -> list[tuple[Any, ...]]:
    """All exchanges, each once: as it ended, not as it was waiting."""
    found = {row[0]: row for path in files for row in read(path, EXCHANGES)}
    return [found[place] for place in sorted(found)]


def record_whole(path: Path, said: list[Frame], *, end: bool = True) -> Path:
    journal = Journal(path)
    handle = journal.open_session(LIVE_INFO)
    for frame in said:
        journal.append(handle, frame)
    if end:
        journal.close_session(handle, 1_700_000_009_000_000_000, 1000, "bye")
    assert journal.close(10)
    catch_up(path)
    return path


def record_rotated(path: Path, said: list[Frame], problems: list[str]) -> list[Path]:
    with Recorder(path, problems) as recorder:
        handle = recorder.open()
        recorder.record(handle, said)
        recorder.journal.close_session(handle, 1_700_000_009_000_000_000, 1000, "bye")
        assert recorder.journal.flush(10)
    return files_of(path)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [CONVERSATION, WAITING], ids=["conversation", "waiting"])
def test_all_files_together_say_what_one_file_would(
    lines: tuple[str, ...], tmp_path: Path, problems: list[str]
) -> None:
    said = frames(*lines)
    whole = [record_whole(tmp_path / "whole.db", said)]
    files = record_rotated(tmp_path / "plant.db", said, problems)
    assert [path.name for path in files] == ["plant.db"] + [
        f"plant-{number}.db" for number in range(2, len(said) + 2)
    ]
    index(files[0])
    assert exchanges_of(files) == exchanges_of(whole)
    for sql in (EVENTS, READINGS, FINDINGS):
        assert together(files, sql) == together(whole, sql)
    elements = "SELECT uuid, primary_key, category FROM elements ORDER BY uuid"
    assert read(files[-1], elements) == read(whole[0], elements)


@pytest.mark.slow
def test_each_file_alone_is_indexed_again_to_the_same_rows(tmp_path: Path, problems: list[str]) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*CONVERSATION, *WAITING[2:]), problems)
    index(files[0])
    for number, path in enumerate(files):
        before = derived(path)
        alone = tmp_path / f"alone-{number}" / "copy.db"
        alone.parent.mkdir()
        alone.write_bytes(path.read_bytes())
        reindex(alone)
        assert derived(alone) == before
        reindex(path)
        assert derived(path) == before


@pytest.mark.slow
def test_nothing_looks_wrong_only_because_a_file_began(tmp_path: Path, problems: list[str]) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*WAITING), problems)
    index(files[0])
    codes = {row[0] for path in files for row in read(path, "SELECT code FROM findings")}
    assert codes == DESERVED
    assert not [path for path in files if read(path, "SELECT 1 FROM exchanges WHERE status = 'unsolicited'")]


def test_a_session_has_one_id_in_all_files_and_ends_in_the_last(tmp_path: Path, problems: list[str]) -> None:
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        first, second = recorder.open("flow-1"), recorder.open("flow-2")
        recorder.record(second, frames(*HELLO))
        recorder.record(first, frames(*HELLO))
        recorder.journal.close_session(second, 5, 1000, "bye")
        assert recorder.journal.flush(10)
        third = recorder.open("flow-3")
        recorder.record(third, frames(*HELLO))
    files = files_of(tmp_path / "plant.db")
    where: dict[str, set[int]] = {}
    for path in files:
        for flow_id, session_id in read(path, "SELECT flow_id, id FROM sessions"):
            where.setdefault(flow_id, set()).add(session_id)
    assert where == {"flow-1": {1}, "flow-2": {2}, "flow-3": {3}}
    open_in = [
        read(path, "SELECT id, continues, continued, closed IS NOT NULL FROM sessions") for path in files
    ]
    assert open_in[0] == [(1, 0, 1, 0), (2, 0, 1, 0)]
    assert open_in[-1] == [(1, 1, 0, 1), (3, 1, 0, 1)]
    assert {row for rows in open_in for row in rows if row[0] == 2 and row[3]} == {(2, 1, 0, 1)}


def test_a_request_stays_pending_in_its_file_and_is_answered_in_another(
    tmp_path: Path, problems: list[str]
) -> None:
    said = frames(
        *HELLO, f">[[0, 2, 8], [0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", event(1), "<[[1, 3, {11: 121(1)}]]"
    )
    files = record_rotated(tmp_path / "plant.db", said, problems)
    index(files[0])
    statuses = [read(path, "SELECT message_id, status, id FROM exchanges ORDER BY id") for path in files]
    second, third = address(3, 1), address(3, 2)
    assert statuses == [
        [(1, "pending", address(1, 1))],
        [(1, "ok", address(1, 1))],
        [(2, "pending", second), (3, "pending", third)],
        [],
        [(3, "ok", third)],
        [(2, "unanswered", second)],
    ]
    assert read(files[4], "SELECT id, from_client, hex(packet) FROM carried_requests") == [
        (second, 1, "83000208"),
        (third, 1, said[2].payload[5:].hex().upper()),
    ]
    assert read(files[4], "SELECT response_id FROM exchanges") == [(address(5, 1),)]


@pytest.mark.slow
def test_a_request_that_waits_while_its_recorder_is_killed_is_answered_in_the_next_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The indexer has seen the death, and ended the session, before another process goes on in that file."""
    path = tmp_path / "plant.db"
    with Journal(path, rotation=Rotation(size=1)) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.record(session, frames(*HELLO, ">[[0, 2, 8]]"))
        current = Path(newest_file(str(path)))
        (pid,) = children(os.getpid(), "journal")
        stop_at_start("journal", monkeypatch)
        os.kill(pid, signal.SIGKILL)
        another = wait_for_stopped(os.getpid(), "journal")
        index(current)
        assert read(current, "SELECT status FROM exchanges ORDER BY id") == [("unanswered",)]
        os.kill(another, signal.SIGCONT)
        journal.record(session, frames("<[[1, 2, 2]]"))
        index(current)
        assert read(current, "SELECT status FROM exchanges ORDER BY id") == [("pending",)]
        following = Path(newest_file(str(path)))
        assert following != current
        assert read(following, "SELECT message_id, status FROM exchanges") == [(2, "ok")]
        assert read(following, "SELECT code FROM findings") == []


@pytest.mark.slow
def test_frames_and_sessions_are_numbered_on_and_a_recording_has_one_name(
    tmp_path: Path, problems: list[str]
) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO, event(1)), problems)
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        recorder.record(recorder.open("flow-2"), frames(*HELLO))
    files = files_of(tmp_path / "plant.db")
    assert [read(path, "SELECT id FROM frames") for path in files] == [[(n,)] for n in range(1, 6)]
    assert [read(path, "SELECT last_frame FROM chain")[0][0] for path in files] == [0, 1, 2, 3, 4]
    assert read(files[-1], "SELECT flow_id, id FROM sessions") == [("flow-2", 2)]
    names = {read(path, "SELECT recording FROM chain")[0][0] for path in files}
    assert len(names) == 1
    assert UUID(names.pop())
    add(files[-1], frames(*HELLO), info("flow-3"))
    assert read(files[-1], "SELECT id FROM frames ORDER BY id") == [(5,), (6,), (7,)]


def test_the_choice_of_notation_goes_on_in_each_file(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with Journal(path, rotation=EACH_GROUP, notation=EXCHANGES_ONLY) as journal:
        journal.record(journal.open_session(LIVE_INFO), frames(*HELLO))
    for file in files_of(path):
        with closing(open_for_writing(file)) as connection:
            assert notation_setting(connection) == EXCHANGES_ONLY


def test_the_chain_is_told_in_both_directions(tmp_path: Path, problems: list[str]) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO), problems)
    places = [chain_at(path) for path in files]
    told = [(place.number, place.continues, place.continued_in) for place in places if place is not None]
    assert told == [
        (1, None, "plant-2.db"),
        (2, "plant.db", "plant-3.db"),
        (3, "plant-2.db", None),
    ]


def test_files_are_private_and_nothing_is_left_beside_those_that_were_left(
    tmp_path: Path, problems: list[str]
) -> None:
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, event(1)))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
        index(tmp_path / "plant.db")
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "plant-2.db", "plant-3.db", "plant-3.db-shm", "plant-3.db-wal", "plant.db",
        ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plant-2.db", "plant-3.db", "plant.db"]


def test_a_file_without_frames_is_not_left(tmp_path: Path, problems: list[str]) -> None:
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        for number in range(5):
            recorder.open(f"flow-{number}")
    assert [path.name for path in files_of(tmp_path / "plant.db")] == ["plant.db"]


def test_a_file_is_left_when_it_is_old_enough(tmp_path: Path) -> None:
    now = 1_000
    settings = Settings(str(tmp_path / "plant.db"), rotation=Rotation(age=100))
    file = JournalFile(settings, {1: SessionProgress(LIVE_INFO)}, Shared().page, lambda *_: None, lambda: now)
    said = frames(*HELLO, event(1), event(2))
    for number, (now, frame) in enumerate(zip((1_000, 1_099, 1_100, 1_050), said, strict=True), 1):  # noqa: B007 - the clock reads it
        assert file.write([(wire.FRAME, 1, *frame, None, None)], number) == 0
    assert file.write([], 4, stopping=True) == 0
    counts = [read(path, "SELECT count(*) FROM frames")[0][0] for path in files_of(tmp_path / "plant.db")]
    assert counts == [2, 2]


@pytest.mark.slow
def test_a_restart_goes_on_with_the_newest_file(tmp_path: Path, problems: list[str]) -> None:
    record_rotated(tmp_path / "plant.db", frames(*HELLO), problems)
    for rotation in (Rotation(), EACH_GROUP):
        with Recorder(tmp_path / "plant.db", problems, rotation) as recorder:
            recorder.record(recorder.open(f"flow-{rotation}"), frames(*HELLO))
    counts = [read(path, "SELECT count(*) FROM frames")[0][0] for path in files_of(tmp_path / "plant.db")]
    assert counts == [1, 1, 2, 1, 1]
    sessions = [read(path, "SELECT id FROM sessions") for path in files_of(tmp_path / "plant.db")]
    assert sessions == [[(1,)], [(1,)], [(1,), (2,)], [(3,)], [(3,)]]


@pytest.mark.slow
def test_a_restart_goes_on_with_the_newest_file_though_the_first_ones_are_gone(
    tmp_path: Path, problems: list[str]
) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO), problems)
    for path in files[:-1]:
        path.unlink()
    with Recorder(tmp_path / "plant.db", problems) as recorder:
        recorder.record(recorder.open("flow-2"), frames(*HELLO))
    assert [path.name for path in files_of(tmp_path / "plant.db")] == ["plant-3.db", "plant-4.db"]
    index(tmp_path / "plant.db")
    assert read(tmp_path / "plant-4.db", "SELECT status FROM exchanges") == [("ok",)]
    assert not (tmp_path / "plant.db").exists()


def test_a_name_that_is_taken_is_left_alone(tmp_path: Path, problems: list[str]) -> None:
    (tmp_path / "plant-7.db").write_text("somebody's notes")
    record_whole(tmp_path / "plant-8.db", frames(*HELLO))
    before = (tmp_path / "plant-8.db").read_bytes()
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO), problems)
    assert [path.name for path in files] == ["plant.db", "plant-9.db", "plant-10.db"]
    assert (tmp_path / "plant-7.db").read_text() == "somebody's notes"
    assert (tmp_path / "plant-8.db").read_bytes() == before


def test_a_recorder_that_was_killed_in_the_middle_is_gone_on_from(
    tmp_path: Path, problems: list[str]
) -> None:
    """The old file names the next one, which is not even empty yet."""
    path = tmp_path / "plant.db"
    with Recorder(path, problems, Rotation()) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, ">[[0, 2, 8]]"))
        with closing(open_for_writing(path)) as connection:
            connection.execute("UPDATE chain SET continued_in = 'plant-2.db'")
            connection.execute("UPDATE sessions SET continued = 1")
            connection.execute("UPDATE recorders SET continued = 1, stopped = 1")
        index(path)
        assert read(path, "SELECT status FROM exchanges ORDER BY id") == [("ok",), ("pending",)]
        assert files_of(path) == [path]
        recorder.record(recorder.open("flow-2"), frames(*HELLO))
    index(path)
    second = tmp_path / "plant-2.db"
    assert read(second, "SELECT flow_id, continues FROM sessions ORDER BY id") == [
        ("flow-1", 1),
        ("flow-2", 0),
    ]
    assert read(second, "SELECT message_id, status FROM exchanges ORDER BY id") == [
        (2, "unanswered"),
        (1, "ok"),
    ]


@pytest.mark.slow
def test_two_recorders_of_one_database_go_on_together(tmp_path: Path, problems: list[str]) -> None:
    path = tmp_path / "plant.db"
    said = frames(*WAITING)
    with Recorder(path, problems) as first, Recorder(path, problems) as second:
        handles = [(first, first.open("flow-1")), (second, second.open("flow-2"))]
        for frame in said:
            for recorder, handle in handles:
                recorder.record(handle, [frame])
    files = files_of(path)
    assert len(files) > len(said)
    for flow_id in ("flow-1", "flow-2"):
        recorded = [
            payload
            for file in files
            for (payload,) in read(
                file,
                "SELECT payload FROM frames JOIN sessions ON sessions.id = session_id WHERE flow_id = ?"
                " ORDER BY frames.id",
                flow_id,
            )
        ]
        assert recorded == [frame.payload for frame in said]
    index(path)
    codes = {row[0] for file in files for row in read(file, "SELECT code FROM findings")}
    assert codes == DESERVED
    assert len(read(files[-1], "SELECT 1 FROM recorders")) == 2


def test_a_session_that_is_in_pieces_is_not_added_to(tmp_path: Path, problems: list[str]) -> None:
    said = frames(*HELLO, event(1))
    *older, newest = record_rotated(tmp_path / "plant.db", said, problems)
    assert add(newest, said) == (1, 0, 3)
    for path in older:
        with pytest.raises(StoreError, match=f"is an older file of a recording.*goes on in {newest}"):
            add(path, said)


@pytest.mark.slow
def test_files_are_indexed_in_their_order_though_the_last_is_asked_for(
    tmp_path: Path, problems: list[str]
) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*WAITING), problems)
    catch_up(files[-1])
    assert read(files[-1], "SELECT status FROM exchanges") == [("unanswered",)] * 3
    assert [chain_at(path).carried for path in files[1:]] == [True] * (len(files) - 1)  # type: ignore[union-attr]


def test_a_file_is_indexed_alone_where_the_one_before_is_gone(tmp_path: Path, problems: list[str]) -> None:
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO, ">[[0, 2, 8]]", "<[[1, 2, 2]]"), problems)
    for path in files[:3]:
        path.unlink()
    catch_up(files[3])
    assert read(files[3], "SELECT status FROM exchanges") == [("unsolicited",)]
    before = derived(files[3])
    reindex(files[3])
    assert derived(files[3]) == before


@pytest.mark.slow
def test_an_indexer_killed_anywhere_in_the_chain_goes_on_there(tmp_path: Path, problems: list[str]) -> None:
    said = frames(*WAITING)
    whole = record_rotated(tmp_path / "whole.db", said, problems)
    index(whole[0])
    files = record_rotated(tmp_path / "plant.db", said, problems)
    for path in files:
        looks = iter([False, True])  # one step more, then it ends
        follow(path, lambda _seconds: next(looks, True), alone=True)  # noqa: B023 - called at once
    for path, other in zip(files, whole, strict=True):
        rows, wanted = derived(path), derived(other)
        assert rows == wanted


def test_a_file_that_was_made_but_not_promised_is_used(tmp_path: Path, problems: list[str]) -> None:
    """Somebody was killed in between."""
    open_for_writing(tmp_path / "plant-2.db").close()
    files = record_rotated(tmp_path / "plant.db", frames(*HELLO), problems)
    assert [path.name for path in files] == ["plant.db", "plant-2.db", "plant-3.db"]


def test_what_makes_the_next_file_is_loaded_before_it_is_due(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "plant.db").close()
    script = (
        "import sys; from xentara_inspect.recorder.files import JournalFile;"
        "from xentara_inspect.recorder.rotation import Rotation;"
        "from xentara_inspect.recorder.shared import Shared;"
        "from xentara_inspect.recorder.wire import Settings;"
        "JournalFile(Settings(sys.argv[1], rotation=Rotation(size=1)), {}, Shared().page, print);"
        "sys.exit('sqlite_utils' not in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "plant.db"], check=True, timeout=30)


RECORDING = """
import sys
from tests.journal import Journal
from tests.store_traffic import event, frames, info
from xentara_inspect.frames import LIVE
from xentara_inspect.recorder.rotation import Rotation
journal = Journal(sys.argv[1], rotation=Rotation(size=1))
handle = journal.open_session(info(sys.argv[2], LIVE))
for number in range(1000):
    journal.record(handle, frames(event(number)))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_recorder_killed_at_any_moment_of_a_rotation_loses_and_doubles_nothing(
    tmp_path: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    committed = {}
    for number in range(4):
        flow = f"flow-{number}"
        with Process([sys.executable, "-c", RECORDING, path, flow], PYTHONPATH=str(ROOT)) as recorder:
            recorder.wait_for_line(rf"(?m)^{3 + number}$")
            os.kill(recorder.child.pid, signal.SIGSTOP)  # so that it starts no other
            for pid in [*children(recorder.child.pid, "journal"), recorder.child.pid]:
                os.kill(pid, signal.SIGKILL)
            recorder.wait()
        committed[flow] = int(recorder.output.split()[-1]) + 1
    with Recorder(path, problems) as last:
        last.record(last.open("last"), frames(*HELLO))
    index(path)
    files = files_of(path)
    names = [chain_at(file).continued_in for file in files]  # type: ignore[union-attr]
    assert names == [*[file.name for file in files[1:]], None]
    for flow, count in committed.items():
        times = [
            time
            for file in files
            for (time,) in read(
                file,
                "SELECT packets.source_time FROM packets JOIN frames ON frames.id = packets.id >> 24"
                " JOIN sessions ON sessions.id = session_id WHERE flow_id = ? ORDER BY packets.id",
                flow,
            )
        ]
        assert times == [1_700_000_000_000_000_000 + number for number in range(len(times))]
        assert len(times) >= count
    left_open = "SELECT flow_id FROM sessions WHERE closed IS NULL AND NOT continued"
    assert [row for file in files for row in read(file, left_open)] == []


def test_a_next_file_that_cannot_be_made_is_told_once_and_recording_goes_on(tmp_path: Path) -> None:
    problems: list[str] = []
    path = tmp_path / f"{'x' * 244}.db"  # no longer name has room for a journal beside it
    with Recorder(path, problems) as recorder:
        recorder.record(recorder.open(), frames(*HELLO, event(1), event(2)))
    assert problems == [
        f"{tmp_path / ('x' * 244)}-2.db cannot be made: its name is too long for the files that go beside it;"
        f" recording goes on in {path}"
    ]
    assert list(tmp_path.iterdir()) == [path]
    assert read(path, "SELECT count(*) FROM frames") == [(4,)]


def test_frames_that_were_dropped_are_counted_where_the_others_are(
    tmp_path: Path, problems: list[str]
) -> None:
    path = tmp_path / "plant.db"
    with Recorder(path, problems) as recorder:
        session = recorder.open()
        for number in range(3):
            if number:
                recorder.journal.miss(session, number)
            recorder.record(session, frames(event(number)))
    counts = [read(file, "SELECT sum(frame_count), sum(dropped) FROM sessions")[0] for file in files_of(path)]
    assert counts == [(1, 0), (1, 1), (1, 2)]


def test_a_durable_journal_rotates_too(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with Journal(path, durable=True, rotation=EACH_GROUP) as journal:
        journal.record(journal.open_session(LIVE_INFO), frames(*HELLO, event(1)))
    assert journal.problems == []
    assert len(files_of(path)) == 3


# Through the proxy

LARGE = b"\x5a" + (100_000).to_bytes(4, "big") + bytes(100_000)
"""A byte string: no packet, but soon decoded."""


def rotations(asked: Asked) -> float:
    return asked.metrics()["xentara_rotations_total"]


@pytest.mark.slow
def test_a_live_recording_in_many_files_can_be_asked_as_one(tmp_path: Path, confdir: Path) -> None:
    path = tmp_path / "plant.db"

    async def main() -> list[tuple[int, str]]:
        async with simulated() as simulator:
            options = ("--set", "xentara_rotate_size=1M", *HEALTH)
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", path, confdir, *options) as proxy:
                async with Client(proxy.url, user=OPERATOR.user, password=OPERATOR.password) as client:
                    for _ in range(20):
                        await client.send_raw(LARGE)
                        await client.wait_for_frames(len(client.received) + 1)
                    sent = await everything(client)
                    asked = await asyncio.to_thread(Asked, proxy, path)
                    await asyncio.to_thread(wait_until, lambda: rotations(asked) >= 1, "a rotation")
                    known = rotations(asked)
                    row = await asyncio.to_thread(asked.status)
                assert row["files"] > known
                assert (row["database"], row["sessions"], row["open_sessions"]) == (str(path), 1, 1)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
                assert proxy.output.count("recording goes on in") >= known
        return sorted((entry.message_id, entry.status) for entry in sent)

    sent = run_async(main())
    files = files_of(path)
    assert len(files) >= 2
    assert sorted((row[2], row[5]) for row in exchanges_of(files) if row[5] != "unsolicited") == sent
    select = "SELECT time, from_client, is_text, payload FROM frames ORDER BY id"
    rows = [row for file in files for row in read(file, select)]
    said = [
        Frame(time, bool(by_client), bool(is_text), payload) for time, by_client, is_text, payload in rows
    ]
    whole = [record_whole(tmp_path / "whole.db", said)]
    assert [(row[0], *row[2:]) for row in exchanges_of(files)] == [
        (row[0], *row[2:]) for row in exchanges_of(whole)
    ]
    for sql in (EVENTS, READINGS, FINDINGS):
        assert together(files, sql) == together(whole, sql)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.glob("plant*")} == {0o600}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "xentara_rotate_size=5 apples",
            "xentara_rotate_size is a size such as 500M or 2G, 1M or more, or empty",
        ),
        ("xentara_keep=3", "xentara_keep needs xentara_rotate_size or xentara_rotate_time"),
    ],
)
def test_a_nonsensical_option_ends_mitmdump_with_a_clear_message(
    setting: str, message: str, tmp_path: Path, confdir: Path
) -> None:
    arguments: list[str | Path] = [
        "-s",
        ADDON,
        "--set",
        f"confdir={confdir}",
        "--set",
        f"xentara_db={tmp_path / 'plant.db'}",
    ]
    with Process([BIN / "mitmdump", "-n", *arguments, "--set", setting]) as proxy:
        assert proxy.wait() == 1
    assert message in proxy.output
    assert "Traceback" not in proxy.output


@pytest.mark.parametrize(
    ("text", "size"),
    [("1048576", 1 << 20), ("2000k", 2_048_000), ("500M", 524_288_000), ("2GiB", 2 << 30), ("3 T", None)],
)
def test_sizes_are_read_in_powers_of_1024(text: str, size: int | None) -> None:
    if size is None:
        with pytest.raises(OptionError):
            parse("xentara_rotate_size", text)
    else:
        assert parse("xentara_rotate_size", text) == size


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43_200), ("1D", 86_400)])
def test_times_are_read_in_nanoseconds(text: str, seconds: int) -> None:
    assert parse("xentara_rotate_time", text) == seconds * 1_000_000_000
