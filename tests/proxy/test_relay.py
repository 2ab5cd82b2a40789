"""Not much more of a connection is read than passes: who sends faster than that waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from benchmarks.machine import most_resident
from tests.live import Mitmdump, children, recorded_payloads, run_async, simulated
from xentara_inspect.simulator import Client

pytestmark = pytest.mark.slow


def test_who_sends_faster_than_messages_pass_waits_for_them(database: Path, confdir: Path) -> None:
    message = bytes.fromhex("593ffd") + bytes(16_381)
    frame = bytes.fromhex("82fe4000") + bytes(4) + message  # masked with zeros

    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    before = most_resident(proxy.child.pid)
                    client.websocket.transport.write(1500 * frame)
                    await client.request(8, timeout=60)
                    assert most_resident(proxy.child.pid) < before + 12_000_000
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    assert sum(len(payload) == len(message) for _, payload in recorded_payloads(database)) == 1500


def test_while_a_message_waits_its_sender_waits_too(database: Path, confdir: Path) -> None:
    message = bytes.fromhex("5a000dbba0") + os.urandom(900_000)

    async def main() -> None:
        async with simulated() as simulator:
            upstream, durable = f"http://127.0.0.1:{simulator.port}", ("--set", "xentara_durable=on")
            with Mitmdump(upstream, database, confdir, *durable) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    (journal,) = children(proxy.child.pid, "journal")
                    before = most_resident(proxy.child.pid)

                    async def flood() -> None:
                        for _ in range(100):
                            await client.send_raw(message)

                    os.kill(journal, signal.SIGSTOP)
                    flooding = asyncio.create_task(flood())
                    assert not (await asyncio.wait({flooding}, timeout=2))[0], "all was taken"
                    os.kill(journal, signal.SIGCONT)
                    await flooding
                    assert most_resident(proxy.child.pid) < before + 30_000_000
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    assert sum(len(payload) == len(message) for _, payload in recorded_payloads(database)) == 100
