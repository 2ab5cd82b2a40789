"""The simulator over loopback: each command and each error, as they are on the wire."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from sample_captures import seed_pages
from tests.simulated import (
    BUG,
    CODE,
    LEVEL,
    MODE,
    SPEED,
    answer_to,
    ask,
    conversation,
    key,
)
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import OPERATOR, Client, Request, demo, everything, example_plant
from xentara_inspect.simulator.conversation import NOBODY, certificate, token, user
from xentara_inspect.simulator.wire import NIL, encode


def test_every_command_is_answered_as_its_page_says() -> None:
    sent = []

    async def talk(client: Client) -> None:
        sent.extend(await everything(client))

    conversation(talk, greet=False, plant=example_plant())
    assert {entry.command for entry in sent if entry.status == "ok"} == set(commands.OPCODES)


def test_the_demo_has_a_refused_and_a_granted_write_and_values_that_move() -> None:
    sent = []

    async def talk(client: Client) -> None:
        sent.extend(await demo(client, seconds=0.0))

    client = conversation(talk, greet=False)
    assert [entry.status for entry in sent if entry.command == "write"] == ["error", "ok", "error", "ok"]
    assert client.events


@pytest.mark.parametrize(
    ("request_", "response"), seed_pages.CONVERSATION, ids=[pair[0].page for pair in seed_pages.CONVERSATION]
)
def test_the_examples_of_the_pages_are_answered_byte_for_byte(
    request_: seed_pages.Example, response: seed_pages.Example
) -> None:
    if request_ is seed_pages.HELLO_REQUEST:
        assert answer_to(request_.payload, greet=False) == response.message
        return
    answers = []

    async def talk(client: Client) -> None:
        # check_access asks about the session that the page of create_sub_session opens.
        for message in (seed_pages.LOGIN_REQUEST.message, request_.message):
            before = len(client.received)
            await client.send_raw(message)
            await client.wait_for_frames(before + 1)
        answers.append(client.received[-1].payload)

    conversation(talk)
    assert answers == [response.message]


WITHOUT_EFFECT: list[tuple[str, Any, int]] = [
    ("client_hello", {0: 1, 1: 1}, -32001),
    ("server_information", None, -32602),
    ("server_information", {0: [3]}, -32602),
    ("browse", {}, -32602),
    ("browse", {0: NOBODY}, -32100),
    ("browse", {0: NIL, 1: -1}, -32602),
    ("meta_data", {0: NOBODY, 1: [0]}, -32100),
    ("meta_data", {0: NIL, 1: [0]}, -32602),
    ("meta_data", {0: LEVEL, 1: [4]}, -32602),
    ("lookup", {0: ""}, -32602),
    ("lookup", {0: b"Plant"}, -32602),
    ("lookup", {0: "Nothing"}, -32100),
    ("read", {0: NOBODY, 1: [11]}, -32100),
    ("read", {0: LEVEL, 1: ["Value"]}, -32602),
    ("read", {0: BUG, 1: [11]}, -32603),
    ("write", {0: NOBODY, 1: 11, 2: 1}, -32100),
    ("write", {0: LEVEL, 1: 99, 2: 1}, -32101),
    ("write", {0: LEVEL, 1: 11, 2: 1}, -32103),
    ("write", {0: CODE, 1: 11, 2: 1}, -32102),
    ("write", {0: SPEED, 1: 11, 2: 3000.1}, -32105),
    ("write", {0: SPEED, 1: 11, 2: True}, -32106),
    ("write", {0: SPEED, 1: 11, 2: float("nan")}, -32107),
    ("write", {0: SPEED, 1: 11, 2: 1 << 70}, -32105),
    ("write", {0: SPEED, 1: 11, 2: 1 << 2000}, -32105),
    ("write", {0: MODE, 1: 11, 2: 3}, -32107),
    ("write", {0: MODE, 1: 11, 2: 256}, -32105),
    ("write", {0: MODE, 1: 11, 2: 0.5}, -32106),
    ("write", {0: MODE, 1: 11}, -32602),
    ("write", {0: key("Plant.Valve 1.Position"), 1: 11, 2: 1.0}, -32109),
    ("write", {0: SPEED, 1: 11, 2: 1.0, 3: NOBODY}, -32102),
    ("subscribe", {0: [{0: NOBODY, 1: [11]}]}, -32100),
    ("subscribe", {0: [{0: LEVEL, 1: [10]}]}, -32101),
    ("subscribe", {0: [], 1: 200, 2: 100}, -32602),
    ("subscribe", {0: [], 3: NIL}, -32602),
    ("unsubscribe", {0: NOBODY}, -32110),
    ("resume", None, -32112),
    ("suspend", {0: NOBODY}, -32102),
    ("create_sub_session", {0: user(OPERATOR.user, "wrong")}, -32102),
    ("create_sub_session", {0: token("wrong")}, -32102),
    ("create_sub_session", {0: certificate(b"wrong")}, -32102),
    ("create_sub_session", {0: cbor2.CBORTag(124, {0: "?"})}, -32602),
    ("create_sub_session", {0: token(OPERATOR.token or ""), 1: NIL}, -32602),
    ("close_sub_session", {0: NOBODY}, -32111),
    ("check_access", {}, -32602),
    ("check_access", {0: NIL}, -32602),
    ("check_access", {0: NOBODY}, -32602),
]


def test_a_refused_request_gets_the_error_of_its_page() -> None:
    responses = ask(*((command, parameters) for command, parameters, _ in WITHOUT_EFFECT))
    for (command, _, code), response in zip(WITHOUT_EFFECT, responses, strict=True):
        assert (command, response.error_code) == (command, code)
        assert code in commands.documented_errors(commands.COMMANDS[commands.OPCODES[command]])
        assert response.error_text


@pytest.mark.parametrize("opcode", [*(set(commands.COMMANDS) - {commands.CLIENT_HELLO}), 99])
def test_nothing_is_done_before_the_hello(opcode: int) -> None:
    answer = cbor2.loads(answer_to(encode([[0, 5, opcode]]), greet=False))
    assert answer == [[2, 5, {0: -32000, 1: "missing client hello request"}]]


@pytest.mark.parametrize("versions", [{0: 2, 1: 1}, {0: 2, 1: 3}, {0: 0, 1: 0}, {0: -1, 1: 1}, {0: 1}, {}])
def test_a_hello_without_a_common_version_is_refused_and_may_be_tried_again(versions: Any) -> None:
    first, second = ask(("client_hello", versions), ("client_hello", {0: 1, 1: 9}), greet=False)
    assert (first.error_code, second.result) == (-32602, {0: 1})


@pytest.mark.parametrize(
    "message", [b"\xff", b"", bytes.fromhex("8183004108"), b"\x81" * 100_000, "text", "[[0,1,8]]"]
)
def test_what_is_no_cbor_is_a_parse_error_under_message_id_0(message: bytes | str) -> None:
    assert cbor2.loads(answer_to(message)) == [[2, 0, {0: -32700, 1: "payload not well formed"}]]


@pytest.mark.parametrize(
    ("message", "message_id"),
    [
        ({}, 0),
        (8, 0),
        ([{}], 0),
        ([[]], 0),
        ([[0]], 0),
        ([[0, 7]], 7),
        ([[0, 7, 8, {}, {}]], 7),
        ([[1, 7, 8]], 7),
        ([[True, 7, 8]], 7),
        ([[0, "7", 8]], 0),
        ([[0, 7, 8.0]], 7),
    ],
)
def test_what_is_no_request_is_an_invalid_request(message: Any, message_id: int) -> None:
    assert cbor2.loads(answer_to(encode(message))) == [[2, message_id, {0: -32600, 1: "invalid request"}]]


def test_a_bare_packet_is_taken_and_answered_with_the_outer_array() -> None:
    assert answer_to(encode([0, 7, 8])) == encode([[1, 7, 2]])


def test_an_unknown_opcode_is_no_command() -> None:
    assert cbor2.loads(answer_to(encode([[0, 7, 16]]))) == [[2, 7, {0: -32601, 1: "command not found"}]]


def test_a_batch_is_answered_in_one_message_and_in_order() -> None:
    async def talk(client: Client) -> None:
        await client.batch([Request(8, None, 3), Request(99, None, 2), Request(8, None, 1)])

    packets = cbor2.loads(conversation(talk).received[-1].payload)
    assert [packet[:2] for packet in packets] == [[1, 3], [2, 2], [1, 1]]


def test_message_ids_may_be_any_integer_of_cbor() -> None:
    for message_id in (-(1 << 64), -1, (1 << 64) - 1):
        assert answer_to(encode([[0, message_id, 8]])) == encode([[1, message_id, 2]])


def test_a_success_without_a_result_has_two_elements() -> None:
    assert answer_to(encode([[0, 7, 5, {0: SPEED, 1: 11, 2: 1.5}]])) == encode([[1, 7]])
