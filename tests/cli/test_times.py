"""Times and durations as people type them, and times as they read them at their place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
import pytest

from tests.live import inspect
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION
from xentara_inspect.cli.times import DURATION, TIME, with_local_times

SECOND = 10**9


def moment(text: str) -> datetime:
    return datetime.fromtimestamp(TIME.convert(text, None, None) / SECOND)


@pytest.mark.parametrize(
    ("text", "seconds"), [("-10m", 600), ("90s ago", 90), ("1h30m ago", 5400), ("now", 0)]
)
def test_a_time_may_be_relative_to_now(text: str, seconds: int) -> None:
    before = time.time() - seconds
    assert before - 1 < moment(text).timestamp() <= time.time() - seconds + 1


def test_a_time_without_a_day_is_of_today_and_a_day_without_a_time_begins_at_midnight() -> None:
    midnight = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert moment("14:03") == midnight.replace(hour=14, minute=3)
    assert moment("14:03:05") == midnight.replace(hour=14, minute=3, second=5)
    assert moment("today") == midnight
    assert moment("Yesterday") == midnight - timedelta(days=1)
    assert moment("yesterday 5pm") == midnight - timedelta(hours=7)


def test_iso_8601_is_read_as_ever() -> None:
    assert TIME.convert("1970-01-01T00:00:01Z", None, None) == SECOND
    assert TIME.convert("1970-01-01T01:00:01+01:00", None, None) == SECOND


@pytest.mark.parametrize("text", ["", "soon", "5", "-10", "1.3.2026", "3/1 5pm", "25:00", "2026-13-01"])
def test_what_is_no_time_or_not_clearly_one_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time such as"):
        TIME.convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("50ms", 50_000_000), ("1.5s", 1_500_000_000), ("2 m", 120 * SECOND), ("7µs", 7000)],
)
def test_a_duration_says_its_unit(text: str, nanoseconds: int) -> None:
    assert DURATION.convert(text, None, None) == nanoseconds


@pytest.mark.parametrize("text", ["", "fast", "50", "0s", "-5ms", "5 days", "1e3", "9999999999s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration"):
        DURATION.convert(text, None, None)


def test_local_times_keep_all_digits_and_say_their_offset(database: Path) -> None:
    fill(database, *CONVERSATION)
    command = [sys.executable, "-m", "xentara_inspect", "log", "-d", str(database), "--limit", "1"]
    environment = {**os.environ, "TZ": "Asia/Kolkata"}
    said = subprocess.run([*command, "--local", "--json"], capture_output=True, check=True, env=environment)
    assert json.loads(said.stdout)[0]["time"] == "2023-11-15T03:43:20.019000000+05:30"
    table = subprocess.run([*command, "--local"], capture_output=True, check=True, env=environment)
    assert b"2023-11-15T03:43:20.019 " in table.stdout
    assert "2023-11-14T22:13:20.019Z" in inspect(*command[3:])


def test_a_time_beyond_the_calendar_stays_as_it_is() -> None:
    row = {"time": "+10000-01-01T00:00:00.000000000Z", "source_time": None, "id": "1p1"}
    assert with_local_times(row) == row
