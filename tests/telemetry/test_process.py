"""Exchanges are sent while they are recorded, by a process that may be killed, to whom may be gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.collecting import Receiver, by_id, free_port
from tests.live import Mitmdump, children, inspect, ran, rows, run_async, simulated, wait_until
from tests.queries.asking import START
from tests.rotating import Recorder, files_of, index
from tests.store_traffic import CONVERSATION, HELLO, VALVE, add, frames, read
from xentara_inspect.index.process import catch_up
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import OPERATOR, Client
from xentara_inspect.telemetry import process
from xentara_inspect.telemetry.collector import Collector
from xentara_inspect.telemetry.keeper import DONE
from xentara_inspect.telemetry.process import Sending
from xentara_inspect.telemetry.urls import traces_url

Said = list[tuple[int, str]]
ASK = f">[[0, 7, 2, {{0: {VALVE}, 1: [0]}}]]"
ANSWER = '<[[1, 7, {0: "Plant.Valve"}]]'


@pytest.fixture
def sending() -> Iterator[Callable[..., Sending]]:
    """Sends what a recording has to a URL, and keeps what is said to people."""
    with contextlib.ExitStack() as stack:

        def begun(path: Path, url: str, said: Said, after: int = 0) -> Sending:
            def say(level: int, text: str) -> None:
                if level != DONE:
                    said.append((level, text))

            sends = Sending(str(path), after, Collector(traces_url(url)), say)
            return stack.enter_context(contextlib.closing(sends))

        yield begun


def test_each_exchange_is_sent_once_when_it_is_over(
    tmp_path: Path, problems: list[str], sending: Callable[..., Sending]
) -> None:
    """In whatever file of a rotated recording its request and its response stand."""
    path = tmp_path / "plant.db"
    said: Said = []
    with Receiver() as receiver, Recorder(path, problems) as recorder:
        sends = sending(path, receiver.url, said)
        session = recorder.open()
        sent = []
        for frame in frames(*HELLO, ASK, ANSWER, start=START):
            recorder.record(session, [frame])
            index(path)
            while not sends.look():
                pass
            sent.append(len(receiver.spans))
    assert sent == [0, 1, 1, 2]
    assert len(files_of(path)) > 3
    assert [*by_id(receiver.spans)] == ["1p1", "3p1"]
    assert said == []


def test_portions_leave_nothing_out_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch, database: Path, sending: Callable[..., Sending]
) -> None:
    monkeypatch.setattr(process, "_PORTION", 3)
    add(database, frames(*CONVERSATION))
    catch_up(database)
    with Receiver() as receiver:
        sends = sending(database, receiver.url, [])
        while not sends.look():
            pass
        assert sorted(by_id(receiver.spans)) == sorted(
            row["id"] for row in rows("log", "-d", database, "--limit", "0") if row["kind"] == "exchange"
        )


def test_what_was_there_before_is_not_sent(database: Path, sending: Callable[..., Sending]) -> None:
    add(database, frames(*CONVERSATION))
    catch_up(database)
    with Receiver() as receiver:
        sends = sending(database, receiver.url, [], after=5)
        while not sends.look():
            pass
        assert min(int(name.partition("p")[0]) for name in by_id(receiver.spans)) == 6


def test_a_collector_that_is_away_is_told_once_and_gets_everything_afterwards(
    database: Path, monkeypatch: pytest.MonkeyPatch, sending: Callable[..., Sending]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    add(database, frames(*HELLO))
    catch_up(database)
    port = free_port()
    said: Said = []
    sends = sending(database, f"http://127.0.0.1:{port}", said)
    assert [sends.look() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    away = f"http://127.0.0.1:{port}/v1/traces: connection refused; exchanges are recorded all the same"
    assert said == [(logging.ERROR, away)]
    with Receiver(port) as receiver:
        sends.look()
    assert len(receiver.spans) == 1
    assert said[1:] == [(logging.WARNING, "the collector takes spans again")]


def test_what_a_collector_will_never_take_does_not_stop_the_rest(
    database: Path, sending: Callable[..., Sending]
) -> None:
    add(database, frames(*HELLO))
    catch_up(database)
    said: Said = []
    with Receiver() as receiver:
        receiver.answers.append((400, {}, b""))
        sends = sending(database, receiver.url, said)
        sends.look()
        assert [text.partition(";")[0] for _, text in said] == [
            f"{receiver.url}/v1/traces: it answers 400 Bad Request"
        ]
        sends.finish()
        assert len(receiver.requests) == 1


async def talk(url: str) -> None:
    async with Client(url, user=OPERATOR.user, password=OPERATOR.password) as client:
        await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
        for _ in range(5):
            await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})


def kill_sender(proxy: int) -> None:
    wait_until(lambda: bool(children(proxy, "sender")), "the process that sends")
    os.kill(children(proxy, "sender")[0], signal.SIGKILL)


@pytest.mark.slow
def test_a_proxy_sends_what_it_records(tmp_path: Path, confdir: Path) -> None:
    """From the first exchange to the last, though the process that sends is killed."""
    path = tmp_path / "plant.db"

    async def main(receiver: Receiver) -> None:
        async with simulated() as simulator:
            upstream = f"http://127.0.0.1:{simulator.port}"
            start = partial(Mitmdump, upstream, path, confdir, "--set", f"xentara_otlp={receiver.url}")
            with await asyncio.to_thread(start) as proxy:
                await talk(proxy.url)
                await asyncio.to_thread(wait_until, lambda: len(receiver.spans) == 6, "the first")
                await asyncio.to_thread(kill_sender, proxy.child.pid)
                await talk(proxy.url)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output

    with Receiver() as receiver:
        run_async(main(receiver))
    told = {row["id"] for row in rows("log", "-d", path, "--limit", "0") if row["kind"] == "exchange"}
    assert len(told) == 12
    assert {*by_id(receiver.spans)} == told


WRONG = {
    (
        "--otlp",
        "plant:4318",
    ): "--otlp is the URL of an OpenTelemetry collector, such as http://127.0.0.1:4318",
    ("--otlp", "ftp://ann:TOP-SECRET@plant"): "--otlp is the URL of an OpenTelemetry collector",
    ("--otlp", "http://127.0.0.1:9", "--no-index"): "--otlp needs what is decoded while recording",
}


@pytest.mark.parametrize(("given", "why"), WRONG.items())
def test_what_cannot_be_is_wrong_usage(given: tuple[str, ...], why: str) -> None:
    told = ran("capture", "--upstream", "http://127.0.0.1:9", *given)
    assert told.returncode == 2
    assert why in told.stderr
    assert "SECRET" not in told.stderr


@pytest.mark.slow
def test_a_proxy_whose_collector_is_away_says_so_and_records_all_the_same(
    tmp_path: Path, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    path = tmp_path / "plant.db"
    port = free_port()

    async def main() -> str:
        async with simulated() as simulator:
            url = f"http://ann:TOP-SECRET@127.0.0.1:{port}"
            options = ("--set", f"xentara_otlp={url}")
            start = partial(Mitmdump, f"http://127.0.0.1:{simulator.port}", path, confdir, *options, finish=1)
            with await asyncio.to_thread(start) as proxy:
                await talk(proxy.url)
                await asyncio.to_thread(proxy.wait_for_line, "connection refused; exchanges are recorded")
                await talk(proxy.url)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0
        return proxy.output

    said = run_async(main())
    assert said.count("connection refused") == 1
    assert "SECRET" not in said
    catch_up(path)
    assert len(rows("log", "-d", path)) == 12


@pytest.mark.slow
def test_a_collector_that_is_away_is_in_the_status_until_it_is_back(tmp_path: Path, confdir: Path) -> None:
    path = tmp_path / "plant.db"
    port = free_port()

    def wrong() -> str:
        ((troubles,),) = read(path, "SELECT coalesce(troubles, '') FROM recorders")
        return str(troubles)

    async def main() -> None:
        async with simulated() as simulator:
            options = ("--set", f"xentara_otlp=http://127.0.0.1:{port}")
            start = partial(Mitmdump, f"http://127.0.0.1:{simulator.port}", path, confdir, *options)
            with await asyncio.to_thread(start) as proxy:
                await talk(proxy.url)
                await asyncio.to_thread(wait_until, lambda: "connection refused" in wrong(), "trouble")
                assert "connection refused; exchanges are recorded" in inspect("status", "-d", path, code=1)
                with Receiver(port) as receiver:
                    await asyncio.to_thread(wait_until, lambda: len(receiver.spans) == 6, "spans")
                    await asyncio.to_thread(wait_until, lambda: not wrong(), "the end of it")
                inspect("status", "-d", path)

    run_async(main())
