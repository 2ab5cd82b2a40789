"""What is done to proxies while people use them: every fault that can be made, and poison."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from websockets.exceptions import ConnectionClosed

from benchmarks.machine import most_resident
from tests.live import Mitmdump, children, wait_until
from tests.load import numbered_event
from tests.store_traffic import read
from tests.whole.test_killed import is_gone
from tests.witnesses import Town
from xentara_inspect.simulator.wire import encode

PROXIES: Final = 2
DISK: Final = "8g"
OUTLIVED: Final = 180.0
"""Seconds for which an indexer may be at what was there when its proxy ended: others run first."""
OPTIONS: Final = ("flow_detail=0", "xentara_notation=exchanges", "xentara_max_frame=4M")


class Chaos:
    """Proxies in front of a town, recording into one database, and what is done to them.

    all: proxies that there ever were. killed: those of them with SIGKILL. memory: the most that any had, in
    bytes, by what it is.
    """

    def __init__(self, town: Town, database: Path, confdir: Path) -> None:
        self.town = town
        self.all: list[Mitmdump] = []
        self.killed: set[Mitmdump] = set()
        self.memory: dict[str, int] = {}
        self._database = database
        self._confdir = confdir

    async def __aenter__(self) -> Chaos:
        await self.start_proxies()
        self._measuring = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._measuring.cancel()
        for proxy in self.all:
            proxy.__exit__()

    # Proxies

    async def start_proxies(self) -> None:
        """Start those that are missing."""
        options = [part for option in OPTIONS for part in ("--set", option)]
        proxies = [proxy for proxy in self.town.proxies if proxy.child.poll() is None]
        while len(proxies) < PROXIES:
            proxy = await asyncio.to_thread(
                Mitmdump, self.town.upstream, self._database, self._confdir, *options
            )
            proxy.outlived = OUTLIVED
            self.all.append(proxy)
            proxies.append(proxy)
        self.town.proxies = proxies

    async def end_proxies(self) -> None:
        for proxy in self.all:
            if proxy.child.poll() is None:
                await self._end(proxy, signal.SIGINT)

    async def _end(self, proxy: Mitmdump, number: signal.Signals) -> None:
        journals = children(proxy.child.pid, "journal")
        await asyncio.to_thread(proxy.stop, number)
        for pid in journals:
            await asyncio.to_thread(wait_until, partial(is_gone, pid), "the journal finishes alone")

    async def _measure(self) -> None:
        while True:
            for proxy in self.town.proxies:
                pids = {what: children(proxy.child.pid, what) for what in ("journal", "indexer")}
                for what, found in {"proxy": [proxy.child.pid], **pids}.items():
                    for pid in found:
                        with contextlib.suppress(OSError, ValueError):  # it has ended
                            self.memory[what] = max(self.memory.get(what, 0), most_resident(pid))
            await asyncio.sleep(1)

    # Faults: those of one proxy die while those of another have trouble with their database. That both
    # happen to one at the same time is more than is promised.

    async def kill_proxy(self, _: random.Random) -> None:
        self.killed.add(self.town.proxies[0])
        await self._end(self.town.proxies[0], signal.SIGKILL)

    async def end_proxy(self, chance: random.Random) -> None:
        await self._end(self.town.proxies[0], chance.choice([signal.SIGINT, signal.SIGTERM]))

    async def kill_journal(self, _: random.Random) -> None:
        proxy = self.town.proxies[-1].child
        signal_to(children(proxy.pid, "journal"), signal.SIGKILL)
        async with asyncio.timeout(60):  # it is started again at longer and longer intervals
            while proxy.poll() is None and not self._recorders() & set(children(proxy.pid, "journal")):
                await asyncio.sleep(0.05)

    async def kill_indexer(self, chance: random.Random) -> None:
        signal_to(children(chance.choice(self.town.proxies).child.pid, "indexer"), signal.SIGKILL)

    async def stop_journal(self, chance: random.Random) -> None:
        await self._stop(self.town.proxies[-1], "journal", chance.uniform(0.1, 7))

    async def stop_indexer(self, chance: random.Random) -> None:
        await self._stop(chance.choice(self.town.proxies), "indexer", chance.uniform(0.1, 7))

    async def hold_lock(self, chance: random.Random) -> None:
        with closing(sqlite3.connect(self._database, isolation_level=None, timeout=0)) as other:
            for _ in range(100):
                with contextlib.suppress(sqlite3.OperationalError):
                    other.execute("BEGIN IMMEDIATE")
                    break
                await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0.1, 5))

    async def fill_disk(self, chance: random.Random) -> None:
        with full(self._database.parent):
            await asyncio.sleep(chance.uniform(0.5, 5))

    async def limit_files(self, chance: random.Random) -> None:
        journals = children(chance.choice(self.town.proxies).child.pid, "journal")
        limit(journals, 1_000_000)
        await asyncio.sleep(chance.uniform(0.5, 5))
        limit(journals, resource.RLIM_INFINITY)

    async def poison(self, chance: random.Random) -> None:
        for _ in range(chance.randrange(1, 6)):
            await self._say(chance, chance.choice(POISONS)(chance))

    async def flood(self, chance: random.Random) -> None:
        size = chance.choice([0, 1000, 300_000, 2_000_000])
        until = time.monotonic() + chance.uniform(1, 8)
        for number in itertools.count():
            # A client's event may hold a secret, and zeros said by the server later would be its echo.
            await self._say(chance, numbered_event(0, number, chance.randbytes(size)))
            if time.monotonic() > until:
                break

    async def _say(self, chance: random.Random, message: bytes | str) -> None:
        """Somebody says something."""
        if self.town.here:
            ends = self.town.here[chance.choice(list(self.town.here))]
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(10):
                    await chance.choice(ends).say(message)

    def _recorders(self) -> set[int]:
        return {pid for (pid,) in read(self._database, "SELECT pid FROM recorders")}

    async def _stop(self, proxy: Mitmdump, what: str, seconds: float) -> None:
        pids = children(proxy.child.pid, what)
        signal_to(pids, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            signal_to(pids, signal.SIGCONT)


def signal_to(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes that may be gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def limit(pids: list[int], size: int) -> None:
    """Let no file of processes grow beyond a size."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """A file system of our own with room for a megabyte at most."""
    while True:
        room = os.statvfs(disk)
        used = (room.f_blocks - room.f_bfree) * room.f_frsize
        if resized(disk, f"{used + (1 << 20)}"):
            break  # otherwise it grew meanwhile
    try:
        yield
    finally:
        assert resized(disk, DISK)


def resized(disk: Path, size: str) -> bool:
    """Whether a file system could be made larger, or smaller."""
    mount = ["mount", "-o", f"remount,size={size}", str(disk)]
    return subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode == 0


def dense(chance: random.Random) -> bytes:
    length = chance.randrange(3_900_000)
    return b"\x81\x9a" + length.to_bytes(4, "big") + bytes([chance.randrange(24)]) * length


POISONS: Final[tuple[Callable[[random.Random], bytes | str], ...]] = (
    dense,
    lambda chance: b"\x5a\x00\xff\xff\xff" + bytes(chance.randrange(4_100_000, 12_000_000)),  # too large
    lambda chance: encode([[0, number, 8] for number in range(chance.randrange(20_000))]),
    lambda chance: chance.randbytes(chance.randrange(2000)),
    lambda chance: b"\x81" * chance.randrange(100_000),
    lambda chance: encode([[0, 1, 12, {0: 1}]])[: chance.randrange(1, 8)],
    lambda chance: "not CBOR " * chance.randrange(100),
    lambda chance: b"",
)
FAULTS: Final[tuple[Callable[[Chaos, random.Random], Awaitable[None]], ...]] = (
    Chaos.kill_journal, Chaos.kill_indexer, Chaos.stop_journal, Chaos.stop_indexer, Chaos.kill_proxy,
    Chaos.end_proxy, Chaos.hold_lock, Chaos.fill_disk, Chaos.limit_files, Chaos.poison, Chaos.flood,
)  # fmt: skip
