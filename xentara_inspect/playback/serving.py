"""A connection that is served from a recording: a client's messages in, answers and events out. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from xentara_inspect import cbor
from xentara_inspect.playback import writing
from xentara_inspect.playback.attributes import entries_of
from xentara_inspect.playback.derived import WHY, Derived, NotKnown, Open, Question
from xentara_inspect.playback.granting import Effects, Granted, Reply, parsed
from xentara_inspect.playback.logins import Login, wrong_login
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.pushing import Pushing
from xentara_inspect.playback.recording import Found, Recording, Talk
from xentara_inspect.playback.streams import Pace
from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.queries import summaries
from xentara_inspect.queries.comparable import Given, asked_by
from xentara_inspect.queries.parsed_frames import Shown
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.packets import Malformed, Packet, Request

NO_MESSAGE_ID: Final = 0
"""The message id of an answer to what has none; no page says what a server does there."""
_NAMESPACE: Final = UUID("5a0c6a52-86f0-4c0e-9f0e-0c5a4b5c2a77")
_MOST_UNKNOWN: Final = 1000
_NO_CBOR: Final = ("malformed-cbor", "text-message")


class Unknown(NamedTuple):
    """What was asked and is not in the recording. code: what it was answered with."""

    command: str
    summary: str
    code: int


@dataclass(slots=True)
class Served:
    """Requests by how they were answered: as recorded, from the recording's state, or with an error.

    others: of what is unknown all that came when `unknown` was full.
    """

    recorded: int = 0
    derived: int = 0
    unknown: Counter[Unknown] = field(default_factory=Counter)
    others: int = 0

    def is_news(self, unknown: Unknown) -> bool:
        """Count what is unknown. Returns whether it is for the first time; of too much nothing is news."""
        is_known = unknown in self.unknown
        if not is_known and len(self.unknown) >= _MOST_UNKNOWN:
            self.others += 1
            return False
        self.unknown[unknown] += 1
        return not is_known


@dataclass(slots=True)
class Manner:
    """How clients are served. is_strict: whether nothing is answered but what was recorded.

    login: the only credentials of that user; None where any do. report: is told of what is unknown.
    """

    pace: Pace = field(default_factory=Pace)
    is_strict: bool = False
    login: Login | None = None
    report: Callable[[Unknown], None] = lambda _: None
    served: Served = field(default_factory=Served)


class Serving:
    """One connection. wake: is called when events are due that were not before."""

    def __init__(
        self,
        recording: Recording,
        talk: Talk,
        plant: Plant,
        manner: Manner,
        now: int,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """talk: the recorded connection that is its own. now: when it opened, ns since 1970."""
        self._recording, self._talk, self._plant, self._manner = recording, talk, plant, manner
        self._derived = Derived(recording, plant)
        self._pushing = Pushing(recording, plant, manner.pace, wake)
        self.due, self.next_due, self.close = self._pushing.due, self._pushing.next_due, self._pushing.close
        self._given = Given()
        self._open = Open()
        self._effects = Effects(talk, plant, self._derived, self._pushing, self._open)
        self._counts: Counter[int] = Counter()
        self._writes: Counter[int] = Counter()
        self._anchor = talk.opened, now

    def received(self, message: bytes | str, now: int) -> list[bytes]:
        """The messages that answer one of the client. now: ns since 1970. Raises StoreError."""
        if isinstance(message, str):
            return [writing.array([_refusal(packets.text_message())])]
        before: list[bytes] = []
        answers = [
            self._answer(packet, message, now, before) if isinstance(packet, Request) else _refusal(packet)
            for packet in packets.parse(message).packets
        ]
        packed = [answer for answer in answers if answer is not None]
        return [*before, writing.array(packed)] if packed else before

    def _answer(self, request: Request, payload: bytes, now: int, before: list[bytes]) -> bytes | None:
        """The answer to a request; None where the recording has none. before: what is to be sent first."""
        asked = asked_by(Shown(request, payload), self._recording.names, self._given, lambda _: False)
        number = asked.number
        turn, self._writes[number] = self._writes[number], self._writes[number] + 1
        question = self._derived.question(request, self._position(now), self._open)
        try:
            reply = self._reply(question, number, asked.whole(number), now)
        except NotKnown as unknown:
            reply = self._unknown(Shown(request, payload), request.opcode, unknown.code)
        if reply is None:
            return None
        body = reply.body
        if not reply.is_error:
            found = reply.found
            places = self._talk.of_like(number)[turn : turn + 1]
            is_turn = found is not None and found.is_next and found.place in places
            before += self._effects.before(question, reply, now)
            body = self._effects.of(Granted(question, payload, reply, is_turn), now)
        packet = writing.response(request.message_id, body, is_error=reply.is_error)
        self._learn(number, request.opcode, packet)
        return packet

    def _reply(self, question: Question, number: int, whole: int, now: int) -> Reply | None:
        """What a request is answered with; None for nothing. number, whole: as `Asked` has them.

        Raises NotKnown.
        """
        found = self._recording.find(self._talk, whole, self._counts[whole])
        refusal = self._refused(question.request, found)
        if refusal is not None:
            return Reply(writing.error(refusal), is_error=True)
        self._counts[whole] += 1
        served = self._manner.served
        is_all = self._manner.is_strict or not self._derived.has(question)
        if found is not None and (found.is_next or is_all or found.is_refused):
            served.recorded += 1
            return self._as_recorded(question, found, now)
        if self._manner.is_strict:
            self._derived.answer(question)  # raises the error that fits, where there is one
            raise NotKnown(error_codes.INTERNAL_ERROR)
        refusal = self._talk.refusal_of_like(number)
        if refusal is not None:
            raise NotKnown(refusal)
        try:
            body = self._derived.answer(question)
        except NotKnown:
            if found is None or question.request.opcode in (commands.UNSUBSCRIBE, commands.CLOSE_SUB_SESSION):
                raise
            served.recorded += 1
            return self._as_recorded(question, found, now)
        served.derived += 1
        return Reply(body, found=found, answer=found.answer if found is not None else None)

    def _refused(self, request: Request, found: Found | None) -> int | None:
        """The error for what comes out of order, or with the wrong password; None for none."""
        is_hello = request.opcode == commands.CLIENT_HELLO
        answer = found.answer if found is not None and found.is_next else None
        if answer is None or not answer.is_error:
            if not is_hello and not self._open.greeted and self._talk.is_greeted:
                return error_codes.MISSING_CLIENT_HELLO
            if is_hello and self._open.greeted:
                return error_codes.DUPLICATE_CLIENT_HELLO
        return error_codes.ACCESS_DENIED if wrong_login(request, self._manner.login) else None

    def _as_recorded(self, question: Question, found: Found, now: int) -> Reply | None:
        answer = found.answer
        if answer is None:
            return None
        if found.talk is self._talk and found.is_next:
            self._anchor = answer.time, now
        body = answer.body
        if question.request.opcode == commands.READ and not answer.is_error and body is not None:
            body = self._with_written(question, body)
        return Reply(body, answer.is_error, found, answer)

    def _with_written(self, question: Question, body: bytes) -> bytes:
        """A read result with what was written since."""
        element = uuid(question.fields.get("element_uuid"))
        response = parsed(writing.response(0, body))
        if element is None or response is None:
            return body
        found = [
            (entry.key, self._plant.told(element, entry.attribute, entry.told))
            for entry in entries_of(response[0].body, response[1])
        ]
        return writing.mapping(found) if found else body

    def _unknown(self, shown: Shown, opcode: int, code: int) -> Reply:
        summary = summaries.of_exchange(opcode, shown, None, self._recording.names)
        unknown = Unknown(commands.COMMAND_NAMES.get(opcode) or str(opcode), summary, code)
        if self._manner.served.is_news(unknown):
            self._manner.report(unknown)
        return Reply(writing.error(code, WHY), is_error=True)

    def _position(self, now: int) -> int:
        """Where in the recording the connection is, ns since 1970."""
        recorded, live = self._anchor
        return recorded + self._manner.pace.recorded(now - live)

    def _learn(self, number: int, opcode: int, packet: bytes) -> None:
        """Remember what an answer gives."""
        response = parsed(packet)
        if response is not None:
            self._given.learn(number, opcode, response[0])


def _refusal(packet: Packet) -> bytes:
    """The answer to what is no request."""
    is_cbor = not isinstance(packet, Malformed) or packet.code not in _NO_CBOR
    code = error_codes.INVALID_REQUEST if is_cbor else error_codes.PARSE_ERROR
    children = packet.item.children if packet.item is not None and packet.position else ()
    message_id = cbor.integer(children[1]) if len(children) > 1 else None
    return writing.response(message_id or NO_MESSAGE_ID, writing.error(code), is_error=True)
