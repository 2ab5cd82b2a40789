"""Answers to what was never asked in a recording, out of what it tells elsewhere; else the error that fits.

Known are: the state of attributes, names, which elements there are, and what is open on the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from xentara_inspect.cbor import Item
from xentara_inspect.playback import writing
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.recording import Recording
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.traffic.fields import array, entries, number, text, uuid
from xentara_inspect.traffic.learning import elements_named
from xentara_inspect.traffic.names import NIL
from xentara_inspect.traffic.packets import Request
from xentara_inspect.traffic.readings import AttributeKey, attribute_key, attribute_number

WHY: Final = "not in the recording"
_PROTOCOL_VERSION: Final = 1


class NotKnown(Exception):  # noqa: N818 - it is an answer
    """The recording does not tell what to answer. code: the error that the specification asks for."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


@dataclass(slots=True)
class Open:
    """What is open on a connection. greeted: by `client_hello`. subscriptions, sub_sessions: their UUIDs."""

    greeted: bool = False
    subscriptions: set[bytes] = field(default_factory=set)
    sub_sessions: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Question:
    """A request. fields: its parameters by name. time: where in the recording its connection is, ns."""

    request: Request
    fields: Mapping[str, Item]
    time: int
    open: Open


class Derived:
    """Answers of one recording. plant: what was written since."""

    def __init__(self, recording: Recording, plant: Plant) -> None:
        self._recording = recording
        self._plant = plant
        self._handlers: dict[int, Callable[[Question], bytes | None]] = {
            commands.CLIENT_HELLO: self._client_hello,
            commands.LOOKUP: self._lookup,
            commands.READ: self._read,
            commands.WRITE: self._write,
            commands.SUBSCRIBE: lambda _: None,
            commands.UNSUBSCRIBE: lambda question: _known("subscription_id", question, _SUBSCRIPTION),
            commands.CREATE_SUB_SESSION: lambda _: None,
            commands.CLOSE_SUB_SESSION: lambda question: _known("session_id", question, _SUB_SESSION),
        }

    def question(self, request: Request, time: int, open_: Open) -> Question:
        """A request as what is asked here."""
        command = commands.COMMANDS.get(request.opcode)
        shape = command.parameters if command is not None else None
        return Question(request, entries(request.body, shape) if shape is not None else {}, time, open_)

    def has(self, question: Question) -> bool:
        """Whether there are such answers for a command."""
        return question.request.opcode in self._handlers

    def answer(self, question: Question) -> bytes | None:
        """The result; None where there is none, or whoever asks makes it. Raises NotKnown."""
        self.check(question)
        handler = self._handlers.get(question.request.opcode)
        if handler is None:
            stage = question.request.opcode in commands.STAGE_CHANGES
            raise NotKnown(error_codes.INVALID_STAGE_CHANGE if stage else error_codes.INTERNAL_ERROR)
        return handler(question)

    def check(self, question: Question) -> None:
        """Raises NotKnown for what no server could answer: unknown commands, parameters, elements."""
        command = commands.COMMANDS.get(question.request.opcode)
        if command is None:
            raise NotKnown(error_codes.COMMAND_NOT_FOUND)
        for entry in command.parameters.fields if command.parameters is not None else ():
            if entry.name not in question.fields and not entry.optional:
                raise NotKnown(error_codes.INVALID_PARAMETER)
        for element in elements_named(question.request):
            if not self._recording.names.is_element(element):
                raise NotKnown(error_codes.UNKNOWN_ELEMENT)

    def state(self, element: bytes, attribute: AttributeKey, time: int) -> bytes | None:
        """An attribute's value or error, nearest before a time in the recording, or written since."""
        key = attribute_number(attribute)
        written = self._plant.written(element, key)
        return writing.value(written) if written is not None else self._recording.told(element, key, time)

    def _client_hello(self, question: Question) -> bytes:
        least, most = (number(question.fields.get(f"{word}_protocol_version")) for word in _RANGE)
        if least is None or most is None or not least <= _PROTOCOL_VERSION <= most:
            raise NotKnown(error_codes.INVALID_PARAMETER)
        return writing.item({0: _PROTOCOL_VERSION})

    def _lookup(self, question: Question) -> bytes:
        element = self._recording.by_name.get(text(question.fields.get("primary_key")) or "")
        if element is None:
            raise NotKnown(error_codes.UNKNOWN_ELEMENT)
        return writing.uuid(element)

    def _read(self, question: Question) -> bytes:
        element = uuid(question.fields.get("element_uuid")) or NIL
        told = []
        for one in array(question.fields.get("attribute_ids")):
            attribute = attribute_key(one)
            if attribute is None:
                raise NotKnown(error_codes.INVALID_PARAMETER)
            told.append((attribute, self.state(element, attribute, question.time)))
        if told and all(state is None for _, state in told):
            raise NotKnown(error_codes.MISSING_ATTRIBUTE)
        missing = writing.attribute_error(error_codes.MISSING_ATTRIBUTE)
        return writing.mapping((writing.attribute(key), state or missing) for key, state in told)

    def _write(self, question: Question) -> None:
        element = uuid(question.fields.get("element_uuid")) or NIL
        attribute = attribute_key(question.fields["attribute_id"])
        if attribute is None:
            raise NotKnown(error_codes.INVALID_PARAMETER)
        access = self._recording.access(element, attribute)
        if access == identifiers.ACCESS_READ_ONLY:
            raise NotKnown(error_codes.READ_ONLY)
        if access is None and not self._recording.is_known(element, attribute):
            raise NotKnown(error_codes.MISSING_ATTRIBUTE)


_RANGE: Final = ("minimum", "maximum")
_SUBSCRIPTION: Final = error_codes.UNKNOWN_SUBSCRIPTION_ID
_SUB_SESSION: Final = error_codes.UNKNOWN_SESSION_ID


def _known(name: str, question: Question, code: int) -> None:
    """Raises NotKnown where no subscription or sub-session has the UUID in a field."""
    there = question.open.subscriptions if code == _SUBSCRIPTION else question.open.sub_sessions
    if uuid(question.fields.get(name)) not in there:
        raise NotKnown(code)
