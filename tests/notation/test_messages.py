"""What the comments say, for every command, identifier and error of the tables."""

from __future__ import annotations

import re
from uuid import UUID

import cbor2
import pytest

from tests.edn import encode
from tests.specification_examples import SPECIFICATION_EXAMPLES
from xentara_inspect import annotate
from xentara_inspect.notation.messages import (
    Context,
    annotate_message,
    annotate_packet,
    annotate_text_message,
    lines_with_spans,
)
from xentara_inspect.protocol import commands, error_codes, identifiers, shape_types
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names

ELEMENT = UUID("e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8")
ATTRIBUTE = UUID("88130ce8-b9e7-4a2a-8f26-d32a931129aa")
OTHER = UUID("0b5c2f4e-9a1d-4c3b-8e7f-112233445566")
NIL = UUID(int=0)
TIME = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, 1700000000123456789])})


def tag(number: int, value: object) -> cbor2.CBORTag:
    return cbor2.CBORTag(number, value)


def comments(text: str) -> list[str]:
    """The comments of a text, from top to bottom."""
    return [match[1] for match in re.finditer(r"(?m)^(?:[^#\"]|\"[^\"]*\")*# (.*)$", text)]


def of(message: object, *contexts: Context, names: Names | None = None) -> list[str]:
    """The comments of a message, given as what is in it, behind the one on the outer array."""
    payload = cbor2.dumps(message)
    parsed = packets.parse(payload)
    text = annotate_message(parsed, payload, contexts=dict(enumerate(contexts, 1)), names=names)
    assert encode(text) == payload
    return comments(text)[1:]


def request(opcode: int, *parameters: object, names: Names | None = None) -> list[str]:
    """The comments behind the opcode of a request."""
    return of([[0, 65, opcode, *parameters]], names=names)[4:]


def response(opcode: int, *result: object, names: Names | None = None) -> list[str]:
    """The comments behind the message id of a success response to a command."""
    return of([[1, 65, *result]], Context(opcode, ELEMENT.bytes), names=names)[3:]


@pytest.mark.parametrize(
    ("notation", "expected", "context"),
    [row[1:] for row in SPECIFICATION_EXAMPLES],
    ids=[row[0] for row in SPECIFICATION_EXAMPLES],
)
def test_the_examples_of_the_specification_come_out_as_on_its_pages(
    notation: str, expected: str, context: Context | None
) -> None:
    payload = encode(notation)
    text = annotate_message(packets.parse(payload), payload, contexts={1: context} if context else None)
    wanted = re.sub(r"(?m)^ {8}", "", expected).strip("\n ")
    assert unaligned(text) == unaligned(wanted)
    assert encode(text) == payload
    assert len({line.index("  # ") + 2 for line in wanted_lines(text)}) == 1, "comments stand in one column"


def unaligned(text: str) -> list[str]:
    return [re.sub(r" +# ", "  # ", line) for line in text.strip().splitlines()]


def wanted_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "# " in line]


def test_three_responses_in_one_message_are_named_by_what_they_answer() -> None:
    message = [[1, 65, ELEMENT], [1, 66, 2], [2, 67, {0: -32602, 1: "invalid meta data identifier"}]]
    assert of(message, Context(3), Context(8), Context(2)) == [
        "Packet 1: Success Response to lookup", "Packet Type: Success Response", "Message Id", "Element UUID",
        "Packet 2: Success Response to get_stage", "Packet Type: Success Response", "Message Id",
        "Operational Stage: Operational",
        "Packet 3: Error Response to meta_data", "Packet Type: Error Response", "Message Id",
        "Error Object", "Error Code: Invalid Parameter", "Error Message",
    ]  # fmt: skip


# Every command

REQUESTS = [
    (0, {0: [0, 1, 2, 7]}, ["Server Information Object", "server_information_ids", "Version", "User Name",
                            "Model File Path", "Server Information: 7 (not documented)"]),
    (1, {0: NIL, 1: 2, 2: [1, 2, 99]}, ["Browse Object", "element_uuid: nil UUID (the whole tree)", "depth",
                                        "element_category", "Element Group", "Data Point",
                                        "Element Category: 99 (not documented)"]),
    (2, {0: ELEMENT, 1: [0, 1, 2, 3]}, ["Meta Data Object", "element_uuid", "identifiers", "Primary Key",
                                        "Element Category", "Attribute List", "Has Children"]),
    (3, {0: "Plant"}, ["Lookup Object", "primary_key"]),
    (4, {0: NIL, 1: [11, 14]}, ["Read Object", "element_uuid: nil UUID", "attribute_ids", "Value",
                                "attribute 14 (not documented)"]),
    (5, {2: 21.5, 1: 11, 0: ELEMENT, 3: OTHER}, ["Write Object", "attribute_value", "attribute_id: Value",
                                                 "element_uuid", "sub_session_id"]),
    (5, {0: ELEMENT, 1: 9, 2: 3}, ["Write Object", "element_uuid", "attribute_id: Quality",
    "attribute_value: Bad"]),
    (6, {2: 5, 3: OTHER, 1: 10, 0: [{0: ELEMENT, 1: [11]}]},
     ["Subscribe Object", "minimum_update_rate (ms)", "desired_subscription_id", "maximum_update_rate (ms)",
      "elements", "Subscribed Element", "element_uuid", "attribute_ids", "Value"]),
    (7, {0: OTHER}, ["Unsubscribe Object", "subscription_id"]),
    (9, {0: OTHER}, ["Resume Object", "session_id"]),
    (10, {0: OTHER}, ["Suspend Object", "session_id"]),
    (11, {}, ["Shutdown Object"]),
    (12, {0: tag(122, {0: b"der"})}, ["Create Session Object",
                                      "authentication_information: Client Certificate Authentication",
                                      "certificate"]),
    (12, {0: tag(123, {0: "me", 1: "****"})}, ["Create Session Object",
                                               "authentication_information: Username/Password Authentication",
                                               "username", "password: blanked by the recorder"]),
    (12, {0: tag(121, {0: "*"})}, ["Create Session Object",
    "authentication_information: OAuth 2.0 Authentication",
                                   "token: blanked by the recorder"]),
    (13, {0: OTHER}, ["Close Session Object", "session_id"]),
    (14, {0: 1, 1: 2}, ["Client Hello Object", "minimum_protocol_version", "maximum_protocol_version"]),
    (15, {0: OTHER}, ["Check Access Object", "sub_session_id"]),
    (8, {0: 1}, ["Parameters: none expected"]),
    (99, {0: ELEMENT, 1: TIME}, ["Parameters", "UUID", "Time: 2023-11-14T22:13:20.123456789Z"]),
]  # fmt: skip


@pytest.mark.parametrize(("opcode", "parameters", "said"), REQUESTS)
def test_parameters_of_requests_are_named(opcode: int, parameters: object, said: list[str]) -> None:
    assert request(opcode, parameters) == said


RESULTS = [
    (0, {0: "2.0", 1: "admin", 2: "/m"}, ["Server Information Object", "Version", "User Name",
    "Model File Path"]),
    (1, [{0: "Plant", 1: ELEMENT, 2: 0}], ["Elements", "Element", "primary_key", "element_uuid",
                                           "element_category: Root Element"]),
    (2, {0: "Plant", 1: 2, 2: [{0: "Level", 1: ATTRIBUTE, 2: 2, 3: 10}], 3: False},
     ["Meta Data Object", "primary_key", "element_category: Data Point", "attribute_list", "Attribute",
      "attribute_name", "attribute_id: attribute UUID", "attribute_access: read and write",
      "attribute_data_type: Float64", "has_children"]),
    (3, ELEMENT, ["Element UUID"]),
    (4, {11: tag(121, 1), 9: tag(121, 0), 5: tag(121, TIME), 4: tag(121, 6), 12: tag(121, -32108)},
     ["Attribute Values", "Value: Success", "Quality: Success, Good",
      "Source Time: Success, 2023-11-14T22:13:20.123456789Z", "Category: Success, Device",
      "Error: Success, Read Error"]),
    (6, OTHER, ["Subscription Id"]),
    (8, 3, ["Operational Stage: Post Operational"]),
    (8, 7, ["Operational Stage: 7 (not documented)"]),
    (12, OTHER, ["Session Id"]),
    (14, {0: 1}, ["Server Parameter Object", "current_protocol_version"]),
    (15, {0: True, 1: False}, ["Access Object", "read_access", "write_access"]),
    (7, {0: 1}, ["Result: none expected"]),
    (99, {0: ELEMENT, 1: tag(121, 1)}, ["Result", "UUID", "Alternative 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("opcode", "result", "said"), RESULTS)
def test_results_are_named_by_the_command_they_answer(opcode: int, result: object, said: list[str]) -> None:
    assert response(opcode, result) == said


def test_every_command_has_its_name_and_is_called_inferred_where_it_is() -> None:
    for command in commands.COMMANDS.values():
        inferred = " (inferred)" if command.inferred else ""
        assert of([[0, 1, command.opcode]])[3] == f"OpCode: {command.name}{inferred}"
    assert of([[0, 1, 99]])[3] == "OpCode: 99 (unknown)"


@pytest.mark.parametrize("command", commands.COMMANDS.values(), ids=lambda command: command.name)
def test_errors_are_named_by_the_page_of_the_command_they_answer(command: shape_types.Command) -> None:
    for code in (*error_codes.ERROR_NAMES, -1):
        said = of([[2, 1, {0: code}]], Context(command.opcode))[4]
        name = commands.error_name(code, command.opcode)
        assert said == f"Error Code: {name or '-1 (not documented)'}"


def test_two_codes_mean_different_things_to_read_and_to_write() -> None:
    for code, read, write, neither in (
        (-32103, "Write Only", "Read Only", "Read Only"),
        (-32109, "Read Error", "Write Error", "Write Error"),
    ):
        assert of([[2, 1, {0: code}]], Context(4))[4] == f"Error Code: {read}"
        assert of([[2, 1, {0: code}]], Context(5))[4] == f"Error Code: {write}"
        assert of([[2, 1, {0: code}]])[4] == f"Error Code: {neither}"
        assert response(4, {11: tag(122, {0: code})})[2] == f"Error Code: {read}"


@pytest.mark.parametrize(("number", "name"), identifiers.ATTRIBUTES.items())
def test_attributes_are_known_by_number_and_by_uuid(number: int, name: str) -> None:
    uuid = next(uuid for uuid, attribute in identifiers.ATTRIBUTE_UUIDS.items() if attribute == number)
    assert request(4, {0: ELEMENT, 1: [number, uuid]})[3:] == [name, name]


ENUMERATIONS = [
    (
        identifiers.ELEMENT_CATEGORIES,
        lambda number: response(4, {4: tag(121, number)})[1],
        "Category: Success, ",
    ),
    (identifiers.QUALITIES, lambda number: response(4, {9: tag(121, number)})[1], "Quality: Success, "),
    (identifiers.OPERATIONAL_STAGES, lambda number: response(8, number)[0], "Operational Stage: "),
    (identifiers.ATTRIBUTE_ACCESS, lambda number: response(2, {2: [{2: number}]})[3], "attribute_access: "),
    (
        identifiers.ATTRIBUTE_DATA_TYPES,
        lambda number: response(2, {2: [{3: number}]})[3],
        "attribute_data_type: ",
    ),
]


@pytest.mark.parametrize(("table", "rendered", "before"), ENUMERATIONS)
def test_enumerations_are_named_and_unknown_numbers_said_to_be(table, rendered, before) -> None:  # type: ignore[no-untyped-def]
    for number, name in table.items():
        assert rendered(number) == before + name
    assert rendered(200) == f"{before}200 (not documented)"


# Events


def test_an_event_says_when_what_and_how_good() -> None:
    event = [
        8,
        0,
        {0: TIME, 1: ELEMENT, 2: {11: tag(121, 21.5), 9: tag(121, 1), ATTRIBUTE: tag(122, {0: -32109})}},
    ]
    names = Names(elements={ELEMENT.bytes: "Plant.Tank 1.Level"})
    assert of([event], names=names) == [
        "Packet 1: Event", "Packet Type: Event", "Event Type: Data Change", "Event Object",
        "Time: 2023-11-14T22:13:20.123456789Z", "element_uuid: Plant.Tank 1.Level", "attributes",
        "Value: Success", "Quality: Success, Acceptable", "attribute UUID: Error", "Error Code: Write Error",
    ]  # fmt: skip


def test_event_types_are_named_as_far_as_known() -> None:
    assert of([[8, 1, 2]])[2:] == ["Event Type: Stage Change (inferred)", "Event Object"]
    assert of([[8, 5, {}]])[2:] == ["Event Type: 5 (unknown)", "Event Object"]


# Names


def test_names_learned_from_the_session_are_used() -> None:
    names = Names(
        elements={ELEMENT.bytes: "Plant.Tank 1.Level"},
        subscriptions={OTHER.bytes: (ELEMENT.bytes, ATTRIBUTE.bytes)},
    )
    names.learn_attribute(ELEMENT.bytes, ATTRIBUTE.bytes, "Setpoint")
    assert request(4, {0: ELEMENT, 1: [ATTRIBUTE]}, names=names)[1:] == [
        "element_uuid: Plant.Tank 1.Level", "attribute_ids", "Setpoint",
    ]  # fmt: skip
    assert request(7, {0: OTHER}, names=names)[1] == "subscription_id: Plant.Tank 1.Level and 1 more"
    assert response(4, {ATTRIBUTE: tag(121, OTHER)}, names=names)[1:] == [
        "Setpoint: Success, subscription: Plant.Tank 1.Level and 1 more"
    ]
    assert of([[1, 5, ELEMENT]], names=names)[3] == "Result: element Plant.Tank 1.Level"


def test_the_same_attribute_may_have_another_name_elsewhere() -> None:
    names = Names()
    names.learn_attribute(ELEMENT.bytes, ATTRIBUTE.bytes, "Setpoint")
    names.learn_attribute(OTHER.bytes, ATTRIBUTE.bytes, "Limit")
    assert request(4, {1: [ATTRIBUTE], 0: OTHER}, names=names)[2] == "Limit"
    assert response(4, {ATTRIBUTE: tag(121, 1)}, names=names)[1] == "Setpoint: Success"


# What is not as it should be

WRONG = [
    ([[0, 1, 4, {0: "x", 1: 5, 7: 1}]], ["element_uuid: expected a UUID", "attribute_ids: expected an array",
                                         "key 7 (unknown)"]),
    ([[0, 1, 12, {0: tag(5, 1)}]], ["authentication_information: expected tag 121 or 122 or 123, Bigfloat"]),
    ([[0, 1, 14, {0: "1", 1: -1}]], ["minimum_protocol_version: expected an integer",
    "maximum_protocol_version"]),
    ([[0, 1, 14, [0, 1]]], ["expected a map"]),
    ([[0, 1, 3, {0: b"x"}]], ["primary_key: expected a text string"]),
    ([[0, 1, 4, {0: ELEMENT, 1: ["x"]}]], ["expected an attribute identifier or UUID"]),
]  # fmt: skip


@pytest.mark.parametrize(("message", "last"), WRONG)
def test_what_another_type_was_expected_for_is_said(message: object, last: list[str]) -> None:
    assert of(message)[-len(last) :] == last


def test_packets_of_a_direction_they_may_not_go_are_said_to() -> None:
    payload = cbor2.dumps([[1, 5]])
    assert "Packet Type: Success Response (wrong direction: from the client)" in annotate(
        payload, from_client=True
    )
    assert "wrong direction" not in annotate(payload, from_client=False)
    assert "wrong direction: from the server" in annotate(cbor2.dumps([[0, 5, 8]]), from_client=False)
    event = cbor2.dumps([[8, 0, {0: TIME, 1: ELEMENT, 2: {11: tag(121, 1)}}]])
    assert "wrong direction: from the client" in annotate(event, from_client=True)


def test_malformed_packets_are_shown_with_what_is_wrong_with_them() -> None:
    text = annotate(cbor2.dumps([[0, 1], "x", [7, 1], [0, 1, 3, {0: "a"}, 9]]))
    said = comments(text)
    assert said[1].startswith("Packet 1: malformed, a request packet of 2 elements")
    assert said[4].startswith("Packet 2: malformed, it is a text string")
    assert said[5].startswith("Packet 3: malformed, packet type 7 is unknown")
    assert "Packet Type: 7 (unknown)" in said
    assert said[-1] == "not part of the packet's layout"


def test_a_bare_packet_and_trailing_items_are_said_to_be_such() -> None:
    assert annotate(bytes.fromhex("83000108")).startswith(
        "[     # Packet 1: Request, without the outer array\n"
    )
    text = annotate(bytes.fromhex("8183000108 01 02"))
    assert text.endswith("],\n1,      # Trailing Items: 2 behind the message, from byte 5 on\n2")
    assert annotate(b"\x80") == "[]  # Outer Array: empty\n"
    assert annotate(b"\x01") == "1  # not a message: unsigned integer\n"


def test_text_messages_are_shown_as_text() -> None:
    comment = "  # Text Message: not of the protocol, whose messages are binary CBOR\n"
    assert annotate_text_message(b'{"a": 1}') == r'"{\"a\": 1}"' + comment
    assert annotate_text_message(b"\x1b[2J\xff") == r"""t1<<"\u001b[2J", h'ff'>>""" + comment
    assert annotate_packet(packets.text_message(), b"hi") == '"hi"' + comment


def test_a_packet_alone_looks_as_in_its_message_without_the_indentation() -> None:
    payload = cbor2.dumps([[0, 65, 8], [0, 66, 4, {0: ELEMENT, 1: [11]}]])
    second = packets.parse(payload).packets[1]
    alone = annotate_packet(second, payload)
    assert alone.splitlines()[0].endswith("# Packet 2: Request")
    inside = annotate(payload).splitlines()[6:-1]
    assert unaligned("\n".join(line[2:] for line in inside)) == unaligned(alone)
    assert encode(alone) == payload[second.item.start : second.item.end] if second.item else False


def test_a_packet_that_stands_for_a_whole_message_shows_the_whole_message() -> None:
    payload = bytes.fromhex("81830001")
    assert annotate_packet(packets.parse(payload).packets[0], payload) == annotate(payload)


def test_each_line_knows_the_bytes_it_shows() -> None:
    payload = bytes.fromhex("818300184108")
    assert [(line.split("#")[0].strip(), payload[start:end].hex()) for line, start,
    end in lines_with_spans(payload)] == [
        ("[", "81"), ("[", "83"), ("0,", "00"), ("65,", "1841"), ("8", "08"), ("]", ""), ("]", ""),
    ]  # fmt: skip


# Time points inside comments: all forms


@pytest.mark.parametrize(
    ("notation", "said"),
    [
        ("1001({4: 4([-9, 1700000000123456789])})", "2023-11-14T22:13:20.123456789Z"),
        ("1001({4: 4([-6, 1700000000123456])})", "2023-11-14T22:13:20.123456Z"),
        ("1001({4: 4([-3, 1700000000123])})", "2023-11-14T22:13:20.123Z"),
        ("1001({1: 1700000000})", "2023-11-14T22:13:20Z"),
        ("1(1700000000)", "2023-11-14T22:13:20Z"),
        ("1(1700000000.5)", "2023-11-14T22:13:20.5Z"),
        ("1(Infinity)", "maximum time point"),
        ("1001({1: -Infinity})", "minimum time point"),
    ],
)  # fmt: skip
def test_time_stamps_are_given_in_iso_8601(notation: str, said: str) -> None:
    text = annotate(
        encode(f"[[8, 0, {{0: {notation}, 1: 37(h'E3EE10714D884BA18E5D0F1E4CE25EE8'), 2: {{}}}}]]")
    )
    assert f"0: {notation}," in text
    assert f"# Time: {said}\n" in text
