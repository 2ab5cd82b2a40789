"""The indexer process comes back when it dies, and the proxy does not wait for it longer than it may."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.live import Mitmdump, rows, run_async, simulated, wait_until
from tests.store_traffic import HELLO, add, event, frames, read
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.simulator import Client
from xentara_inspect.store import supervision
from xentara_inspect.store.indexer_lock import IndexerLock


def indexers_of(database: Path) -> list[int]:
    """Processes that index a database."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"xentara_inspect.index.process" in arguments and os.fsencode(database) in arguments:
                found.append(int(entry.name))
    return found


def indexed_events(database: Path) -> int:
    return int(read(database, "SELECT count(*) FROM packets WHERE kind = 'event'")[0][0])


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.02)


def test_an_indexer_that_is_killed_comes_back(database: Path) -> None:
    said: list[str] = []
    add(database, frames(*HELLO, event(1)))
    keeper = IndexerKeeper(str(database), alone=False, on_news=lambda _level, text: said.append(text))
    try:
        wait_until(lambda: indexed_events(database) == 1, "the first event")
        (first,) = indexers_of(database)
        os.kill(first, signal.SIGKILL)
        add(database, frames(*HELLO, event(1), event(2)))
        wait_until(lambda: indexed_events(database) == 2, "the second event")
        assert indexers_of(database) != [first]
    finally:
        assert keeper.finish(20)
    assert said == []
    assert indexers_of(database) == []


def test_an_indexer_that_keeps_dying_is_told_once_and_tried_again(database: Path) -> None:
    said: list[str] = []
    database.write_bytes(b"no database" * 100)
    keeper = IndexerKeeper(str(database), alone=False, on_news=lambda _level, text: said.append(text))
    wait_until(lambda: bool(said), "a word about it")
    database.unlink()
    add(database, frames(*HELLO, event(1)))
    wait_until(lambda: indexed_events(database) == 1, "the event")
    assert keeper.finish(20)
    assert "the indexer keeps dying (exit code 1)" in said[0]
    assert said[1:] in ([], ["the indexer goes on"])


def test_an_indexer_that_stands_still_is_told_within_five_seconds(database: Path) -> None:
    said: list[str] = []
    add(database, frames(*HELLO, event(1)))
    keeper = IndexerKeeper(str(database), alone=False, on_news=lambda _level, text: said.append(text))
    try:
        wait_until(lambda: indexed_events(database) == 1, "the first event")
        (indexer,) = indexers_of(database)
        os.kill(indexer, signal.SIGSTOP)
        add(database, frames(*HELLO, event(1), event(2)))
        started = time.monotonic()
        wait_until(lambda: bool(said), "a word about it")
        assert time.monotonic() - started < 5
        os.kill(indexer, signal.SIGCONT)
        wait_until(lambda: len(said) == 2, "its end")
    finally:
        assert keeper.finish(20)
    assert said[0].startswith("the indexer stands still, or is behind: for ")
    assert said[1] == "the indexer goes on"


def test_what_is_left_is_indexed_at_the_end(database: Path) -> None:
    add(database, frames(*HELLO, *[event(number) for number in range(500)]))
    keeper = IndexerKeeper(str(database), alone=True, on_news=print)
    assert keeper.finish(None)
    assert indexed_events(database) == 500


def test_an_indexer_that_always_dies_does_not_hold_up_an_end_that_waits_for_it(database: Path) -> None:
    said: list[str] = []
    database.write_bytes(b"no database" * 100)
    keeper = IndexerKeeper(str(database), alone=True, on_news=lambda _level, text: said.append(text))
    assert keeper.finish(None)
    assert len(said) == 1


def test_the_end_does_not_wait_longer_than_it_may(database: Path) -> None:
    add(database, frames(*HELLO))
    lock = IndexerLock(database)
    assert lock.acquire()
    keeper = IndexerKeeper(str(database), alone=False, on_news=print)
    wait_until(lambda: bool(indexers_of(database)), "an indexer")
    (process,) = indexers_of(database)
    os.kill(process, signal.SIGSTOP)
    started = time.monotonic()
    assert not keeper.finish(0.2)
    assert time.monotonic() - started < 1
    os.kill(process, signal.SIGCONT)
    lock.release()
    assert keeper.finish(20)


@pytest.mark.slow
def test_a_killed_indexer_catches_up_while_mitmdump_records(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    for number in range(2, 5):
                        await client.request(8)

                        def logged(count: int = number) -> bool:
                            return len(rows("log", "-d", database)) == count

                        await asyncio.to_thread(wait_until, logged, "the request in the log")
                        for process in indexers_of(database):
                            os.kill(process, signal.SIGKILL)
                assert await asyncio.to_thread(proxy.stop) < 4
                assert proxy.child.returncode == 0, proxy.output

    run_async(main())
    log = rows("log", "-d", database)
    assert [row["command"] for row in log] == ["client_hello", "get_stage", "get_stage", "get_stage"]
    assert {row["status"] for row in log} == {"ok"}
