"""Connections: why one was refused, why one ended, what was open then."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import address
from xentara_inspect.protocol.connections import CLOSE_CODES, ENDS_WELL, REFUSALS, REMEDIES
from xentara_inspect.queries.causes import Cause, Fact, code_of_error
from xentara_inspect.queries.explaining.past import Past
from xentara_inspect.queries.explaining.words import count, span
from xentara_inspect.queries.recorded import recorded_until

_SESSION: Final = (
    "SELECT client, server, path, user, opened, closed, close_code, close_reason, closed_by, refused,"
    " dropped, coalesce(errors, 0) AS errors FROM sessions"
    " LEFT JOIN session_totals ON session_id = id WHERE id = ?"
)
_ENDING: Final = ("closed", "close_code", "close_reason", "closed_by")
_LOOKED_THROUGH: Final = 20_000
"""So many frames before the end of a connection are looked through for its last ones."""
_LAST: Final = f"""
    SELECT id, from_client, time FROM (SELECT id, session_id, from_client, time FROM frames
                                       WHERE time <= ? ORDER BY time DESC LIMIT {_LOOKED_THROUGH})
    WHERE session_id = ? AND from_client = ? LIMIT 1"""  # noqa: S608 - a number of ours
_LEFT: Final = (
    "SELECT exchange_id AS id FROM findings WHERE time = ? AND session_id = ? AND code = 'unanswered-request'"
    " ORDER BY id"
)
_PENDING: Final = "SELECT id FROM exchanges WHERE session_id = ? AND status = 'pending' ORDER BY id"
_ERRORS: Final = (
    "SELECT opcode, error_code, count(*) AS count, min(id) AS first FROM exchanges"
    " WHERE session_id = ? AND status = 'error' GROUP BY opcode, error_code ORDER BY first"
)


class End(NamedTuple):
    """How a connection ended, or that the recording did. time: nanoseconds since 1970."""

    time: int
    is_closed: bool
    words: str


def session_row(past: Past, session: int) -> dict[str, Any] | None:
    """A connection: described as in the first file that has it, ended as in the last. Raises StoreError."""
    found: dict[str, Any] | None = None
    for file in past.files:
        row = file.row(_SESSION, session)
        if row is not None:
            before, found = found, dict(row)
            if before is not None:
                ending = {key: found[key] for key in _ENDING}
                found = before | ending | {key: before[key] + found[key] for key in ("dropped", "errors")}
    return found


def end_of(past: Past, session: int) -> End:
    """How and when a connection ended. Raises StoreError."""
    row = session_row(past, session)
    if row is None or row["closed"] is None:
        return End(recorded_until(past.files), False, "open")
    return End(row["closed"], True, _closing(row))


def _closing(row: dict[str, Any]) -> str:
    """`1006 Abnormal Closure, by the server, "gone"`."""
    code = row["close_code"]
    meaning = CLOSE_CODES.get(code)
    words = (
        ["without a code"] if code is None else [f"{code} {meaning.name if meaning else 'not registered'}"]
    )
    words += [f"by the {row['closed_by']}"] if row["closed_by"] else []
    words += [f'"{row["close_reason"]}"'] if row["close_reason"] else []
    return ", ".join(words)


def about_session(row: dict[str, Any]) -> str:
    """A connection in a line."""
    user = f", user {row['user']}" if row["user"] else ""
    peers = f"{row['client'] or 'a client'} to {row['server'] or 'a server'}{row['path'] or ''}"
    ended = "refused" if row["refused"] else "open" if row["closed"] is None else f"closed: {_closing(row)}"
    errors = f"; {count(row['errors'], 'request')} answered by an error" if row["errors"] else ""
    return f"{peers}{user}; {ended}{errors}"


def causes_of_session(past: Past, session: int) -> Iterator[Cause]:
    """Why it was refused, or ended otherwise than well; which errors it got. Raises StoreError."""
    row = session_row(past, session)
    if row is None:
        return
    if row["refused"] is not None:
        yield _refused(row)
        return
    left = _left_open(past, session, row["closed"])
    if row["closed"] is not None and (row["close_code"] not in ENDS_WELL or left):
        yield _closed(past, session, row, left)
    if row["dropped"]:
        yield Cause("messages-dropped", f"{count(row['dropped'], 'message')} could not be recorded")
    if row["errors"]:
        yield from _errors(past, session)


def _refused(row: dict[str, Any]) -> Cause:
    word = row["refused"]
    number = word.removeprefix("HTTP ")
    status = int(number) if number.isdecimal() and number.isascii() else None
    meaning = REFUSALS.get(status) if status is not None else None
    facts = [Fact(f"asked for {row['path'] or 'no path'} at {row['server'] or 'the server'}")]
    facts.append(Fact(f"the user was {row['user']}" if row["user"] else "no user was named"))
    if status is None:
        summary = f"the server never became a WebSocket: {word}"
        return Cause("upgrade-unanswered", summary, tuple(facts), REMEDIES.get(word.partition(":")[0]))
    name = meaning.name if meaning is not None else _phrase(status)
    says = f": {meaning.says}" if meaning is not None else ""
    summary = f"the server refused the WebSocket with {word} {name}{says}"
    return Cause("upgrade-refused", summary, tuple(facts), meaning.remedy if meaning is not None else None)


def _phrase(status: int) -> str:
    known = {member.value: member.phrase for member in HTTPStatus}
    return known.get(status, "")


def _closed(past: Past, session: int, row: dict[str, Any], left: list[int]) -> Cause:
    meaning = CLOSE_CODES.get(row["close_code"])
    facts = [] if row["opened"] is None else [Fact(f"it was open for {span(row['closed'] - row['opened'])}")]
    for from_client, who in ((1, "client"), (0, "server")):
        facts += _last_said(past, session, row["closed"], from_client, who)
    if left:
        words = [past.words(talk) for talk in map(past.talk, left[:1]) if talk is not None]
        said = f"{count(len(left), 'request')} had no answer then, the first: {''.join(words)}"
        facts.append(past.fact(said, *left))
    unknown = "nobody saw a close frame" if row["close_code"] is None else "what that means is not registered"
    says = meaning.says if meaning is not None else unknown
    if row["close_code"] in ENDS_WELL and left:
        says = f"{count(len(left), 'request')} had no answer then"
    remedy = meaning.remedy if meaning is not None else None
    return Cause("session-closed", f"{_closing(row)}: {says}", tuple(facts), remedy)


def _last_said(past: Past, session: int, closed: int, from_client: int, who: str) -> Iterator[Fact]:
    for file in reversed(past.files):
        row = file.row(_LAST, closed, session, from_client)
        if row is not None:
            ago = span(closed - row["time"])
            yield past.fact(f"the {who} said something last {ago} before", address(row["id"]))
            return


def _errors(past: Past, session: int) -> Iterator[Cause]:
    """A cause for each error that a command was answered by."""
    found: dict[tuple[Any, Any], tuple[int, int]] = {}
    for file in past.files:
        for row in file.rows(_ERRORS, (session,)):
            number, first = found.get((row["opcode"], row["error_code"]), (0, row["first"]))
            found[row["opcode"], row["error_code"]] = (number + row["count"], first)
    for number, first in found.values():
        talk = past.talk(first)
        if talk is not None:
            which = ", first this one" if number > 1 else ""
            said = past.fact(f"{count(number, 'request')} got this error{which}", first)
            yield Cause(code_of_error(talk.error_code, talk.opcode), past.words(talk), (said,))


def _left_open(past: Past, session: int, closed: int | None) -> list[int]:
    """Requests that had no answer when the connection ended, or have none yet."""
    found: dict[int, None] = {}
    for file in past.files:
        rows = file.rows(_LEFT, (closed, session)) if closed is not None else file.rows(_PENDING, (session,))
        found |= {row["id"]: None for row in rows if row["id"] is not None}
    return list(found)
