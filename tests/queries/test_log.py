"""`log`: the contract's keys, what is listed, and how it can be narrowed."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import START, ask, fill
from tests.store_traffic import HELLO, LEVEL_UUID, VALVE, VALVE_UUID, event, info, reading
from xentara_inspect.queries.log import log
from xentara_inspect.queries.unknown import QuestionError

KEYS = (
    "kind id session time command opcode message_id status error_code error_name latency_ms element elements"
    " summary"
)
MULTI = (
    f">[[0, 6, 6, {{0: [{{0: {VALVE}, 1: [11]}}, {{0: 37(h'01010101010101010101010101010101'), 1: [11]}}]}}]]"
)


def test_rows_have_exactly_the_keys_of_the_contract_in_their_order(conversation: Path) -> None:
    for row in ask(conversation, "log", with_events=True):
        assert list(row) == KEYS.split()


def test_it_names_what_was_asked_what_came_of_it_and_what_was_malformed(conversation: Path) -> None:
    rows = ask(conversation, "log")
    assert [(row["id"], row["command"], row["status"], row["summary"]) for row in rows] == [
        ("1p1", "client_hello", "ok", "protocol version 1: current protocol version = 1"),
        ("3p1", "lookup", "ok", f"Plant.Tank 1.Level: {LEVEL_UUID}"),
        ("3p2", "meta_data", "ok", "Plant.Valve: Device, 1 attribute"),
        ("6p1", "subscribe", "ok", "Plant.Tank 1.Level"),
        ("6p2", "read", "ok", "Plant.Valve: Value = 18446744073709551615, Position: access denied"),
        (
            "10",
            None,
            None,
            "not well-formed CBOR at byte 2: found the end of the data, expected element 2 of 3 in an array",
        ),
        ("11p1", "write", "error", "Plant.Valve: Value = NaN: read only (no)"),
        ("11p2", "write", "unanswered", "Plant.Valve: Value = 2"),
        ("13", None, None, "a text message; every message is binary CBOR (packaging page)"),
        ("14p1", None, "unanswered", ""),
        ("14p2", None, None, "packet 2: it is an unsigned integer, not an array"),
        ("15p1", None, "unsolicited", ""),
        ("16p1", "unsubscribe", "ok", "Plant.Tank 1.Level"),
        ("19p1", "get_stage", "unanswered", ""),
    ]


def test_a_row_is_exact(conversation: Path) -> None:
    (row,) = ask(conversation, "log", error=-32103)
    assert row == {
        "kind": "exchange",
        "id": "11p1",
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
        "elements": ["Plant.Valve"],
        "summary": "Plant.Valve: Value = NaN: read only (no)",
    }


def test_integers_beyond_what_json_numbers_carry_are_strings(conversation: Path) -> None:
    (row,) = ask(conversation, "log", message_id=-(2**64))
    assert (row["message_id"], row["opcode"]) == ("-18446744073709551616", "18446744073709551615")


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"commands": ["read", "write"]}, ["6p2", "11p1", "11p2"]),
        ({"commands": [2**64 - 1]}, ["14p1"]),
        ({"commands": ["18446744073709551615"]}, ["14p1"]),
        ({"status": "unsolicited"}, ["15p1"]),
        ({"element": "Plant.Valve"}, ["3p2", "6p2", "11p1", "11p2"]),
        ({"element": VALVE_UUID.upper()}, ["3p2", "6p2", "11p1", "11p2"]),
        (
            {"element": f"{{{LEVEL_UUID}}}", "with_events": True},
            ["3p1", "6p1", "7p1", "9p1", "16p1", "18p1"],
        ),
        ({"message_id": 5}, ["6p2", "11p1", "11p2"]),
        ({"error": "Read Only"}, ["11p1"]),
        ({"error": "read-only"}, ["11p1"]),
        ({"error": "Write Only"}, []),
        ({"since": START + 16_000_000}, ["16p1", "19p1"]),
        ({"until": START + 2_000_000}, ["1p1"]),
        ({"limit": 3}, ["15p1", "16p1", "19p1"]),
        ({"limit": 3, "with_events": True}, ["16p1", "18p1", "19p1"]),
        ({"session": 1, "limit": 1}, ["19p1"]),
    ],
)
def test_it_can_be_narrowed(conversation: Path, filters: dict[str, Any], ids: list[str]) -> None:
    assert [row["id"] for row in ask(conversation, "log", **filters)] == ids


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"commands": ["raed"]}, "command raed is not known; did you mean read?"),
        ({"element": "Plant.Vavle"}, "element Plant.Vavle is not known; did you mean Plant.Valve?"),
        ({"session": 9}, "session 9 is not known; `xentara-inspect sessions` lists what is"),
        ({"error": "Raed Only"}, "error Raed Only is not known; did you mean Read Only"),
    ],
)
def test_what_is_not_known_is_no_empty_answer(conversation: Path, filters: dict[str, Any], said: str) -> None:
    with pytest.raises(QuestionError) as caught:
        ask(conversation, "log", **filters)
    assert str(caught.value).startswith(said)


def test_an_error_has_the_name_that_the_commands_page_gives_it(database: Path) -> None:
    read = f">[[0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[2, 2, {0: -32109}]]"
    write = f">[[0, 3, 5, {{0: {VALVE}, 1: 11, 2: 1}}]]", "<[[2, 3, {0: -32109}]]"
    fill(database, *HELLO, *read, *write)
    assert [row["command"] for row in ask(database, "log", error="read error")] == ["read"]
    assert [row["command"] for row in ask(database, "log", error="write error")] == ["write"]
    assert [row["error_name"] for row in ask(database, "log", error="-32109")] == [
        "Read Error",
        "Write Error",
    ]


def test_the_newest_rows_come_oldest_first_by_time_and_not_by_the_order_of_import(database: Path) -> None:
    fill(database, *HELLO, event(1), start=2_000_000_000_000_000_000)
    fill(database, *HELLO, event(1), start=1_000_000_000_000_000_000, about=info("flow-0"))
    assert [row["id"] for row in ask(database, "log", with_events=True, limit=0)] == [
        "4p1",
        "6p1",
        "1p1",
        "3p1",
    ]
    assert [row["id"] for row in ask(database, "log", with_events=True, limit=2)] == ["1p1", "3p1"]
    assert [row["id"] for row in ask(database, "events", limit=1)] == ["3p1"]


def test_an_element_is_found_in_lookups_and_subscriptions_that_name_it(database: Path) -> None:
    unknown = '>[[0, 5, 3, {0: "Plant.Valve"}]]', "<[[2, 5, {0: -32109}]]"
    learned = f">[[0, 7, 2, {{0: {VALVE}, 1: [0]}}]]", '<[[1, 7, {0: "Plant.Valve"}]]'
    subscription = "37(h'5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c')"
    granted = f"<[[1, 6, {subscription}]]"
    closing = f">[[0, 8, 7, {{0: {subscription}}}]]", "<[[1, 8]]"
    fill(database, *HELLO, *unknown, MULTI, granted, *learned, *closing, ">[[0, 9, 8]]")
    found = ask(database, "log", element="Plant.Valve")
    assert [row["command"] for row in found] == ["lookup", "subscribe", "meta_data", "unsubscribe"]
    assert ask(database, "log", element="Plant.Valve", limit=1) == found[-1:]
    other = "01010101-0101-0101-0101-010101010101"
    assert [row["elements"] for row in found] == [
        ["Plant.Valve"], ["Plant.Valve", other], ["Plant.Valve"], ["Plant.Valve", other],
    ]  # fmt: skip
    assert found[1]["element"] is None
    assert found[1]["summary"] == f"Plant.Valve, {other}"


def test_a_refused_request_has_the_elements_that_it_named(database: Path) -> None:
    lookup = '>[[0, 5, 3, {0: "Plant.Nothing"}]]', "<[[2, 5, {0: -32100}]]"
    fill(database, *HELLO, *lookup, MULTI, "<[[2, 6, {0: -32102}]]")
    _, looked_up, subscribe = ask(database, "log")
    assert (looked_up["element"], looked_up["elements"]) == ("Plant.Nothing", ["Plant.Nothing"])
    assert subscribe["elements"] == [VALVE_UUID, "01010101-0101-0101-0101-010101010101"]
    assert [row["id"] for row in ask(database, "log", element="Plant.Nothing")] == [looked_up["id"]]


def test_two_lists_may_be_read_side_by_side_on_one_connection(conversation: Path) -> None:
    with reading(conversation) as connection:
        both = zip_longest(
            log(connection, element="Plant.Valve", limit=0),
            log(connection, element="Plant.Tank 1.Level", limit=0),
        )
        found = [(one and one["id"], other and other["id"]) for one, other in both]
    assert found == [("3p2", "3p1"), ("6p2", "6p1"), ("11p1", "16p1"), ("11p2", None)]


def test_no_text_of_the_network_reaches_a_summary_raw(database: Path) -> None:
    evil = r"\u001b]0;x\u0007\u202e"
    fill(database, *HELLO, f'>[[0, 2, 3, {{0: "{evil}"}}]]', f'<[[2, 2, {{0: 1, 1: "{evil}"}}]]')
    summary = ask(database, "log")[-1]["summary"]
    assert "\\u001b" in summary
    assert summary.isprintable()
