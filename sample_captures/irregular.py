"""The conversations of the sample captures that do not do what a reader of the pages expects."""

from __future__ import annotations

from typing import Any, Final

from sample_captures.stage import UNANSWERED, UNSOLICITED, Stage, say
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator import Ask, Behaviour, Client, Request, Script, UnexpectedAnswerError
from xentara_inspect.simulator.conversation import HELLO, NOBODY
from xentara_inspect.simulator.example_plant import PAGE_ELEMENT
from xentara_inspect.simulator.wire import NIL, encode, success, time_point

KEY: Final = "Group 1.Data Point 1"
HIGHEST: Final = (1 << 64) - 1
LOWEST: Final = -(1 << 64)

_SILENT: Final = frozenset({30, 31, 41, 42, 43})
_STRAY_EVENT: Final = [
    identifiers.EVENT,
    identifiers.EVENT_DATA_CHANGE,
    {0: time_point(1_748_779_200_000_000_000), 1: PAGE_ELEMENT, 2: {11: success(False)}},
]
_OUT_OF_ORDER: Final = Behaviour(
    hold_back={10: 4, 11: 3, 20: 6},
    silent_ids=_SILENT,
    frames_after={
        7: [
            encode([[identifiers.SUCCESS, 777, True]]),
            encode([[identifiers.ERROR, 778, {0: error_codes.INTERNAL_ERROR, 1: "nobody asked"}]]),
            encode([_STRAY_EVENT]),
        ],
        9: [encode([identifiers.SUCCESS, 41, 2])],
        10: [
            encode([[identifiers.ERROR, 42, {0: -32999, 1: "not on any page"}]]),
            encode([[identifiers.SUCCESS, 43, "not a UUID"]]),
        ],
    },
)


async def out_of_order(stage: Stage) -> None:
    """Answers late, in another order, twice under one id, never, and to nobody."""
    async with stage.connect(behaviour=_OUT_OF_ORDER) as client:
        script = Script(client)
        await script.batch(Ask("client_hello", HELLO), Ask("lookup", {0: KEY}))  # message 1
        asks = (Ask("get_stage"), Ask("lookup", {0: KEY}), Ask("server_information", {0: [0]}))
        late = await client.send(_requests(asks, 10))  # message 2: 12 is answered, 11 and 10 later
        await late[2]
        again = Script(client, first_message_id=2)
        await again.ask("get_stage")  # message 3: an id that was used before; 11 comes behind it
        again = Script(client, first_message_id=2)
        await again.ask("get_stage")  # message 4: and once more; 10 comes behind it
        script.record(asks, [await future for future in late])
        stage.sent += script.sent
        stage.expect("get_stage", 2, "ok")
        stage.expect("get_stage", 2, "ok")
        await _ids(stage, client)
        await _silence(stage, client)


def _requests(asks: tuple[Ask, ...], first: int) -> list[Request]:
    return [
        Request(commands.OPCODES[str(ask.command)], ask.parameters, first + index)
        for index, ask in enumerate(asks)
    ]


async def _ids(stage: Stage, client: Client) -> None:
    """An id in use twice: first in, first out. Ids at both ends of what CBOR can say."""
    twice = await client.send(  # message 5, answered behind message 6
        [Request(commands.GET_STAGE, None, 20), Request(commands.LOOKUP, {0: "Plant.Nothing"}, 20)]
    )
    ends = [Request(commands.GET_STAGE, None, number) for number in (-1, LOWEST, HIGHEST)]
    await client.batch(ends)  # message 6
    for future in twice:
        await future
    stage.expect("get_stage", 20, "ok")
    stage.expect("lookup", 20, "error", error_codes.UNKNOWN_ELEMENT)
    for number in (-1, LOWEST, HIGHEST):
        stage.expect("get_stage", number, "ok")


async def _silence(stage: Stage, client: Client) -> None:
    """Requests without answers, answers without requests, packets without the outer array."""
    silent = [
        [identifiers.REQUEST, 30, commands.GET_STAGE],
        [identifiers.REQUEST, 31, commands.WRITE, {0: PAGE_ELEMENT, 1: 11, 2: True}],
    ]
    await say(client, encode(silent), answers=3)  # message 7
    stage.expect("get_stage", 30, UNANSWERED)
    stage.expect("write", 31, UNANSWERED)
    stage.expect(None, 777, UNSOLICITED)
    stage.expect(None, 778, UNSOLICITED, error_codes.INTERNAL_ERROR)
    await say(client, encode([identifiers.REQUEST, 40, commands.GET_STAGE]))  # message 8, bare
    await say(client, encode([[identifiers.REQUEST, 41, commands.GET_STAGE]]))  # 9, the answer is bare
    stage.expect("get_stage", 40, "ok")
    stage.expect("get_stage", 41, "ok")
    odd = [
        [identifiers.REQUEST, 42, commands.GET_STAGE],
        [identifiers.REQUEST, 43, commands.LOOKUP, {0: KEY}],
    ]
    await say(client, encode(odd), answers=2)  # message 10
    stage.expect("get_stage", 42, "error", -32999)
    stage.expect("lookup", 43, "ok")


_GET_STAGE: Final = commands.GET_STAGE
_DEPTH: Final = 1000

UNREADABLE: Final[tuple[bytes | str, ...]] = (
    b"\xff",  # a break where an item should be
    bytes.fromhex("81840018410e"),  # the parameters are missing
    bytes.fromhex("81830018411c"),  # additional information 28 is reserved
    bytes.fromhex("8183001841f818"),  # simple value 24 in two bytes
    bytes.fromhex("9f830018410800"),  # no break at the end
    bytes.fromhex("9b7fffffffffffffff00"),  # an array longer than any memory
    b'{"id": 1, "method": "get_stage"}',  # in CBOR the first byte announces a text of 2**61 bytes
    '{"jsonrpc": "2.0", "id": 1, "method": "get_stage"}',
)
"""Messages of which no packet can be read. Each is answered with -32700 under message id 0."""

NOT_PACKETS: Final[tuple[tuple[bytes, int], ...]] = (
    (encode([[5, 73, _GET_STAGE]]), 73),  # no packet type has this number
    (encode([[identifiers.REQUEST, 74]]), 74),
    (encode([[identifiers.REQUEST, "75", _GET_STAGE]]), 0),
    (encode([[identifiers.REQUEST, 76, "get_stage"]]), 76),
    (encode([[identifiers.REQUEST, 77, _GET_STAGE, {}, {}]]), 77),
    (encode(["get_stage"]), 0),
    (encode([[]]), 0),
    (encode({0: identifiers.REQUEST}), 0),  # no array at all
    (encode(8), 0),
)
"""Well-formed CBOR that is no packet, with the message id under which it is answered with -32600."""

_FROM_SERVER: Final[tuple[bytes | str, ...]] = (
    bytes.fromhex("8183011841a1"),
    "the server says something",
    encode([[identifiers.SUCCESS, 79, 2], _STRAY_EVENT]),
    encode([[identifiers.REQUEST, 80, _GET_STAGE]]),
    encode([[identifiers.EVENT, identifiers.EVENT_DATA_CHANGE, {1: PAGE_ELEMENT}]]),
)


async def malformed(stage: Stage) -> None:
    """Frames that are no CBOR, CBOR that is no packet, packets that no page allows; both ways."""
    async with stage.connect() as client:
        await say(client, encode([[identifiers.REQUEST, 1, commands.CLIENT_HELLO, HELLO]]))
        stage.expect("client_hello", 1, "ok")
        for payload in UNREADABLE:
            await _refused(stage, client, payload, 0, error_codes.PARSE_ERROR)
        for message, message_id in NOT_PACKETS:
            await _refused(stage, client, message, message_id, error_codes.INVALID_REQUEST)
        await _odd_messages(stage, client)
        await _bad_parameters(stage, client)
    frames: dict[int, Any] = {1: _FROM_SERVER}
    async with stage.connect(behaviour=Behaviour(frames_after=frames)) as client:
        await _before_hello(stage, client)


async def _refused(stage: Stage, client: Client, payload: bytes | str, message_id: int, code: int) -> None:
    """Send what is no request and must be refused. Raises UnexpectedAnswerError."""
    await say(client, payload)
    answer = client.unmatched[-1]
    if (answer.message_id, answer.error_code) != (message_id, code):
        raise UnexpectedAnswerError(f"{payload!r} was answered with {answer}")
    stage.expect(None, message_id, UNSOLICITED, code)


async def _odd_messages(stage: Stage, client: Client) -> None:
    """What can be read and is not as it should be."""
    await client.send_raw(encode([]))  # nothing to answer
    # Deeper than the simulator reads.
    await _refused(stage, client, b"\x81" * _DEPTH + b"\x00", 0, error_codes.PARSE_ERROR)
    await say(client, encode([[identifiers.REQUEST, 70, _GET_STAGE]]) + b"\x00\x00")
    stage.expect("get_stage", 70, "ok")
    await say(client, encode([[identifiers.REQUEST, 71, _GET_STAGE], [identifiers.SUCCESS, 72, True]]))
    stage.expect("get_stage", 71, "ok")
    stage.expect(None, 72, UNSOLICITED)  # the client's
    stage.expect(None, 72, UNSOLICITED, error_codes.INVALID_REQUEST)  # and the server's answer to it
    # Longer heads than needed, indefinite lengths.
    await say(client, bytes.fromhex("9f 9b0000000000000003 1800 1b000000000000004b 190008 ff"))
    stage.expect("get_stage", 75, "ok")


_BAD_PARAMETERS: Final[tuple[tuple[int, Any], ...]] = (
    (commands.READ, {0: "Plant.Tank 1.Level", 1: [11]}),  # a key where a UUID should be
    (commands.READ, {0: PAGE_ELEMENT}),
    (commands.READ, None),
    (commands.META_DATA_COMMAND, {0: NIL, 1: [0]}),
    (commands.LOOKUP, {0: ""}),
)


async def _bad_parameters(stage: Stage, client: Client) -> None:
    """Requests that are whole packets and break the rules of their command."""
    for number, (opcode, parameters) in enumerate(_BAD_PARAMETERS, 100):
        await client.request(opcode, parameters, number)
        stage.expect(commands.COMMAND_NAMES[opcode], number, "error", error_codes.INVALID_PARAMETER)
    await client.request(commands.LOOKUP, {0: KEY, 9: "extra"}, 110)
    stage.expect("lookup", 110, "ok")
    await client.request(commands.CLIENT_HELLO, HELLO, 111)
    stage.expect("client_hello", 111, "error", error_codes.DUPLICATE_CLIENT_HELLO)
    await client.request(4711, {}, 112)
    stage.expect(None, 112, "error", error_codes.COMMAND_NOT_FOUND)
    await client.request(commands.UNSUBSCRIBE, {0: NOBODY}, 113)
    stage.expect("unsubscribe", 113, "error", error_codes.UNKNOWN_SUBSCRIPTION_ID)


async def _before_hello(stage: Stage, client: Client) -> None:
    """A client that does not greet, and a server that is no better."""
    await say(client, encode([[identifiers.REQUEST, 1, _GET_STAGE]]), answers=1 + len(_FROM_SERVER))
    stage.expect("get_stage", 1, "error", error_codes.MISSING_CLIENT_HELLO)
    stage.expect(None, 79, UNSOLICITED)
    stage.expect("get_stage", 80, UNANSWERED)  # asked by the server
    await client.request(commands.CLIENT_HELLO, {0: 2, 1: 1}, 2)
    stage.expect("client_hello", 2, "error", error_codes.INVALID_PARAMETER)
    await client.request(commands.CLIENT_HELLO, HELLO, 3)
    stage.expect("client_hello", 3, "ok")
