"""`why`: what it says of the circumstances is so, where these are out of the ordinary."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queries.asking import ask, fill
from tests.queries.explaining import asked, codes, last_of, only, said
from tests.store_traffic import HELLO, LEVEL, LEVEL_UUID, VALVE

SUBSCRIPTION = "37(h'5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b')"
CLOSED = f">[[0, 9, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 9]]"
STAGE, STAGE_TOLD = ">[[0, 5, 8]]", "<[[1, 5, 2]]"


def subscribed(number: int, *attributes: int, element: str = LEVEL) -> tuple[str, str]:
    """A subscription whose id the client wishes for."""
    wanted = f"0: [{{0: {element}, 1: {[*attributes]}}}], 3: {SUBSCRIPTION}"
    return f">[[0, {number}, 6, {{{wanted}}}]]", f"<[[1, {number}, {SUBSCRIPTION}]]"


def event(values: str) -> str:
    return f"<[[8, 0, {{0: 1(1700000000), 1: {LEVEL}, 2: {{{values}}}}}]]"


# Events


def test_an_event_for_other_attributes_is_not_told_of_a_subscription_that_closes_later(
    database: Path,
) -> None:
    fill(database, *HELLO, *subscribed(2, 9), event("11: 121(1)"), *CLOSED)
    cause = next(c for c in asked(database, "5p1")["causes"] if c["code"] == "unsubscribed-event")
    assert "a subscription to the element is open, but asks for other attributes" in said(cause)
    assert "closed" not in said(cause)
    assert "3p1" in cause["evidence"]


def test_of_an_event_behind_the_end_of_its_subscription_all_causes_say_the_same(database: Path) -> None:
    fill(database, *HELLO, *subscribed(2, 11, 9), *CLOSED, event("11: 121(1), 9: 121(3)"))
    code, text, _ = last_of(database, "7p1")
    assert code == "quality-not-good"
    assert "the last subscription to the element was closed 1 ms before" in text
    assert "no open subscription of this connection asked for the element" in text


def test_what_another_subscription_is_asked_for_later_is_not_the_last_one(database: Path) -> None:
    fill(database, *HELLO, event("11: 121(1)"), *subscribed(2, 11))
    text = last_of(database, "3p1")[1]
    assert "this connection never subscribed to the element before" in text


@pytest.mark.parametrize(("error", "name"), [(-32109, "write error"), (-32103, "read only")])
def test_an_error_in_an_event_is_called_as_the_notation_calls_it(
    error: int, name: str, database: Path
) -> None:
    fill(database, *HELLO, *subscribed(2, 11), event(f"11: 122({{0: {error}}})"))
    code, text, _ = last_of(database, "5p1")
    assert code == name.replace(" ", "-")
    assert f"Value has no value: {name} ({error})" in text
    (reading,) = ask(database, "readings")
    assert reading["error_name"].lower() == name


def test_an_error_in_a_read_keeps_the_name_that_it_has_on_the_page_of_read(database: Path) -> None:
    fill(database, *HELLO, f">[[0, 2, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 2, {11: 122({0: -32109})}]]")
    assert codes(database, "3p1") == ["read-error"]


# Subscriptions


def test_a_subscription_that_was_replaced_is_told_with_what_took_its_place(database: Path) -> None:
    fill(database, *HELLO, *subscribed(2, 11), *subscribed(3, 11, element=VALVE), *CLOSED)
    text = last_of(database, "3p1")[1]
    assert "another subscribe with the same id took its place after 2 ms" in text
    assert "unsubscribed" not in text
    assert "5p1" in last_of(database, "3p1")[2]["evidence"]
    assert "the client unsubscribed after 2 ms" in last_of(database, "5p1")[1]


def test_of_an_id_that_is_used_again_each_subscription_has_its_own_end(database: Path) -> None:
    fill(database, *HELLO, *subscribed(2, 11), *CLOSED, *subscribed(3, 11), *CLOSED, *subscribed(4, 11))
    first, second, third = (last_of(database, name)[2] for name in ("3p1", "7p1", "11p1"))
    assert "the client unsubscribed after 2 ms" in said(first)
    assert first["evidence"] == ["3p1", "5p1"]
    assert "the client unsubscribed after 2 ms" in said(second)
    assert second["evidence"] == ["7p1", "9p1"]
    assert "it ended with its connection" in said(third)


def test_what_ended_is_told_where_all_is_said_at_once(database: Path) -> None:
    asked_for, granted = subscribed(2, 11)
    again, granted_again = subscribed(3, 11)
    at_once = f"{CLOSED[0][:-1]}, {again[2:]}", f"{CLOSED[1][:-1]}, {granted_again[2:]}"
    fill(database, *HELLO, asked_for, granted, *at_once)
    assert "the client unsubscribed after 2 ms" in last_of(database, "3p1")[1]
    assert "it ended with its connection" in last_of(database, "5p2")[1]


# Waiting


def test_meanwhile_are_only_requests_and_of_its_own_connection_later_ones(database: Path) -> None:
    asked_for = '>[[0, 2, 3, {0: "Plant.Level"}], [0, 3, 8], [0, 4, 8]]'
    fill(database, *HELLO, asked_for, f"<[[1, 2, {LEVEL}]]", "<[[1, 99, 5]]")
    assert "meanwhile no later request of this connection was answered" in only(database, "3p2")[1]


def test_a_later_request_of_the_same_message_counts(database: Path) -> None:
    fill(database, *HELLO, ">[[0, 3, 8], [0, 4, 8]]", "<[[1, 4, 2]]")
    assert "meanwhile 1 later request of this connection answered" in only(database, "3p1")[1]


@pytest.mark.parametrize("answer", ["[2, 5, {0: -32600}]", "[2, 0, {0: -32600}]"])
def test_an_error_points_to_no_message_that_could_be_read(answer: str, database: Path) -> None:
    fill(database, *HELLO, STAGE, STAGE_TOLD, f"<[{answer}]")
    _, text, cause = only(database, "5p1")
    assert "cannot be read" not in text
    assert "its findings" not in cause["remedy"]
    assert ("a second answer" in text) == ("5," in answer)


# Refused requests


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (f"6, {{0: [{{0: {LEVEL}, 1: [11]}}], 1: 1000, 2: 5000}}", -32106),
        (f"1, {{0: {LEVEL}, 1: 5, 2: [2]}}", -32105),
    ],
)
def test_only_a_write_writes(request_: str, error: int, database: Path) -> None:
    fill(database, *HELLO, f">[[0, 2, {request_}]]", f"<[[2, 2, {{0: {error}}}]]")
    assert "written" not in last_of(database, "3p1")[1]


def described(data: str) -> tuple[str, str]:
    """meta_data tells of the attribute Value. data: its access and data type."""
    return f">[[0, 2, 2, {{0: {LEVEL}, 1: [2]}}]]", f'<[[1, 2, {{2: [{{0: "Setpoint", 1: 11{data}}}]}}]]'


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "meta_data told neither access nor data type of Setpoint"),
        (", 2: 0", "as meta_data told, Setpoint is read only |"),
        (", 3: 0", "as meta_data told, Setpoint is of type Boolean |"),
        (", 2: 2, 3: 5", "as meta_data told, Setpoint is read and write, of type UnsignedInteger8 |"),
    ],
)
def test_only_what_meta_data_told_is_said_to_be_told(data: str, text: str, database: Path) -> None:
    fill(database, *HELLO, *described(data), f'>[[0, 3, 5, {{0: {LEVEL}, 1: 11, 2: "a"}}]]',
         "<[[2, 3, {0: -32106}]]")  # fmt: skip
    assert text in last_of(database, "5p1")[1] + " |"


@pytest.mark.parametrize(
    ("data_type", "value", "is_meant"),
    [
        (8, (1 << 63) + 92, False),
        (8, (1 << 64) - 5, False),
        (5, (1 << 64) - 5, False),
        (4, (1 << 63) + 92, True),
        (3, (1 << 64) - 5, True),
        (3, (1 << 63) + 92, False),
    ],
)
def test_a_large_number_is_a_negative_one_only_where_the_data_type_has_such(
    data_type: int, value: int, is_meant: bool, database: Path
) -> None:
    fill(database, *HELLO, *described(f", 2: 2, 3: {data_type}"),
         f">[[0, 3, 5, {{0: {LEVEL}, 1: 11, 2: {value}}}]]", "<[[2, 3, {0: -32105}]]")  # fmt: skip
    assert ("a negative number taken for one without" in last_of(database, "5p1")[1]) == is_meant


def test_a_hello_behind_a_request_of_the_same_message_is_not_before_it(database: Path) -> None:
    both = '>[[0, 2, 3, {0: "a"}], [0, 1, 14, {0: 1, 1: 1}]]'
    fill(database, both, "<[[2, 2, {0: -32000}], [1, 1, {0: 1}]]")
    assert "was sent behind it in the same message: ok" in last_of(database, "1p1")[1]


def test_what_was_told_only_later_was_not_told_before(database: Path) -> None:
    fill(database, *HELLO, f">[[0, 3, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[2, 3, {0: -32100}]]",
         '>[[0, 2, 3, {0: "Plant.Level"}]]', f"<[[1, 2, {LEVEL}]]")  # fmt: skip
    text = only(database, "3p1")[1]
    assert f"{LEVEL_UUID} (Plant.Level): never told by the server before" in text


def test_a_uuid_that_is_the_same_in_either_order_of_bytes_is_not_called_turned(database: Path) -> None:
    same = "37(h'11111111111111111111111111111111')"
    fill(database, *HELLO, f">[[0, 3, 4, {{0: {same}, 1: [11]}}]]", "<[[2, 3, {0: -32100}]]",
         '>[[0, 2, 3, {0: "Plant.Level"}]]', f"<[[1, 2, {same}]]")  # fmt: skip
    assert "another order" not in only(database, "3p1")[1]


@pytest.mark.parametrize("error", ["{}", '{1: "no"}'])
def test_an_error_without_a_code_is_told_as_such(error: str, database: Path) -> None:
    fill(database, *HELLO, STAGE, f"<[[2, 5, {error}]]")
    code, text, _ = last_of(database, "3p1")
    assert code == "unexpected-result"
    assert "the error that it was answered with has no code" in text
    assert codes(database, "3p1") == ["unexpected-result"]
    assert codes(database, "session:1") == ["unexpected-result"]
