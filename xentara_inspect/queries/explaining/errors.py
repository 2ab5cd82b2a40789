"""Requests that the server refused: its error, and what the traffic tells where that says too little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from xentara_inspect.frames import frame_of
from xentara_inspect.protocol import error_codes as codes
from xentara_inspect.protocol.commands import CHECK_ACCESS, CLIENT_HELLO, READ, SUBSCRIBE
from xentara_inspect.queries.causes import Cause, Fact, code_of_error
from xentara_inspect.queries.explaining import access, elements, writes
from xentara_inspect.queries.explaining.events import errors_in
from xentara_inspect.queries.explaining.failed import Failed, Found, granted_before, parameters
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.words import span
from xentara_inspect.traffic.fields import number


def hello(failed: Failed) -> Found:
    """When client_hello was sent on the connection."""
    past, talk = failed.past, failed.talk
    hellos = [told for told in past.told([CLIENT_HELLO], session=talk.session_id) if told.id != talk.id]
    if not hellos:
        return Found((Fact("client_hello was never sent on this connection"),))
    first = hellos[-1]
    is_later = first.id > talk.id
    if frame_of(first.id) == frame_of(talk.id):
        when = f"{'behind' if is_later else 'before'} it in the same message"
    else:
        when = f"{span(abs(talk.time - first.time))} {'later' if is_later else 'before'}"
    words = f"the first client_hello of this connection was sent {when}: {first.status}"
    return Found((past.fact(words, first.id),))


def _compared(failed: Failed) -> Found:
    """What of the same command was granted; whose the sub-session is that it names; wrong rates."""
    named = access.unknown_sub_session(failed) if failed.talk.opcode == CHECK_ACCESS else Found()
    return Found((*named.facts, *_rates(failed), *granted_before(failed.past, failed.talk)))


def _rates(failed: Failed) -> Iterator[Fact]:
    """That the update rates of a subscribe are the wrong way round."""
    given = parameters(failed.request)
    shortest, longest = (number(given.get(f"{which}_update_rate")) for which in ("maximum", "minimum"))
    if shortest is not None and longest is not None and shortest > longest:
        yield Fact(
            f"maximum_update_rate, the shortest time between updates, is {shortest} ms,"
            f" above minimum_update_rate, the longest, of {longest} ms"
        )


_LOOKS: Final[dict[int, Callable[[Failed], Found]]] = {
    codes.PARSE_ERROR: _compared,
    codes.INTERNAL_ERROR: _compared,
    codes.INVALID_PARAMETER: _compared,
    codes.COMMAND_NOT_FOUND: _compared,
    codes.INVALID_REQUEST: _compared,
    codes.MISSING_CLIENT_HELLO: hello,
    codes.DUPLICATE_CLIENT_HELLO: hello,
    codes.UNKNOWN_ELEMENT: elements.unknown_element,
    codes.MISSING_ATTRIBUTE: writes.missing_attribute,
    codes.ACCESS_DENIED: access.access_denied,
    codes.READ_ONLY: writes.refused_value,
    codes.WRITE_ONLY: writes.refused_value,
    codes.VALUE_OUT_OF_RANGE: writes.refused_value,
    codes.TYPE_MISMATCH: writes.refused_value,
    codes.ILLEGAL_VALUE: writes.refused_value,
    codes.READ_ERROR: writes.read_error,
    codes.READ_OR_WRITE_ERROR: writes.refused_value,
    codes.UNKNOWN_SUBSCRIPTION_ID: access.unknown_subscription,
    codes.UNKNOWN_SESSION_ID: access.unknown_sub_session,
    codes.INVALID_STAGE_CHANGE: access.invalid_stage,
}
"""What is looked at for each error of the server."""


def refused(past: Past, talk: Talk) -> Cause:
    """Why the server answered with an error. Raises StoreError."""
    if talk.error_code is None:
        fact = Fact("the error that it was answered with has no code, so nothing tells what was wrong")
        return Cause(code_of_error(None, talk.opcode), past.words(talk), (fact,))
    look = _LOOKS.get(talk.error_code)
    found = look(Failed(past, talk)) if look is not None else Found()
    return Cause(code_of_error(talk.error_code, talk.opcode), past.words(talk), found.facts, found.remedy)


def refused_attributes(past: Past, talk: Talk) -> Iterator[Cause]:
    """Attributes that a granted read has an error for. Raises StoreError."""
    if talk.opcode != READ or talk.status != "ok" or talk.response_id is None:
        return
    values = past.values(talk.file, talk.response_id)
    name = past.words(talk).partition(":")[0]
    for cause in errors_in(past, talk.element, values, name, READ):
        if cause.code == "missing-attribute" and talk.element is not None:
            yield Cause(cause.code, cause.summary, (*cause.facts, *writes.attributes_of(past, talk.element)))
        elif cause.code == "access-denied":
            found = access.access_denied(Failed(past, talk))
            yield Cause(cause.code, cause.summary, (*cause.facts, *found.facts), found.remedy)
        else:
            yield cause


def is_granted_subscription(talk: Talk) -> bool:
    """Whether an exchange opened a subscription."""
    return talk.opcode == SUBSCRIBE and talk.status == "ok"
