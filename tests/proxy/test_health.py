"""A recorder that nobody watches can be asked: by HTTP, and by its files. What is wrong is in both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.health import HEALTH, Asked
from tests.index.test_indexer import DEADLY
from tests.live import ROOT, Mitmdump, children, run_async, simulated, wait_until
from xentara_inspect.proxy.health import HealthEndpoint, HealthError
from xentara_inspect.proxy.metrics import METRICS
from xentara_inspect.simulator import Client


def recorded(
    database: Path,
    confdir: Path,
    main: Callable[[Mitmdump, Asked, Client], Awaitable[None]],
    *options: str,
) -> str:
    """Run something beside a mitmdump that can be asked, with a client. Returns what mitmdump said."""

    async def run() -> str:
        async with simulated() as simulator:
            upstream = f"http://127.0.0.1:{simulator.port}"
            with Mitmdump(upstream, database, confdir, *HEALTH, *options) as proxy:
                asked = await asyncio.to_thread(Asked, proxy, database)
                async with Client(proxy.url) as client:
                    await client.request(14, {0: 1, 1: 1})
                    await asyncio.to_thread(asked.wait_until_all_are_well)
                    await main(proxy, asked, client)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output
                assert "Traceback" not in proxy.output
                return proxy.output

    output: str = run_async(run())
    return output


@pytest.mark.slow
def test_what_has_passed_is_measured(database: Path, confdir: Path) -> None:
    async def main(proxy: Mitmdump, asked: Asked, client: Client) -> None:
        with pytest.raises(InvalidStatus, match="401"):
            async with Client(proxy.url, user="nobody"):
                pass
        measured = await asyncio.to_thread(asked.metrics)
        assert {name.split(" ")[0] for name in measured} == {metric.name for metric in METRICS}
        frames = [*client.sent, *client.received]
        assert measured["xentara_frames_total"] == len(frames)
        assert measured["xentara_bytes_total"] == sum(len(frame.payload) for frame in frames)
        assert measured["xentara_sessions_total"] == 2
        assert measured["xentara_sessions_open"] == 1
        assert measured["xentara_failed_connections_total"] == 1
        assert measured["xentara_free_disk_bytes"] > 0
        for path, code in (("/healthz?now", 200), ("/", 404), ("/metrics/", 404)):
            assert (await asyncio.to_thread(asked.get, path))[0] == code

        def committed() -> bool:
            return bool(asked.status()["failed_connections"])

        await asyncio.to_thread(wait_until, committed, "what failed in the database", 0.1)
        row = await asyncio.to_thread(asked.status)
        assert (row["recorders"], row["sessions"], row["open_sessions"]) == (1, 2, 1)
        assert (row["frames"], row["failed_connections"]) == (len(frames), 1)

    recorded(database, confdir, main)


@pytest.mark.slow
def test_a_process_that_stands_still_is_told_everywhere_within_five_seconds(
    database: Path, confdir: Path
) -> None:
    said = {
        "indexer": "the indexer stands still",
        "journal": "the process that writes stands still",
    }

    async def main(proxy: Mitmdump, asked: Asked, client: Client) -> None:
        for process, reason in said.items():
            (pid,) = children(proxy.child.pid, process)
            os.kill(pid, signal.SIGSTOP)
            stopped = time.monotonic()
            await client.request(8)
            await asyncio.to_thread(asked.wait_until_told, reason)
            assert time.monotonic() - stopped < 5
            await asyncio.to_thread(asked.wait_until_all_say, reason)
            (told,) = (await asyncio.to_thread(asked.status))["reasons"]
            assert (reason if process == "indexer" else f"the process that writes ({pid}) is stopped") in told
            os.kill(pid, signal.SIGCONT)
            await asyncio.to_thread(asked.wait_until_all_are_well)

    output = recorded(database, confdir, main)
    assert [output.count(reason) for reason in said.values()] == [1, 1]
    assert output.count("the indexer goes on") == output.count("can be written again") == 1


@pytest.mark.slow
def test_a_process_that_is_killed_is_counted_and_one_that_dies_of_a_frame_is_told_until_that_is_set_aside(
    database: Path, confdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched = tmp_path / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(DEADLY.format(condition=""))
    monkeypatch.setenv("PYTHONPATH", f"{patched}{os.pathsep}{ROOT}")

    async def main(proxy: Mitmdump, asked: Asked, client: Client) -> None:
        (journal,) = children(proxy.child.pid, "journal")
        os.kill(journal, signal.SIGKILL)
        await client.request(3, {0: "poison"})
        await asyncio.to_thread(asked.wait_until_all_say, "the indexer died (exit code -9)")
        await asyncio.to_thread(asked.wait_until_all_are_well)
        measured = await asyncio.to_thread(asked.metrics)
        assert measured["xentara_restarts_total journal"] == 1
        assert measured["xentara_restarts_total indexer"] >= 1
        assert (await asyncio.to_thread(asked.status))["set_aside"] == 1

    assert recorded(database, confdir, main).count("is passed over: decoding it ends the process") == 1


@contextlib.contextmanager
def stopped(proxy: Mitmdump, process: str) -> Iterator[None]:
    (pid,) = children(proxy.child.pid, process)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def without_room(proxy: Mitmdump) -> Iterator[None]:
    (journal,) = children(proxy.child.pid, "journal")
    none = resource.RLIM_INFINITY
    resource.prlimit(journal, resource.RLIMIT_FSIZE, (1000, none))
    try:
        yield
    finally:
        resource.prlimit(journal, resource.RLIMIT_FSIZE, (none, none))


@pytest.mark.stress
@pytest.mark.parametrize("durable", ["off", "on"])
def test_every_stall_is_told_everywhere_within_five_seconds_each_time_it_comes(
    database: Path, confdir: Path, durable: str
) -> None:
    rounds = 3
    reasons = ("the indexer stands still", "the process that writes stands still", "is locked", "cannot be")

    async def main(proxy: Mitmdump, asked: Asked, client: Client) -> None:
        for _ in range(rounds):
            stalls = (
                stopped(proxy, "indexer"), stopped(proxy, "journal"), locked(database), without_room(proxy),
            )  # fmt: skip
            for reason, stall in zip(reasons, stalls, strict=True):
                with stall:
                    began = time.monotonic()
                    answered = asyncio.create_task(client.request(8))  # which waits where it must be on disk
                    await asyncio.to_thread(asked.wait_until_all_say, reason)
                    assert time.monotonic() - began < 5
                await answered
                await asyncio.to_thread(asked.wait_until_all_are_well)

    output = recorded(database, confdir, main, "--set", f"xentara_durable={durable}")
    told = [output.count(reason) for reason in reasons]
    # Where traffic waits, 0.6 seconds are told, too: a busy machine takes them by itself.
    assert told == [rounds] * len(reasons) if durable == "off" else min(told) >= rounds, output


def test_an_address_that_is_taken_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = f"xentara_health: cannot listen on 127.0.0.1:{port}: address already in use"
        with pytest.raises(HealthError, match=f"^{said}$"):
            HealthEndpoint("127.0.0.1", port)


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(HealthError, match=r"not installed: pip install 'xentara-inspect\[health\]'$"):
        HealthEndpoint("127.0.0.1", 0)
