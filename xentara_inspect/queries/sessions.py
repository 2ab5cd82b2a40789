"""`sessions`: connections, which may go on from one file of a rotated recording to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xentara_inspect.frames import POSITION_BITS
from xentara_inspect.protocol.commands import SERVER_INFORMATION_COMMAND
from xentara_inspect.protocol.objects import SERVER_INFORMATION_OBJECT
from xentara_inspect.queries.databases import Askable, Database, Recording, as_databases
from xentara_inspect.queries.elements import WantedElement
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.grep import wanted_text
from xentara_inspect.queries.lines import LogLines
from xentara_inspect.queries.newest import OLDEST_FIRST, Keyed, in_direction, merged
from xentara_inspect.queries.parsed_frames import ParsedFrames
from xentara_inspect.queries.values import Row, iso_time, milliseconds
from xentara_inspect.queries.where import Several, Where, among, several
from xentara_inspect.traffic.fields import entries, text
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Packet, Response

SESSION_KEYS: Final = (
    "id", "client", "server", "path", "subprotocol", "user", "opened", "closed", "close_code",
    "close_reason", "closed_by", "refused", "source", "frames", "requests", "errors", "events", "findings",
    "dropped", "duration_ms", "user_agent", "origin", "requests_per_s", "events_per_s",
)  # fmt: skip

_COUNTED: Final = ("frames", "requests", "errors", "events", "findings", "dropped")
_RATES: Final = {"requests_per_s": "requests", "events_per_s": "events"}
"""Keys, and what is counted."""
_ENDING: Final = ("closed", "close_code", "close_reason", "closed_by")

_SESSIONS: Final = """
    SELECT id, client, server, path, subprotocol, user, opened, closed, close_code, close_reason, closed_by,
           refused, source, frame_count AS frames, coalesce(requests, 0) AS requests,
           coalesce(errors, 0) AS errors, coalesce(events, 0) AS events, coalesce(findings, 0) AS findings,
           dropped, closed - opened AS duration_ms, user_agent, origin
    FROM sessions LEFT JOIN session_totals ON session_id = id"""

_INFORMATION: Final = f"""
    SELECT session_id, response_id FROM exchanges
    WHERE opcode = {SERVER_INFORMATION_COMMAND} AND status = 'ok' ORDER BY id"""  # noqa: S608 - a number of ours


def sessions(
    asked: Askable,
    *,
    limit: int = 50,
    element: Several[str] = None,
    grep: str | None = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Row]:
    """Rows with `SESSION_KEYS`, oldest first: the newest `limit`, 0 for all. Raises StoreError.

    element: only those in which such an element was named. grep: a text in the row. since, until: only
    those that were open then, nanoseconds since 1970, end exclusive. A session that several files share is
    one row: described as in the first, counts added up, and ended as the last of them says. user: whom HTTP
    names, else whom the server named when it was asked. Rates are means over the time that it was open;
    None while it is. Raises QuestionError where nobody named such an element.
    """
    databases = as_databases(asked)
    text = wanted_text(grep, databases)
    wanted = WantedElement(several(element), databases) if several(element) else None
    found = []
    has_named = False
    for recording in databases.recordings:
        whole: dict[int, Row] = {}
        for file in recording.files:
            for row in _sessions(file):
                before = whole.setdefault(row["id"], row)
                if before is not row:
                    before |= {count: before[count] + row[count] for count in _COUNTED}
                    before |= {end: row[end] for end in _ENDING}
                    before["duration_ms"] = _duration(before)
        if wanted is not None:
            naming = {row_id for file in recording.files for row_id in _naming(wanted, file, databases.names)}
            has_named = has_named or bool(naming)
            whole = {row_id: row for row_id, row in whole.items() if row_id in naming}
        chosen = [row for row in whole.values() if _open_then(row, since, until)]
        _name_users({row["id"]: row for row in chosen if row["user"] is None}, recording)
        keyed = [_keyed(row, recording) for row in chosen]
        found.append(in_direction([entry for entry in keyed if text is None or text.is_in(entry[1])]))
    if wanted is not None and not (has_named or wanted.is_known):
        raise wanted.unknown()
    yield from merged(found, limit)


def _naming(wanted: WantedElement, file: Database, names: Names) -> set[int]:
    """Ids of the sessions in a file in which an element was named: by packets about it, or by requests."""
    keys = wanted.keys_in(file)
    of_packets, of_exchanges = among("p.element_id", keys)[0], among("e.element_id", keys)[0]
    sql = (
        f"SELECT DISTINCT f.session_id FROM packets p JOIN frames f ON f.id = p.id >> {POSITION_BITS}"  # noqa: S608
        f" WHERE {of_packets} UNION SELECT DISTINCT e.session_id FROM exchanges e WHERE {of_exchanges}"
    )
    found = {session_id for (session_id,) in file.tuples(sql)}
    named = {file.number(session_id): session_id for (session_id,) in file.tuples("SELECT id FROM sessions")}
    others = Where()
    others.none_of("e.session_id", sorted(found))
    requests = LogLines(file, names).exchanges(ExchangeSearch(others, wanted), OLDEST_FIRST)
    return found | {named[row["session"]] for _, row in requests if row["session"] in named}


def _sessions(file: Database) -> Iterator[Row]:
    for row in file.rows(_SESSIONS):
        yield {key: row[key] for key in SESSION_KEYS if key not in _RATES}


def _name_users(nameless: dict[int, Row], recording: Recording) -> None:
    """The users of sessions for whom HTTP names none, by the first answer that does."""
    for file in recording.files:
        frames = ParsedFrames(file)
        for session_id, response_id in file.tuples(_INFORMATION) if nameless else ():
            shown = frames.packet(response_id) if session_id in nameless else None
            user = _user_in(shown.packet) if shown is not None else None
            if user:
                nameless.pop(session_id)["user"] = user


def _user_in(packet: Packet) -> str | None:
    if not isinstance(packet, Response) or packet.is_error:
        return None
    return text(entries(packet.body, SERVER_INFORMATION_OBJECT).get("User Name"))


def _keyed(row: Row, recording: Recording) -> Keyed:
    return (row["opened"] or 0, recording.index, row["id"]), _shown(row, recording.files[0])


def _duration(row: Row) -> int | None:
    if row["opened"] is None or row["closed"] is None:
        return None
    return int(row["closed"] - row["opened"])


def _open_then(row: Row, since: int | None, until: int | None) -> bool:
    if since is not None and row["closed"] is not None and row["closed"] < since:
        return False
    return until is None or row["opened"] is None or row["opened"] < until


def _shown(row: Row, file: Database) -> Row:
    seconds = row["duration_ms"] / 1e9 if row["duration_ms"] else None
    return row | {
        "id": file.number(row["id"]),
        "opened": iso_time(row["opened"]),
        "closed": iso_time(row["closed"]),
        "duration_ms": milliseconds(row["duration_ms"]),
        **{rate: round(row[count] / seconds, 3) if seconds else None for rate, count in _RATES.items()},
    }
