"""Filters alike on all lists: elements by pattern, values by comparison, a text anywhere, several at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import START, ask, fill
from tests.store_traffic import (
    CONVERSATION,
    HELLO,
    LEVEL,
    LEVEL_UUID,
    VALVE,
    VALVE_UUID,
    event,
    info,
)
from xentara_inspect.queries.unknown import QuestionError


def browse(*names: str) -> tuple[str, ...]:
    """Lookups that tell the names of elements, numbered from 1."""
    lines = []
    for number, name in enumerate(names, 1):
        lines.append(f'>[[0, {number + 1}, 3, {{0: "{name}"}}]]')
        lines.append(f"<[[1, {number + 1}, 37(h'{number:032x}')]]")
    return (*HELLO, *lines)


PLANT = browse(
    "Plant", "Plant.Tank 1", "Plant.Tank 1.Level", "Plant.Tank 2", "Plantation", "Plant.A*", "Plant.A%"
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Plant.Tank*", ["Plant.Tank 1", "Plant.Tank 2"]),
        ("Plant.Tank ?", ["Plant.Tank 1", "Plant.Tank 2"]),
        ("*.*.Level", ["Plant.Tank 1.Level"]),
        ("**Level", ["Plant.Tank 1.Level"]),
        ("Plant.Tank 1.**", ["Plant.Tank 1", "Plant.Tank 1.Level"]),
        ("plant.tank 1.**", ["Plant.Tank 1", "Plant.Tank 1.Level"]),
        ("PLANT", ["Plant"]),
        ("Plant.A*", ["Plant.A*"]),
        ("Plant.A%", ["Plant.A%"]),
        (f"{{{2:032X}}}", ["Plant.Tank 1"]),
        (["Plantation", "Plant.Tank 2"], ["Plant.Tank 2", "Plantation"]),
    ],
)
def test_elements_are_meant_by_key_pattern_subtree_or_uuid(
    asked: str | list[str], found: list[str], database: Path
) -> None:
    fill(database, *PLANT)
    assert [row["primary_key"] for row in ask(database, "elements", element=asked)] == found
    assert [row["name"] for row in ask(database, "names", element=asked)] == found
    assert (
        sorted(row["element"] or row["elements"][0] for row in ask(database, "log", element=asked)) == found
    )


def test_a_pattern_that_means_no_element_is_no_empty_answer(database: Path) -> None:
    fill(database, *PLANT)
    for query in ("log", "events", "readings", "findings", "subscriptions", "elements", "names"):
        with pytest.raises(QuestionError, match=r"element Plent\.\* is not known"):
            ask(database, query, element=["Plant", "Plent.*"])


def test_a_pattern_finds_a_lookup_of_what_there_is_not(database: Path) -> None:
    fill(database, *HELLO, '>[[0, 2, 3, {0: "Plant.Nothing"}]]', "<[[2, 2, {0: -32100}]]")
    for asked in ("Plant.Nothing", "Plant.Noth*", "plant.**"):
        assert [row["id"] for row in ask(database, "log", element=asked)] == ["3p1"]


VALUES = (
    "{0: 121(true), 1: 121(null), 5: 121(42), 6: 121(42.5), 7: 122({0: -32102}),"
    ' 12: 121("Running"), 9: 121(3)}'
)


@pytest.mark.parametrize(
    ("comparison", "found"),
    [
        ("> 42", [42.5]),
        (">= 42", [42, 42.5]),
        ("42", [42]),
        ("= 42.0", [42]),
        ("!= 42", [42.5, 3]),
        ("< 1e1", [3]),
        ("> -18446744073709551616", [42, 42.5, 3]),
        ("< 18446744073709551616", [42, 42.5, 3]),
        ("true", [True]),
        ("= null", [None]),
        ("Running", ["Running"]),
        ("> 'Q'", [True, None, "Running"]),
        ('"42"', []),
    ],
)
def test_values_are_found_by_comparison_like_with_like(
    comparison: str, found: list[Any], database: Path
) -> None:
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {VALUES}}}]]", event(1))
    rows = ask(database, "readings", value=comparison, until=START + 3_500_000)
    assert [row["value"] for row in rows] == found
    assert len(ask(database, "events", value=comparison, until=START + 3_500_000)) == bool([
        value for value in found if value != 3
    ])  # fmt: skip


@pytest.mark.parametrize("value", ["18446744073709551615", "NaN", "Infinity"])
def test_numbers_that_no_column_holds_are_compared_too(value: str, database: Path) -> None:
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121({value})}}}}]]", event(1))
    assert [row["packet"] for row in ask(database, "readings", value=value)] == ["3p1"]
    assert bool(ask(database, "readings", value="> 1e300")) == (value == "Infinity")


@pytest.mark.parametrize("comparison", ["", ">", " != "])
def test_a_comparison_with_nothing_is_refused(comparison: str, conversation: Path) -> None:
    with pytest.raises(QuestionError, match="compares with nothing"):
        ask(conversation, "readings", value=comparison)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("plant.valve", ["3p2", "6p2", "11p1", "11p2"]),  # a name, in any case
        ("Tank 1", ["3p1", "6p1", "7p1", "9p1", "16p1", "18p1"]),  # subscriptions of it, and their end
        (LEVEL_UUID, ["3p1", "6p1", "7p1", "9p1", "16p1", "18p1"]),
        (LEVEL_UUID.replace("-", "")[:12].upper(), ["3p1", "6p1", "7p1", "9p1", "16p1", "18p1"]),
        ("Read Only", ["11p1"]),  # an error by its name
        ("-32103", ["11p1"]),
        ("3.5", ["18p1"]),  # a value
        ("18446744073709551615", ["6p2", "14p1"]),
        ("lookup", ["3p1"]),
        ("Lookup Object", ["3p1"]),  # notation
        ("found the end of the data", ["10"]),
        ("text message", ["13"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("' OR 1 --", []),
        ("\x00", []),
    ],
)
def test_a_text_is_found_wherever_it_stands(text: str, ids: list[str], conversation: Path) -> None:
    found = [row["id"] for row in ask(conversation, "log", grep=text, with_events=True)]
    if text == "_":  # in the notation of names such as element_uuid
        assert found
    else:
        assert found == ids


def test_wildcards_of_sql_are_plain_letters(database: Path) -> None:
    fill(database, *browse("Plant.100%", "Plant.1000", r"Plant.a\\b", "Plant.a_b", "Plant.axb"))
    for text, name in (("100%", "Plant.100%"), ("a_b", "Plant.a_b"), ("a\\b", r"Plant.a\b")):
        assert [row["primary_key"] for row in ask(database, "elements", grep=text)] == [name]


def test_what_was_said_before_a_name_was_told_is_found_by_the_name(database: Path) -> None:
    early = f">[[0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[1, 2, {11: 121(1)}]]"
    late = f">[[0, 7, 2, {{0: {VALVE}, 1: [0]}}]]", '<[[1, 7, {0: "Plant.Valve"}]]'
    subscribe = f">[[0, 3, 6, {{0: [{{0: {VALVE}, 1: [11]}}, {{0: {LEVEL}, 1: [11]}}]}}]]"
    pushed = f"<[[8, 0, {{1: {VALVE}, 2: {{11: 121(2)}}}}]]"
    fill(database, *HELLO, *early, subscribe, f"<[[1, 3, {LEVEL}]]", pushed, *late)
    assert [row["id"] for row in ask(database, "log", grep="valve", with_events=True)] == [
        "3p1", "5p1", "7p1", "8p1",
    ]  # fmt: skip
    assert [row["packet"] for row in ask(database, "readings", grep="valve")] == ["4p1", "7p1"]
    assert [row["id"] for row in ask(database, "subscriptions", grep="valve")] == ["5p1"]


@pytest.mark.parametrize("stored", ["all", "exchanges"])
def test_events_are_found_without_their_notation_too(stored: str, database: Path) -> None:
    fill(database, *CONVERSATION)
    if stored == "exchanges":
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE packets SET notation = NULL WHERE kind = 'event'")
        connection.close()
    for text in ("Tank 1", "3.5", "Data Change", "good", LEVEL_UUID[:8]):
        assert "18p1" in [row["id"] for row in ask(database, "events", grep=text)], text
    assert ask(database, "events", grep="Plant.Valve") == []


@pytest.mark.parametrize(
    ("query", "filters", "found"),
    [
        ("readings", {"grep": "access denied"}, [("6p2", "Position"), ("8p1", "Position")]),
        ("readings", {"grep": "read only"}, [("11p1", "Value")]),
        ("readings", {"attribute": ["Value", "Position"], "origin": ["read", "write"]}, None),
        ("readings", {"grep": "Quality", "value": "0"}, None),
    ],
)
def test_readings_are_found_one_by_one(
    query: str, filters: dict[str, Any], found: list[tuple[str, str]] | None, conversation: Path
) -> None:
    rows = ask(conversation, query, **filters)
    every = ask(conversation, query)
    assert rows
    assert rows != every
    if "value" in filters:
        assert {(row["attribute"], row["value"]) for row in rows} == {("Quality", 0)}
    if "origin" in filters:
        assert rows == [
            row
            for row in every
            if row["attribute"] in filters["attribute"] and row["origin"] in filters["origin"]
        ]
    if found is not None:
        assert {(row["packet"], row["attribute"]) for row in rows} <= set(found)


def test_of_several_values_of_a_filter_one_is_enough(database: Path) -> None:
    fill(database, *CONVERSATION)
    fill(database, *HELLO, event(1), about=info("flow-0"))
    every = ask(database, "log", limit=0)
    assert {row["session"] for row in every} == {1, 2}
    assert ask(database, "log", limit=0, session=["1", "2"]) == every
    chosen = ask(database, "log", status=["error", "unsolicited"], session=[1, 2])
    assert [row["status"] for row in chosen] == ["error", "unsolicited"]
    assert [row["id"] for row in ask(database, "log", message_id=[4, 8])] == ["6p1", "16p1"]
    codes = ["malformed-cbor", "text-message"]
    assert {row["code"] for row in ask(database, "findings", code=codes)} == set(codes)
    with pytest.raises(QuestionError, match="session 9 is not known"):
        ask(database, "log", session=["1", "9"])


def test_the_slowest_come_first_and_can_be_asked_for_alone(conversation: Path) -> None:
    answered = [row for row in ask(conversation, "log") if row["latency_ms"] is not None]
    slowest = sorted(answered, key=lambda row: -row["latency_ms"])
    assert ask(conversation, "log", slowest=True, limit=0) == slowest
    assert ask(conversation, "log", slowest=True, limit=2) == slowest[:2]
    slow = ask(conversation, "log", slower_than=1_000_000)
    assert slow == [row for row in answered if row["latency_ms"] > 1]
    assert slow


@pytest.mark.parametrize("filters", [{"element": "Plant.Valve"}, {"grep": "valve"}])
def test_findings_are_found_by_what_they_are_about(filters: dict[str, Any], conversation: Path) -> None:
    about = {row["exchange"] for row in ask(conversation, "findings", **filters)}
    assert "11p2" in about
    assert about <= {"3p2", "6p2", "11p1", "11p2"}


@pytest.mark.parametrize("limit", [0, 1, 3, 50])
def test_what_is_found_is_the_same_however_much_of_it_there_is(limit: int, database: Path) -> None:
    """What is rare is sorted once it is found, what is everywhere is looked for by time."""
    values = [f"<[{event(number)[2:-1]}]" for number in range(300)]
    fill(database, *HELLO, *values)
    for comparison, wanted in (("> 297", 3), ("> 10", 290)):
        rows = ask(database, "events", value=comparison, limit=limit)
        every = [
            row for row in ask(database, "events", limit=0) if row["values"]["Value"] > float(comparison[2:])
        ]
        assert rows == every[-limit:] if limit else rows == every
        assert len(every) == wanted
    assert VALVE_UUID not in str(rows)


def test_an_error_in_an_answer_is_found_by_what_the_command_calls_it(database: Path) -> None:
    fill(
        database,
        *HELLO,
        f">[[0, 2, 4, {{0: {LEVEL}, 1: [11]}}]]",
        "<[[1, 2, {11: 122({0: -32103})}]]",
        f">[[0, 3, 5, {{0: {LEVEL}, 1: 11, 2: 7}}]]",
        "<[[2, 3, {0: -32103}]]",
    )
    for name, ids in (("write only", ["3p1"]), ("read only", ["5p1"])):
        assert [row["id"] for row in ask(database, "log", grep=name)] == ids
