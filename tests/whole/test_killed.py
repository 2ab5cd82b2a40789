"""SIGKILL at random moments under load: nothing recorded is lost, doubled, or derived otherwise."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.live import Mitmdump, children, inspect, rows, run_async, wait_until
from tests.load import Crowd, LoadServer, as_heard, oldest_missing
from tests.store_checks import check_derived, check_integrity, recorded_by_connection
from tests.store_traffic import read

pytestmark = pytest.mark.slow

BEHIND_NS = 50_000_000
"""How far recording may be behind relaying, on a machine that runs what is to run at once,"""
BEHIND_OTHERS_NS = 1_000_000_000
"""and on one that runs other tests at the same time."""

TICK = 0.005

TARGETS = ("proxy", "all", "indexer", "journal")


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except OSError:
        return True


class Delays:
    """How late this machine runs what is due: by so much it may delay those who record as well."""

    def __init__(self) -> None:
        self.longest = 0.0  # seconds
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Delays:
        self._task = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _measure(self) -> None:
        while True:
            due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, time.monotonic() - due)


class Ordeal:
    """One database, and kill after kill of those who write it."""

    def __init__(self, database: Path, confdir: Path, seed: int, durable: bool, behind: int) -> None:
        """behind: nanoseconds."""
        self._database = database
        self._confdir = confdir
        self._chance = random.Random(seed)
        self._durable = durable
        self._behind = behind
        self._numbers = itertools.count(1)
        self.late: list[float] = []  # milliseconds: age of the oldest frame lost, kill by kill

    async def run(self, targets: tuple[str, ...]) -> None:
        async with LoadServer() as server:
            for number, target in enumerate(targets):
                await self._round(server, target)
                fresh = self._database.with_name(f"fresh-{number}.db")
                await asyncio.to_thread(check_derived, self._database, fresh)
                fresh.unlink()

    async def _round(self, server: LoadServer, target: str) -> None:
        durable = f"xentara_durable={'on' if self._durable else 'off'}"
        proxy = await asyncio.to_thread(
            Mitmdump, server.upstream, self._database, self._confdir, "--set", durable
        )
        with proxy:
            crowd = Crowd(proxy.url, self._numbers, self._chance)
            delays = Delays()
            async with crowd, delays:
                await crowd.wait_for(50)
                await asyncio.sleep(self._chance.uniform(0, 1.5))
                killed = await self._kill(target, proxy, crowd)
                await crowd.ended()
        check_integrity(self._database)
        await asyncio.to_thread(self._check_queries)
        lost = self._behind + delays.longest * 1e9 if target == "all" and not self._durable else 0
        self._check_frames(crowd, server, killed, lost)

    async def _kill(self, target: str, proxy: Mitmdump, crowd: Crowd) -> int:
        """Kill, the proxy at last in any case. Returns when, in ns since 1970."""
        if target in ("indexer", "journal"):
            (pid,) = children(proxy.child.pid, target)
            progress = self._indexed if target == "indexer" else self._recorded
            os.kill(pid, signal.SIGKILL)
            before = progress()
            await crowd.wait_for(self._chance.randrange(500))  # the proxy does not care
            if target == "journal" or self._chance.random() < 0.5:
                another = partial(wait_until, lambda: progress() > before, f"another {target}")
                await asyncio.to_thread(another)
        killed = time.time_ns()
        os.kill(proxy.child.pid, signal.SIGSTOP)  # so that it starts no others meanwhile
        started = children(proxy.child.pid)
        os.kill(proxy.child.pid, signal.SIGKILL)
        if target == "all":
            for pid in started:
                os.kill(pid, signal.SIGKILL)
        for pid in started:
            await asyncio.to_thread(wait_until, partial(is_gone, pid), "the others finish alone")
        return killed

    def _recorded(self) -> int:
        ((frame,),) = read(self._database, "SELECT coalesce(max(id), 0) FROM frames")
        return int(frame)

    def _indexed(self) -> int:
        ((frame,),) = read(self._database, "SELECT frame_id FROM checkpoint")
        return int(frame)

    def _check_queries(self) -> None:
        """Nobody runs, and what was committed until then can be asked: perhaps nothing yet."""
        ((sessions,),) = read(self._database, "SELECT count(*) FROM sessions")
        ((exchanges,),) = read(self._database, "SELECT count(*) FROM exchanges")
        assert len(rows("sessions", "--limit", "0", "-d", self._database)) == sessions
        assert len(rows("log", "--limit", "0", "-d", self._database)) == exchanges
        inspect("findings", "-d", self._database)

    def _check_frames(self, crowd: Crowd, server: LoadServer, killed: int, lost: float) -> None:
        """lost: nanoseconds of traffic before the kill that may be."""
        recorded = recorded_by_connection(self._database)
        clients = as_heard(crowd.connections)
        late = 0
        for from_client, ends in ((False, clients), (True, server.heard)):
            for number, heard in ends.items():
                if number not in clients:
                    continue  # of a round before
                missing = oldest_missing(heard, recorded.get((number, from_client), []))
                late = max(late, killed - missing) if missing is not None else late
                assert lost or missing is None, f"connection {number} lost a frame that was forwarded"
        self.late.append(late / 1e6)
        assert late <= lost, f"a frame relayed {late / 1e6:.0f} ms before the kill is lost"


def ordeal(
    database: Path,
    confdir: Path,
    targets: tuple[str, ...],
    *,
    durable: bool,
    behind: int = BEHIND_OTHERS_NS,
) -> None:
    seed = int(os.environ.get("XENTARA_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (XENTARA_SEED={seed} repeats it)")
    victim = Ordeal(database, confdir, seed, durable, behind)
    try:
        run_async(victim.run(targets))
    finally:
        print(f"{len(victim.late)} kills, milliseconds lost: {victim.late}")
    print(read(database, "SELECT count(*) FROM frames")[0][0], "frames")


def test_what_was_relayed_before_a_kill_is_recorded_and_derived_as_ever(
    database: Path, confdir: Path
) -> None:
    ordeal(database, confdir, ("all", "proxy", "journal"), durable=False)


def test_with_durable_on_every_frame_that_was_forwarded_is_recorded(database: Path, confdir: Path) -> None:
    ordeal(database, confdir, ("indexer", "journal"), durable=True)


@pytest.mark.stress
@pytest.mark.parametrize("durable", [False, True], ids=["grouped", "durable"])
@pytest.mark.parametrize("_series", range(4))
def test_what_was_relayed_50_ms_before_a_kill_is_recorded(
    database: Path, confdir: Path, _series: int, durable: bool
) -> None:
    ordeal(database, confdir, TARGETS * 2, durable=durable, behind=BEHIND_NS)
