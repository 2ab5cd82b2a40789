"""Answers that never came, came late, or came unasked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.frames import address, frame_of
from xentara_inspect.protocol.error_codes import INVALID_REQUEST, PARSE_ERROR
from xentara_inspect.queries.causes import Cause, Fact
from xentara_inspect.queries.exchanges import EXCHANGE_TIME
from xentara_inspect.queries.explaining.failed import granted_before
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.sessions import End, end_of
from xentara_inspect.queries.explaining.words import SECOND, either, span
from xentara_inspect.queries.latencies import Latencies
from xentara_inspect.queries.values import command_name
from xentara_inspect.store.columns import stored_integer

_NOTICED: Final = SECOND // 10
"""Shorter than this no answer is called slow: people do not notice it."""
_USUAL_TIMES: Final = 10
"""Slow is what takes so many times the median of its command,"""
_ENOUGH: Final = 20
"""where so many others are there to compare with;"""
_LONG: Final = SECOND
"""else what takes so long."""
_AROUND: Final = 5_000
"""So many exchanges before and behind are compared with."""
_MEANWHILE: Final = 10_000
"""So many exchanges are looked through for what was answered at the same time."""

_MEND: Final = "mend the message that the server could not read; its findings say what is wrong with it"

_LATENCIES: Final = """
    SELECT latency FROM (SELECT opcode, latency FROM exchanges WHERE id {0} ORDER BY id{1} LIMIT ?)
    WHERE opcode = ? AND latency IS NOT NULL"""
_BESIDE: Final = f"""
    SELECT e.id, e.session_id, e.responded FROM exchanges e
    WHERE {EXCHANGE_TIME} BETWEEN ? AND ? AND e.requested IS NOT NULL AND (e.session_id <> ? OR e.id > ?)
    ORDER BY {EXCHANGE_TIME} LIMIT {_MEANWHILE}"""  # noqa: S608
_SAME_ID: Final = """
    SELECT id FROM (SELECT id, session_id, message_id, requested FROM exchanges
                                 WHERE id < ? ORDER BY id DESC LIMIT ?)
    WHERE session_id = ? AND message_id = ? AND requested IS NOT NULL LIMIT 1"""
_NOT_READ: Final = (
    "malformed-cbor", "text-message", "not-an-array", "bad-packet-shape", "unknown-packet-type",
    "wrong-direction", "mixed-packet-types", "trailing-bytes", "empty-message", "bare-packet",
)  # fmt: skip
"""Findings of messages that a server may say it cannot read."""
_FOUND: Final = f"""
    SELECT id FROM findings WHERE address BETWEEN ? AND ? AND code IN ({", ".join("?" * len(_NOT_READ))})
    LIMIT 1"""  # noqa: S608 - question marks
_SENT: Final = """
    SELECT id FROM (SELECT id, session_id, from_client FROM frames WHERE id < ? ORDER BY id DESC LIMIT ?)
    WHERE session_id = ? AND from_client LIMIT 1"""


def unanswered(past: Past, talk: Talk) -> Cause:
    """A request without an answer, while its connection is open or after. Raises StoreError."""
    end = end_of(past, talk.session_id)
    waited = span(max(0, end.time - talk.time))
    facts = [Fact(f"waited {waited}, until {_until(end)}")]
    facts += _meanwhile(past, talk, end.time)
    facts += granted_before(past, talk)
    code, verb = ("pending-request", "waits for its answer") if talk.status == "pending" else (
        "unanswered-request", "was never answered"
    )  # fmt: skip
    return Cause(code, f"{past.words(talk)}: {verb}", tuple(facts))


def _until(end: End) -> str:
    return (
        f"the connection ended: {end.words}"
        if end.is_closed
        else "the recording ends; the connection is open"
    )


def _meanwhile(past: Past, talk: Talk, until: int) -> Iterator[Fact]:
    """What else was answered while a request waited: of its own connection only what was asked later."""
    own: list[int] = []
    others: list[int] = []
    many = False
    for file in past.files:
        rows = list(file.rows(_BESIDE, (talk.time, until, talk.session_id, talk.id)))
        many = many or len(rows) == _MEANWHILE
        for row in rows:
            if row["responded"] is not None and row["responded"] <= until:
                (own if row["session_id"] == talk.session_id else others).append(row["id"])
    if own:
        said = f"meanwhile {either(many, len(own), 'later request')} of this connection answered"
        yield past.fact(f"{said}: the server was there", own[0], own[-1])
    else:
        yield Fact("meanwhile no later request of this connection was answered")
    if others:
        said = f"meanwhile {either(many, len(others), 'request')} of other connections answered"
        yield past.fact(said, others[0], others[-1])


def slow(past: Past, talk: Talk) -> Iterator[Cause]:
    """An answer that took much longer than others to the same command. Raises StoreError."""
    if talk.latency is None or talk.latency < _NOTICED or talk.opcode is None:
        return
    peers = Latencies()
    count = 0
    for condition, direction in (("< ?", " DESC"), ("> ?", "")):
        sql = _LATENCIES.format(condition, direction)
        for (latency,) in talk.file.tuples(sql, (talk.id, _AROUND, talk.opcode)):
            peers.add(latency, 0, 0)
            count += 1
    middle, most, nearly_all = peers.percentiles(50, 95, 99)
    is_known = count >= _ENOUGH and middle is not None
    if talk.latency <= (middle * _USUAL_TIMES if is_known and middle is not None else _LONG):
        return
    command = command_name(talk.opcode) or f"opcode {talk.opcode}"
    facts = [Fact(f"too few answers to {command} are recorded around it to compare with")]
    if is_known and most is not None and middle is not None and nearly_all is not None:
        facts = [
            Fact(
                f"{count:,} other answers to {command} around it took {span(middle)} (median),"
                f" {span(most)} (95 %), {span(nearly_all)} (99 %)"
            )
        ]
    facts += _meanwhile(past, talk, talk.time + talk.latency)
    yield Cause("slow-answer", f"{past.words(talk)}: answered after {span(talk.latency)}", tuple(facts))


def unsolicited(past: Past, talk: Talk) -> Cause:
    """A response that no request waits for. Raises StoreError."""
    before = last_with_id(past, talk)
    if before is None:
        fact = Fact(f"no request with message id {talk.message_id} came before it on this connection")
    else:
        said = f"the last request with message id {talk.message_id} was answered already: a second answer"
        fact = past.fact(said, before.id, before.response_id)
    summary = f"an answer to nobody, with message id {talk.message_id}"
    unreadable = _unreadable(past, talk) if before is None else None
    facts = (fact, unreadable) if unreadable is not None else (fact,)
    return Cause("unsolicited-response", summary, facts, _MEND if unreadable is not None else None)


def _unreadable(past: Past, talk: Talk) -> Fact | None:
    """The message that an error may be about whose id the server could not read."""
    if talk.error_code not in (PARSE_ERROR, INVALID_REQUEST):
        return None
    for file in reversed(past.files):
        row = file.row(_SENT, frame_of(talk.id), 2 * _AROUND, talk.session_id)
        if row is not None:
            low, high = address(row["id"]), address(row["id"] + 1) - 1
            if file.row(_FOUND, low, high, *_NOT_READ) is None:
                return None
            said = "it is the error for a message that cannot be read; the client's last one before it"
            return past.fact(said, low)
    return None


def last_with_id(past: Past, talk: Talk) -> Talk | None:
    """The last request with the same message id on the same connection, if near by. Raises StoreError."""
    for file in reversed(past.files):
        row = file.row(_SAME_ID, talk.id, 2 * _AROUND, talk.session_id, stored_integer(talk.message_id))
        if row is not None:
            return past.talk(row["id"])
    return None
