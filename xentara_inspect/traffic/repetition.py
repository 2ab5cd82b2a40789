"""Requests that come again and again: in a tight loop, as polls, after `unknown element`."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, NamedTuple

from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.protocol.identifiers import ATTRIBUTE_CATEGORY
from xentara_inspect.traffic.fields import array, entries
from xentara_inspect.traffic.findings import command_name
from xentara_inspect.traffic.learning import Asked
from xentara_inspect.traffic.memory import Memory
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Request
from xentara_inspect.traffic.readings import attribute_key, attribute_number
from xentara_inspect.traffic.records import Exchange, Status
from xentara_inspect.traffic.thresholds import (
    ASKED_AGAIN,
    POLL_GAP,
    POLLS,
    QUICK,
    REMEMBERED,
    REQUESTS,
    SECOND,
    TIGHT_LOOP,
)
from xentara_inspect.traffic.validation import Problem

_REQUEST: Final = "request"
_UNKNOWN: Final = "unknown"
_READ: Final = commands.COMMANDS[commands.READ].parameters


class _Repeated(NamedTuple):
    """A request that may come again.

    place: of the last one. answered: when that was, else when it was asked. quick, slow: how many came in
    a row without and with a pause; quick_since, slow_since: when the first of them came.
    """

    place: int
    answered: int
    quick: int
    quick_since: int
    slow: int
    slow_since: int


class Repetition:
    """What a client asks again."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._subjects = {state[0]: subject for subject, state in memory.all(_REQUEST).items()}

    def asked(self, request: Request, payload: bytes, exchange: Exchange, time: int) -> Problem | None:
        """A request of the client, and what there is to say of it. payload: of its message."""
        subject = _subject(request, payload)
        place = exchange.address
        state = self._memory.all(_REQUEST).get(subject)
        if state is None:
            again = _Repeated(place, time, 1, time, 1, time)
        else:
            again = _after(_Repeated(*state), place, time)
            self._subjects.pop(state[0], None)
        self._subjects[place] = subject
        self._memory.put(_REQUEST, subject, again, REQUESTS)
        if len(self._subjects) > REQUESTS:
            del self._subjects[next(iter(self._subjects))]  # that of the request that was forgotten
        if again.quick == TIGHT_LOOP:
            return _loop(exchange, time - again.quick_since)
        if again.slow == POLLS and _may_be_pushed(request):
            return _poll(exchange, time - again.slow_since)
        return None

    def answered(self, exchange: Exchange, asked: Asked, place: int, time: int) -> Problem | None:
        """An answer to the client, at this place, and what there is to say of it."""
        subject = self._subjects.get(exchange.address)
        if subject is not None:
            state = _Repeated(*self._memory.all(_REQUEST)[subject])
            slow = state.slow if exchange.status is Status.OK else 0  # what is refused is no poll
            later = state._replace(answered=time, slow=slow)
            self._memory.put(_REQUEST, subject, later, REQUESTS)
        unknown = self._memory.all(_UNKNOWN)
        is_unknown = exchange.error_code == error_codes.UNKNOWN_ELEMENT
        about = (_about(exchange, asked) or subject) if is_unknown or unknown else None
        if about is None:
            return None
        if not is_unknown:
            self._memory.drop(_UNKNOWN, about)
            return None
        times = unknown[about][1] + 1 if about in unknown else 1
        self._memory.put(_UNKNOWN, about, (place, times), REMEMBERED)
        if times != ASKED_AGAIN:
            return None
        return "asked-again", f"{_what(exchange, asked)} is unknown, and was asked for {times} times"


def _after(before: _Repeated, place: int, time: int) -> _Repeated:
    pause = time - before.answered
    if 0 <= pause < QUICK:
        return _Repeated(place, time, before.quick + 1, before.quick_since, 1, time)
    if QUICK <= pause <= POLL_GAP:
        return _Repeated(place, time, 1, time, before.slow + 1, before.slow_since)
    return _Repeated(place, time, 1, time, 1, time)


def _subject(request: Request, payload: bytes) -> str:
    """What is the same for the same request, whatever its message id."""
    body = request.body
    if body is None:
        return str(request.opcode)
    return f"{request.opcode} {_digest(payload[body.start : body.end])}"


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def _about(exchange: Exchange, asked: Asked) -> str | None:
    """The element that a request is about, None where there are several."""
    if asked.primary_key is not None:
        return _digest(asked.primary_key.encode(errors="replace"))
    return exchange.element.hex() if exchange.element is not None else None


def _what(exchange: Exchange, asked: Asked) -> str:
    if asked.primary_key is not None:
        return "the primary key of this lookup"
    return f"element {uuid_text(exchange.element)}" if exchange.element else "an element of this request"


def _loop(exchange: Exchange, took: int) -> Problem:
    again = f"{command_name(exchange.opcode)} with the same parameters {TIGHT_LOOP} times"
    pause = f"less than {QUICK // 1_000_000} ms behind the last or its answer"
    return "tight-loop", f"{again} in {took / SECOND:.3g} s, each {pause}"


def _poll(exchange: Exchange, took: int) -> Problem:
    element = f" of {uuid_text(exchange.element)}" if exchange.element is not None else ""
    return "polling", (
        f"the same attributes{element} were read {POLLS} times in {took / SECOND:.3g} s;"
        " a subscription sends their changes"
    )


def _may_be_pushed(request: Request) -> bool:
    """Whether a request reads what may change: more than names, type and category."""
    if request.opcode != commands.READ or _READ is None:
        return False
    keys = map(attribute_key, array(entries(request.body, _READ).get("attribute_ids")))
    return any(
        isinstance(number, bytes) or number > ATTRIBUTE_CATEGORY
        for number in (attribute_number(key) for key in keys if key is not None)
    )
