"""Time points: from the wire's forms to nanoseconds and to ISO 8601, and to nothing where they are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edn import encode
from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.traffic.time_points import (
    nanoseconds_text,
    seconds_text,
    time_point,
    time_point_ns,
    time_text,
)

TIMES = [
    # notation, nanoseconds, ISO 8601
    ("1001({4: 4([-9, 1700000000123456789])})", 1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456789Z"),
    ("1001({4: 4([-9, 0])})", 0, "1970-01-01T00:00:00.000000000Z"),
    ("1001({4: 4([-9, -1])})", -1, "1969-12-31T23:59:59.999999999Z"),
    ("1001({4: 4([-6, 1700000000123456])})", 1_700_000_000_123_456_000, "2023-11-14T22:13:20.123456Z"),
    ("1001({4: 4([-3, 1700000000123])})", 1_700_000_000_123_000_000, "2023-11-14T22:13:20.123Z"),
    ("1001({4: 4([0, 1700000000])})", 1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
    ("1001({4: 4([2, 17000000])})", 1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
    ("1001({4: 4([-12, 1700000000123])})", 1_700_000_000, "1970-01-01T00:00:01.700000000123Z"),
    ("1001({1: 1700000000})", 1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
    ("1001({1: 1700000000.25})", 1_700_000_000_250_000_000, "2023-11-14T22:13:20.25Z"),
    ("1(1700000000)", 1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
    ("1(-1)", -1_000_000_000, "1969-12-31T23:59:59Z"),
    ("1(-0.5)", -500_000_000, "1969-12-31T23:59:59.5Z"),
    ("1(0.000001)", 1_000, "1970-01-01T00:00:00.000001Z"),
    ("1(0.0)", 0, "1970-01-01T00:00:00Z"),
    ("1(1.0e-07)", 100, "1970-01-01T00:00:00.0000001Z"),
    ("1(253402300800)", 253_402_300_800_000_000_000, "+10000-01-01T00:00:00Z"),
    ("1(-62167219201)", -62_167_219_201_000_000_000, "-0001-12-31T23:59:59Z"),
    ("1(Infinity)", None, "maximum time point"),
    ("1(-Infinity)", None, "minimum time point"),
    ("1001({1: Infinity_3})", None, "maximum time point"),
    ("1001({4: -Infinity})", None, "minimum time point"),
]
NO_TIMES = [
    "1(NaN)", '1("x")', "1(1.0e+300)", "1(18446744073709551615)", "1001({})", "1001({1: 1, 4: 1})",
    "1001({2: 1})", '1001({"1": 1})', "1001([1])", "1001({4: 4([-9])})", "1001({4: 4([-99, 1])})",
    "1001({4: 4([99, 1])})", "1001({4: 5([-9, 1])})", "1001({4: 4([1.0, 1])})", "1001({4: 1})", "1700000000",
    '0("2023")', "1001({4: 4([-12, 2(h'5c283d410394100a14')])})", "37(h'')",
]  # fmt: skip


def item(notation: str) -> Item:
    return cbor.decode(encode(notation)).items[0]


@pytest.mark.parametrize(("notation", "nanoseconds", "text"), TIMES)
def test_time_points_are_read(notation: str, nanoseconds: int | None, text: str | None) -> None:
    point = time_point(item(notation))
    assert (time_text(point) if point else None) == text
    assert time_point_ns(item(notation)) == nanoseconds


@pytest.mark.parametrize("notation", NO_TIMES)
def test_what_is_no_time_point_is_none(notation: str) -> None:
    assert time_point(item(notation)) is None
    assert time_point_ns(item(notation)) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_calendar_is_that_of_the_datetime_module(moment: datetime) -> None:
    seconds = (moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert seconds_text(seconds) == moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


def test_nanoseconds_are_written_with_nine_digits() -> None:
    assert nanoseconds_text(1_700_000_000_000_000_005) == "2023-11-14T22:13:20.000000005Z"
