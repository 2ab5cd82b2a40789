"""`subscriptions --by element`: the events that came for each element, and which elements are silent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.queries.asking import START, ask, fill, record
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, SUBSCRIPTION, VALVE, add, frames
from xentara_inspect.cli import cli
from xentara_inspect.frames import Closing
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.events import events
from xentara_inspect.queries.subscribed_elements import subscribed_elements
from xentara_inspect.recorder.rotation import Rotation

SAMPLES = Path(__file__).parents[2] / "sample_captures"
OTHER = "37(h'6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b')"


def subscribe(
    number: int, *elements: str, identifier: str = SUBSCRIPTION, rates: str = ""
) -> tuple[str, str]:
    wanted = ", ".join(f"{{0: {element}, 1: [11]}}" for element in elements)
    return f">[[0, {number}, 6, {{0: [{wanted}]{rates}}}]]", f"<[[1, {number}, {identifier}]]"


def unsubscribe(number: int, identifier: str = SUBSCRIPTION) -> tuple[str, str]:
    return f">[[0, {number}, 7, {{0: {identifier}}}]]", f"<[[1, {number}]]"


def event(element: str) -> str:
    return f"<[[8, 0, {{1: {element}, 2: {{11: 121(1)}}}}]]"


def agree(*paths: Path) -> list[dict[str, Any]]:
    """The rows, once they agree with the events listed one by one."""
    with open_databases(list(map(str, paths))) as databases:
        rows = list(subscribed_elements(databases, limit=0))
        listed = list(events(databases, limit=0))
    counts = Counter((row["subscription"], row["element"]) for row in listed if row["subscription"])
    assert {(row["id"], row["element"]): row["events"] for row in rows if row["events"]} == dict(counts)
    for row in rows:
        times = [
            event["time"]
            for event in listed
            if (event["subscription"], event["element"]) == (row["id"], row["element"])
        ]
        assert (row["first_event"], row["last_event"]) == (min(times, default=None), max(times, default=None))
    return rows


def test_events_are_those_that_are_listed_for_the_subscription(tmp_path: Path) -> None:
    database = tmp_path / "samples.db"
    captures = map(str, sorted(SAMPLES.glob("*.flow")))
    assert CliRunner().invoke(cli, ["import", *captures, "-d", str(database)]).exit_code == 0
    assert sum(row["events"] for row in agree(database)) > 10


def test_an_event_counts_for_the_last_of_several_open_subscriptions(database: Path) -> None:
    fill(database, *HELLO, event(LEVEL), *subscribe(2, LEVEL, VALVE), event(LEVEL), event(VALVE),
         *subscribe(3, LEVEL, identifier=OTHER), event(LEVEL), event(VALVE), *unsubscribe(4, OTHER),
         event(LEVEL), event(LEVEL), *unsubscribe(5), event(LEVEL))  # fmt: skip
    assert [row["events"] for row in agree(database)] == [3, 2, 1]


@pytest.mark.slow
def test_events_in_several_files_of_a_recording_are_added_up(tmp_path: Path) -> None:
    files = record(tmp_path / "plant.db", *CONVERSATION, rotation=Rotation(size=1))
    (row,) = agree(*files)
    assert (row["id"], row["events"], row["status"]) == ("6p1", 2, "closed")


def heard(database: Path, *rates: int | None, times: list[float], until: float) -> dict[str, Any]:
    """A subscription with events at so many seconds, until the session ends."""
    keys = "".join(f", {key}: {rate}" for key, rate in enumerate(rates, 1) if rate is not None)
    made = frames(*HELLO, *subscribe(2, LEVEL, rates=keys), *[event(LEVEL)] * len(times))
    for index, second in enumerate(times, 4):
        made[index] = made[index]._replace(time=START + int(second * 10**9))
    add(database, made, end=Closing(START + int(until * 10**9)))
    catch_up(database)
    (row,) = ask_elements(database)
    return row


def ask_elements(database: Path) -> list[dict[str, Any]]:
    with open_databases([str(database)]) as databases:
        return list(subscribed_elements(databases))


@pytest.mark.parametrize(
    ("rates", "times", "until", "silent"),
    [
        ((), [], 60, "never"),
        ((), [1, 2, 3, 4, 5], 14, None),
        ((), [1, 2, 3, 4, 5], 16, "stopped"),
        ((), [0.1, 0.2, 0.3, 0.4, 0.5], 1.4, None),  # not for less than a second
        ((), [1], 60, None),  # a value that never changes
        ((100, 1000), [1], 3, None),
        ((100, 1000), [1], 5, "stopped"),
        ((None, 1000), [1], 5, "stopped"),
    ],
)
def test_silent_is_what_did_not_come_when_it_was_due(
    rates: tuple[int | None, ...], times: list[float], until: float, silent: str | None, database: Path
) -> None:
    row = heard(database, *rates, times=times, until=until)
    assert row["silent"] == silent
    assert (row["silent_ms"] is not None) == (silent is not None)
    if times and silent:
        assert row["silent_ms"] == pytest.approx((until - times[-1]) * 1000)


def test_rate_and_interval_are_those_that_were_seen(database: Path) -> None:
    row = heard(database, 50, times=[1.004, 2.004, 3.004], until=10.004)
    assert (row["events"], row["interval_ms"], row["rate"]) == (3, 1000.0, 0.3)
    assert (row["maximum_update_rate_ms"], row["minimum_update_rate_ms"]) == (50, None)


def test_of_a_refused_one_nothing_was_to_be_heard(database: Path) -> None:
    asked, _ = subscribe(2, LEVEL, VALVE)
    fill(database, *HELLO, asked, "<[[2, 2, {0: -32102}]]")
    assert [(row["status"], row["error_name"], row["silent"]) for row in ask_elements(database)] == [
        ("refused", "Access Denied", None)
    ] * 2


def test_one_element_can_be_asked_about(database: Path) -> None:
    fill(database, *HELLO, *subscribe(2, LEVEL, VALVE), event(VALVE))
    with open_databases([str(database)]) as databases:
        (row,) = subscribed_elements(databases, element="00112233-4455-6677-8899-aabbccddeeff")
    assert row["events"] == 1
    assert len(ask(database, "subscriptions")) == 1


def test_in_the_table_silence_stands_out(database: Path) -> None:
    fill(database, *HELLO, *subscribe(2, LEVEL, VALVE, rates=", 1: 50"), event(VALVE))
    run = CliRunner().invoke(cli, ["subscriptions", "--by", "element", "-d", str(database)])
    head, first, second = run.output.splitlines()
    assert "Silent" in head
    assert first.endswith("never")
    assert "from 50" in second
