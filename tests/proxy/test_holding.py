"""With durable on, a message is forwarded once it is on disk, or never; and it is said why."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.live import (
    Mitmdump,
    children,
    recorded_payloads,
    rows,
    run_async,
    simulated,
    stop_at_start,
    wait_for_stopped,
    wait_until,
)  # fmt: skip
from tests.store_traffic import read
from xentara_inspect.simulator import Client

pytestmark = pytest.mark.slow

DURABLE = ("--set", "xentara_durable=on")


def test_nothing_is_forwarded_while_the_database_is_locked_and_all_of_it_afterwards(
    database: Path, confdir: Path
) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir, *DURABLE) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    before = len(client.received)
                    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
                        other.execute("BEGIN IMMEDIATE")
                        began = time.monotonic()
                        await client.send_raw(bytes.fromhex("8183000208"))
                        await asyncio.to_thread(proxy.wait_for_line, "traffic waits for it meanwhile")
                        assert time.monotonic() - began < 1
                        await asyncio.sleep(0.5)
                        assert len(client.received) == before, "forwarded before it was on disk"
                        other.execute("ROLLBACK")
                    await client.wait_for_frames(before + 1)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output

    run_async(main())
    assert len(recorded_payloads(database)) == 4


@pytest.mark.parametrize("options", [DURABLE, ()], ids=["durable", "not durable"])
def test_others_pass_while_secrets_are_looked_for_in_the_large_frame_of_one(
    options: tuple[str, ...], database: Path, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at_start("aside", monkeypatch)
    large = bytes.fromhex("9a0013d620") + bytes(1_300_000)

    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir, *options) as proxy:
                async with Client(proxy.url) as one, Client(proxy.url) as other:
                    await one.request(14, {0: 1, 1: 1})
                    await other.request(14, {0: 1, 1: 1})
                    await one.send_raw(large)
                    pid = await asyncio.to_thread(wait_for_stopped, proxy.child.pid, "aside")
                    for _ in range(5):
                        await other.request(8)
                    os.kill(pid, signal.SIGCONT)
                    await one.wait_for_frames(2)  # answered with an error
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output

    run_async(main())
    sizes = [len(payload) for from_client, payload in recorded_payloads(database) if from_client]
    assert max(sizes[:-1]) < 100 < sizes[-1] == len(large)


async def pinging(client: Client) -> None:
    while True:
        await client.websocket.ping()
        await asyncio.sleep(0.05)


def test_a_connection_that_waits_too_long_is_closed_with_1013_and_told_why(
    database: Path, confdir: Path
) -> None:
    async def main() -> ConnectionClosed:
        async with simulated() as simulator:
            options = (*DURABLE, "--set", "xentara_durable_wait=1")
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir, *options) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    (journal,) = children(proxy.child.pid, "journal")
                    os.kill(journal, signal.SIGSTOP)
                    began = time.monotonic()
                    await client.send_raw(bytes.fromhex("8183000208"))
                    with pytest.raises(ConnectionClosed) as closed:
                        await asyncio.wait_for(pinging(client), 10)
                    assert time.monotonic() - began < 2
                    os.kill(journal, signal.SIGCONT)
                await asyncio.to_thread(proxy.stop)
                assert "a connection was closed: a message was not on disk within 1 seconds" in proxy.output
                assert "Traceback" not in proxy.output
        return closed.value

    closed = run_async(main())
    assert closed.rcvd is not None
    assert (closed.rcvd.code, closed.rcvd.reason) == (1013, "not on disk within 1 seconds, so not forwarded")
    (session,) = rows("sessions", "-d", database)
    assert session["close_code"] == 1013
    assert read(database, "SELECT count(*) FROM frames") == [(3,)]


def test_a_connection_that_waits_too_long_ends_though_its_client_takes_nothing(
    database: Path, confdir: Path
) -> None:
    sent = [0.0]

    async def talk(server: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await server.send(bytes.fromhex("5a00010000") + os.urandom(65_536))
                sent[0] = time.monotonic()

    def stands_still() -> bool:
        return 0 < sent[0] < time.monotonic() - 0.5

    async def main() -> None:
        async with serve(talk, "127.0.0.1", 0, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            options = (*DURABLE, "--set", "xentara_durable_wait=1")
            with Mitmdump(f"http://127.0.0.1:{port}", database, confdir, *options) as proxy:
                async with connect(proxy.url, compression=None, max_queue=1, ping_interval=None) as client:
                    await asyncio.to_thread(wait_until, stands_still, "nobody takes any more")
                    (journal,) = children(proxy.child.pid, "journal")
                    os.kill(journal, signal.SIGSTOP)
                    await client.send(bytes.fromhex("8183000208"))
                    await asyncio.to_thread(proxy.wait_for_line, "a connection was closed")
                    os.kill(journal, signal.SIGCONT)
                    await asyncio.to_thread(proxy.wait_for_line, "client disconnect")
                    client.transport.abort()
                over = "SELECT count(*) FROM sessions WHERE closed"
                await asyncio.to_thread(wait_until, lambda: read(database, over) == [(1,)], "its end")
                await asyncio.to_thread(proxy.stop)
                assert "Traceback" not in proxy.output

    run_async(main())
    (session,) = rows("sessions", "-d", database)
    assert session["close_code"] == 1013


def test_a_large_frame_that_no_thread_can_be_started_for_is_cut_and_recorded(
    database: Path, confdir: Path
) -> None:
    """Nothing else happens to it: it arrives, and with it what comes behind it."""
    large = bytes.fromhex("9a0010c8e0") + bytes(1_100_000)

    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    status = Path(f"/proc/{proxy.child.pid}/status").read_text()
                    (used,) = re.findall(r"VmSize:\s+(\d+) kB", status)
                    room = int(used) * 1024 + 7_900_000  # less than the stack of a thread
                    resource.prlimit(proxy.child.pid, resource.RLIMIT_AS, (room, room))
                    await client.send_raw(large)
                    await client.request(14, {0: 1, 1: 1})
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    assert read(database, "SELECT length, why FROM cut_frames") == [
        (len(large), "there was no memory to look for secrets in it")
    ]
    assert read(database, "SELECT dropped FROM sessions") == [(0,)]
