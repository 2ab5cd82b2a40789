"""`subscriptions`: what was asked for, refused ones too."""

from __future__ import annotations

from pathlib import Path

from tests.queries.asking import START, ask, fill
from tests.store_traffic import HELLO, LEVEL, VALVE, VALVE_UUID


def test_a_subscription_names_its_elements_and_attributes(conversation: Path) -> None:
    assert ask(conversation, "subscriptions") == [
        {
            "id": "6p1",
            "session": 1,
            "uuid": "5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b",
            "elements": [{"element": "Plant.Tank 1.Level", "attributes": ["Value", "Quality"]}],
            "opened": "2023-11-14T22:13:20.008000000Z",
            "closed": "2023-11-14T22:13:20.017000000Z",
            "status": "closed",
            "error_code": None,
            "error_name": None,
            "maximum_update_rate_ms": None,
            "minimum_update_rate_ms": None,
        }
    ]


def test_it_says_how_far_apart_updates_were_to_be(database: Path) -> None:
    elements = f"0: [{{0: {LEVEL}, 1: [11]}}]"
    fill(database, *HELLO, f">[[0, 6, 6, {{{elements}, 1: 50, 2: 18446744073709551615}}],"
         f" [0, 7, 6, {{{elements}, 1: -1.5}}]]", "<[[2, 6, {0: -32602}], [2, 7, {0: -32602}]]")  # fmt: skip
    keys = ("maximum_update_rate_ms", "minimum_update_rate_ms")
    asked = [tuple(row[key] for key in keys) for row in ask(database, "subscriptions")]
    assert asked == [(50, "18446744073709551615"), (None, None)]


def test_a_refused_one_is_listed_with_what_it_asked_for_and_why(database: Path) -> None:
    asked = f">[[0, 6, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}, {{0: {VALVE}, 1: [11]}}]}}]]"
    fill(database, *HELLO, asked, "<[[2, 6, {0: -32102}]]")
    (row,) = ask(database, "subscriptions", element=VALVE_UUID)
    assert (row["status"], row["error_code"], row["error_name"]) == ("refused", -32102, "Access Denied")
    assert [entry["attributes"] for entry in row["elements"]] == [["Value", "Quality"], ["Value"]]
    assert row["uuid"] is None


def test_those_open_at_a_time_are_chosen(conversation: Path) -> None:
    for since, until, count in ((8, 9, 1), (18, None, 0), (None, 8, 0), (10, 11, 1)):
        times = {
            name: START + value * 1_000_000
            for name, value in (("since", since), ("until", until))
            if value is not None
        }
        assert len(ask(conversation, "subscriptions", **times)) == count, (since, until)
