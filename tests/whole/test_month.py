"""A month in two minutes: recorded at full speed, in many files, which are archived and deleted."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import time
from functools import partial
from pathlib import Path

import pytest

from tests.archived import verified
from tests.live import Mitmdump, inspect, run_async
from tests.load import Crowd, LoadServer, as_heard, oldest_missing
from tests.rotating import files_of
from tests.store_checks import recorded_by_connection
from xentara_inspect.index.process import catch_up

SECONDS = float(os.environ.get("XENTARA_MONTH_SECONDS", "120"))
KEPT = 3
FILE = 2 << 20
DISK = 32 * FILE
"""Bytes for a recording: of files that are kept, and that wait for the indexer or the archive."""
FOR_EVER = 1_000_000
"""Messages on one connection: it stays.

With 1,300 that came and went in a minute the proxy had no object more at the end than after ten seconds, but
the allocator kept 5 MB more.
"""
GROWTH = 5 << 20
"""Bytes by which the proxy may grow once it has warmed up."""


def memory(pid: int) -> int:
    """Bytes that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def size_of(recording: Path) -> int:
    """Bytes of all files of a recording, and of what is beside them."""
    total = 0
    for path in recording.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
            total += path.stat().st_size
    return total


@pytest.mark.stress
def test_a_month_of_files_is_archived_whole_in_little_memory_and_on_little_disk(
    tmp_path: Path, confdir: Path
) -> None:
    path, where = tmp_path / "recording" / "plant.db", tmp_path / "archive"
    path.parent.mkdir()
    options = [
        "flow_detail=0", "xentara_notation=exchanges", f"xentara_rotate_size={FILE}", f"xentara_keep={KEPT}",
        "xentara_keep_free=1G", "xentara_keep_days=1", f"xentara_archive={where}", "xentara_site=north",
    ]  # fmt: skip
    given = [part for option in options for part in ("--set", option)]
    measured: list[tuple[int, int]] = []

    async def main() -> tuple[Crowd, LoadServer]:
        # As fast as answers come. A flood of events (no pause) stalled once; pings that are late may be why.
        async with LoadServer(pause=0.02) as server:
            start = partial(Mitmdump, server.upstream, path, confdir, *given)
            with await asyncio.to_thread(start) as proxy:
                crowd = Crowd(proxy.url, itertools.count(1), random.Random(7), 8, FOR_EVER)
                async with crowd:
                    until = time.monotonic() + SECONDS
                    while time.monotonic() < until:
                        await crowd.wait_for(100)
                        measured.append((memory(proxy.child.pid), size_of(path)))
                async with asyncio.timeout(300):  # a busy machine decodes last of all
                    while len(files_of(path)) > KEPT:
                        await asyncio.sleep(0.1)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
                print(proxy.output.count("archived"), "files archived by then")
        return crowd, server

    crowd, server = run_async(main())
    warm = measured[len(measured) // 4 :]
    growth, largest = warm[-1][0] - warm[0][0], max(size for _, size in measured)
    print(f"grew by {growth / 1e6:.1f} MB, at most {largest / 1e6:.1f} MB on disk")
    for file in files_of(path):
        catch_up(file)
    inspect("archive", "-d", path.parent / "plant*.db", "--to", where, "--site", "north", "--seal")
    print(verified(where))
    inspect("import", where, "-d", tmp_path / "back.db")
    found = recorded_by_connection(*files_of(tmp_path / "back.db"))
    for from_client, ends in ((False, as_heard(crowd.connections)), (True, server.heard)):
        for number, heard in ends.items():
            recorded = found[number, from_client]
            assert oldest_missing(heard, recorded) is None
            assert len(set(recorded)) == len(recorded), "each of them is unlike any other"
    assert growth <= GROWTH
    assert largest <= DISK
