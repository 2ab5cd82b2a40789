"""What queries answer: the contract's keys, and values that are exact in every reader of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.store_traffic import (
    BYE,
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    SUBSCRIPTION,
    VALVE,
    VALVE_UUID,
    add,
    event,
    frames,
    info,
    reading,
)
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries import questions as queries

CONTRACT = {
    "log": "kind id session time command opcode message_id status error_code error_name latency_ms element"
    " summary",
    "events": "id session time source_time event_type element values summary",
    "findings": "id session time code severity message frame exchange",
    "stats": "command count ok errors unanswered p50_ms p95_ms p99_ms max_ms",
    "sessions": "id client server path subprotocol user opened closed close_code close_reason source frames"
    " requests errors events findings dropped",
}


@pytest.fixture
def filled(database: Path) -> Path:
    add(database, frames(*CONVERSATION))
    catch_up(database)
    return database


def ask(database: Path, query: str, **filters: Any) -> list[dict[str, Any]]:
    with reading(database) as connection:
        return list(getattr(queries, query)(connection, **filters))


def show(database: Path, name: str) -> dict[str, Any]:
    with reading(database) as connection:
        row = queries.show(connection, name)
    assert row is not None, f"there is no {name}"
    return row


@pytest.mark.parametrize("query", CONTRACT)
def test_rows_have_exactly_the_keys_of_the_contract_in_their_order(filled: Path, query: str) -> None:
    for row in ask(filled, query):
        assert list(row) == CONTRACT[query].split()


@pytest.mark.parametrize("query", ["readings", "elements", "subscriptions"])
def test_the_other_rows_have_the_keys_that_are_announced(filled: Path, query: str) -> None:
    keys = getattr(queries, f"{query.removesuffix('s').upper()}_KEYS")
    assert {tuple(row) for row in ask(filled, query)} == {keys}


def test_all_answers_are_json_without_nan(filled: Path) -> None:
    for query in (*CONTRACT, "readings", "elements", "subscriptions"):
        json.dumps(ask(filled, query), allow_nan=False)


def test_the_log_names_what_was_asked_what_came_of_it_and_what_was_malformed(filled: Path) -> None:
    rows = ask(filled, "log")
    assert [(row["id"], row["command"], row["status"], row["summary"]) for row in rows] == [
        ("1.1", "client_hello", "ok", "version 1: the server speaks 1"),
        ("3.1", "lookup", "ok", f"Plant.Tank 1.Level: {LEVEL_UUID}"),
        ("3.2", "meta_data", "ok", "Plant.Valve: Device, 1 attribute"),
        ("6.1", "subscribe", "ok", "Plant.Tank 1.Level"),
        ("6.2", "read", "ok", "Plant.Valve: Value = 18446744073709551615, Position: access denied"),
        (
            "10",
            None,
            None,
            "not well-formed CBOR at byte 2: found the end of the data, expected element 2 of 3 in an array",
        ),
        ("11.1", "write", "error", "Plant.Valve: Value = NaN: read only (no)"),
        ("11.2", "write", "unanswered", "Plant.Valve: Value = 2"),
        ("13", None, None, "a text message; every message is binary CBOR (packaging page)"),
        ("14.1", None, "unanswered", ""),
        ("14.2", None, None, "packet 2: it is an unsigned integer, not an array"),
        ("15.1", None, "unsolicited", ""),
        ("16.1", "unsubscribe", "ok", "Plant.Tank 1.Level"),
        ("19.1", "get_stage", "unanswered", ""),
    ]


def test_a_row_of_the_log_is_exact(filled: Path) -> None:
    (row,) = ask(filled, "log", error_code=-32103)
    assert row == {
        "kind": "exchange",
        "id": "11.1",
        "session": 1,
        "time": "2023-11-14T22:13:20.011000000Z",
        "command": "write",
        "opcode": 5,
        "message_id": 5,
        "status": "error",
        "error_code": -32103,
        "error_name": "Read Only",
        "latency_ms": 1.0,
        "element": "Plant.Valve",
        "summary": "Plant.Valve: Value = NaN: read only (no)",
    }


def test_integers_beyond_what_json_numbers_carry_are_strings(filled: Path) -> None:
    (row,) = ask(filled, "log", message_id=-(2**64))
    assert (row["message_id"], row["opcode"]) == ("-18446744073709551616", "18446744073709551615")
    assert "18446744073709551615" in [row["value"] for row in ask(filled, "readings")]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"opcodes": [4, 5]}, ["6.2", "11.1", "11.2"]),
        ({"opcodes": [2**64 - 1]}, ["14.1"]),
        ({"status": "unsolicited"}, ["15.1"]),
        ({"element": "Plant.Valve"}, ["3.2", "6.2", "11.1", "11.2"]),
        ({"element": VALVE_UUID.upper()}, ["3.2", "6.2", "11.1", "11.2"]),
        ({"element": f"{{{LEVEL_UUID}}}", "with_events": True}, ["3.1", "6.1", "7.1", "9.1", "16.1", "18.1"]),
        ({"element": "Plant.Nothing"}, []),
        ({"message_id": 5}, ["6.2", "11.1", "11.2"]),
        ({"since": 1_700_000_000_000_000_000 + 16_000_000}, ["16.1", "19.1"]),
        ({"until": 1_700_000_000_000_000_000 + 2_000_000}, ["1.1"]),
        ({"limit": 3}, ["15.1", "16.1", "19.1"]),
        ({"limit": 3, "with_events": True}, ["16.1", "18.1", "19.1"]),
        ({"session": 2}, []),
        ({"session": 1, "limit": 1}, ["19.1"]),
    ],
)
def test_the_log_can_be_narrowed(filled: Path, filters: dict[str, Any], ids: list[str]) -> None:
    assert [row["id"] for row in ask(filled, "log", **filters)] == ids


def test_the_newest_rows_come_oldest_first_by_time_and_not_by_the_order_of_import(database: Path) -> None:
    add(database, frames(*HELLO, event(1), start=2_000_000_000_000_000_000))
    add(database, frames(*HELLO, event(1), start=1_000_000_000_000_000_000), info("flow-0"))
    catch_up(database)
    assert [row["id"] for row in ask(database, "log", with_events=True, limit=0)] == [
        "4.1",
        "6.1",
        "1.1",
        "3.1",
    ]
    assert [row["id"] for row in ask(database, "log", with_events=True, limit=2)] == ["1.1", "3.1"]
    assert [row["id"] for row in ask(database, "events", limit=1)] == ["3.1"]


def test_an_event_has_its_values_by_name(filled: Path) -> None:
    assert ask(filled, "events", limit=1) == [
        {
            "id": "18.1",
            "session": 1,
            "time": "2023-11-14T22:13:20.018000000Z",
            "source_time": "2023-11-14T22:13:20.000000003Z",
            "event_type": "Data Change",
            "element": "Plant.Tank 1.Level",
            "values": {"Value": 3.5, "Quality": 0},
            "summary": "Plant.Tank 1.Level: Value = 3.5, Quality = Good",
        }
    ]


def test_errors_times_and_attributes_met_twice_are_told_apart_in_an_event(database: Path) -> None:
    values = "{11: 122({0: -32102}), 5: 121(1(1)), 12: 121(true), 12: 121(null)}"
    add(database, frames(*HELLO, f"<[[8, 0, {{0: 1(-1), 1: {LEVEL}, 2: {values}}}], [8, 1, {{0: 2}}]]"))
    catch_up(database)
    first, second = ask(database, "events")
    assert first["values"] == {
        "Value": {"error_code": -32102, "error_name": "Access Denied"},
        "Source Time": "1970-01-01T00:00:01.000000000Z",
        "Error": True,
        "Error (12)": None,
    }
    assert first["source_time"] == "1969-12-31T23:59:59.000000000Z"
    assert (second["event_type"], second["values"], second["element"]) == ("Stage Change", {}, None)


@pytest.mark.parametrize(
    ("filters", "values"),
    [
        ({"origin": "write"}, ["NaN", 2]),
        ({"attribute": "quality"}, [0, 0, 0]),
        ({"attribute": "9", "limit": 1}, [0]),
        ({"attribute": "Position"}, [None]),
        ({"attribute": "5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b"}, [None]),
        ({"element": "Plant.Valve", "limit": 2}, ["NaN", 2]),
    ],
)
def test_readings_can_be_narrowed(filled: Path, filters: dict[str, Any], values: list[Any]) -> None:
    assert [row["value"] for row in ask(filled, "readings", **filters)] == values


def test_a_session_is_counted(filled: Path) -> None:
    (session,) = ask(filled, "sessions")
    counted = {key: session[key] for key in ("frames", "requests", "errors", "events", "dropped")}
    assert counted == {"frames": 19, "requests": 10, "errors": 1, "events": 3, "dropped": 0}
    assert session["findings"] == len(ask(filled, "findings"))
    assert session["closed"] == "2023-11-14T22:13:29.000000000Z"
    assert BYE.reason == session["close_reason"]


def test_findings_name_their_frame_and_exchange(filled: Path) -> None:
    (unanswered, *_) = ask(filled, "findings", code="unanswered-request")
    assert (unanswered["frame"], unanswered["exchange"]) == (11, "11.2")
    (malformed,) = ask(filled, "findings", code="malformed-cbor", severity="error", session=1)
    assert (malformed["frame"], malformed["exchange"]) == (10, None)


def test_percentiles_are_latencies_that_occurred(database: Path) -> None:
    said = [line for number in range(1, 101) for line in (f">[[0, {number}, 8]]", f"<[[1, {number}, 2]]")]
    answered = [
        frame._replace(time=frame.time * (1 + index)) for index, frame in enumerate(frames(*said, start=0))
    ]
    add(database, [*frames(*HELLO, start=0), *answered])
    catch_up(database)
    stage = next(row for row in ask(database, "stats") if row["command"] == "get_stage")
    latencies = sorted(row["latency_ms"] for row in ask(database, "log", opcodes=[8], limit=0))
    assert (stage["count"], stage["ok"]) == (100, 100)
    assert [stage[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [
        latencies[49], latencies[94], latencies[98], latencies[99],
    ]  # fmt: skip


def test_stats_count_commands_that_nobody_answered_or_knows(filled: Path) -> None:
    counted = {row["command"]: (row["count"], row["ok"], row["errors"], row["unanswered"], row["max_ms"])
               for row in ask(filled, "stats")}  # fmt: skip
    assert counted["write"] == (2, 0, 1, 1, 1.0)
    assert counted["opcode 18446744073709551615"] == (1, 0, 0, 1, None)


def test_elements_and_subscriptions_have_names(filled: Path) -> None:
    assert [
        (row["primary_key"], row["category"], row["learned_from"]) for row in ask(filled, "elements")
    ] == [
        ("Plant.Tank 1.Level", None, "lookup"),
        ("Plant.Valve", "Device", "meta_data"),
    ]
    (subscription,) = ask(filled, "subscriptions")
    assert subscription["elements"] == [{"element": "Plant.Tank 1.Level", "attributes": ["Value", "Quality"]}]
    assert subscription["closed"] == "2023-11-14T22:13:20.017000000Z"


# show


def test_an_exchange_is_shown_with_both_its_packets_and_its_findings(filled: Path) -> None:
    row = show(filled, "11.1")
    assert list(row) == [*CONTRACT["log"].split(), "request", "response", "findings"]
    assert {key: row["request"][key] for key in ("time", "frame", "position")} == {
        "time": "2023-11-14T22:13:20.011000000Z",
        "frame": 11,
        "position": 1,
    }
    assert "Plant.Valve" in row["request"]["notation"]
    assert "Read Only" in row["response"]["notation"]
    assert row["response"]["frame"] == 12
    assert row["findings"] == []


def test_the_name_of_a_response_gives_its_exchange(filled: Path) -> None:
    assert show(filled, "12.1") == show(filled, "11.1")


def test_a_request_without_response_and_a_response_without_request_are_shown(filled: Path) -> None:
    unanswered, unsolicited = show(filled, "19.1"), show(filled, "15.1")
    assert (unanswered["response"], unsolicited["request"]) == (None, None)
    assert [finding["code"] for finding in unanswered["findings"]] == ["unanswered-request"]
    assert [finding["code"] for finding in unsolicited["findings"]] == ["unsolicited-response"]


def test_an_event_stands_where_a_response_would(filled: Path) -> None:
    row = show(filled, "18.1")
    assert (row["kind"], row["request"]) == ("event", None)
    assert "Data Change" in row["response"]["notation"]


def test_a_whole_frame_is_shown_with_what_its_responses_answer(filled: Path) -> None:
    row = show(filled, "8")
    assert (row["kind"], row["summary"].startswith("2 packets, ")) == ("frame", True)
    assert row["response"]["position"] is None
    assert "Access Denied" in row["response"]["notation"]


@pytest.mark.parametrize(("name", "code"), [("10", "malformed-cbor"), ("13", "text-message")])
def test_a_malformed_frame_is_shown_by_its_number(filled: Path, name: str, code: str) -> None:
    row = show(filled, name)
    assert (row["kind"], row["id"]) == ("malformed", name)
    assert row["request"]["notation"]
    assert [finding["code"] for finding in row["findings"]] == [code]


def test_a_malformed_packet_is_shown_by_its_place(filled: Path) -> None:
    row = show(filled, "14.2")
    assert (row["kind"], row["id"], row["request"]["position"]) == ("malformed", "14.2", 2)


@pytest.mark.parametrize("name", ["20", "1.2", "0", "x", "", "1.1.1", "-1", "9" * 30])
def test_what_is_not_there_is_none(filled: Path, name: str) -> None:
    with reading(filled) as connection:
        assert queries.show(connection, name) is None


def test_frames_that_are_not_indexed_yet_are_counted_and_can_be_shown(database: Path) -> None:
    add(database, frames(*HELLO))
    with reading(database) as connection:
        assert queries.unindexed_frames(connection) == 2
    assert "client_hello" in show(database, "1")["request"]["notation"]


def test_names_learned_later_or_elsewhere_are_used_for_what_came_before(database: Path) -> None:
    asked = (f">[[0, 2, 4, {{0: {VALVE}, 1: [{SUBSCRIPTION}]}}]]", f"<[[1, 2, {{{SUBSCRIPTION}: 121(1)}}]]")
    add(database, frames(*HELLO, *asked))
    add(database, frames(*CONVERSATION), info("flow-2"))
    catch_up(database)
    row = show(database, "3.1")
    assert row["element"] == "Plant.Valve"
    assert row["summary"] == "Plant.Valve: Position = 1"
    assert "Position" in row["response"]["notation"]


def test_no_text_of_the_network_reaches_a_summary_raw(database: Path) -> None:
    evil = r"\u001b]0;x\u0007\u202e"
    add(database, frames(*HELLO, f'>[[0, 2, 3, {{0: "{evil}"}}]]', f'<[[2, 2, {{0: 1, 1: "{evil}"}}]]'))
    catch_up(database)
    summary = ask(database, "log")[-1]["summary"]
    assert "\\u001b" in summary
    assert summary.isprintable()
