"""The readable views: what a stranger with SQL alone sees, and that it is what the queries say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import ask, fill
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, VALVE
from xentara_inspect.store.views import VIEWS


def view(database: Path, name: str, condition: str = "1") -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {name} WHERE {condition}")]


@pytest.fixture
def conversation(database: Path) -> Path:
    return fill(database, *CONVERSATION)


def pick(rows: list[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in rows]


def test_every_kind_of_row_has_a_readable_view(conversation: Path) -> None:
    for name in VIEWS:
        assert view(conversation, name), name


def test_readings_are_the_contracts_table_with_every_quality_in_its_row(conversation: Path) -> None:
    rows = view(conversation, "readings")
    assert list(rows[0])[:9] == [
        "packet_id", "position", "element_id", "attribute_id", "value", "value_kind", "quality",
        "error_code", "origin",
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["packet_id"], row["position"]))
    asked = ask(conversation, "readings", limit=0)
    assert [(row["value_kind"], row["origin"], row["error_code"]) for row in rows] == pick(
        asked, "value_kind", "origin", "error_code"
    )
    assert len(rows) == 10


def test_readable_readings_say_what_the_query_says(conversation: Path) -> None:
    rows = view(conversation, "readings_readable")
    rows.sort(key=lambda row: (row["packet_id"], row["position"]))
    keys = ("packet", "time", "source_time", "element", "attribute", "error_code", "origin", "value_kind")
    asked = ask(conversation, "readings", limit=0)
    assert pick(rows, *keys) == pick(asked, *keys)
    assert [row["error"] for row in rows] == [row["error_name"] for row in asked]
    assert {row["quality"] for row in rows} == {"Good", None}


def test_values_are_there_as_they_are_as_numbers_and_as_text(database: Path) -> None:
    said = {
        "1": (1, 1, None),
        "1.5": (1.5, 1.5, None),
        "true": (1, 1, "true"),
        "false": (0, 0, "false"),
        "NaN": ("NaN", None, "NaN"),
        "18446744073709551615": ("18446744073709551615", 18446744073709551615.0, None),
        '"NaN"': ("NaN", None, "NaN"),
        "null": (None, None, None),
        "1(1)": (1_000_000_000, None, "1970-01-01T00:00:01.000000000Z"),
        "[1]": ("[1]", None, "[1]"),
    }
    fill(database, *HELLO, *(f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121({text})}}}}]]" for text in said))
    rows = view(database, "readings_readable")
    assert pick(rows, "value", "value_num", "value_text") == list(said.values())


def test_exchanges_have_names_for_command_element_and_error(conversation: Path) -> None:
    (row,) = view(conversation, "exchanges_readable", "id = '11p1'")
    assert row == {
        "id": "11p1",
        "exchange_id": 11 << 24 | 1,
        "session_id": 1,
        "time": "2023-11-14T22:13:20.011000000Z",
        "command": "write",
        "opcode": 5,
        "message_id": 5,
        "status": "error",
        "error_code": -32103,
        "error": "Read Only",
        "error_text": "no",
        "latency_ms": 1.0,
        "element": "Plant.Valve",
        "element_id": row["element_id"],
        "requested": "2023-11-14T22:13:20.011000000Z",
        "responded": "2023-11-14T22:13:20.012000000Z",
        "response": "12p1",
        "response_id": 12 << 24 | 1,
        "request_message_bytes": row["request_message_bytes"],
        "response_message_bytes": row["response_message_bytes"],
    }
    assert (
        view(conversation, "exchanges_readable", "id = '14p1'")[0]["command"] == "opcode 18446744073709551615"
    )


def test_an_event_has_the_subscription_that_the_query_says(conversation: Path) -> None:
    keys = ("id", "time", "source_time", "event_type", "element", "subscription")
    assert pick(view(conversation, "events_readable"), *keys) == pick(ask(conversation, "events"), *keys)


def test_a_refused_subscription_says_what_it_asked_for_and_why(database: Path) -> None:
    asked = f">[[0, 6, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}, {{0: {VALVE}, 1: []}}]}}]]"
    fill(database, *HELLO, asked, "<[[2, 6, {0: -32102}]]")
    rows = view(database, "subscriptions_readable")
    assert pick(rows, "id", "status", "error", "attribute") == [
        ("3p1", "refused", "Access Denied", "Value"),
        ("3p1", "refused", "Access Denied", "Quality"),
        ("3p1", "refused", "Access Denied", None),
    ]


def test_findings_and_sessions_are_what_the_queries_say(conversation: Path) -> None:
    keys = ("time", "severity", "code", "message", "frame", "exchange")
    found = sorted(pick(view(conversation, "findings_readable"), *keys), key=repr)
    assert found == sorted(pick(ask(conversation, "findings"), *keys), key=repr)
    counted = ("id", "opened", "closed", "duration_ms", "frames", "requests", "errors", "events", "findings")
    assert pick(view(conversation, "sessions_readable"), *counted) == pick(
        ask(conversation, "sessions"), *counted
    )
