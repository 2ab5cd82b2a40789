"""`stats`: counts, latencies and bytes by command."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import START, ask, fill, show
from tests.store_traffic import HELLO, VALVE, add, frames, info
from tests.transcript import edn
from xentara_inspect.index.process import catch_up

KEYS = (
    "count ok errors unanswered p50_ms p95_ms p99_ms max_ms request_bytes response_bytes slowest"
    " latency_over_time percentiles"
)


@pytest.mark.parametrize(
    ("by", "first", "more"),
    [
        ("command", "command", ""),
        ("element", "element", " events readings"),
        ("error", "error error_code", ""),
        ("user", "user", " events"),
        ("session", "session", " events"),
        ("minute", "minute", " events"),
    ],
)
def test_rows_have_exactly_the_keys_of_the_contract(
    by: str, first: str, more: str, conversation: Path
) -> None:
    assert {" ".join(row) for row in ask(conversation, "stats", by=by)} == {f"{first} {KEYS}{more}"}


def test_percentiles_are_latencies_that_occurred(database: Path) -> None:
    said = [line for number in range(1, 101) for line in (f">[[0, {number}, 8]]", f"<[[1, {number}, 2]]")]
    answered = [
        frame._replace(time=frame.time * (1 + index)) for index, frame in enumerate(frames(*said, start=0))
    ]
    add(database, [*frames(*HELLO, start=0), *answered])
    catch_up(database)
    stage = next(row for row in ask(database, "stats") if row["command"] == "get_stage")
    latencies = sorted(row["latency_ms"] for row in ask(database, "log", commands=[8], limit=0))
    assert (stage["count"], stage["ok"]) == (100, 100)
    assert [stage[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [
        latencies[49], latencies[94], latencies[98], latencies[99],
    ]  # fmt: skip


def test_commands_that_nobody_answered_or_knows_are_counted(conversation: Path) -> None:
    counted = {row["command"]: (row["count"], row["ok"], row["errors"], row["unanswered"], row["max_ms"])
               for row in ask(conversation, "stats")}  # fmt: skip
    assert counted["write"] == (2, 0, 1, 1, 1.0)
    assert counted["opcode 18446744073709551615"] == (1, 0, 0, 1, None)


def test_bytes_are_those_of_the_packets_alone_or_not(conversation: Path) -> None:
    sizes = {
        row["command"]: (row["request_bytes"], row["response_bytes"]) for row in ask(conversation, "stats")
    }
    assert sizes["client_hello"] == (len(edn("[0, 1, 14, {0: 1, 1: 1}]")), len(edn("[1, 1, {0: 1}]")))
    assert sizes["get_stage"] == (len(edn("[0, 9, 8]")), 0)
    assert sizes["lookup"][0] == len(edn('[0, 2, 3, {0: "Plant.Tank 1.Level"}]'))


def again(database: Path) -> None:
    """Another session, a minute later."""
    fill(database, *HELLO, about=info("flow-2", opened=START + 59 * 10**9), start=START + 60 * 10**9)


def counted(database: Path, by: str, *keys: str, **filters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in (by, *keys)) for row in ask(database, "stats", by=by, **filters)]


def test_the_slowest_of_a_row_can_be_shown(conversation: Path) -> None:
    for row in ask(conversation, "stats"):
        if row["max_ms"] is None:
            assert row["slowest"] is None
        else:
            assert show(conversation, row["slowest"])["latency_ms"] == row["max_ms"]


def test_the_busiest_elements_come_first_with_their_events_and_readings(conversation: Path) -> None:
    rows = ask(conversation, "stats", by="element")
    busy = [row["count"] + row["events"] for row in rows]
    assert busy == sorted(busy, reverse=True)
    for key in ("events", "readings"):
        seen = Counter(row["element"] for row in ask(conversation, key, limit=0))
        assert {row["element"]: row[key] for row in rows if row[key]} == dict(seen)
    assert counted(conversation, "element", "count", "events", limit=1) == [("Plant.Tank 1.Level", 2, 3)]


def test_errors_have_their_names_and_codes(conversation: Path) -> None:
    assert counted(conversation, "error", "error_code", "count") == [("Read Only", -32103, 1)]


def test_an_error_may_have_no_name_or_not_even_a_code(database: Path) -> None:
    answers = ("[2, 2, {}]", "[2, 3, {0: -5}]", "[2, 4, {0: -5}]", "[2, 5, {0: -18446744073709551616}]")
    fill(database, *HELLO, *(f">[[0, {number}, 8]]" for number in range(2, 6)), f"<[{', '.join(answers)}]")
    assert counted(database, "error", "error_code", "count") == [
        ("error -5", -5, 2),
        ("error", None, 1),
        ("error -18446744073709551616", "-18446744073709551616", 1),
    ]


def test_by_time_the_newest_are_listed(conversation: Path) -> None:
    assert counted(conversation, "second", "count", "events") == [("2023-11-14T22:13:20.000000000Z", 10, 3)]
    assert counted(conversation, "day", "count") == [("2023-11-14T00:00:00.000000000Z", 10)]
    again(conversation)
    assert counted(conversation, "minute", "count", limit=1) == [("2023-11-14T22:14:00.000000000Z", 1)]


def test_sessions_and_users_are_told_apart(conversation: Path) -> None:
    again(conversation)
    assert counted(conversation, "session", "count", "events") == [(1, 10, 3), (2, 1, 0)]
    assert counted(conversation, "user", "count", "events") == [("ann", 11, 3)]


def test_a_question_about_a_time_or_a_session_counts_nothing_else(conversation: Path) -> None:
    again(conversation)
    assert counted(conversation, "element", "count", "events", "readings", session=2) == [(None, 1, 0, 0)]
    level = ("Plant.Tank 1.Level", 0, 1, 2)
    keys = ("count", "events", "readings")
    assert counted(conversation, "element", *keys, since=START + 18_000_000, until=START + 19_000_000) == [
        level
    ]


def test_latencies_over_time_are_means_of_equal_parts(database: Path) -> None:
    asked = [f">[[0, {number}, 4, {{0: {VALVE}, 1: [11]}}]]" for number in range(2, 42)]
    said = [line for number, line in enumerate(asked, 2) for line in (line, f"<[[1, {number}, {{}}]]")]
    fill(database, *HELLO, *said)
    (row,) = (row for row in ask(database, "stats") if row["command"] == "read")
    assert row["latency_over_time"] == [1.0] * 20


def test_beyond_a_million_percentiles_are_rounded_and_say_so(
    conversation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = ask(conversation, "stats")
    monkeypatch.setattr("xentara_inspect.queries.stats.EXACT", 2)
    rounded = ask(conversation, "stats")
    assert {row["percentiles"] for row in exact} == {"exact"}
    assert {row["percentiles"] for row in rounded} == {"exact", "within 0.2 %"}
    for before, after in zip(exact, rounded, strict=True):
        assert after["max_ms"] == before["max_ms"]
        if before["p50_ms"] is not None:
            assert after["p50_ms"] == pytest.approx(before["p50_ms"], rel=0.002)
