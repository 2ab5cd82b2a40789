"""Everything that goes wrong, at random and at once: each frame is recorded, or counted and said."""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.chaos import DISK, FAULTS, Chaos
from tests.disks import small_disk
from tests.live import run_async
from tests.store_checks import check_derived, check_integrity
from tests.witnesses import Record, Town, records, unrecorded

SECONDS: Final = float(os.environ.get("XENTARA_CHAOS_SECONDS", "180"))
PEOPLE: Final = 500
MEMORY: Final = 600 << 20
"""Bytes that no proxy takes: 64 MiB of frames are kept, and handed over, beside 500 connections."""

LOST: Final = re.compile(r"(\d+) (?:frames? could not be written into .*; (?:they|it) )?(?:are|is) lost")


async def wreak(chaos: Chaos, seed: int) -> None:
    """One or several faults at a time, for a while."""
    chance = random.Random(seed)
    started = time.monotonic()
    while (now := time.monotonic() - started) < SECONDS:
        chance.shuffle(chaos.town.proxies)
        faults = chance.sample(FAULTS, chance.choice([1, 2, 2, 3]))
        print(
            f"{now:5.1f} s, {len(chaos.town.here)} connections:",
            *(fault.__name__ for fault in faults),
            flush=True,
        )
        await asyncio.gather(*(fault(chaos, random.Random(chance.random())) for fault in faults))
        await chaos.start_proxies()
        await asyncio.sleep(chance.uniform(0, 2))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which can be filled."""
    with small_disk(tmp_path / "disk", DISK) as place:
        yield place


@pytest.mark.stress
def test_whatever_happens_each_frame_is_recorded_or_counted_and_said(disk: Path, confdir: Path) -> None:
    seed = int(os.environ.get("XENTARA_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (XENTARA_SEED={seed} repeats it)")
    database = disk / "plant.db"

    async def main() -> Chaos:
        async with Town(seed, PEOPLE) as town, Chaos(town, database, confdir) as chaos:
            town.open()
            await wreak(chaos, seed)
            await town.close()
            await chaos.end_proxies()
        return chaos

    chaos = run_async(main())
    print(f"at most {chaos.town.most} connections at a time")
    print(f"memory in MiB: { {what: size >> 20 for what, size in chaos.memory.items()} }")
    for proxy in chaos.all:
        # mitmproxy's event loop has much to say of connections that are open at its end
        assert not re.search(r'File "[^"]*/xentara_inspect/', proxy.output), proxy.output
    check_integrity(database)
    rescued = disk.glob("plant-unwritten-*.db")
    # Who was killed while it made one has left nothing in it.
    check_accounts(chaos, [database, *(path for path in rescued if path.stat().st_size)])
    assert chaos.memory["proxy"] < MEMORY
    check_derived(database, disk / "fresh.db")


def check_accounts(chaos: Chaos, files: list[Path]) -> None:
    """Each message that arrived is recorded, or counted as dropped in its session, and that was said."""
    found = records(files)
    for proxy in chaos.all:
        connections = [there for there in chaos.town.connections.values() if there.proxy is proxy]
        dropped = uncounted = 0
        for connection in connections:
            record = found.get(connection.number, Record({True: [], False: []}, 0))
            missing = max(0, unrecorded(connection, record, chaos.town.blanked) - record.dropped)
            uncounted += missing
            dropped += record.dropped
        lost = sum(int(count) for count in LOST.findall(proxy.output))
        counts = f"{dropped} dropped, {lost} lost, {uncounted} not counted"
        print(f"exit code {proxy.child.returncode}, {len(connections)} connections: {counts}")
        assert uncounted <= lost, proxy.output
        if dropped:
            assert "dropped, and counted" in proxy.output
        # One whose database is in trouble from its first moment on does not start.
        if proxy not in chaos.killed and "Error logged during startup" not in proxy.output:
            assert proxy.child.returncode == (1 if dropped or lost else 0), proxy.output
