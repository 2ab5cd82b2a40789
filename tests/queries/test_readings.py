"""`readings`: one row an attribute value, wherever it was seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.queries.asking import START, ask, fill
from tests.store_traffic import HELLO, LEVEL, VALVE
from xentara_inspect.queries.readings import READING_KEYS
from xentara_inspect.queries.unknown import QuestionError


def test_rows_have_the_keys_of_the_contract(conversation: Path) -> None:
    keys = (
        "packet session time source_time element attribute value value_kind quality error_code error_name"
        " origin"
    )
    assert " ".join(READING_KEYS) == keys
    assert {" ".join(row) for row in ask(conversation, "readings")} == {keys}


def test_a_reading_is_exact(conversation: Path) -> None:
    value, quality = ask(conversation, "readings", limit=2)
    assert value == {
        "packet": "18p1",
        "session": 1,
        "time": "2023-11-14T22:13:20.018000000Z",
        "source_time": "2023-11-14T22:13:20.000000003Z",
        "element": "Plant.Tank 1.Level",
        "attribute": "Value",
        "value": 3.5,
        "value_kind": "float",
        "quality": 0,
        "error_code": None,
        "error_name": None,
        "origin": "event",
    }
    assert quality == value | {"attribute": "Quality", "value": 0, "value_kind": "integer"}


@pytest.mark.parametrize(
    ("filters", "values"),
    [
        ({"origin": "write"}, ["NaN", 2]),
        ({"origin": "read"}, ["18446744073709551615", None]),
        ({"attribute": "quality"}, [0, 0, 0]),
        ({"attribute": "9", "limit": 1}, [0]),
        ({"attribute": "Position"}, [None]),
        ({"attribute": "5b5b5b5b-5b5b-5b5b-5b5b-5b5b5b5b5b5b"}, [None]),
        ({"attribute": "4AA0E4E0-521E-4599-A985-E454BAA59F89", "origin": "event"}, [1.5, 2.5, 3.5]),
        ({"element": "Plant.Valve", "limit": 2}, ["NaN", 2]),
        ({"since": START + 18_000_000}, [3.5, 0]),
        ({"until": START + 8_000_000}, [1.5, 0]),
        ({"session": 1, "limit": 1}, [0]),
    ],
)
def test_they_can_be_narrowed(conversation: Path, filters: dict[str, Any], values: list[Any]) -> None:
    assert [row["value"] for row in ask(conversation, "readings", **filters)] == values


def test_a_refused_write_has_its_error(conversation: Path) -> None:
    refused, waiting = ask(conversation, "readings", origin="write")
    assert (refused["error_code"], refused["error_name"]) == (-32103, "Read Only")
    assert (waiting["error_code"], waiting["error_name"]) == (None, None)


@pytest.mark.parametrize(
    "attributes",
    [
        {"Quality": 0, "Value": 1},
        {"Value": 1, "Quality": 3, "Name": 2},
        {"Quality": 2},
        {"Value": 1},
        {"Quality": None, "Value": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("backwards", [False, True])
def test_quality_is_in_its_place_whether_or_not_it_has_a_row_of_its_own(
    attributes: dict[str, Any], backwards: bool, database: Path
) -> None:
    numbers = {"Quality": 9, "Value": 11, "Name": 1}
    values = ", ".join(f"{numbers[name]}: 121({json.dumps(value)})" for name, value in attributes.items())
    fill(database, *HELLO, f"<[[8, 0, {{1: {LEVEL}, 2: {{{values}}}}}]]")
    rows = ask(database, "readings", limit=50 if backwards else 0)
    assert {row["attribute"]: row["value"] for row in rows} == attributes
    assert [row["attribute"] for row in rows] == list(attributes)
    assert {row["quality"] for row in rows} == {attributes.get("Quality")}
    assert [row["value"] for row in ask(database, "readings", attribute="Quality")] == [
        value for name, value in attributes.items() if name == "Quality"
    ]
    assert ask(database, "readings", limit=1) == rows[-1:]


def test_values_are_json_of_their_kind(database: Path) -> None:
    said = {
        "true": (True, "boolean"),
        "1.5": (1.5, "float"),
        "-Infinity": ("-Infinity", "float"),
        "9007199254740993": ("9007199254740993", "integer"),
        '"text"': ("text", "text"),
        "null": (None, "null"),
        "undefined": (None, "undefined"),
        "h'ff'": ("h'ff'", "bytes"),
        VALVE: ("00112233-4455-6677-8899-aabbccddeeff", "uuid"),
        "1(1)": ("1970-01-01T00:00:01.000000000Z", "time"),
        "[1, {2: 3}]": ("[1, {2: 3}]", "compound"),
        "simple(99)": (99, "simple"),
    }
    fill(database, *HELLO, *(f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121({text})}}}}]]" for text in said))
    rows = ask(database, "readings", limit=0)
    assert [(row["value"], row["value_kind"]) for row in rows] == list(said.values())


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"attribute": "valu"}, r"attribute valu is not known; did you mean Value\?"),
        ({"element": "Plant.Valv"}, r"element Plant\.Valv is not known; did you mean Plant\.Valve\?"),
    ],
)
def test_what_is_not_known_is_no_empty_answer(conversation: Path, filters: dict[str, str], said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        ask(conversation, "readings", **filters)
