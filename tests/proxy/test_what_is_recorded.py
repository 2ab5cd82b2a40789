"""Which connections and frames are recorded, what of them, and what people are told of the others."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
from pathlib import Path

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from tests.cli.test_capture import Capture
from tests.live import ADDON, Mitmdump, children, rows, run_async, simulated, wait_until
from tests.store_traffic import read
from xentara_inspect.simulator import Client
from xentara_inspect.store.processes import is_running


@pytest.mark.slow
def test_a_frame_larger_than_the_limit_is_relayed_and_its_beginning_recorded(
    database: Path, confdir: Path
) -> None:
    large = bytes.fromhex("9a00049400") + bytes(300_000)

    async def main() -> int:
        async with simulated() as simulator:
            options = ("--set", "xentara_max_frame=128K")
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir, *options) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    await client.send_raw(large)
                    await client.wait_for_frames(2)
                    await client.request(8)
                    received = len(client.received)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
        return received

    received = run_async(main())
    assert read(database, "SELECT frame_id, length, sha256, why FROM cut_frames") == [
        (3, len(large), hashlib.sha256(large).hexdigest(), "larger than 131072 bytes")
    ]
    assert read(database, "SELECT payload FROM frames WHERE id = 3") == [(large[:65536],)]
    assert read(database, "SELECT count(*) FROM frames") == [(3 + received,)]
    assert rows("sessions", "-d", database)[0]["dropped"] == 0


@pytest.mark.slow
def test_paths_that_are_equal_to_some_servers_are_recorded(database: Path, confdir: Path) -> None:
    paths = ["/api/ws/", "//api/ws", "/API/WS", "/api/%77s", "/api/ws;token=x"]
    output = converse(paths, database, confdir)
    assert "not recorded" not in output
    recorded = [session["path"] for session in rows("sessions", "-d", database)]
    assert recorded == [path.partition(";")[0] for path in paths]


@pytest.mark.slow
def test_other_paths_are_told_once(database: Path, confdir: Path) -> None:
    output = converse(["/other", "/other"], database, confdir)
    told = "WebSockets at /other are relayed and not recorded; xentara_filter chooses which are"
    assert output.count(told) == 1
    assert rows("sessions", "-d", database) == []


def converse(paths: list[str], database: Path, confdir: Path) -> str:
    """A WebSocket at each path, one after the other, to a server that echoes; what the proxy says."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(websocket: ServerConnection) -> None:
        async for message in websocket:
            await websocket.send(message)

    async def main() -> str:
        async with serve(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with Mitmdump(f"http://127.0.0.1:{port}", database, confdir) as proxy:
                for path in paths:
                    async with connect(f"ws://127.0.0.1:{proxy.port}{path}") as client:
                        await client.send(b"\x80")
                        await client.recv()
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
        return proxy.output

    output: str = run_async(main())
    return output


@pytest.mark.slow
def test_a_connection_that_is_refused_is_a_session_too(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                with pytest.raises(InvalidStatus, match="401"):
                    async with Client(proxy.url, user="nobody", password="wrong"):
                        pass
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    ((refused, user, agent, closed, code),) = read(
        database, "SELECT refused, user, user_agent, closed IS NOT NULL, close_code FROM sessions"
    )
    assert (refused, user, closed, code) == ("HTTP 401", "nobody", 1, None)
    assert "websockets" in agent


@pytest.mark.slow
def test_who_closed_a_connection_is_recorded(database: Path, confdir: Path) -> None:
    async def main() -> None:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    assert read(database, "SELECT closed_by, close_code FROM sessions") == [("client", 1000)]


@pytest.mark.slow
@pytest.mark.parametrize("start", [Mitmdump, Capture])
def test_the_exit_code_tells_that_frames_were_lost(
    start: type[Mitmdump | Capture], database: Path, confdir: Path
) -> None:
    """More than is kept in memory while nothing is written."""

    async def main() -> tuple[int, str]:
        async with simulated() as simulator:
            with start(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    (journal,) = children(proxy.child.pid, "journal")
                    os.kill(journal, signal.SIGSTOP)
                    limit = 80
                    for _ in range(limit):
                        await client.send_raw(bytes.fromhex("815a000f4240") + bytes(1_000_000))
                    await client.wait_for_frames(limit)
                    os.kill(journal, signal.SIGCONT)
                seconds = await asyncio.to_thread(proxy.stop)
                assert seconds < 10
                await asyncio.to_thread(wait_until, lambda: not is_running(journal, None), "the rest")
        return proxy.child.returncode, proxy.output

    code, output = run_async(main())
    ((dropped, there),) = read(database, "SELECT sum(dropped), sum(frame_count) FROM sessions")
    assert dropped > 0
    assert code == 1
    assert f"{dropped} frames were lost" in output[-200:]
    assert dropped + there == 2 + 2 * 80


@pytest.mark.slow
def test_a_database_that_others_may_read_is_told(database: Path, confdir: Path) -> None:
    database.touch(0o644)
    database.chmod(0o644)

    async def main() -> str:
        async with simulated() as simulator:
            with Mitmdump(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                await asyncio.to_thread(proxy.stop)
        return proxy.output

    assert f"{database} can be read by others (its mode is 644)" in run_async(main())


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["responseheaders", "websocket_start"])
def test_a_connection_that_another_addon_kills_is_recorded_as_it_passes(
    database: Path, confdir: Path, tmp_path: Path, hook: str
) -> None:
    """mitmproxy calls it no longer live, as those out of a file, but relays a WebSocket on."""
    killer = tmp_path / "killer.py"
    killer.write_text(f"def {hook}(flow): flow.kill()\n")

    async def main() -> None:
        async with simulated() as simulator:
            upstream, ours = f"http://127.0.0.1:{simulator.port}", ("-s", str(ADDON))
            with Mitmdump(upstream, database, confdir, *ours, script=killer) as proxy:  # it is asked first
                with contextlib.suppress(InvalidMessage):  # it was cut off
                    async with Client(proxy.url) as client:
                        await client.request(14, {0: 1, 1: 1})
                        frames = "SELECT 1 FROM frames"
                        await asyncio.to_thread(
                            wait_until, lambda: len(read(database, frames)) == 2, "both, before its end"
                        )
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    relayed = hook == "websocket_start"
    assert read(database, "SELECT source, frame_count, refused, closed IS NOT NULL FROM sessions") == [
        ("live", 2 if relayed else 0, None if relayed else "no answer", 1)
    ]
