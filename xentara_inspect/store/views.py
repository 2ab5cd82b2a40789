"""Views with names for all numbers, for users of sqlite-utils, Datasette and pandas.

Times are ISO 8601, durations milliseconds, sizes bytes; what came over the wire is named as the
command line names it (`42p1`), and has its integer beside it for joins.
"""
# ruff: noqa: S608 - SQL is put together from the constants of this file only

from __future__ import annotations

from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.store import addresses
from xentara_inspect.store.schema import QUALITY_ID


def iso(column: str) -> str:
    """SQL for a time as ISO 8601 with nine digits; what is no 64-bit integer stays as it is."""
    fraction = f"((({column} % 1000000000) + 1000000000) % 1000000000)"
    seconds = f"(({column} - {fraction}) / 1000000000)"
    text = f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%09dZ', {fraction})"
    return f"CASE typeof({column}) WHEN 'integer' THEN coalesce({text}, {column}) ELSE {column} END"


def _place(column: str) -> str:
    """SQL for an address as text; NULL where there is none."""
    return addresses.SQL.format(column)


def _error(code: str, opcode: str) -> str:
    """SQL for the name of an error code as the answer to a command."""
    return f"""coalesce(
                 (SELECT name FROM command_errors WHERE opcode = {opcode} AND number = {code}),
                 (SELECT name FROM error_codes WHERE number = {code}))"""


_ELEMENT: Final = "coalesce(elements.primary_key, elements.uuid)"
_COMMAND: Final = "coalesce(commands.name, 'opcode ' || {0}.opcode)"
_ATTRIBUTE: Final = """coalesce(
                 CASE WHEN attributes.number IS NULL THEN element_attributes.name END,
                 attributes.name, attributes.number, attributes.uuid)"""
_ATTRIBUTE_JOINS: Final = """
        LEFT JOIN attributes ON attributes.id = {0}.attribute_id
        LEFT JOIN element_attributes ON element_attributes.element_id = {0}.element_id
          AND element_attributes.attribute_id = {0}.attribute_id"""
_ORIGIN: Final = "CASE p.kind WHEN 'event' THEN 'event' WHEN 'request' THEN 'write' ELSE 'read' END"
_KIND: Final = """coalesce(r.value_kind, CASE typeof(r.value)
                 WHEN 'integer' THEN 'integer' WHEN 'real' THEN 'float' WHEN 'text' THEN 'text'
                 ELSE 'null' END)"""
_ATTRIBUTES: Final = "SELECT 1 FROM attribute_values v WHERE v.packet_id = p.id"
_SUBSCRIPTION: Final = f"""(SELECT {_place("subscriptions.id")} FROM subscription_items
                 JOIN subscriptions ON subscriptions.id = subscription_items.subscription_id
                 WHERE subscription_items.element_id = p.element_id
                   AND subscriptions.session_id = f.session_id AND subscriptions.uuid IS NOT NULL
                   AND subscriptions.id < p.id
                   AND (subscriptions.closed IS NULL OR subscriptions.closed >= f.time)
                   AND (NOT EXISTS ({_ATTRIBUTES}) OR EXISTS ({_ATTRIBUTES}
                     AND (v.attribute_id = subscription_items.attribute_id
                       OR subscription_items.attribute_id = {QUALITY_ID} AND v.quality_position IS NOT NULL)))
                 ORDER BY subscriptions.id DESC LIMIT 1)"""
"""The rule of `queries.subscriptions.SubscriptionsOfEvents`."""

VIEWS: Final[dict[str, str]] = {
    "readings": f"""
        SELECT r.packet_id, r.position, p.element_id, r.attribute_id,
               CASE WHEN r.value_kind IS NOT 'error' THEN r.value END AS value, {_KIND} AS value_kind,
               r.quality, CASE WHEN r.value_kind IS 'error' THEN r.value
                 WHEN p.kind = 'request' THEN (SELECT error_code FROM exchanges WHERE id = p.id)
               END AS error_code, {_ORIGIN} AS origin, p.source_time
        FROM attribute_values r JOIN packets p ON p.id = r.packet_id
        UNION ALL
        SELECT r.packet_id, r.quality_position, p.element_id, {QUALITY_ID}, r.quality, 'integer',
               r.quality, NULL, {_ORIGIN}, p.source_time
        FROM attribute_values r JOIN packets p ON p.id = r.packet_id
        WHERE r.quality_position IS NOT NULL
          AND r.position = (SELECT min(position) FROM attribute_values WHERE packet_id = r.packet_id)""",
    "sessions_readable": f"""
        SELECT id, client, server, path, subprotocol, user, user_agent, origin, {iso("opened")} AS opened,
               {iso("closed")} AS closed, (closed - opened) / 1e6 AS duration_ms, close_code, close_reason,
               closed_by, refused, source, frame_count AS frames, coalesce(requests, 0) AS requests,
               coalesce(errors, 0) AS errors, coalesce(events, 0) AS events,
               coalesce(findings, 0) AS findings, dropped
        FROM sessions LEFT JOIN session_totals ON session_totals.session_id = sessions.id""",
    "exchanges_readable": f"""
        SELECT {_place("x.id")} AS id, x.id AS exchange_id, x.session_id,
               {iso("coalesce(x.requested, x.responded)")} AS time, {_COMMAND.format("x")} AS command,
               x.opcode, x.message_id, x.status, x.error_code, {_error("x.error_code", "x.opcode")} AS error,
               x.error_text, x.latency / 1e6 AS latency_ms, {_ELEMENT} AS element, x.element_id,
               {iso("x.requested")} AS requested, {iso("x.responded")} AS responded,
               {_place("x.response_id")} AS response, x.response_id,
               CASE WHEN x.requested IS NOT NULL THEN length(asked.payload) END AS request_message_bytes,
               length(answered.payload) AS response_message_bytes
        FROM exchanges x
        LEFT JOIN commands ON commands.number = x.opcode
        LEFT JOIN elements ON elements.id = x.element_id
        LEFT JOIN frames asked ON asked.id = x.id >> 24
        LEFT JOIN frames answered ON answered.id = x.response_id >> 24""",
    "events_readable": f"""
        SELECT {_place("p.id")} AS id, p.id AS packet_id, f.session_id, {iso("f.time")} AS time,
               {iso("p.source_time")} AS source_time,
               coalesce(event_types.name, p.event_type) AS event_type, {_ELEMENT} AS element, p.element_id,
               {_SUBSCRIPTION} AS subscription, length(f.payload) AS message_bytes
        FROM packets p
        JOIN frames f ON f.id = p.id >> 24
        LEFT JOIN event_types ON event_types.number = p.event_type
        LEFT JOIN elements ON elements.id = p.element_id
        WHERE p.kind = 'event'""",
    "readings_readable": f"""
        SELECT {_place("r.packet_id")} AS packet, r.packet_id, r.position, f.session_id,
               {iso("f.time")} AS time, {iso("r.source_time")} AS source_time, {_ELEMENT} AS element,
               r.element_id, {_ATTRIBUTE} AS attribute, r.attribute_id, r.value,
               CASE WHEN r.value_kind IN ('integer', 'float', 'boolean')
                     AND r.value NOT IN ('NaN', 'Infinity', '-Infinity')
                 THEN CASE typeof(r.value) WHEN 'text' THEN CAST(r.value AS REAL) ELSE r.value END
               END AS value_num,
               CASE r.value_kind
                 WHEN 'integer' THEN NULL
                 WHEN 'float' THEN CASE typeof(r.value) WHEN 'text' THEN r.value END
                 WHEN 'boolean' THEN CASE r.value WHEN 0 THEN 'false' ELSE 'true' END
                 WHEN 'time' THEN {iso("r.value")}
                 ELSE CAST(r.value AS TEXT)
               END AS value_text,
               r.value_kind, coalesce(qualities.name, r.quality) AS quality, r.error_code,
               {_error("r.error_code", "p.opcode")} AS error, r.origin
        FROM readings r
        CROSS JOIN packets p ON p.id = r.packet_id
        CROSS JOIN frames f ON f.id = r.packet_id >> 24
        LEFT JOIN elements ON elements.id = r.element_id
        LEFT JOIN qualities ON qualities.number = r.quality{_ATTRIBUTE_JOINS.format("r")}""",
    "findings_readable": f"""
        SELECT findings.id, findings.session_id, {iso("findings.time")} AS time, findings.severity,
               findings.code, findings.message,
               coalesce(findings.address, findings.exchange_id) >> 24 AS frame,
               {_place("findings.address")} AS place, {_place("findings.exchange_id")} AS exchange,
               findings.exchange_id
        FROM findings""",
    "subscriptions_readable": f"""
        SELECT {_place("s.id")} AS id, s.id AS subscription_id, s.session_id, s.uuid,
               {iso("s.opened")} AS opened, {iso("s.closed")} AS closed,
               CASE WHEN s.uuid IS NULL THEN 'refused' WHEN s.closed IS NULL THEN 'open'
                 ELSE 'closed' END AS status,
               s.error_code, {_error("s.error_code", str(commands.SUBSCRIBE))} AS error,
               {_ELEMENT} AS element, i.element_id, {_ATTRIBUTE} AS attribute, i.attribute_id
        FROM subscriptions s
        LEFT JOIN subscription_items i ON i.subscription_id = s.id
        LEFT JOIN elements ON elements.id = i.element_id{_ATTRIBUTE_JOINS.format("i")}""",
}
"""`readings` is one of the tables that others rely on; a view, since Quality has no rows of its own.

CROSS JOIN keeps SQLite to the order that is written: else it puts all of `readings` into a table of its own
before the first row comes (of 800,000 readings, 51 rows took 2 s).
"""
