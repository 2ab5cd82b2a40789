"""The process that writes the journal may die or stand still: nothing is lost, doubled or held up."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.live import Mitmdump, children, inspect, rows, run_async, simulated, wait_until
from tests.store_checks import check_derived, check_integrity
from tests.store_traffic import BYE, LIVE_INFO, frames, info, read
from xentara_inspect.frames import LIVE, Closing, Frame
from xentara_inspect.recorder import keeper as journal_keeper
from xentara_inspect.recorder import process
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.simulator import Client
from xentara_inspect.store import supervision


def frame(number: int, size: int = 0) -> Frame:
    return Frame(number, False, False, number.to_bytes(4, "big") + bytes(size))


def stored(database: Path) -> list[int]:
    """The numbers of the frames in a database, in their order; none where it is not made yet."""
    try:
        rows = read(database, "SELECT payload FROM frames ORDER BY id")
    except sqlite3.OperationalError:
        return []
    return [int.from_bytes(payload[:4], "big") for (payload,) in rows]


def keeping(
    database: Path,
    main: Callable[[JournalKeeper], Awaitable[None]],
    *,
    durable: bool = False,
    lost: bool = False,
) -> None:
    """Run something with a keeper, as the proxy does: its end comes when the event loop is over."""
    keepers = []

    async def run() -> None:
        settings = Settings(str(database), durable=durable)
        keepers.append(JournalKeeper(settings, asyncio.get_running_loop(), limit=1_000_000))
        await main(keepers[0])

    try:
        run_async(run())
    finally:
        assert bool(keepers[0].close(20)) is lost


async def until(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, condition, what)


def the_journal() -> int:
    """The process that writes."""
    (pid,) = children(os.getpid(), "journal")
    return pid


def test_frames_are_committed_while_the_loop_goes_on_and_the_rest_at_the_end(database: Path) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        for number in range(5):
            keeper.append(session, frame(number))
        await until(lambda: stored(database) == list(range(5)), "five frames")
        keeper.append(session, frame(5))
        keeper.close_session(session, BYE)

    keeping(database, main)
    assert stored(database) == list(range(6))
    assert read(database, "SELECT close_code, closed FROM sessions") == [(1000, BYE.time)]
    assert read(database, "SELECT stopped IS NOT NULL FROM recorders") == [(1,)]


def test_a_journal_that_is_killed_again_and_again_loses_and_doubles_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)

    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        for number in range(2000):
            keeper.append(session, frame(number))
            if number % 400 == 399:
                pid = the_journal()
                os.kill(pid, signal.SIGKILL)
                await until(lambda pid=pid: children(os.getpid(), "journal") not in ([], [pid]), "the next")  # type: ignore[misc]
            elif number % 10 == 0:
                await asyncio.sleep(0)

    keeping(database, main)
    assert stored(database) == list(range(2000))
    check_integrity(database)
    assert len(read(database, "SELECT * FROM recorders")) == 1, "each took the place of the one before"
    assert read(database, "SELECT frame_count, dropped FROM sessions") == [(2000, 0)]


def test_a_journal_that_dies_between_commit_and_saying_so_is_not_told_twice(database: Path) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        keeper.append(session, frame(0))
        await until(lambda: stored(database) == [0], "the first frame")
        # No turn of the event loop from here on: the keeper does not hear that they are committed.
        for number in range(1, 4):
            keeper.append(session, frame(number))
        keeper.flush(0)  # hands over, and does not wait
        wait_until(lambda: stored(database) == [0, 1, 2, 3], "the others")
        os.kill(the_journal(), signal.SIGKILL)
        keeper.append(session, frame(4))

    keeping(database, main)
    assert stored(database) == [0, 1, 2, 3, 4]


def test_a_journal_that_stands_still_holds_up_nobody_and_what_has_no_room_is_told_and_counted(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        os.kill(the_journal(), signal.SIGSTOP)
        try:
            for number in range(100):
                keeper.append(session, frame(number, 50_000))
                await asyncio.sleep(0)
            assert not keeper.flush(0.1)
        finally:
            os.kill(the_journal(), signal.SIGCONT)
        assert keeper.flush(20)
        keeper.append(session, frame(100))

    caplog.set_level("WARNING")
    keeping(database, main, lost=True)
    kept = stored(database)
    assert caplog.text.count("no room for more frames in memory; they are dropped, and counted") == 1
    assert f"there is room again, {101 - len(kept)} frames had to be dropped" in caplog.text
    assert kept[:-1] == list(range(len(kept) - 1))
    assert kept[-1] == 100
    assert len(kept) < 30, "a megabyte, no more"
    assert read(database, "SELECT dropped FROM sessions") == [(101 - len(kept),)]


def test_with_durable_a_frame_waits_until_it_is_committed(database: Path) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        for number in range(20):
            committed = keeper.append(session, frame(number))
            assert committed is not None
            await asyncio.wait_for(committed, 20)
            assert stored(database)[-1] == number

    keeping(database, main, durable=True)


def test_with_durable_traffic_waits_for_a_database_in_trouble_and_that_is_said_within_a_second(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            waiting = [keeper.append(session, frame(number, 400_000)) for number in range(5)]
            await until(lambda: "traffic waits for it meanwhile" in caplog.text, "a word about it")
            assert time.monotonic() - began < 1
            await asyncio.sleep(1)
            assert not any(committed.done() for committed in waiting if committed is not None)
        for committed in waiting:
            assert committed is not None, "there is room: nobody is let through without"
            await asyncio.wait_for(committed, 20)
        assert stored(database) == list(range(5))
        await until(lambda: "can be written again, no frame was lost" in caplog.text, "its end")

    caplog.set_level("WARNING")
    keeping(database, main, durable=True)


def test_the_end_of_trouble_is_told_though_there_is_nothing_to_write(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        for path in database.parent.iterdir():
            path.unlink()
        await until(lambda: "was deleted or replaced" in caplog.text, "a word about it")
        await until(lambda: "can be written again" in caplog.text, "its end")
        assert keeper.flush(0), "there was nothing"

    caplog.set_level("WARNING")
    keeping(database, main)


def test_a_journal_that_cannot_be_started_is_told_once_and_tried_again(
    database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)
    python = sys.executable

    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        keeper.append(session, frame(0))
        assert keeper.flush(20)
        monkeypatch.setattr(sys, "executable", "/bin/false")
        os.kill(the_journal(), signal.SIGKILL)
        keeper.append(session, frame(1))
        await until(lambda: "keeps dying (exit code 1)" in caplog.text, "a word about it")
        keeper.append(session, frame(2))
        await asyncio.sleep(0.1)
        assert caplog.text.count("keeps dying") == 1
        monkeypatch.setattr(sys, "executable", python)
        await until(lambda: stored(database) == [0, 1, 2], "all of it")
        await until(lambda: "can be written again, no frame was lost meanwhile" in caplog.text, "its end")

    caplog.set_level("WARNING")
    keeping(database, main)


def test_a_journal_that_could_not_be_started_at_first_is_started_later(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    monkeypatch.setattr(journal_keeper, "_START_SECONDS", 0.1)

    async def main(keeper: JournalKeeper) -> None:
        monkeypatch.setattr(sys, "executable", python)
        keeper.append(keeper.open_session(LIVE_INFO), frame(0))
        await until(lambda: stored(database) == [0], "the frame")

    keeping(database, main)


def test_frames_that_nobody_took_are_told_at_the_end(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keepers = []

    async def main() -> None:
        keepers.append(JournalKeeper(Settings(str(database)), asyncio.get_running_loop()))
        session = keepers[0].open_session(LIVE_INFO)
        assert keepers[0].flush(20)
        os.kill(the_journal(), signal.SIGSTOP)
        keepers[0].append(session, frame(0))
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        os.kill(the_journal(), signal.SIGKILL)

    run_async(main())
    assert keepers[0].close(20) == 1


def test_with_durable_frames_still_wait_when_the_trouble_died_with_its_process(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            committed = keeper.append(session, frame(0))
            assert committed is not None
            await until(lambda: "traffic waits" in caplog.text, "a word about it")
            os.kill(the_journal(), signal.SIGKILL)
        await asyncio.wait_for(committed, 20)
        await until(lambda: "can be written again" in caplog.text, "the end of it")

    caplog.set_level("WARNING")
    keeping(database, main, durable=True)


@pytest.mark.parametrize(("durable", "seconds"), [(False, 5), (True, 1)])
def test_a_journal_that_stands_still_is_told_soon(
    database: Path, caplog: pytest.LogCaptureFixture, durable: bool, seconds: int
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        journal = the_journal()
        os.kill(journal, signal.SIGSTOP)
        began = time.monotonic()
        keeper.append(session, frame(0))
        await until(lambda: "is not written yet" in caplog.text, "a word about it")
        assert time.monotonic() - began < seconds
        os.kill(journal, signal.SIGCONT)
        await until(lambda: "can be written again, no frame was lost" in caplog.text, "its end")
        assert caplog.text.count("is not written yet") == 1

    caplog.set_level("WARNING")
    keeping(database, main, durable=durable)


def test_a_journal_that_stands_still_is_told_though_there_is_nothing_to_write(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        journal = the_journal()
        os.kill(journal, signal.SIGSTOP)
        await until(lambda: "nothing was written for 3." in caplog.text, "a word about it")
        os.kill(journal, signal.SIGCONT)
        await until(lambda: "can be written again, no frame was lost" in caplog.text, "its end")
        assert keeper.condition.troubles() == []

    caplog.set_level("WARNING")
    keeping(database, main)


def test_what_is_wrong_stands_in_the_database_until_it_is_over(database: Path) -> None:
    wrong = ["the indexer stands still"]
    keepers = []

    def noted() -> list[tuple[str | None]]:
        return read(database, "SELECT troubles FROM recorders")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        keepers.append(JournalKeeper(Settings(str(database)), loop, beside=lambda: wrong))
        keepers[0].open_session(LIVE_INFO)
        assert keepers[0].flush(20)
        await until(lambda: noted() == [("the indexer stands still",)], "what is wrong")
        os.kill(the_journal(), signal.SIGKILL)
        await until(lambda: keepers[0].restarts == 1, "its end")
        wrong[:] = ["the indexer is behind"]
        await until(lambda: noted() == [("the indexer is behind",)], "what is wrong then")
        wrong.clear()
        await until(lambda: noted() == [(None,)], "its end")

    try:
        run_async(main())
    finally:
        assert keepers[0].close(20) == 0


def test_what_a_journal_that_stands_still_does_not_take_reaches_the_disk_at_the_end(database: Path) -> None:
    """Far more than a socket holds; another process takes it, within the time there is."""
    keepers = []

    async def main() -> None:
        keepers.append(JournalKeeper(Settings(str(database)), asyncio.get_running_loop()))
        session = keepers[0].open_session(LIVE_INFO)
        assert keepers[0].flush(20)
        os.kill(the_journal(), signal.SIGSTOP)
        for number in range(100):
            keepers[0].append(session, frame(number, 100_000))

    run_async(main())
    began = time.monotonic()
    assert keepers[0].close(1.5) == 0
    assert time.monotonic() - began < 2
    wait_until(lambda: stored(database) == list(range(100)), "all of it")
    assert keepers[0].close(20) == 0


def test_what_the_proxy_holds_at_the_end_of_a_locked_database_is_rescued(
    database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = JournalKeeper(Settings(str(database)))

    async def main() -> None:
        for number in range(100):
            keeper.append(session, frame(number, 100_000))

    session = keeper.open_session(LIVE_INFO)
    assert keeper.flush(20)
    (database.parent / f"xentara-unwritten-{the_journal()}.db").symlink_to("/etc/passwd")
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN EXCLUSIVE")
        run_async(main())
        assert keeper.close(1.5) == 0
        wait_until(lambda: "could not be written into" in capfd.readouterr().err, "where it is")
        assert keeper.close(20) == 0
    (rescued,) = [path for path in database.parent.glob("xentara-unwritten-*.db") if not path.is_symlink()]
    assert stored(database) + stored(rescued) == list(range(100))


def test_connections_that_came_and_went_while_a_database_was_locked_are_rescued(database: Path) -> None:
    keeper = JournalKeeper(Settings(str(database)))
    first = keeper.open_session(LIVE_INFO)
    assert keeper.flush(20)
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN EXCLUSIVE")
        keeper.close_session(first, Closing(9, 1000, "bye"))
        keeper.open_session(info("flow-2", LIVE))
        assert keeper.close(20) == 0
    (rescued,) = database.parent.glob("xentara-unwritten-*.db")
    found = read(rescued, "SELECT flow_id, close_reason FROM sessions ORDER BY id")
    assert found == [("flow-1", "bye"), ("flow-2", "the recorder ended before the connection did")]


@pytest.mark.parametrize(
    ("frames", "lost", "path", "said"),
    [
        (3, 0, "rest.db", "3 frames could not be written into plant.db; they are in rest.db"),
        (1, 0, "rest.db", "1 frame could not be written into plant.db; it is in rest.db"),
        (
            3,
            1,
            "rest.db",
            "3 frames could not be written into plant.db; 2 of them are in rest.db, 1 are lost",
        ),
        (3, 3, "rest.db", "3 frames could not be written into plant.db; they are lost"),
        (3, 3, "", "3 frames could not be written into plant.db; they are lost"),
        (0, 0, "rest.db", "what was left could not be written into plant.db; it is in rest.db"),
    ],
)
def test_what_became_of_what_could_not_be_written_is_said(
    frames: int, lost: int, path: str, said: str
) -> None:
    assert process._rescued(frames, lost, "plant.db", path) == said


def test_frames_that_found_no_place_are_told_though_it_takes_longer_to_know_than_the_end_may(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keepers = []

    async def main() -> None:
        keepers.append(JournalKeeper(Settings(str(database)), asyncio.get_running_loop()))
        session = keepers[0].open_session(LIVE_INFO)
        assert keepers[0].flush(20)
        resource.prlimit(the_journal(), resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        for number in range(3):
            keepers[0].append(session, frame(number))
        await until(lambda: "frames are kept in memory meanwhile" in caplog.text, "a word about it")

    run_async(main())
    assert keepers[0].close(0.01) == 3
    assert stored(database) == []


@pytest.mark.slow
def test_a_journal_ends_with_the_proxy_that_was_killed_and_not_before(database: Path, confdir: Path) -> None:
    async def main() -> int:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                await asyncio.to_thread(proxy.wait_for_line, "recording into")
                (pid,) = children(proxy.child.pid, "journal")
                for signal_number in (signal.SIGINT, signal.SIGTERM):
                    os.kill(pid, signal_number)
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    await until(lambda: len(read(database, "SELECT 1 FROM frames")) == 2, "both frames")
                    assert children(proxy.child.pid, "journal") == [pid]
                    proxy.child.kill()
        return pid

    pid = run_async(main())
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "its end")
    assert read(database, "SELECT stopped IS NOT NULL FROM recorders") == [(1,)]


@pytest.mark.slow
def test_a_conversation_goes_on_over_the_death_of_its_journal(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    (pid,) = children(proxy.child.pid, "journal")
                    os.kill(pid, signal.SIGKILL)
                    for _ in range(5):
                        await client.request(8)
                await asyncio.to_thread(proxy.stop)
                assert "Traceback" not in proxy.output

    run_async(main())
    assert [row["status"] for row in rows("log", "-d", database)] == ["ok"] * 6
    (session,) = rows("sessions", "-d", database)
    assert (session["frames"], session["close_code"], session["dropped"]) == (12, 1000, 0)
    inspect("reindex", "-d", database)
    check_derived(database, database.with_name("fresh.db"))


@pytest.mark.parametrize("arguments", [[], ["no number"], ["99"], ["0", "1"], ["0"]])
def test_settings_that_are_none_are_refused_with_one_line(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "xentara_inspect.recorder.process", *arguments]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("usage: ")
    assert run.stderr.count("\n") == 1


def test_frames_of_the_store_can_be_handed_over(database: Path) -> None:
    """Text, binary, both directions, and a secret that is blanked on the way."""
    conversation = frames(
        '>[[0, 1, 12, {0: 122({0: "operator", 1: "swordfish"})}]]', "<[[1, 1]]", ">text:hello"
    )

    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        for said in conversation:
            keeper.append(session, said)

    keeping(database, main)
    found = read(database, "SELECT time, from_client, is_text, payload, redacted FROM frames ORDER BY id")
    assert [Frame(*row[:4]) for row in found[1:]] == conversation[1:]
    assert [row[4] for row in found] == [1, 0, 0]
    assert b"swordfish" not in found[0][3]
    assert b"swordfish" in conversation[0].payload


def test_with_durable_a_frame_that_there_is_no_memory_for_is_never_let_through(database: Path) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, unlimited[1]))
        try:
            missed = keeper.append(session, frame(0, 20_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        committed = keeper.append(session, frame(1))
        assert missed is not None
        assert committed is not None
        await asyncio.wait_for(committed, 20)
        assert not missed.done()

    keeping(database, main, durable=True, lost=True)
    assert stored(database) == [1]
    assert read(database, "SELECT dropped FROM sessions") == [(1,)]


def test_a_wait_in_the_event_loop_and_the_loop_itself_hear_of_the_same_commit(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        keeper.append(session, frame(0))
        wait_until(lambda: not keeper.backlog.count, "what the loop hears of when it goes on")
        committed = keeper.append(session, frame(1))
        asyncio.get_running_loop().call_soon(keeper.flush, 20)
        assert committed is not None
        await asyncio.wait_for(committed, 20)

    keeping(database, main, durable=True)
    assert not caplog.records


def test_with_durable_what_waits_when_the_event_loop_ends_is_recorded_all_the_same(database: Path) -> None:
    keepers: list[JournalKeeper] = []
    waiting: list[object] = []

    async def main() -> None:
        keepers.append(JournalKeeper(Settings(str(database), durable=True), asyncio.get_running_loop()))
        committed = keepers[0].append(keepers[0].open_session(LIVE_INFO), frame(0))
        assert committed is not None
        committed.add_done_callback(waiting.append)

    run_async(main())
    assert keepers[0].flush(20)
    assert keepers[0].close(20) == 0
    assert (stored(database), waiting) == ([0], [])


@pytest.mark.parametrize("rubbish", ["oops", '[1, "loud", "oops"]', "[0, null, null]", "[" * 5000])
def test_rubbish_from_a_process_is_not_told_and_the_next_one_is_started(
    database: Path, caplog: pytest.LogCaptureFixture, rubbish: str
) -> None:
    """A library may print."""

    async def main(keeper: JournalKeeper) -> None:
        session = keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        journal = the_journal()
        Path(f"/proc/{journal}/fd/1").write_text(f"{rubbish}\n")
        os.kill(journal, signal.SIGKILL)
        keeper.append(session, frame(0))
        await until(lambda: stored(database) == [0], "the frame")
        assert keeper.restarts == 1

    keeping(database, main)
    assert not caplog.records


def test_a_process_that_cannot_be_started_for_want_of_descriptors_leaves_none_open(database: Path) -> None:
    def opened() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def main(keeper: JournalKeeper) -> None:
        keeper.open_session(LIVE_INFO)
        assert keeper.flush(20)
        before, limit = opened(), resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
        filled = [os.dup(0) for _ in range(highest + 1 - before)]
        journal = the_journal()
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, limit[1]))
        try:
            os.kill(journal, signal.SIGKILL)
            await until(lambda: keeper.restarts > 1, "a start that failed")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            for descriptor in filled:
                os.close(descriptor)
        assert opened() == before - 2, "both ends of the one that died are gone"

    keeping(database, main)
