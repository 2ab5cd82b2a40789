"""From a client's message to the answers to it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator.answers import HANDLERS, NOTHING, Session
from xentara_inspect.simulator.parameters import checked_parameters
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.wire import NotCborError, decode, error_object, integer

_log = logging.getLogger(__name__)

NO_MESSAGE_ID: Final = 0
"""The message id of an answer to what has none.

No page says what a server does there. JSON-RPC, whose error codes these are, answers with null, but
a message id is an integer; a client that reads the code has at least heard of it.
"""


class Answer(NamedTuple):
    """A response packet, and the request it answers. opcode: None where the request has none."""

    message_id: int
    opcode: int | None
    packet: list[Any]


def answers_to(session: Session, message: bytes | str) -> list[Answer]:
    """Carry out the requests of a message, in order."""
    try:
        # A text message is no CBOR, whatever it says.
        content = decode(message) if isinstance(message, bytes) else None
        if content is None:
            raise NotCborError("a text message")
    except NotCborError:
        return [_error(NO_MESSAGE_ID, None, Refused(error_codes.PARSE_ERROR))]
    if not _is_array(content):
        return [_error(NO_MESSAGE_ID, None, Refused(error_codes.INVALID_REQUEST))]
    # The command pages print packets without the outer array: what is meant is clear, so it is taken.
    packets = [content] if content and integer(content[0]) is not None else content
    return [_answer(session, packet) for packet in packets]


def _answer(session: Session, packet: Any) -> Answer:
    message_id, opcode, parameters = _request(packet)
    if message_id is None or opcode is None:
        return _error(message_id or NO_MESSAGE_ID, None, Refused(error_codes.INVALID_REQUEST))
    try:
        result = _carry_out(session, opcode, parameters)
    except Refused as refused:
        return _error(message_id, opcode, refused)
    except Exception:
        _log.exception("opcode %d failed", opcode)
        return _error(message_id, opcode, Refused(error_codes.INTERNAL_ERROR))
    result_part = [] if result is NOTHING else [result]
    return Answer(message_id, opcode, [identifiers.SUCCESS, message_id, *result_part])


def _carry_out(session: Session, opcode: int, parameters: Any) -> Any:
    if opcode != commands.CLIENT_HELLO and not session.greeted:
        raise Refused(error_codes.MISSING_CLIENT_HELLO)
    if opcode not in HANDLERS:
        raise Refused(error_codes.COMMAND_NOT_FOUND)
    return HANDLERS[opcode](session, checked_parameters(commands.COMMANDS[opcode], parameters))


def _request(packet: Any) -> tuple[int | None, int | None, Any]:
    """Message id, opcode and parameters of a request; the opcode is None where it is none."""
    if not _is_array(packet):
        return None, None, None
    message_id = integer(packet[1]) if len(packet) > 1 else None
    if not 3 <= len(packet) <= 4 or integer(packet[0]) != identifiers.REQUEST:
        return message_id, None, None
    return message_id, integer(packet[2]), packet[3] if len(packet) == 4 else None


def _error(message_id: int, opcode: int | None, refused: Refused) -> Answer:
    content = error_object(refused.code, refused.text)
    return Answer(message_id, opcode, [identifiers.ERROR, message_id, content])


def _is_array(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
