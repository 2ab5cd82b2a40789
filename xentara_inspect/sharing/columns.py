"""What becomes of each column of the journal in a copy to give away.

A column that is not named here, and not in `LEFT_OUT`, is a mistake, which a test finds: nothing goes into a
copy that nobody has thought of.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from xentara_inspect.frames import LIVE
from xentara_inspect.protocol.connections import UNANSWERED
from xentara_inspect.protocol.identifiers import PATH, SUBPROTOCOL
from xentara_inspect.sharing.payloads import Payloads
from xentara_inspect.store.columns import loaded_attribute, loaded_uuid, stored_attribute, stored_uuid
from xentara_inspect.store.journal_tables import JOURNAL_TABLES
from xentara_inspect.store.recorders import ABANDONED
from xentara_inspect.traffic.time_points import NANOSECONDS

Rule = Callable[[Payloads, Any], Any]
"""Takes what is in a column, but NULL, and gives what is to be there in the copy."""

_SIDES: Final = ("client", "server")
_STATUS: Final = re.compile(r"(?:HTTP )?[1-5][0-9]{2}")


def stays(_: Payloads, value: Any) -> Any:
    """Says nothing of the plant."""
    return value


def nothing(_: Payloads, _value: Any) -> None:
    """Concerns the owner alone."""


def time(how: Payloads, value: int) -> int:
    """Moved, if times are."""
    return value + how.seconds * NANOSECONDS


def text(how: Payloads, value: str) -> str:
    """Replaced."""
    return how.replacements.string(value)


def text_but(*known: str) -> Rule:
    """Replaced, unless it is one of these."""
    return lambda how, value: value if value in known else text(how, value)


def address(how: Payloads, value: str) -> str:
    """Of the client or the server."""
    return how.replacements.address(value)


def url(how: Payloads, value: str) -> str:
    """With an address in it."""
    return how.replacements.url(value)


def uuid_text(how: Payloads, value: str) -> str | None:
    """A UUID."""
    return stored_uuid(how.replacements.uuid(loaded_uuid(value)))


def attribute(how: Payloads, value: int | str) -> int | str | None:
    """Its identifier or its UUID."""
    key = loaded_attribute(value)
    return stored_attribute(how.replacements.uuid(key) if isinstance(key, bytes) else key)


def subscribed(how: Payloads, value: str) -> str:
    """JSON: [[element UUID, [attribute identifier or UUID, …]], …]."""
    return json.dumps(
        [
            [uuid_text(how, element), [attribute(how, key) for key in keys]]
            for element, keys in json.loads(value)
        ]
    )


def message(how: Payloads, value: bytes) -> bytes:
    """A packet of its own."""
    return how.of_message(value)


def refusal(how: Payloads, value: str) -> str:
    """A status, or a reason in words."""
    is_told = _STATUS.fullmatch(value) or UNANSWERED.fullmatch(value)
    return value if is_told else text(how, value)


def new_uuid(_: Payloads, _value: Any) -> str:
    """Of something else, now."""
    return str(uuid.uuid4())


def first(_: Payloads, _value: Any) -> int:
    """Whatever it was."""
    return 1


COLUMNS: Final[dict[str, Mapping[str, Rule]]] = {
    "recorders": {
        "id": stays, "pid": nothing, "host": nothing, "process": nothing, "started": time, "heartbeat": time,
        "stopped": time, "dropped": stays, "follows": stays, "continued": stays, "feed": nothing,
        "operation": stays, "troubles": nothing,
    },
    "sessions": {
        "id": stays, "client": address, "server": address, "path": text_but(PATH),
        "subprotocol": text_but(SUBPROTOCOL), "user": text, "user_agent": text, "origin": url, "opened": time,
        "closed": time, "close_code": stays, "close_reason": text_but(ABANDONED),
        "closed_by": text_but(*_SIDES), "refused": refusal, "source": text_but(LIVE),
        "dropped": stays, "frame_count": stays,
        "flow_id": text, "fingerprint": nothing, "recorder_id": stays, "continues": stays, "continued": stays,
        "greeted": stays,
    },
    "frames": {
        "id": stays, "session_id": stays, "time": time, "from_client": stays, "is_text": stays,
        "payload": stays,  # it is replaced with the whole frame in view
        "redacted": stays,
    },
    "session_ends": {"id": stays, "session_id": stays, "after_frame": stays, "time": time, "reopened": stays},
    "cut_frames": {"frame_id": stays, "length": stays, "sha256": nothing, "why": stays},
    "chain": {
        "id": stays, "recording": new_uuid, "number": first, "started": time, "continues": nothing,
        "continued_in": nothing, "carried": first, "last_session": stays, "last_frame": stays,
    },
    "settings": {"name": stays, "value": stays},
    "name_files": {
        "id": stays, "source": text, "time": time, "after_frame": stays, "after_end": stays, "carried": stays,
    },
    "given_names": {"uuid": uuid_text, "file_id": stays, "name": text},
    "carried_elements": {
        "id": stays, "uuid": uuid_text, "primary_key": text, "category": stays, "learned_from": stays,
    },
    "carried_attributes": {
        "element": uuid_text, "attribute": attribute, "name": text, "access": stays, "data_type": stays,
    },
    "carried_subscriptions": {
        "id": stays, "session_id": stays, "uuid": uuid_text, "elements": subscribed, "opened": time,
    },
    "carried_requests": {
        "id": stays, "session_id": stays, "from_client": stays, "requested": time, "packet": message,
    },
}  # fmt: skip

LEFT_OUT: Final = frozenset({"carried_habits"})
"""Tables that are not copied: what checks remember has hashes of requests, which can be guessed."""


def replaced(how: Payloads, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a copy. Raises sqlite3.Error; ValueError where it is none that we write."""
    types = JOURNAL_TABLES[table].columns
    copy = dict.fromkeys(COLUMNS[table])
    for column, rule in COLUMNS[table].items():
        value = row[column]
        if value is None:
            continue
        if not isinstance(value, types[column].type) and types[column].type is not bytes:
            raise ValueError(f"{column} of {table} is of the wrong type")
        copy[column] = rule(how, value)
    return copy
