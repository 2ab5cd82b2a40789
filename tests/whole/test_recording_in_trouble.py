"""Full disks, held locks, deleted files: traffic goes on, people are told once, nothing is lost silently."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import re
import resource
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.disks import small_disk
from tests.health import HEALTH, Asked
from tests.live import ADDON, BIN, Mitmdump, Process, children, rows, run_async, wait_until
from tests.load import Crowd, LoadServer, as_heard, oldest_missing
from tests.store_checks import check_derived, check_integrity, recorded_by_connection
from tests.store_traffic import read
from xentara_inspect.index.process import catch_up
from xentara_inspect.proxy.addon import LOST

pytestmark = pytest.mark.slow

FOR_EVER = 1_000_000  # messages on one connection: it stays
PAUSE = 0.01  # seconds between two messages on one connection


@contextlib.asynccontextmanager
async def recorded(
    database: Path,
    confdir: Path,
    *,
    stay: int = 150,
    clients: int = 4,
    padding: int = 0,
    lost: bool = False,
) -> AsyncIterator[tuple[Mitmdump, Crowd]]:
    """Traffic through mitmdump, with a proper end. lost: whether frames are, which the exit code tells."""
    async with LoadServer(PAUSE, padding) as server:
        with await asyncio.to_thread(Mitmdump, server.upstream, database, confdir, *HEALTH) as proxy:
            crowd = Crowd(proxy.url, itertools.count(1), random.Random(5), clients, stay, PAUSE)
            async with crowd:
                await crowd.wait_for(100)
                yield proxy, crowd
            await asyncio.to_thread(proxy.stop)
            assert proxy.child.returncode == (LOST if lost else 0), proxy.output
            assert "Traceback" not in proxy.output, proxy.output.partition("Traceback")[2]
            assert "could not be decoded" not in proxy.output


def check_everything_is_there(database: Path, crowd: Crowd) -> None:
    check_integrity(database)
    found = recorded_by_connection(database)
    for number, heard in as_heard(crowd.connections).items():
        assert oldest_missing(heard, found.get((number, False), [])) is None
    assert sum(row["dropped"] for row in rows("sessions", "-d", database)) == 0


def check_everything_is_accounted_for(database: Path, crowd: Crowd) -> int:
    """Of connections that stayed, what is not there was dropped, and is counted. Returns how many."""
    check_integrity(database)
    sessions = rows("sessions", "-d", database)
    known = {tuple(row["client"].rsplit(":", 1))[1]: row for row in sessions}
    for client in crowd.connections.values():
        row = known[str(client.websocket.local_address[1])]
        assert row["frames"] + row["dropped"] == len(client.sent) + len(client.received)
    return sum(row["dropped"] for row in sessions)


def told(proxy: Process, words: str) -> int:
    """How many lines of ours say something."""
    return sum(words in line for line in proxy.lines if "xentara_inspect: " in line)


async def hears(proxy: Process, pattern: str) -> None:
    await asyncio.to_thread(proxy.wait_for_line, pattern)


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.stress)])
def test_a_database_that_is_locked_for_long_gets_everything_afterwards(
    database: Path, confdir: Path, seconds: int
) -> None:
    async def main() -> Crowd:
        async with recorded(database, confdir) as (proxy, crowd):
            asked = await asyncio.to_thread(Asked, proxy, database)
            with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
                other.execute("BEGIN IMMEDIATE")
                until = asyncio.get_running_loop().time() + seconds
                while asyncio.get_running_loop().time() < until:
                    await crowd.wait_for(100)
                await asyncio.to_thread(asked.wait_until_all_say, "is locked by another program")
                other.execute("ROLLBACK")
            await hears(proxy, "can be written again, no frame was lost")
            await asyncio.to_thread(asked.wait_until_all_are_well)
            await crowd.wait_for(100)
            assert told(proxy, "is locked by another program; frames are kept in memory") == 1
            assert told(proxy, "can be written again") == 1
        return crowd

    crowd = run_async(main())
    check_everything_is_there(database, crowd)
    check_derived(database, database.with_name("fresh.db"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for 2 MB: twice what an empty database takes."""
    with small_disk(tmp_path / "disk", "2m") as place:
        yield place


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=1g", disk], check=True)


def test_a_full_disk_holds_up_nobody_and_gets_everything_once_there_is_room(
    disk: Path, confdir: Path
) -> None:
    database = disk / "xentara.db"

    async def main() -> Crowd:
        async with recorded(database, confdir) as (proxy, crowd):
            await hears(proxy, "cannot be written: the disk is full; frames are kept in memory")
            asked = await asyncio.to_thread(Asked, proxy, database)
            await asyncio.to_thread(asked.wait_until_all_say, "the disk is full")
            assert ": the disk is full" in (await asyncio.to_thread(asked.status))["reasons"][0]
            await crowd.wait_for(1000)
            grow(disk)
            await hears(proxy, "can be written again, no frame was lost")
            await crowd.wait_for(100)
            assert told(proxy, "frames are kept in memory") == told(proxy, "can be written again") == 1
        return crowd

    crowd = run_async(main())
    check_everything_is_there(database, crowd)
    check_derived(database, disk / "fresh.db")


def test_a_file_that_may_not_grow_gets_everything_once_it_may(database: Path, confdir: Path) -> None:
    async def main() -> Crowd:
        async with recorded(database, confdir) as (proxy, crowd):
            none = resource.RLIM_INFINITY
            (journal,) = children(proxy.child.pid, "journal")
            resource.prlimit(journal, resource.RLIMIT_FSIZE, (100_000, none))
            await hears(proxy, "frames are kept in memory")
            await crowd.wait_for(500)
            resource.prlimit(journal, resource.RLIMIT_FSIZE, (none, none))
            await hears(proxy, "can be written again, no frame was lost")
            await crowd.wait_for(100)
        return crowd

    crowd = run_async(main())
    check_everything_is_there(database, crowd)
    check_derived(database, database.with_name("fresh.db"))


def test_frames_that_a_disk_has_no_room_for_at_the_end_are_said_and_are_the_exit_code(
    disk: Path, confdir: Path
) -> None:
    database = disk / "xentara.db"

    async def main() -> tuple[Mitmdump, Crowd]:
        async with LoadServer(PAUSE) as server:
            with await asyncio.to_thread(Mitmdump, server.upstream, database, confdir) as proxy:
                async with Crowd(proxy.url, itertools.count(1), random.Random(5), pause=PAUSE) as crowd:
                    await hears(proxy, "the disk is full")
                    await crowd.wait_for(300)
                await asyncio.to_thread(proxy.stop)
        return proxy, crowd

    proxy, crowd = run_async(main())
    (lost,) = re.findall(r"(\d+) frames could not be written into .*; they are lost", proxy.output)
    assert f"{lost} frames were lost" in proxy.output
    assert proxy.child.returncode == 1
    sent = sum(len(client.sent) + len(client.received) for client in crowd.connections.values())
    ((there,),) = read(database, "SELECT count(*) FROM frames")
    assert there + int(lost) == sent
    assert [path.name for path in disk.glob("*.db")] == [database.name]


@pytest.mark.stress
def test_what_a_full_disk_and_memory_do_not_hold_is_counted(disk: Path, confdir: Path) -> None:
    database = disk / "xentara.db"

    async def main() -> tuple[Crowd, int]:
        large = {"clients": 2, "padding": 300_000}
        async with recorded(database, confdir, stay=FOR_EVER, lost=True, **large) as (proxy, crowd):
            await hears(proxy, "the disk is full")
            await crowd.wait_for(400)  # 120 MB, of which 64 are kept
            grow(disk)
            await hears(proxy, "can be written again, [1-9][0-9]* frames had to be dropped")
            (said,) = [line for line in proxy.lines if "had to be dropped" in line]
            await crowd.wait_for(20)
        return crowd, int(said.split(" frames had")[0].rsplit(" ", 1)[1])

    crowd, dropped_by_then = run_async(main())
    assert check_everything_is_accounted_for(database, crowd) >= dropped_by_then
    assert catch_up(database)


def test_a_file_deleted_under_a_recorder_is_told_and_what_it_held_is_counted(
    database: Path, confdir: Path
) -> None:
    async def main() -> Crowd:
        async with recorded(database, confdir, stay=FOR_EVER) as (proxy, crowd):
            held = partial(wait_until, lambda: len(read(database, "SELECT 1 FROM frames")) >= 100, "frames")
            await asyncio.to_thread(held)
            for path in database.parent.glob("xentara.db*"):
                path.unlink(missing_ok=True)
            await hears(proxy, "was deleted or replaced; recording goes on in a new file of that name")
            await hears(proxy, "can be written again")
            await crowd.wait_for(300)

            def indexed() -> bool:
                return bool(rows("events", "-d", database))

            await asyncio.to_thread(wait_until, indexed, "events in the new file")
            assert told(proxy, "was deleted or replaced") == told(proxy, "can be written again") == 1
        return crowd

    crowd = run_async(main())
    assert check_everything_is_accounted_for(database, crowd) >= 100
    check_derived(database, database.with_name("fresh.db"))


def test_a_log_deleted_under_a_recorder_and_its_indexer_takes_nothing_with_it(
    database: Path, confdir: Path
) -> None:
    async def main() -> Crowd:
        async with recorded(database, confdir) as (proxy, crowd):
            for times in (1, 2, 3):
                database.with_name(f"{database.name}-wal").unlink()
                await crowd.wait_for(100)
                again = partial(told, proxy, "can be written again, no frame was lost")
                await asyncio.to_thread(wait_until, lambda: again() == times, "a new log")  # noqa: B023
            assert told(proxy, "-wal was deleted or replaced; it is written anew") == 3
        return crowd

    crowd = run_async(main())
    check_everything_is_there(database, crowd)
    check_derived(database, database.with_name("fresh.db"))


def test_a_read_only_directory_is_one_clear_line_and_no_recording(disk: Path, confdir: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    setting = f"xentara_db={disk / 'xentara.db'}"
    arguments = ["-p", "0", "--listen-host", "127.0.0.1", "--set", f"confdir={confdir}", "--set", setting]
    with Process([BIN / "mitmdump", "-s", ADDON, *arguments]) as proxy:
        assert proxy.wait() == 1
    assert told(proxy, f"{disk / 'xentara.db'} cannot be opened: read-only file system") == 1
    assert "Traceback" not in proxy.output
    assert os.listdir(disk) == []
