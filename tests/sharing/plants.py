"""What of a recording is the plant's, and what a copy has in common with its original."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.live import ROOT
from xentara_inspect import cbor
from xentara_inspect.protocol.error_codes import VENDOR_ERROR_TEXTS
from xentara_inspect.protocol.identifiers import ATTRIBUTE_NUMBERS, PATH, SUBPROTOCOL
from xentara_inspect.store.database import open_for_reading
from xentara_inspect.store.derived_tables import DERIVED_TABLES

SHORTEST = 4
"""Bytes of what is looked for: shorter strings are there by chance."""

_OWN_FOLDERS = ("protocol", "notation", "store", "traffic", "cbor")
_OWN = b"\n".join(
    path.read_bytes()
    for folder in _OWN_FOLDERS
    for path in sorted((ROOT / "xentara_inspect" / folder).rglob("*.*"))
    if path.suffix in (".py", ".sql")
)
"""Where the words come from that we put into databases ourselves: names of columns, comments, findings."""

_REFUSALS = {"no answer", *(f"HTTP {status}" for status in range(100, 600))}
_KNOWN = {PATH, SUBPROTOCOL, "live", "client", "server", *VENDOR_ERROR_TEXTS.values(), *_REFUSALS}
_COLUMNS = ("client", "server", "path", "subprotocol", "user", "user_agent", "origin", "close_reason")
_OTHERS = ("refused", "source", "flow_id", "fingerprint")

TELLING = {
    # what is neither a name nor a hash of one: compared as it is
    "exchanges": ("id", "session_id", "message_id", "opcode", "element_id", "status", "error_code",
                  "requested", "responded", "latency", "response_id", "length(error_text)"),
    "packets": ("id", "kind", "message_id", "opcode", "event_type", "element_id", "source_time"),
    "attribute_values": ("packet_id", "position", "attribute_id", "value_kind", "quality", "quality_position",
                         "CASE WHEN value_kind = 'text' THEN length(value) WHEN value_kind NOT IN"
                         " ('bytes', 'uuid', 'compound') THEN value END"),
    "elements": ("id", "length(primary_key)", "category", "learned_from"),
    "element_attributes": ("element_id", "attribute_id", "length(name)", "access", "data_type"),
    "subscriptions": ("id", "session_id", "opened", "closed", "unsubscribed", "error_code"),
    "subscription_items": ("subscription_id", "position", "element_id", "attribute_id"),
    "findings": ("id", "session_id", "address", "exchange_id", "code", "severity", "time"),
    "session_totals": ("*",),
    "stretches": ("*",),
    "element_stretches": ("*",),
    "attributes": ("id", "number", "length(uuid)"),
    "habits": ("session_id", "kind", "count(*)"),
}  # fmt: skip
GROUPED = {"habits": " GROUP BY 1, 2"}


def opened(database: Path) -> closing[sqlite3.Connection]:
    return closing(open_for_reading(database))


def telling(database: Path, *, values: bool = True) -> dict[str, list[Any]]:
    """All that is derived, but for names. values: whether what attributes hold counts."""
    assert set(TELLING) | {"checkpoint"} == set(DERIVED_TABLES)
    with opened(database) as connection:
        found = {}
        for table, columns in TELLING.items():
            asked = columns if values or table != "attribute_values" else columns[:-1]
            sql = f"SELECT {', '.join(asked)} FROM {table}{GROUPED.get(table, '')}"
            found[table] = sorted(connection.execute(sql).fetchall(), key=repr)
        found["sessions"] = connection.execute(
            "SELECT id, opened, closed, close_code, closed_by, dropped, frame_count FROM sessions ORDER BY id"
        ).fetchall()
        found["frames"] = connection.execute(
            "SELECT id, session_id, time, from_client, is_text, length(payload) FROM frames ORDER BY id"
        ).fetchall()
        return found


def strings_in(payload: bytes) -> Iterator[bytes]:
    """The content of all strings of a message; of one that is none, what can be read in its bytes."""
    document = cbor.decode(payload)
    if document.error is not None or document.items[0].kind != cbor.ARRAY:
        yield from re.findall(rb"[ -~]{4,}", payload)
    for first in document.items:
        for item in cbor.walk(first):
            if item.kind == cbor.TEXT and item.value:
                yield item.value.encode() if isinstance(item.value, str) else item.value
            elif item.kind == cbor.BYTES and item.value:
                yield item.value


def plants(database: Path) -> set[bytes]:
    """What the plant named, in every form in which it may stand in a file."""
    strings: set[bytes] = set()
    with opened(database) as connection:
        for payload, is_text in connection.execute("SELECT payload, is_text FROM frames"):
            strings.update([payload] if is_text else strings_in(payload))
        for row in connection.execute(f"SELECT {', '.join((*_COLUMNS, *_OTHERS))} FROM sessions"):
            strings.update(value.encode() for value in row if value is not None and value not in _KNOWN)
        for column, table in (("name", "given_names"), ("source", "name_files"), ("uuid", "given_names")):
            rows = connection.execute(f"SELECT {column} FROM {table}")
            strings.update(value.encode() for (value,) in rows)
    return {form for string in strings for form in _forms(string) if _is_of_the_plant(form)}


def _forms(string: bytes) -> Iterator[bytes]:
    yield string
    yield from re.split(rb"[./:]", string)
    yield string.rpartition(b":")[0]  # the host of an address
    if len(string) == 16:
        text = string.hex()
        yield text.encode()
        yield text.upper().encode()
        yield "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])).encode()


def _is_of_the_plant(form: bytes) -> bool:
    if len(form) < SHORTEST or not form.strip(b"*") or not form.strip(b"\0") or form.isdigit():
        return False
    known = {*ATTRIBUTE_NUMBERS, *(text.encode() for text in _KNOWN)}
    known |= {uuid.hex().encode() for uuid in ATTRIBUTE_NUMBERS}
    return form not in known and form.lower() not in known and form not in _OWN


def times_in(database: Path) -> set[bytes]:
    """All times, of frames and in messages, as they stand in the file."""
    with opened(database) as connection:
        rows = connection.execute("SELECT time, payload FROM frames").fetchall()
        columns = connection.execute("SELECT opened, closed FROM sessions").fetchall()
    columns += [(time,) for time, _ in rows]
    found = {time.to_bytes(8, "big") for row in columns for time in row if time is not None}
    for _, payload in rows:
        for first in cbor.decode(payload).items:
            for item in cbor.walk(first):
                if item.kind == cbor.TAG and item.value in (1, 1001):
                    numbers = [inner for inner in cbor.walk(item) if inner.kind in (cbor.UINT, cbor.FLOAT)]
                    found |= {payload[number.start : number.end] for number in numbers if number.info >= 26}
    return found


def left_in(copy: Path, original: Path) -> set[bytes]:
    """What the plant named that stands anywhere in the bytes of a copy."""
    content = copy.read_bytes()
    return {name for name in plants(original) if name in content}
