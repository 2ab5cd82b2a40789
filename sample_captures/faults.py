"""What integrators do wrong, each beside the nearest conversation that does it right.

`client-faults.flow` has the faulty conversations, one connection each in the order of the table,
`client-proper.flow` the proper ones.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from sample_captures.stage import UNSOLICITED, Stage
from sample_captures.steps import Conversation, Hear, Pause, Say, Step, play
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator import OPERATOR, VIEWER, Ask, Behaviour, Sent, example_plant
from xentara_inspect.simulator.conversation import HELLO, NOBODY, WRONG_TOKEN, token, user
from xentara_inspect.simulator.wire import NIL, encode, success


class Fault(NamedTuple):
    """A row of the table of faults.

    wrong: what the integrator did. code: what names it: a finding, or where only the server's answer tells,
    the name of its error in kebab-case.
    """

    name: str
    wrong: str
    code: str
    faulty: Conversation
    proper: Conversation


def _key(primary_key: str) -> UUID:
    return example_plant().lookup(primary_key).uuid


SPEED: Final = _key("Plant.Pump 1.Speed")
MODE: Final = _key("Plant.Pump 1.Mode")
LEVEL: Final = _key("Plant.Tank 1.Level")
SMALL: Final = _key("Plant.Diagnostics.Small")
SERVICE_CODE: Final = _key("Plant.Safety.Service Code")
SUBSCRIPTIONS: Final = [UUID(f"5b5c0000-0000-4000-8000-{number:012x}") for number in range(1, 7)]
SUB_SESSION: Final = UUID("5e551000-0000-4000-8000-000000000003")

_GREET: Final = Ask("client_hello", HELLO)
_STAGE: Final = Ask("get_stage")
_RAW: Final = 70
"""Message id of what is sent as it is."""
_GET_STAGE: Final = [identifiers.REQUEST, _RAW, commands.GET_STAGE]
_ASKED: Final = Sent("get_stage", _RAW, "ok", None)
_PARSE_ERROR: Final = Sent(None, 0, UNSOLICITED, error_codes.PARSE_ERROR)
_NO_REQUEST: Final = _PARSE_ERROR._replace(error_code=error_codes.INVALID_REQUEST)


def _greeted(*steps: Step, behaviour: Behaviour | None = None) -> Conversation:
    return Conversation((_GREET, *steps), behaviour=behaviour)


def _read(element: object, error: int | None = None, attributes: object = (9, 11)) -> Ask:
    return Ask("read", {0: element, 1: attributes}, error)


def _write(element: UUID, value: object, error: int | None = None) -> Ask:
    return Ask("write", {0: element, 1: identifiers.ATTRIBUTE_VALUE, 2: value}, error)


def _subscribe(number: int, attributes: list[int], element: UUID = SPEED, error: int | None = None) -> Ask:
    return Ask("subscribe", {0: [{0: element, 1: attributes}], 3: SUBSCRIPTIONS[number]}, error)


def _unsubscribe(number: int, error: int | None = None) -> Ask:
    return Ask("unsubscribe", {0: SUBSCRIPTIONS[number]}, error)


def _lookup(key: str, error: int | None = None) -> Ask:
    return Ask("lookup", {0: key}, error)


def _told_of(element: UUID) -> Ask:
    return Ask("meta_data", {0: element, 1: [0, 2]})


def _sensor(*qualities: int) -> Behaviour:
    """Answers to the client's second message and those behind it: a value with each of these qualities."""
    answers = {
        number: [
            encode([[identifiers.SUCCESS, number, {9: success(quality), 11: success(47.1125 + number)}]])
        ]
        for number, quality in enumerate(qualities, 2)
    }
    return Behaviour(silent_ids=frozenset(answers), frames_after=answers)


_INVALID: Final = error_codes.INVALID_PARAMETER
_UNKNOWN: Final = error_codes.UNKNOWN_ELEMENT
_DENIED: Final = error_codes.ACCESS_DENIED

FAULTS: Final[tuple[Fault, ...]] = (
    Fault(
        "no-hello",
        "begins with a request, without client_hello",
        "hello-missing",
        Conversation((Ask("get_stage", error=error_codes.MISSING_CLIENT_HELLO), _GREET, _STAGE)),
        _greeted(_STAGE),
    ),
    Fault(
        "hello-twice",
        "says client_hello again after a reconnect of its own layers, on the same connection",
        "duplicate-hello",
        _greeted(Ask("client_hello", HELLO, error_codes.DUPLICATE_CLIENT_HELLO), _STAGE),
        _greeted(_STAGE),
    ),
    Fault(
        "versions-swapped",
        "gives the newest protocol version first, then the oldest",
        "version-range-inverted",
        Conversation((Ask("client_hello", {0: 2, 1: 1}, _INVALID),)),
        Conversation((Ask("client_hello", {0: 1, 1: 2}),)),
    ),
    Fault(
        "text-message",
        "sends JSON as text instead of CBOR in a binary message",
        "text-message",
        _greeted(Say('[[0, 70, 8]]', (_PARSE_ERROR,))),
        _greeted(Say(encode([_GET_STAGE]), (_ASKED,))),
    ),
    Fault(
        "packet-unwrapped",
        "sends a packet without the outer array",
        "bare-packet",
        _greeted(Say(encode(_GET_STAGE), (_ASKED,))),
        _greeted(Say(encode([_GET_STAGE]), (_ASKED,))),
    ),
    Fault(
        "buffer-cut",
        "sends one buffer in two messages",
        "malformed-cbor",
        _greeted(
            Say(encode([_GET_STAGE])[:3], (_PARSE_ERROR,)),
            Say(encode([_GET_STAGE])[3:], (_NO_REQUEST,)),
        ),
        _greeted(Say(encode([_GET_STAGE]), (_ASKED,))),
    ),
    Fault(
        "buffer-not-cut",
        "sends the whole buffer, of which the message is only the beginning",
        "trailing-bytes",
        _greeted(Say(encode([_GET_STAGE]) + bytes(8), (_ASKED,))),
        _greeted(Say(encode([_GET_STAGE]), (_ASKED,))),
    ),
    Fault(
        "message-id-reused",
        "gives all requests the same message id",
        "message-id-in-use",
        _greeted(Say(encode([_GET_STAGE, _GET_STAGE]), (_ASKED, _ASKED))),
        _greeted(Say(encode([_GET_STAGE]), (_ASKED,)), Say(encode([_GET_STAGE]), (_ASKED,))),
    ),
    Fault(
        "wrong-opcode",
        "counts the commands from 1, and asks for 16 where 15 is the last",
        "unknown-opcode",
        _greeted(Ask(16, {}, error_codes.COMMAND_NOT_FOUND)),
        _greeted(_STAGE),
    ),
    Fault(
        "uuid-as-text",
        "gives a UUID as text, the way it is printed",
        "wrong-parameter-type",
        _greeted(_read(str(SPEED), _INVALID)),
        _greeted(_read(SPEED)),
    ),
    Fault(
        "uuid-untagged",
        "gives a UUID as 16 bytes without tag 37",
        "wrong-parameter-type",
        _greeted(_read(SPEED.bytes, _INVALID)),
        _greeted(_read(SPEED)),
    ),
    Fault(
        "uuid-never-set",
        "reads before the lookup has filled in the UUID: it is all zeros",
        "nil-uuid",
        _greeted(_read(NIL, _INVALID)),
        _greeted(Ask("browse", {0: NIL, 1: 1}), _read(SPEED)),
    ),
    Fault(
        "parameter-forgotten",
        "reads an element without saying which attributes",
        "missing-parameter",
        _greeted(Ask("read", {0: SPEED}, _INVALID)),
        _greeted(_read(SPEED)),
    ),
    Fault(
        "parameter-of-another",
        "gives lookup the attributes of a read as well",
        "unknown-parameter",
        _greeted(Ask("lookup", {0: "Plant.Pump 1.Speed", 1: [11]})),
        _greeted(_lookup("Plant.Pump 1.Speed")),
    ),
    Fault(
        "key-empty",
        "looks up a primary key that the configuration leaves empty",
        "empty-primary-key",
        _greeted(_lookup("", _INVALID)),
        _greeted(_lookup("Plant")),
    ),
    Fault(
        "element-unknown",
        "reads an element by a UUID of another plant",
        "unknown-element",
        _greeted(_read(NOBODY, _UNKNOWN)),
        _greeted(_lookup("Plant.Pump 1.Speed"), _read(SPEED)),
    ),
    Fault(
        "asks-again",
        "looks an element up again and again that is not in the model",
        "asked-again",
        _greeted(*5 * (_lookup("Plant.Tank 9", _UNKNOWN), Pause(1))),
        _greeted(_lookup("Plant.Tank 9", _UNKNOWN), Ask("browse", {0: NIL, 1: 2}), _lookup("Plant.Tank 1")),
    ),
    Fault(
        "attribute-missing",
        "subscribes to an attribute that the element does not have",
        "missing-attribute",
        _greeted(_subscribe(0, [10], error=error_codes.MISSING_ATTRIBUTE)),
        _greeted(_subscribe(0, [9, 11]), Hear(1), _unsubscribe(0)),
    ),
    Fault(
        "written-read-only",
        "writes a measured value",
        "read-only",
        _greeted(_write(LEVEL, 50.0, error_codes.READ_ONLY)),
        _greeted(_write(SPEED, 50.0)),
    ),
    Fault(
        "number-as-text",
        "writes the text of an input field into a number",
        "written-type",
        _greeted(_told_of(SPEED), _write(SPEED, "1500", error_codes.TYPE_MISMATCH)),
        _greeted(_told_of(SPEED), _write(SPEED, 1500)),
    ),
    Fault(
        "number-too-large",
        "writes more than the attribute's eight bits hold",
        "written-range",
        _greeted(_told_of(MODE), _write(MODE, 256, error_codes.VALUE_OUT_OF_RANGE)),
        _greeted(_told_of(MODE), _write(MODE, 2)),
    ),
    Fault(
        "negative-as-unsigned",
        "writes -5 as 2^64-5",
        "written-unsigned",
        _greeted(_write(SMALL, (1 << 64) - 5, error_codes.VALUE_OUT_OF_RANGE)),
        _greeted(_write(SMALL, -5)),
    ),
    Fault(
        "no-right-to-write",
        "writes as a user who may only look",
        "access-denied",
        Conversation((_GREET, _write(SPEED, 1500.0, _DENIED)), VIEWER),
        Conversation((_GREET, _write(SPEED, 1500.0)), OPERATOR),
    ),
    Fault(
        "token-expired",
        "logs a user in with a token that has expired",
        "access-denied",
        _greeted(Ask("create_sub_session", {0: token(WRONG_TOKEN)}, _DENIED)),
        _greeted(
            Ask("create_sub_session", {0: token(OPERATOR.token or ""), 1: SUB_SESSION}),
            Ask("close_sub_session", {0: SUB_SESSION}),
        ),
    ),
    Fault(
        "login-left-open",
        "logs a user in for one write, and never out",
        "sub-session-left-open",
        _greeted(
            Ask("create_sub_session", {0: user(OPERATOR.user, OPERATOR.password), 1: SUB_SESSION}),
            Ask("write", {0: SPEED, 1: 11, 2: 1500.0, 3: SUB_SESSION}),
            *(Pause(2 * 3600), _STAGE),
        ),
        _greeted(
            Ask("create_sub_session", {0: user(OPERATOR.user, OPERATOR.password), 1: SUB_SESSION}),
            Ask("write", {0: SPEED, 1: 11, 2: 1500.0, 3: SUB_SESSION}),
            Ask("close_sub_session", {0: SUB_SESSION}),
            *(Pause(2 * 3600), _STAGE),
        ),
    ),
    Fault(
        "unsubscribed-elsewhere",
        "unsubscribes after a reconnect what the connection before had subscribed",
        "unknown-subscription",
        _greeted(_unsubscribe(0, error_codes.UNKNOWN_SUBSCRIPTION_ID)),
        _greeted(_subscribe(0, [9, 11]), Hear(1), _unsubscribe(0)),
    ),
    Fault(
        "subscribed-to-nothing",
        "subscribes to an element and leaves the list of attributes empty",
        "silent-subscription",
        _greeted(_subscribe(0, []), Pause(45), _unsubscribe(0)),
        _greeted(_subscribe(0, [9, 11]), Hear(1), Pause(45), _unsubscribe(0)),
    ),
    Fault(
        "subscribed-each-time",
        "subscribes each time a page is shown, and never unsubscribes",
        "subscription-left-open",
        _greeted(*(step for number in range(5) for step in (_subscribe(number, [11]), Hear(number + 1)))),
        _greeted(
            *(
                step
                for number in range(5)
                for step in (_subscribe(number, [11]), Hear(number + 1), _unsubscribe(number))
            )
        ),
    ),
    Fault(
        "loop",
        "waits for the operational stage in a loop without a pause",
        "tight-loop",
        _greeted(*50 * (_STAGE,)),
        _greeted(*10 * (_STAGE, Pause(1))),
    ),
    Fault(
        "polls",
        "reads a value every second that it could have subscribed to",
        "polling",
        _greeted(*20 * (_read(SPEED), Pause(1))),
        _greeted(_read(SPEED), _subscribe(0, [9, 11]), Hear(1), Pause(20), _unsubscribe(0)),
    ),
    Fault(
        "bad-value-copied",
        "passes on the value of a sensor without looking at its quality",
        "bad-quality-written",
        _greeted(_read(LEVEL), _write(SPEED, 49.1125), behaviour=_sensor(3)),
        _greeted(_read(LEVEL), _read(LEVEL), _write(SPEED, 50.1125), behaviour=_sensor(3, 0)),
    ),
)  # fmt: skip


async def client_faults(stage: Stage) -> None:
    """Each fault on a connection of its own."""
    for fault in FAULTS:
        await play(stage, fault.faulty)


async def client_proper(stage: Stage) -> None:
    """The nearest proper conversation of each, likewise."""
    for fault in FAULTS:
        await play(stage, fault.proper)
