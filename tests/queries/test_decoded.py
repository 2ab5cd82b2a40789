"""Packets as structure: names beside numbers, nothing rounded, nothing that JSON cannot carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcript import edn
from xentara_inspect import cbor
from xentara_inspect.queries.decoded import decoded_packet
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

LEVEL = bytes.fromhex("e3ee10714d884ba18e5d0f1e4ce25ee8")
UNIT = bytes.fromhex("88130ce8b9e74a2a8f26d32a931129aa")
NAMES = Names(elements={LEVEL: "Plant.Level"}, attributes={(LEVEL, UNIT): "Unit"})
ELEMENT = "37(h'e3ee10714d884ba18e5d0f1e4ce25ee8')"
SHOWN = {"uuid": "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8", "element": "Plant.Level"}


def decoded(text: str, opcode: int | None = None) -> dict[str, Any]:
    """The first packet of a message."""
    payload = edn(text)
    return decoded_packet(packets.parse(payload).packets[0], payload, NAMES, opcode)


def value_of(text: str) -> Any:
    """A value in an event."""
    found = decoded(f"[[8, 0, {{1: {ELEMENT}, 2: {{11: 121({text})}}}}]]")
    return found["event"]["attributes"]["entries"][0]["value"]["value"]


def test_a_request_has_the_names_of_its_parameters() -> None:
    unit = "37(h'88130ce8b9e74a2a8f26d32a931129aa')"
    assert decoded(f"[[0, 7, 4, {{0: {ELEMENT}, 1: [11, {unit}], 9: 1}}]]") == {
        "type": "request",
        "message_id": 7,
        "opcode": {"value": 4, "name": "read"},
        "parameters": {
            "element_uuid": SHOWN,
            "attribute_ids": [
                {"value": 11, "name": "Value"},
                {"uuid": "88130ce8-b9e7-4a2a-8f26-d32a931129aa", "name": "Unit"},
            ],
            "9": 1,
        },
    }


def test_a_result_is_read_by_the_command_that_it_answers() -> None:
    found = decoded("[[1, 7, {9: 121(3), 11: 122({0: -32109})}]]", opcode=4)
    assert found["result"]["entries"] == [
        {
            "key": {"value": 9, "name": "Quality"},
            "value": {"tag": 121, "name": "Success", "value": {"value": 3, "name": "Bad"}},
        },
        {
            "key": {"value": 11, "name": "Value"},
            "value": {
                "tag": 122,
                "name": "Error",
                "value": {"error_code": {"value": -32109, "name": "Read Error"}},
            },
        },
    ]


def test_the_value_of_a_write_means_what_its_attribute_means() -> None:
    found = decoded(f"[[0, 7, 5, {{0: {ELEMENT}, 1: 9, 2: 1}}]]")
    assert found["parameters"]["attribute_value"] == {"value": 1, "name": "Acceptable"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("9007199254740993", "9007199254740993"),
        ('"text"', "text"),
        ("h'00ff'", {"bytes": "00ff"}),
        ("true", True),
        ("null", None),
        ("undefined", {"simple": "undefined"}),
        ("simple(99)", {"simple": 99}),
        ("1(1)", {"time": "1970-01-01T00:00:01Z"}),
        ("2(h'01')", {"tag": 2, "value": {"bytes": "01"}}),
        ("{1: 2, 1: 3}", {"entries": [{"key": 1, "value": 2}, {"key": 1, "value": 3}]}),
        (ELEMENT, SHOWN),
    ],
)
def test_values_are_exact(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_what_stands_twice_or_has_another_shape_is_shown_as_it_is() -> None:
    assert decoded("[[0, 7, 3, {0: 1, 0: 2}]]")["parameters"] == {
        "entries": [{"key": 0, "value": 1}, {"key": 0, "value": 2}]
    }
    assert decoded("[[0, 7, 3, [1]]]")["parameters"] == [1]
    assert decoded("[[0, 7, 77, {0: 1}]]")["parameters"] == {"entries": [{"key": 0, "value": 1}]}


def test_what_is_malformed_says_why_and_shows_what_could_be_read() -> None:
    found = decoded("[[7]]")
    assert (found["type"], found["code"], found["item"]) == ("malformed", "unknown-packet-type", [7])


def test_what_is_nested_very_deep_is_in_notation() -> None:
    payload = b"\x81\x84\x00\x01\x03" + b"\x81" * 20_000 + b"\x01"
    found = decoded_packet(packets.parse(payload).packets[0], payload, NAMES)["parameters"]
    for _ in range(cbor.LEVELS - 2):  # of the message and the packet
        (found,) = found
    levels = 20_000 - (cbor.LEVELS - 2)
    assert found == {"notation": "[" * levels + "1" + "]" * levels}


@given(st.binary(max_size=60))
def test_any_bytes_have_a_structure_that_json_carries(payload: bytes) -> None:
    for start in (b"", b"\x81\x84\x00\x01\x04", b"\x81\x83\x08\x00", b"\x81\x83\x01\x01"):
        whole = start + payload
        for packet in packets.parse(whole).packets:
            json.dumps(decoded_packet(packet, whole, NAMES, 4), allow_nan=False)
