"""Times and lengths as a page shows them."""

from __future__ import annotations

import pytest

from xentara_inspect.web.times import MILLISECOND, MINUTE, SECOND, Clock, nanoseconds
from xentara_inspect.web.words import counted, duration, latency

NIGHT = nanoseconds("2026-03-01T23:59:59.123456789Z")
ONE_DAY = Clock(NIGHT - SECOND, NIGHT)
TWO_DAYS = Clock(NIGHT, NIGHT + SECOND)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2262-04-11T23:47:16.854775807Z", (1 << 63) - 1),
        ("1677-09-21T00:12:43.145224193Z", -(1 << 63) + 1),
    ],
)
def test_times_of_rows_are_read_to_the_nanosecond(text: str, time: int) -> None:
    assert nanoseconds(text) == time
    assert Clock(time, time).exact(time) == f"{text[:10]} {text[11:-1]} UTC"


def test_the_day_is_said_with_each_time_only_where_there_are_several() -> None:
    assert ONE_DAY.short(NIGHT) == "23:59:59.123"
    assert TWO_DAYS.short(NIGHT) == "2026-03-01 23:59:59.123"


@pytest.mark.parametrize(
    ("step", "tick"),
    [
        (100 * MILLISECOND, "23:59:59.123"),
        (SECOND, "23:59:59"),
        (MINUTE, "23:59"),
        (24 * 60 * MINUTE, "01 Mar"),
    ],
)
def test_a_tick_says_no_more_than_its_step_needs(step: int, tick: str) -> None:
    assert ONE_DAY.tick(NIGHT, step) == tick


def test_at_midnight_a_tick_is_the_new_day() -> None:
    midnight = nanoseconds("2026-03-02T00:00:00.000000000Z")
    assert TWO_DAYS.tick(midnight, MINUTE) == "02 Mar"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 ms"),
        (1500, "1.5 µs"),
        (340_000, "0.34 ms"),
        (12_345_678, "12.3 ms"),
        (4_813_003_000, "4.81 s"),
        (3 * MINUTE + 5 * SECOND, "3 min 05 s"),
        (125 * MINUTE, "2 h 05 min"),
        (49 * 60 * MINUTE, "2 d 1 h"),
    ],
)
def test_a_length_has_two_units_at_most(length: float, text: str) -> None:
    assert duration(length) == text


def test_a_latency_is_never_in_minutes() -> None:
    assert latency(536.83) == "537 ms"
    assert latency(123_456) == "123 s"


def test_things_are_counted_one_by_one_or_many() -> None:
    assert counted(1, "request") == "1 request"
    assert counted(1_000, "request") == "1,000 requests"
    assert counted(2, "message is", "messages are") == "2 messages are"
