"""The simulated plant over loopback: values, the tree, events, sub-sessions and stages."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from tests.simulated import (
    CODE,
    LEVEL,
    NOW,
    SESSION,
    SPEED,
    answer_to,
    ask,
    conversation,
    key,
)
from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.simulator import SERVICE, VIEWER, Attribute, Client, Element, Plant, example_plant
from xentara_inspect.simulator.conversation import token, user
from xentara_inspect.simulator.example_plant import PAGE_MISSING_ATTRIBUTE, UNIT
from xentara_inspect.simulator.wire import NIL, encode, nanoseconds, time_point

VALUES: list[tuple[str, str]] = [
    ("Plant.Tank 2.Level", "f9 0000"),  # floats in as few bytes as they fit in
    ("Plant.Pump 1.Speed", "f9 65aa"),
    ("Plant.Tank 1.High Alarm", "f4"),
    ("Plant.Pump 1.Mode", "01"),
    ("Plant.Diagnostics.Small", "3863"),
    ("Plant.Diagnostics.Balance", "3b 7fffffffffffffff"),
    ("Plant.Diagnostics.Total", "1b ffffffffffffffff"),
    ("Plant.Diagnostics.Not A Number", "f9 7e00"),
    ("Plant.Diagnostics.Overflow", "f9 7c00"),
    ("Plant.Batch.Label", "44 00ff10e2"),
    ("Plant.Batch.Comment", "f6"),
    ("Plant.Batch.Id", "d825 50 0b5c2f4e9a1d4c3b8e7f112233445566"),
    ("Plant.Batch.Started", "d903e9 a1 04 c4 82 28 1b 1844e2de64820d15"),
    ("Plant.Batch.Profile", "84 f94d00 f95408 f95408 fb40354ccccccccccd"),
]


@pytest.mark.parametrize(("primary_key", "value"), VALUES)
def test_a_value_is_encoded_as_a_real_server_does(primary_key: str, value: str) -> None:
    answer = answer_to(encode([[0, 7, 4, {0: key(primary_key), 1: [11]}]]))
    assert answer == bytes.fromhex("81 83 01 07 a1 0b d879" + value)


@pytest.mark.parametrize(
    ("primary_key", "error"),
    [
        ("Plant.Pump 1.Start", {0: -32103, 1: "value is write only"}),
        ("Plant.Safety.Service Code", {0: -32102, 1: "access denied"}),
        ("Plant.Diagnostics.Dead", {0: -32109, 1: "read error"}),
        ("Plant.Diagnostics.Legacy", {0: -32106, 1: "value cannot be converted to requested type"}),
        ("Plant.Controller", {0: -32101, 1: "missing attribute"}),
    ],
)
def test_an_attribute_that_cannot_be_read_has_its_error_in_its_place(primary_key: str, error: Any) -> None:
    (response,) = ask(("read", {0: key(primary_key), 1: [0, 11]}))
    assert response.result[0] == cbor2.CBORTag(121, primary_key)
    assert response.result[11] == cbor2.CBORTag(122, error)


def test_attributes_are_known_by_number_and_by_uuid() -> None:
    aliases = {number: uuid for uuid, number in identifiers.ATTRIBUTE_UUIDS.items()}
    (response,) = ask(("read", {0: LEVEL, 1: [9, aliases[9], aliases[0], UNIT, PAGE_MISSING_ATTRIBUTE]}))
    values = {identifier: result.value for identifier, result in response.result.items()}
    assert values[9] == values[aliases[9]] == 0
    assert (values[aliases[0]], values[UNIT]) == ("Plant.Tank 1.Level", "%")
    assert values[PAGE_MISSING_ATTRIBUTE][0] == -32101


def test_the_time_stamps_are_those_of_the_plant() -> None:
    (response,) = ask(("read", {0: LEVEL, 1: [5]}))
    assert nanoseconds(response.result[5].value) == NOW
    assert encode(time_point(NOW)) in answer_to(encode([[0, 7, 4, {0: LEVEL, 1: [5]}]]))


def test_a_written_value_is_read_back_with_the_time_of_the_write() -> None:
    _, response = ask(("write", {0: SPEED, 1: 11, 2: 1600}), ("read", {0: SPEED, 1: [8, 11]}))
    assert nanoseconds(response.result[8].value) == NOW
    assert response.result[11].value == 1600.0


def test_browse_goes_as_deep_and_finds_what_it_is_asked_for() -> None:
    tank = key("Plant.Tank 1")
    everything_, top, points, below = ask(
        ("browse", {0: NIL}),
        ("browse", {0: NIL, 1: 1}),
        ("browse", {0: NIL, 2: [3, 6]}),
        ("browse", {0: tank, 1: 1}),
    )
    keys = [entry[0] for entry in everything_.result]
    assert len(keys) == len(set(keys)) > 35
    assert [entry[0] for entry in top.result] == ["Plant", "Cycle Timer", "Cycle Track", "Group 1"]
    assert [(entry[0], entry[2]) for entry in points.result] == [("Plant.Controller", 6), ("Cycle Timer", 3)]
    assert [entry[0] for entry in below.result] == [
        "Plant.Tank 1.Level",
        "Plant.Tank 1.Temperature",
        "Plant.Tank 1.High Alarm",
    ]


def test_meta_data_tells_of_the_attributes_of_an_element() -> None:
    point, group = ask(("meta_data", {0: SPEED, 1: [0, 1, 2, 3]}), ("meta_data", {0: key("Plant"), 1: [3]}))
    assert (point.result[0], point.result[1], point.result[3]) == ("Plant.Pump 1.Speed", 2, False)
    assert {0: "Value", 1: 11, 2: 2, 3: 10} in [dict(row) for row in point.result[2]]
    assert {0: "Unit", 1: UNIT, 2: 0, 3: 13} in [dict(row) for row in point.result[2]]
    assert group.result == {3: True}


def test_events_come_behind_the_answer_and_on_every_change() -> None:
    now = [NOW]

    async def talk(client: Client) -> None:
        await client.request(commands.SUBSCRIBE, {0: [{0: LEVEL, 1: [5, 11]}, {0: SPEED, 1: [11]}], 1: 10})
        await client.wait_for_events(2)
        now[0] += 1_000_000_000
        await client.wait_for_events(3)

    client = conversation(talk, plant=example_plant(lambda: now[0]))
    _, answer, first, second = (cbor2.loads(frame.payload) for frame in client.received)
    assert answer[0][0] == 1
    assert [(event[:2], event[2][1]) for event in first] == [([8, 0], LEVEL), ([8, 0], SPEED)]
    assert nanoseconds(second[0][2][0]) == now[0]
    assert set(second[0][2][2]) == {5, 11}


def test_no_event_comes_once_unsubscribed_and_the_id_is_the_desired_one() -> None:
    now = [NOW]

    async def talk(client: Client) -> None:
        response = await client.request(6, {0: [{0: LEVEL, 1: [11]}], 1: 10, 3: SESSION})
        assert response.result == SESSION
        await client.wait_for_events(1)
        await client.request(7, {0: SESSION})
        now[0] += 1_000_000_000
        # Another subscription, of the same rate, had its turn: so would the first have had.
        await client.request(6, {0: [{0: SPEED, 1: [11]}], 1: 10})
        await client.wait_for_events(2)

    client = conversation(talk, plant=example_plant(lambda: now[0]))
    assert [event[2][1] for event in client.events] == [LEVEL, SPEED]


def test_the_minimum_update_rate_sends_what_did_not_change() -> None:
    async def talk(client: Client) -> None:
        await client.request(6, {0: [{0: SPEED, 1: [11]}], 1: 10, 2: 100})
        await client.wait_for_events(2)

    client = conversation(talk, plant=example_plant())
    assert client.events[0][2][2] == client.events[1][2][2]


def test_a_value_that_fails_is_an_error_in_the_event() -> None:
    failing = NOW + 500_000_000
    element = key("Plant.Tank 2.Temperature")

    async def talk(client: Client) -> None:
        await client.request(6, {0: [{0: element, 1: [9, 11]}]})
        await client.wait_for_events(1)

    client = conversation(talk, plant=example_plant(lambda: failing))
    assert client.events[0][2][2] == {
        9: cbor2.CBORTag(121, 3),
        11: cbor2.CBORTag(122, {0: -32109, 1: "read error"}),
    }


def test_a_sub_session_writes_with_its_own_rights() -> None:
    responses = ask(
        ("create_sub_session", {0: user(SERVICE.user, SERVICE.password), 1: SESSION}),
        ("check_access", {0: SESSION}),
        ("write", {0: CODE, 1: 11, 2: 815, 3: SESSION}),
        ("create_sub_session", {0: token(VIEWER.token or ""), 1: SESSION}),
        ("check_access", {0: SESSION}),
        ("write", {0: CODE, 1: 11, 2: 815, 3: SESSION}),
        ("close_sub_session", {0: SESSION}),
        ("write", {0: CODE, 1: 11, 2: 815, 3: SESSION}),
    )
    assert responses[0].result == SESSION
    assert (responses[1].result, responses[4].result) == ({0: True, 1: True}, {0: True, 1: False})
    assert [responses[index].error_code for index in (2, 5, 6, 7)] == [None, -32102, None, -32102]


def test_stages_change_only_along_the_way() -> None:
    steps = [
        "get_stage",
        "suspend",
        "get_stage",
        "suspend",
        "resume",
        "get_stage",
        "shutdown",
        "resume",
        "get_stage",
    ]
    responses = ask(*((step, None) for step in steps))
    assert [response.result for response in responses if response.result is not None] == [2, 1, 2, 3]
    assert [response.error_code for response in responses if not response.ok] == [-32112, -32112]


def test_a_fault_of_the_simulator_itself_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    plant = Plant([Element("A", 2, (Attribute(11, "Value", 9, lambda tick: 1 / (tick - tick)),))])
    lookup, read = ask(("lookup", {0: "A"}), ("read", {0: plant.lookup("A").uuid, 1: [11]}), plant=plant)
    assert lookup.ok
    assert (read.error_code, read.error_text) == (-32603, "internal server error")
    assert "ZeroDivisionError" in caplog.text
