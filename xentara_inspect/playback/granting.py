"""What a request that is granted changes for its connection, and for the plant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from xentara_inspect.playback import writing
from xentara_inspect.playback.attributes import encoded
from xentara_inspect.playback.derived import Derived, Open, Question
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.pushing import Pushing, subscribed_to
from xentara_inspect.playback.recording import Answer, Found, Talk
from xentara_inspect.protocol import commands
from xentara_inspect.traffic import learning, packets
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.packets import Response
from xentara_inspect.traffic.readings import AttributeKey, attribute_key

_NAMESPACE: Final = UUID("5a0c6a52-86f0-4c0e-9f0e-0c5a4b5c2a77")


class Reply(NamedTuple):
    """found, answer: the recorded request that it is the answer to, and its own; None for others."""

    body: bytes | None
    is_error: bool = False
    found: Found | None = None
    answer: Answer | None = None


class Granted(NamedTuple):
    """A request that is answered with success. is_turn: whether the recording has exactly it here."""

    question: Question
    payload: bytes
    reply: Reply
    is_turn: bool


class Effects:
    """What requests change that a connection makes. open: on it, changed here."""

    def __init__(self, talk: Talk, plant: Plant, derived: Derived, pushing: Pushing, open_: Open) -> None:
        self._talk, self._plant, self._derived, self._pushing = talk, plant, derived, pushing
        self._open = open_
        self._made = 0
        self._of: dict[int, Callable[[Granted, int], bytes | None]] = {
            commands.CLIENT_HELLO: self._greet,
            commands.WRITE: self._write,
            commands.SUBSCRIBE: self._subscribe,
            commands.UNSUBSCRIBE: self._unsubscribe,
            commands.CREATE_SUB_SESSION: self._log_in,
            commands.CLOSE_SUB_SESSION: self._log_out,
        }

    def before(self, question: Question, reply: Reply, now: int) -> list[bytes]:
        """The messages that are sent before the answer: the last events of a subscription."""
        given = uuid(question.fields.get("subscription_id"))
        if question.request.opcode != commands.UNSUBSCRIBE or given is None:
            return []
        return self._pushing.end(given, now, is_recorded=reply.answer is not None)

    def of(self, granted: Granted, now: int) -> bytes | None:
        """Change what is to be changed. Returns the result that goes into the answer."""
        effect = self._of.get(granted.question.request.opcode)
        return effect(granted, now) if effect is not None else granted.reply.body

    def _greet(self, granted: Granted, now: int) -> bytes | None:
        self._open.greeted = True
        self._pushing.greet(self._talk.events, granted.question.time, now)
        return granted.reply.body

    def _write(self, granted: Granted, now: int) -> bytes | None:
        """What is written in its turn and its time the recording knows; all else is remembered."""
        fields = granted.question.fields
        element = uuid(fields.get("element_uuid"))
        key, value = fields.get("attribute_id"), fields.get("attribute_value")
        attribute = attribute_key(key) if key is not None else None
        if element is not None and attribute is not None and value is not None:
            answer = granted.reply.answer if granted.is_turn else None
            if answer is not None and self._pushing.is_in_time(element, attribute, answer.time, now):
                self._plant.forget(element, attribute)
            else:
                self._plant.write(element, attribute, encoded(value, granted.payload))
        return granted.reply.body

    def _subscribe(self, granted: Granted, now: int) -> bytes | None:
        asked = learning.asked_by(granted.question.request)
        given = self._uuid(asked.subscription, granted.reply, self._open.subscriptions)
        subscribed = subscribed_to(asked.elements)
        found, answer = granted.reply.found, granted.reply.answer
        if found is not None and answer is not None and not answer.is_error:
            self._pushing.follow(given, subscribed, found.talk.events, answer.id, answer.time, now)
        else:
            time = granted.question.time
            known = [
                (element, self._known(element, attributes.values(), time))
                for element, attributes in subscribed.items()
            ]
            self._pushing.pick(given, subscribed, self._talk.events, known, time, now)
        return writing.uuid(given)

    def _known(
        self, element: bytes, attributes: Iterable[AttributeKey], time: int
    ) -> list[tuple[bytes, bytes]]:
        """What is known of attributes, as entries of an event."""
        states = ((key, self._derived.state(element, key, time)) for key in attributes)
        return [(writing.attribute(key), state) for key, state in states if state is not None]

    def _unsubscribe(self, granted: Granted, now: int) -> bytes | None:
        given = uuid(granted.question.fields.get("subscription_id"))
        if given is not None:
            self._open.subscriptions.discard(given)
        return granted.reply.body

    def _log_in(self, granted: Granted, now: int) -> bytes | None:
        del now
        desired = uuid(granted.question.fields.get("desired_session_id"))
        return writing.uuid(self._uuid(desired, granted.reply, self._open.sub_sessions))

    def _log_out(self, granted: Granted, now: int) -> bytes | None:
        self._open.sub_sessions.discard(uuid(granted.question.fields.get("session_id")) or b"")
        return granted.reply.body

    def _uuid(self, desired: bytes | None, reply: Reply, taken: set[bytes]) -> bytes:
        """The UUID to give: the desired one, else the recorded one, else a new one."""
        recorded = parsed(writing.response(0, reply.body)) if reply.body is not None else None
        given = desired or (uuid(recorded[0].body) if recorded is not None else None)
        while given is None or (given in taken and given != desired):
            self._made += 1
            given = uuid5(_NAMESPACE, str(self._made)).bytes
        taken.add(given)
        return given


def parsed(packet: bytes) -> tuple[Response, bytes] | None:
    """A response packet of ours, and the bytes that its items are in."""
    payload = writing.array([packet])
    response = packets.parse(payload).packets[0]
    return (response, payload) if isinstance(response, Response) else None
