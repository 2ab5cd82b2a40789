"""A recorder that is stopped while its database is locked loses nothing and holds nobody up."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.live import Mitmdump, inspect, recorded_payloads, rows, run_async, simulated, wait_until
from xentara_inspect.simulator import Client

pytestmark = pytest.mark.slow


def test_frames_that_cannot_be_written_at_the_stop_go_into_a_file_of_their_own(
    database: Path, confdir: Path
) -> None:
    async def main() -> tuple[list[bytes], float, str]:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir, finish=2) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    hello = partial(recorded_payloads, database)
                    await asyncio.to_thread(wait_until, lambda: len(hello()) == 2, "hello and answer")
                    with closing(sqlite3.connect(database, isolation_level=None)) as other:
                        other.execute("PRAGMA busy_timeout = 20000")
                        other.execute("BEGIN EXCLUSIVE")
                        for _ in range(20):
                            await client.request(8)
                        seconds = await asyncio.to_thread(proxy.stop, signal.SIGTERM)
                        other.execute("ROLLBACK")
                assert proxy.child.returncode == 0, proxy.output
                return [frame.payload for frame in client.received], seconds, proxy.output

    received, seconds, output = run_async(main())
    assert seconds < 10
    (rescued,) = database.parent.glob("xentara-unwritten-*.db")
    assert f"could not be written into {database}; they are in {rescued}" in output
    files = recorded_payloads(database) + recorded_payloads(rescued)
    assert [payload for from_client, payload in files if not from_client] == received
    inspect("reindex", "-d", database)
    inspect("reindex", "-d", rescued)
    assert len(rows("log", "-d", database)) + len(rows("log", "-d", rescued)) == 21
