"""Long runs of everything at once: two proxies, an indexer, reindexing, questions, clocks that go back."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
import time
from pathlib import Path

import pytest

from tests.journal import Journal
from tests.live import Mitmdump, inspect, rows, run_async
from tests.load import Crowd, LoadServer, as_heard, oldest_missing
from tests.store_checks import check_derived, check_integrity, comparable, recorded_by_connection
from tests.store_traffic import CONVERSATION, add, event, frames, info, read
from xentara_inspect.frames import LIVE, Closing
from xentara_inspect.index.keeper import start_indexer
from xentara_inspect.index.process import catch_up, reindex, wait_until_indexed


async def _again_and_again(until: float, *arguments: str | Path) -> int:
    """Run the query tool over and over; how often."""
    for count in itertools.count():
        if time.monotonic() > until:
            return count
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "xentara_inspect", *map(str, arguments),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, complaints = await run.communicate()
        assert run.returncode == 0, output.decode() + complaints.decode()
    raise AssertionError


def soak(database: Path, confdir: Path, seconds: float) -> None:
    """Two proxies record into one database while it is indexed, reindexed and asked."""
    seed = int(os.environ.get("XENTARA_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (XENTARA_SEED={seed} repeats it)")
    numbers = itertools.count(1)

    async def main() -> list[Crowd]:
        async with LoadServer() as server:
            with (
                await asyncio.to_thread(Mitmdump, server.upstream, database, confdir) as first,
                await asyncio.to_thread(Mitmdump, server.upstream, database, confdir) as second,
            ):
                crowds = [Crowd(proxy.url, numbers, random.Random(seed), 2) for proxy in (first, second)]
                async with crowds[0], crowds[1]:
                    await asyncio.gather(*(crowd.wait_for(20) for crowd in crowds))
                    until = time.monotonic() + seconds
                    done = await asyncio.gather(
                        _again_and_again(until, "reindex", "-d", database),
                        _again_and_again(until, "log", "--events", "-d", database),
                    )
                    assert all(done), "reindexed and asked at least once"
                for proxy in (first, second):
                    await asyncio.to_thread(proxy.stop)
                    assert proxy.child.returncode == 0, proxy.output
                    assert "indexer:" not in proxy.output
                print(f"reindexed {done[0]} times, asked {done[1]} times")
        return crowds

    crowds = run_async(main())
    assert wait_until_indexed(database, 60)
    check_integrity(database)
    found = recorded_by_connection(database)
    for crowd in crowds:
        for number, heard in as_heard(crowd.connections).items():
            assert oldest_missing(heard, found.get((number, False), [])) is None
    print(read(database, "SELECT count(*) FROM frames")[0][0], "frames")
    check_derived(database, database.with_name("fresh.db"))


@pytest.mark.stress
def test_two_proxies_record_into_a_database_that_is_indexed_reindexed_and_asked(
    database: Path, confdir: Path
) -> None:
    soak(database, confdir, 2)


@pytest.mark.stress
def test_a_long_run_of_two_proxies_with_reindexing_and_questions(database: Path, confdir: Path) -> None:
    soak(database, confdir, 60)


@pytest.mark.parametrize("seed", range(3))
def test_frames_keep_their_order_when_the_clock_goes_back(database: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    said = frames(*CONVERSATION, *[event(number) for number in range(50)])
    steps = itertools.accumulate(chance.randrange(-(10**10), 10**9) for _ in said)
    stepped = [frame._replace(time=frame.time + step) for frame, step in zip(said, steps, strict=True)]
    journal = Journal(database)
    indexer = start_indexer(database)
    session = journal.open_session(info(source=LIVE, opened=stepped[0].time + 10**12))
    for frame in stepped:
        journal.append(session, frame)
    journal.close_session(session, stepped[-1].time - 10**12, 1000, "")
    assert journal.close(10)
    assert indexer.stdin is not None
    indexer.stdin.close()
    assert indexer.wait(30) == 0
    assert [row[0] for row in read(database, "SELECT payload FROM frames ORDER BY id")] == [
        frame.payload for frame in said
    ]
    steady = tmp_path / "steady.db"
    add(steady, said, end=Closing(said[-1].time, 1000, ""))
    assert catch_up(steady)
    outcomes = "SELECT id, opcode, message_id, status, response_id FROM exchanges ORDER BY id"
    assert read(database, outcomes) == read(steady, outcomes)
    before = comparable(database)
    reindex(database)
    assert comparable(database) == before
    for command in ("log", "events", "readings", "sessions", "findings", "stats"):
        assert rows(command, "-d", database)
        inspect(command, "-d", database)
