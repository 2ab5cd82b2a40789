"""Requests and responses find each other by session and message id."""

from __future__ import annotations

import pytest

from tests.transcript import MILLISECOND, Transcript
from xentara_inspect.frames import address
from xentara_inspect.protocol import commands
from xentara_inspect.traffic.records import Status
from xentara_inspect.traffic.session import Session

HELLO = ">[[0, 1, 14, {0: 1, 1: 1}]]"
GRANTED = "<[[1, 1, {0: 1}]]"


def summary(transcript: Transcript) -> list[tuple[int, str | None, str]]:
    return [(entry.message_id, command(entry.opcode), str(entry.status)) for entry in transcript.exchanges]


def command(opcode: int | None) -> str | None:
    return commands.COMMAND_NAMES[opcode] if opcode is not None else None


def test_a_batch_is_answered_in_any_order_and_over_several_messages() -> None:
    said = Transcript(
        '>[[0, 1, 14, {0: 1, 1: 1}], [0, 2, 8], [0, 3, 3, {0: "Plant"}]]',
        '<[[2, 3, {0: -32100, 1: "unknown element"}]]',
        "<[[1, 2, 2], [1, 1, {0: 1}]]",
    )
    assert summary(said) == [(1, "client_hello", "ok"), (2, "get_stage", "ok"), (3, "lookup", "error")]
    lookup = said.exchanges[2]
    assert (lookup.error_code, lookup.error_text) == (-32100, "unknown element")
    assert (lookup.requested, lookup.responded, lookup.latency) == (MILLISECOND, 2 * MILLISECOND, MILLISECOND)
    assert said.codes == []


def test_an_id_may_be_used_again_after_its_answer() -> None:
    said = Transcript(HELLO, GRANTED, ">[[0, 1, 8]]", "<[[1, 1, 2]]")
    assert summary(said) == [(1, "client_hello", "ok"), (1, "get_stage", "ok")]
    assert said.codes == []


def test_an_id_in_use_twice_is_answered_first_in_first_out() -> None:
    said = Transcript(
        HELLO, GRANTED, '>[[0, 5, 8], [0, 5, 3, {0: "Plant"}]]', "<[[1, 5, 2]]", "<[[2, 5, {0: -32100}]]"
    )
    assert summary(said)[1:] == [(5, "get_stage", "ok"), (5, "lookup", "error")]
    assert said.codes == ["message-id-in-use"]


@pytest.mark.parametrize("message_id", [0, -1, 23, 24, 2**63, 2**64 - 1, -(2**64)])
def test_message_ids_have_the_whole_range_of_a_cbor_integer(message_id: int) -> None:
    said = Transcript(HELLO, GRANTED, f">[[0, {message_id}, 8]]", f"<[[1, {message_id}, 2]]")
    assert summary(said)[1:] == [(message_id, "get_stage", "ok")]


def test_the_same_id_in_another_encoding_is_the_same_id() -> None:
    said = Transcript(HELLO, GRANTED, ">[[0, 5, 8]]", "<[[1, 5_2, 2]]")
    assert summary(said)[1:] == [(5, "get_stage", "ok")]


@pytest.mark.parametrize("sender", "<>")
def test_a_response_without_a_request_is_unsolicited(sender: str) -> None:
    said = Transcript(HELLO, GRANTED, f"{sender}[[1, 9, 2]]")
    (late,) = said.exchanges[1:]
    assert (late.status, late.opcode, late.requested, late.latency) == (Status.UNSOLICITED, None, None, None)
    assert late.from_client is (sender == "<"), "who would have asked"
    assert said.codes[-1] == "unsolicited-response"


def test_requests_without_an_answer_are_unanswered_once_the_session_is_over() -> None:
    said = Transcript(HELLO, GRANTED, ">[[0, 2, 8], [0, 3, 8]]", "<[[1, 3, 2]]")
    assert summary(said)[1:] == [(2, "get_stage", "pending"), (3, "get_stage", "ok")]
    said.close()
    assert summary(said)[1:] == [(2, "get_stage", "unanswered"), (3, "get_stage", "ok")]
    assert said.codes == ["unanswered-request"]


def test_a_bare_packet_is_paired_like_any_other() -> None:
    said = Transcript(">[0, 65, 14, {0: 0, 1: 1}]", "<[1, 65, {0: 1}]")
    assert summary(said) == [(65, "client_hello", "ok")]
    assert said.codes == ["bare-packet", "bare-packet"]


def test_packets_are_paired_in_messages_that_mix_types_or_have_trailing_bytes() -> None:
    said = Transcript(
        HELLO,
        GRANTED,
        ">[[0, 2, 8], [0, 3, 8]]",
        "<[[1, 2, 2], [8, 1, {}]]",
        "<hex:81830103 02 ff",
    )
    assert [status for _, _, status in summary(said)] == ["ok", "ok", "ok"]
    assert said.codes == ["mixed-packet-types", "malformed-cbor", "trailing-bytes"]


def test_requests_of_the_server_do_not_answer_for_those_of_the_client() -> None:
    said = Transcript(HELLO, GRANTED, "<[[0, 2, 8]]", ">[[0, 2, 8]]", "<[[1, 2, 2]]")
    assert [(entry.from_client, str(entry.status)) for entry in said.exchanges] == [
        (True, "ok"),
        (False, "pending"),
        (True, "ok"),
    ]


def test_a_clock_set_back_gives_a_negative_latency_and_nothing_worse() -> None:
    said = Transcript(HELLO)
    said.time = -5 * MILLISECOND
    said.say(GRANTED)
    assert said.exchanges[0].latency == -5 * MILLISECOND


def test_exchanges_and_responses_are_named_by_where_they_stood() -> None:
    said = Transcript(HELLO, GRANTED, ">[[0, 2, 8], [0, 3, 8]]", "<[[1, 9, 2], [1, 3, 2]]")
    assert [(entry.address, entry.response) for entry in said.exchanges] == [
        (address(1, 1), address(2, 1)),
        (address(3, 1), None),
        (address(3, 2), address(4, 2)),
        (address(4, 1), address(4, 1)),
    ]
    said.close()
    (unsolicited, unanswered) = said.findings
    assert (unsolicited.address, unsolicited.exchange) == (address(4, 1), address(4, 1))
    assert (unanswered.address, unanswered.exchange) == (None, address(3, 1))


def test_where_too_many_wait_the_oldest_is_given_up() -> None:
    said = Transcript(
        HELLO,
        GRANTED,
        ">[[0, 2, 8], [0, 3, 8]]",
        ">[[0, 4, 8]]",
        "<[[1, 2, 2]]",
        session=Session(waiting_limit=2),
    )
    assert summary(said)[1:] == [
        (2, "get_stage", "unanswered"),
        (3, "get_stage", "pending"),
        (4, "get_stage", "pending"),
        (2, None, "unsolicited"),
    ]
    assert said.codes == ["unanswered-request", "unsolicited-response"]
    assert said.findings[0].address == address(4, 1)
    assert said.findings[0].exchange == address(3, 1)
