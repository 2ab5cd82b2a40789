"""`show`: exchanges, events and messages, whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import ask, fill, show
from tests.store_traffic import CONVERSATION, HELLO, SUBSCRIPTION, VALVE, add, frames, info, reading
from xentara_inspect.queries.databases import as_databases
from xentara_inspect.queries.log import LOG_KEYS
from xentara_inspect.queries.show import show as shown


def test_an_exchange_is_shown_with_both_its_packets_and_its_findings(conversation: Path) -> None:
    row = show(conversation, "11p1")
    assert list(row) == [*LOG_KEYS, "request", "response", "findings"]
    assert {key: row["request"][key] for key in ("time", "frame", "position")} == {
        "time": "2023-11-14T22:13:20.011000000Z",
        "frame": 11,
        "position": 1,
    }
    assert "Plant.Valve" in row["request"]["notation"]
    assert "Read Only" in row["response"]["notation"]
    assert row["response"]["frame"] == 12
    assert row["findings"] == []


def test_everything_that_is_listed_is_shown_by_its_id_with_the_same_words(conversation: Path) -> None:
    for row in ask(conversation, "log", limit=0, with_events=True):
        found = show(conversation, row["id"])
        assert {key: found[key] for key in row} == row
        json.dumps(found, allow_nan=False)
    for finding in ask(conversation, "findings", limit=0):
        assert finding in show(conversation, str(finding["frame"]))["findings"]


def test_the_name_of_a_response_gives_its_exchange(conversation: Path) -> None:
    assert show(conversation, "12p1") == show(conversation, "11p1")


def test_a_request_without_response_and_a_response_without_request_are_shown(conversation: Path) -> None:
    unanswered, unsolicited = show(conversation, "19p1"), show(conversation, "15p1")
    assert (unanswered["response"], unsolicited["request"]) == (None, None)
    assert [finding["code"] for finding in unanswered["findings"]] == ["unanswered-request"]
    assert [finding["code"] for finding in unsolicited["findings"]] == ["unsolicited-response"]


def test_an_event_stands_where_a_response_would(conversation: Path) -> None:
    row = show(conversation, "18p1")
    assert (row["kind"], row["request"]) == ("event", None)
    assert "Data Change" in row["response"]["notation"]


def test_a_whole_frame_is_shown_with_what_its_responses_answer(conversation: Path) -> None:
    row = show(conversation, "8")
    assert (row["kind"], row["summary"].startswith("2 packets, ")) == ("frame", True)
    assert row["response"]["position"] is None
    assert "Access Denied" in row["response"]["notation"]
    assert [packet["type"] for packet in row["response"]["decoded"]] == ["success", "success"]


@pytest.mark.parametrize(("name", "code"), [("10", "malformed-cbor"), ("13", "text-message")])
def test_a_malformed_frame_is_shown_by_its_number(conversation: Path, name: str, code: str) -> None:
    row = show(conversation, name)
    assert (row["kind"], row["id"]) == ("malformed", name)
    assert row["request"]["notation"]
    assert [finding["code"] for finding in row["findings"]] == [code]


def test_a_malformed_packet_is_shown_by_its_place(conversation: Path) -> None:
    row = show(conversation, "14p2")
    assert (row["kind"], row["id"], row["request"]["position"]) == ("malformed", "14p2", 2)


@pytest.mark.parametrize("name", ["20", "1p2", "0", "x", "", "1p1p1", "1.1", "-1", "9" * 30, "1p" + "9" * 8])
def test_what_is_not_there_is_none(conversation: Path, name: str) -> None:
    with reading(conversation) as connection:
        assert shown(connection, name) is None


def test_frames_that_are_not_indexed_yet_are_counted_and_can_be_shown(database: Path) -> None:
    add(database, frames(*HELLO))
    with reading(database) as connection:
        assert as_databases(connection).unindexed_frames() == 2
    assert "client_hello" in show(database, "1")["request"]["notation"]


def test_names_learned_later_or_elsewhere_are_used_for_what_came_before(database: Path) -> None:
    asked = (f">[[0, 2, 4, {{0: {VALVE}, 1: [{SUBSCRIPTION}]}}]]", f"<[[1, 2, {{{SUBSCRIPTION}: 121(1)}}]]")
    fill(database, *HELLO, *asked)
    fill(database, *CONVERSATION, about=info("flow-2"))
    row = show(database, "3p1")
    assert row["element"] == "Plant.Valve"
    assert row["summary"] == "Plant.Valve: Position = 1"
    assert "Position" in row["response"]["notation"]


def errors_of(decoded: Any) -> list[str]:
    """Names of error codes anywhere in what was decoded."""
    if isinstance(decoded, dict):
        here = [decoded["error_code"]["name"]] if "error_code" in decoded else []
        return here + [name for value in decoded.values() for name in errors_of(value)]
    return [name for value in decoded for name in errors_of(value)] if isinstance(decoded, list) else []


def test_an_error_has_one_name_in_notation_structure_lists_and_summaries(database: Path) -> None:
    refused = "{11: 122({0: -32109})}"
    read = f">[[0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", f"<[[1, 2, {refused}]]"
    fill(database, *HELLO, *read, f"<[[8, 0, {{0: 1(1), 1: {VALVE}, 2: {refused}}}]]")
    # Only the pages of read and write have names of their own for it; an event answers neither.
    for place, name in (("3p1", "Read Error"), ("5p1", "Write Error")):
        row = show(database, place)
        assert name in row["response"]["notation"]
        assert errors_of(row["response"]["decoded"]) == [name]
        assert name.lower() in row["summary"]
    assert [row["error_name"] for row in ask(database, "readings")] == ["Read Error", "Write Error"]
    (event,) = ask(database, "events")
    assert event["values"]["Value"]["error_name"] == "Write Error"
