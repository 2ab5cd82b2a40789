"""Checks of traffic against the specification; `rules` has the table of what they can find.

Checks look and never change anything; what they have to know of the session comes in as arguments.
Each yields (code, message) pairs; the message says what was seen and what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands, error_codes, identifiers, objects
from xentara_inspect.traffic import validation
from xentara_inspect.traffic.fields import entries, number, uuid
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Event, Kind, Message, Request, Response
from xentara_inspect.traffic.readings import AttributeKey, Reading, attribute_number, error_object
from xentara_inspect.traffic.records import Exchange
from xentara_inspect.traffic.validation import Problem

_RESPONSES: Final = (Kind.SUCCESS, Kind.ERROR)
_CLIENT_KINDS: Final = frozenset({Kind.REQUEST})
_SERVER_KINDS: Final = frozenset({*_RESPONSES, Kind.EVENT})
_COMMON_SHAPES: Final = {
    Kind.REQUEST: "requests",
    Kind.SUCCESS: "responses",
    Kind.ERROR: "responses",
    Kind.EVENT: "events",
}

Subscribed = Mapping[bytes, Mapping[AttributeKey | None, int]]
"""Attributes by element, over all subscriptions that may send events, and how many want them."""


def of_message(message: Message, from_client: bool) -> Iterator[Problem]:
    """What is wrong with a binary message as a whole."""
    if message.error is not None and message.trailing and message.is_array:
        yield "malformed-cbor", f"not well-formed CBOR at {message.error}"
    if message.trailing:
        start = message.document.items[0].end
        size = message.trailing[-1].end - start
        follow = "1 byte follows" if size == 1 else f"{size} bytes follow"
        yield "trailing-bytes", f"{follow} the message's item, from byte {start} on"
    if message.bare:
        yield "bare-packet", "a packet without the outer array around it"
    first = _first_of_each_kind(message)
    kinds = {_COMMON_SHAPES[kind] for kind in first}
    if len(kinds) > 1:
        yield "mixed-packet-types", f"{' and '.join(sorted(kinds))} in one message"
    allowed = _CLIENT_KINDS if from_client else _SERVER_KINDS
    wrong = [(position, kind) for kind, position in first.items() if kind not in allowed]
    if wrong:
        position, kind = min(wrong)
        sender = "client" if from_client else "server"
        yield "wrong-direction", f"packet {position}, of the kind {kind}, comes from the {sender}"
    heads = message.document.long_heads
    if heads.count:
        # Indefinite lengths and wide floats are choices of the sender and do not count.
        more = f", and {heads.count - 1} more" if heads.count > 1 else ""
        yield "non-preferred-encoding", f"a longer head than needed at byte {heads.first}{more}"


def _first_of_each_kind(message: Message) -> dict[Kind, int]:
    """Positions of the first request, success, error and event that a message has."""
    first: dict[Kind, int] = {}
    for packet in message.packets:
        kind = packet.kind
        if kind not in first and kind in _COMMON_SHAPES:
            first[kind] = packet.position
    return first


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """A request and what the session knew when it came.

    greeted: whether a client_hello was granted before, or waits for its answer. id_in_use: whether its
    message id waits for an answer already. is_subscription: whether a UUID is a subscription that exists,
    or will if the request for it is granted.
    """

    request: Request
    from_client: bool
    greeted: bool
    id_in_use: bool
    is_subscription: Callable[[bytes], bool]


def _hello(seen: RequestSeen) -> Iterator[Problem]:
    opcode = seen.request.opcode
    is_hello = opcode == commands.CLIENT_HELLO
    if is_hello and seen.greeted:
        yield "duplicate-hello", "a client_hello after an earlier one"
    elif not is_hello and not seen.greeted and seen.from_client:
        yield "hello-missing", f"{command_name(opcode)} before any client_hello was granted"


def _message_id(seen: RequestSeen) -> Iterator[Problem]:
    if seen.id_in_use:
        yield "message-id-in-use", f"message id {seen.request.message_id} still waits for an answer"


def _parameters(seen: RequestSeen) -> Iterator[Problem]:
    opcode, body = seen.request.opcode, seen.request.body
    command = commands.COMMANDS.get(opcode)
    if command is None:
        yield "unknown-opcode", f"opcode {opcode}; known are {known_opcodes()}"
    elif command.parameters is None:
        if body is not None and body.children:
            yield "unknown-parameter", f"{command.name} takes no parameters"
    elif body is not None:
        yield from validation.check(body, command.parameters, command.name)
    else:
        for field in command.parameters.fields:
            if not field.optional:
                yield "missing-parameter", f"{command.name} lacks {field.name} (key {field.key})"


def _versions(seen: RequestSeen) -> Iterator[Problem]:
    shape = commands.COMMANDS[commands.CLIENT_HELLO].parameters
    if seen.request.opcode == commands.CLIENT_HELLO and shape is not None:
        named = entries(seen.request.body, shape)
        lowest = number(named.get("minimum_protocol_version"))
        highest = number(named.get("maximum_protocol_version"))
        if lowest is not None and highest is not None and lowest > highest:
            yield "version-range-inverted", f"minimum version {lowest} is above maximum version {highest}"


def _subscription(seen: RequestSeen) -> Iterator[Problem]:
    shape = commands.COMMANDS[commands.UNSUBSCRIBE].parameters
    if seen.request.opcode == commands.UNSUBSCRIBE and shape is not None:
        subscription = uuid(entries(seen.request.body, shape).get("subscription_id"))
        if subscription is not None and not seen.is_subscription(subscription):
            yield "unknown-subscription", f"no open subscription {uuid_text(subscription)} on this connection"


def command_name(opcode: int | None) -> str:
    """How messages call a command, one without a name too."""
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    return command.name if command is not None else f"opcode {opcode}"


def known_opcodes() -> str:
    """The opcodes of the table, in ranges: `0 to 15`, `0 to 15 and 20`."""
    ranges: list[list[int]] = []
    for opcode in sorted(commands.COMMANDS):
        if ranges and opcode == ranges[-1][1] + 1:
            ranges[-1][1] = opcode
        else:
            ranges.append([opcode, opcode])
    texts = [f"{first} to {last}" if first < last else str(first) for first, last in ranges]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


REQUEST_CHECKS: Final[tuple[Callable[[RequestSeen], Iterator[Problem]], ...]] = (
    _hello,
    _message_id,
    _parameters,
    _versions,
    _subscription,
)


def of_request(seen: RequestSeen) -> Iterator[Problem]:
    """What is wrong with a request."""
    for check in REQUEST_CHECKS:
        yield from check(seen)


def of_response(response: Response, answered: Exchange | None) -> Iterator[Problem]:
    """What is wrong with a response, given the exchange of the request that it answers."""
    if answered is None:
        yield "unsolicited-response", f"no request with message id {response.message_id} waits for a response"
    if response.is_error:
        yield from _error_response(response, answered)
    elif answered is not None:
        yield from _result(response.body, answered.opcode)


def _error_response(response: Response, answered: Exchange | None) -> Iterator[Problem]:
    if response.body is not None:
        for _, message in validation.check(response.body, objects.ERROR_OBJECT, "the error object"):
            yield "unexpected-result", message
    code, _ = error_object(response.body)
    if code is not None:
        yield from _error_code(code, answered.opcode if answered is not None else None)


def _error_code(code: int, opcode: int | None) -> Iterator[Problem]:
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if command is None or not command.errors_complete:
        if code not in error_codes.ERROR_NAMES:
            yield "undocumented-error-code", f"error code {code} is on no page"
    elif code not in commands.documented_errors(command):
        name = commands.error_name(code, opcode) or "unknown"
        yield "undocumented-error-code", f"error code {code} ({name}) is not on the page of {command.name}"


def _result(result: Item | None, opcode: int | None) -> Iterator[Problem]:
    command = commands.COMMANDS.get(opcode) if opcode is not None else None
    if command is None:
        return
    if command.result is None:
        if result is not None:
            yield "unexpected-result", f"{command.name} answers without a result, here it has one"
        return
    if result is None:
        yield "unexpected-result", f"{command.name} answers with a result, here it is left out"
        return
    for _, message in validation.check(result, command.result, f"the result of {command.name}"):
        yield "unexpected-result", message
    if command.result is objects.ATTRIBUTE_VALUES and result.kind == cbor.MAP:
        for _, value in cbor.pairs(result):
            if value.kind == cbor.TAG and value.value == identifiers.TAG_ALTERNATIVE_1:
                code, _ = error_object(value.children[0])
                if code is not None:
                    yield from _error_code(code, opcode)


def of_event(
    event: Event,
    element: bytes | None,
    attributes: Item | None,
    changed: Iterable[Reading],
    subscribed: Subscribed,
) -> Iterator[Problem]:
    """What is wrong with an event: its shape, or that nobody asked for it. changed: the values in it."""
    if event.event_type != identifiers.EVENT_DATA_CHANGE:
        return
    if element is None or attributes is None or attributes.kind != cbor.MAP:
        yield "bad-packet-shape", f"packet {event.position}: a data change without element or attributes"
        return
    for code, message in validation.check(event.body, objects.EVENTS[event.event_type], "the event"):
        if code != validation.NIL_UUID:  # nobody subscribes to that
            yield "unexpected-result", message
    yield from of_data_change(element, (reading.attribute for reading in changed), subscribed)


def of_data_change(
    element: bytes, attributes: Iterable[AttributeKey], subscribed: Subscribed
) -> Iterator[Problem]:
    """Whether nobody asked for these attributes of an element; with none, for the element."""
    wanted = subscribed.get(element)
    if wanted is None:
        yield "unsubscribed-event", f"no subscription on this connection has the element {uuid_text(element)}"
        return
    keys = [attribute_number(key) for key in attributes]
    if keys and not any(key in wanted for key in keys):
        yield "unsubscribed-event", f"no subscription has these attributes of element {uuid_text(element)}"


def unanswered(exchange: Exchange) -> Problem:
    """What is wrong with a request that was still waiting when its connection ended."""
    return "unanswered-request", f"{_asked(exchange)}, was never answered"


def given_up(exchange: Exchange, limit: int) -> Problem:
    """What is wrong with a request that so many later ones wait behind."""
    return "unanswered-request", f"{_asked(exchange)}, is given up: {limit} later requests wait for answers"


def _asked(exchange: Exchange) -> str:
    return f"{command_name(exchange.opcode)}, message id {exchange.message_id}"
