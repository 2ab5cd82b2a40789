"""Summaries: what was asked about and what came of it, by the shapes of the tables alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.made_up_command import add
from tests.queries.asking import ask, fill, show
from tests.store_traffic import HELLO, LEVEL, LEVEL_UUID, SUBSCRIPTION, VALVE, VALVE_UUID

LOOKED_UP = '>[[0, 99, 3, {0: "Plant.Level"}]]', f"<[[1, 99, {LEVEL}]]"


def summary(database: Path, *lines: str) -> str:
    """Of the last exchange of a conversation."""
    fill(database, *HELLO, *LOOKED_UP, *lines)
    return str(ask(database, "log")[-1]["summary"])


@pytest.mark.parametrize(
    ("request_", "answer", "said"),
    [
        ("0, {0: [0]}", '{0: "2.0"}', 'Version = "2.0"'),
        (f"1, {{0: 37(h'{'00' * 16}')}}", "[]", "whole tree: 0 elements"),
        (f"1, {{0: {LEVEL}}}", '[{0: "a"}]', "Plant.Level: 1 element"),
        (f"2, {{0: {LEVEL}, 1: [0, 1]}}", '{0: "Plant.Level", 1: 2}', "Plant.Level: Data Point"),
        (f"5, {{0: {LEVEL}, 1: 9, 2: 3}}", None, "Plant.Level: Quality = Bad"),
        (f"5, {{0: {LEVEL}, 1: 11, 2: 1, 3: {SUBSCRIPTION}}}", None, "Plant.Level: Value = 1"),
        ("8", "2", "Operational"),
        ("8", "9", "operational stage 9"),
        (f"10, {{0: {SUBSCRIPTION}}}", None, "sub-session 5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b"),
        (
            '12, {0: 123({0: "ann", 1: "secret"})}',
            SUBSCRIPTION,
            'Username/Password Authentication "ann": 5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b',
        ),
        ("14, {0: 1, 1: 3}", "{0: 2}", "protocol version 1 to 3: current protocol version = 2"),
        (
            f"15, {{0: {SUBSCRIPTION}}}",
            "{0: true, 1: false}",
            "sub-session 5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b: read access = true, write access = false",
        ),
    ],
)
def test_a_line_says_what_was_asked_about_and_what_came_of_it(
    request_: str, answer: str | None, said: str, database: Path
) -> None:
    response = "[1, 7]" if answer is None else f"[1, 7, {answer}]"
    assert summary(database, f">[[0, 7, {request_}]]", f"<[{response}]") == said


def test_a_subscribe_names_its_first_elements(database: Path) -> None:
    elements = ", ".join(f"{{0: 37(h'{number:032x}'), 1: [11]}}" for number in range(1, 6))
    said = summary(database, f">[[0, 7, 6, {{0: [{{0: {LEVEL}, 1: [11]}}, {elements}]}}]]", "<[[1, 7]]")
    first = "00000000-0000-0000-0000-00000000000"
    assert said == f"Plant.Level, {first}1, {first}2 and 3 more"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("{0: -32105}", "value out of range"),
        ('{0: -32105, 1: "value is out of range"}', "value out of range"),
        ('{0: -32105, 1: "Value Out Of Range."}', "value out of range"),
        ('{0: -32105, 1: "must be below 7"}', "value out of range (must be below 7)"),
        ('{0: -32603, 1: "internal server error"}', "internal error"),
        ('{0: -5, 1: "no"}', "error -5 (no)"),
        ("{}", "error"),
    ],
)
def test_an_error_is_said_once(error: str, said: str, database: Path) -> None:
    write = f">[[0, 7, 5, {{0: {LEVEL}, 1: 11, 2: 8}}]]"
    assert summary(database, write, f"<[[2, 7, {error}]]") == f"Plant.Level: Value = 8: {said}"


def test_a_line_is_never_long(database: Path) -> None:
    said = summary(database, f'>[[0, 7, 3, {{0: "{"x" * 1000}"}}]]', "<[[1, 7]]")
    assert len(said) == 201


def test_a_command_that_is_new_in_the_tables_needs_nothing_here(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch)
    fill(
        database,
        *HELLO,
        *LOOKED_UP,
        f'>[[0, 2, 20, {{0: {LEVEL}, 1: -3, 2: "swordfish", 3: [{{0: {VALVE}, 1: 7}}]}}]]',
        "<[[1, 2, {0: true, 1: 1}]]",
    )
    row = ask(database, "log")[-1]
    assert row["command"] == "calibrate"
    assert row["elements"] == ["Plant.Level", VALVE_UUID]
    assert row["summary"] == f"Plant.Level, {VALVE_UUID}: is calibrated = true, Acceptable"
    for element in ("Plant.Level", LEVEL_UUID, VALVE_UUID):
        assert [found["id"] for found in ask(database, "log", element=element)][-1] == row["id"]
    assert [found["id"] for found in ask(database, "log", commands=["calibrate"])] == [row["id"]]
    shown = show(database, row["id"])
    assert shown["request"]["decoded"]["parameters"]["offset"] == -3
    assert shown["response"]["decoded"]["result"] == {
        "is_calibrated": True,
        "quality": {"value": 1, "name": "Acceptable"},
    }
    assert "calibrate" in [found["command"] for found in ask(database, "stats")]
