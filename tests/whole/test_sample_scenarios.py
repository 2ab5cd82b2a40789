"""The scripts behind the sample captures, without the proxy: they do what the expectations say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cbor_diag import diag2cbor

from sample_captures import faults, irregular, runs, scenarios, seed_pages
from sample_captures.stage import Stage, new_simulator
from tests.sample_expectations import EXPECTATIONS
from xentara_inspect.simulator import Client

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT / "sample_captures"

SCRIPTS: dict[str, Callable[[Stage], Coroutine[Any, Any, None]]] = {
    "hello-and-browse": scenarios.hello_and_browse,
    "reads-and-writes": scenarios.reads_and_writes,
    "subscription-events": scenarios.subscription_events,
    "sub-sessions": scenarios.sub_sessions,
    "out-of-order": irregular.out_of_order,
    "malformed": irregular.malformed,
    "seed-pages": seed_pages.seed_pages,
    "client-faults": faults.client_faults,
    "client-proper": faults.client_proper,
    "good-run": runs.good_run,
    "bad-run": runs.bad_run,
}


class Watched(Stage):
    """A stage that remembers its clients."""

    def connect(self, **options: Any) -> Client:
        client = super().connect(**options)
        self.clients = [*getattr(self, "clients", []), client]
        return client


def played(name: str) -> tuple[Watched, list[Client]]:
    async def play() -> Watched:
        simulator, clock = new_simulator()
        async with simulator:
            stage = Watched(simulator, clock, simulator.url)
            await SCRIPTS[name](stage)
        return stage

    stage = asyncio.run(play())
    return stage, stage.clients


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_is_expected_of_its_capture(name: str) -> None:
    stage, clients = played(name)
    expected = EXPECTATIONS[name]
    assert [tuple(sent) for sent in stage.sent] == [tuple(happened) for happened in expected.exchanges]
    assert sum(bool(client.sent) for client in clients) == expected.sessions
    assert sum(len(client.events) for client in clients) == expected.events


def test_there_is_a_capture_and_a_line_about_it_for_each_script() -> None:
    readme = (CAPTURES / "README.md").read_text()
    assert {path.stem for path in CAPTURES.glob("*.flow")} == set(SCRIPTS) == set(EXPECTATIONS)
    for name in SCRIPTS:
        assert f"| `{name}.flow` |" in readme
        assert (CAPTURES / f"{name}.flow").stat().st_size < 100_000


@pytest.mark.parametrize("example", seed_pages.EXAMPLES, ids=lambda example: example.page)
def test_the_bytes_of_a_page_example_are_what_its_notation_says(example: seed_pages.Example) -> None:
    assert diag2cbor(example.notation) == example.payload
    packets = cbor2.loads(example.message)
    assert all(packet[0] == (0 if example.from_client else packet[0]) for packet in packets)


@pytest.mark.parametrize("example", seed_pages.EXAMPLES, ids=lambda example: example.page)
def test_a_page_example_is_in_the_capture_both_as_printed_and_wrapped(example: seed_pages.Example) -> None:
    capture = (CAPTURES / "seed-pages.flow").read_bytes()
    assert example.payload in capture
    assert example.message in capture


def test_the_script_that_remakes_them_says_how_it_is_used() -> None:
    run = subprocess.run(
        [sys.executable, CAPTURES / "make.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "--only" in run.stdout
