"""Views with ISO times, milliseconds and primary keys, for users of sqlite-utils and Datasette."""
# ruff: noqa: S608 - SQL is put together from the constants of this file only

from __future__ import annotations

from typing import Final


def _iso(column: str) -> str:
    """SQL for a time as ISO 8601 with nine digits; what is no 64-bit integer stays as it is."""
    fraction = f"((({column} % 1000000000) + 1000000000) % 1000000000)"
    seconds = f"(({column} - {fraction}) / 1000000000)"
    text = f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%09dZ', {fraction})"
    return f"CASE typeof({column}) WHEN 'integer' THEN coalesce({text}, {column}) ELSE {column} END"


_NAMED = "packets.frame_id || '.' || packets.position"
_CARRIED = "carried.file || ':' || carried.frame_id || '.' || carried.position"
_EXCHANGE = f"coalesce({_CARRIED}, {_NAMED})"
_ELEMENT = "coalesce(elements.primary_key, {0}.element)"

VIEWS: Final[dict[str, str]] = {
    "sessions_readable": f"""
        SELECT id, client, server, path, subprotocol, user, {_iso("opened")} AS opened,
               {_iso("closed")} AS closed, close_code, close_reason, source, frame_count AS frames, dropped
        FROM sessions""",
    "exchanges_readable": f"""
        SELECT {_EXCHANGE} AS id, exchanges.session_id, {_iso("exchanges.time")} AS time, exchanges.command,
               exchanges.opcode, exchanges.message_id, exchanges.status, exchanges.error_code,
               exchanges.error_text, exchanges.latency / 1e6 AS latency_ms,
               {_ELEMENT.format("exchanges")} AS element
        FROM exchanges
        LEFT JOIN packets ON packets.id = coalesce(exchanges.request_id, exchanges.response_id)
        LEFT JOIN carried_requests carried ON carried.id = exchanges.carried_id
        LEFT JOIN elements ON elements.uuid = exchanges.element""",
    "events_readable": f"""
        SELECT {_NAMED} AS id, events.session_id, {_iso("events.time")} AS time,
               {_iso("events.source_time")} AS source_time, events.event_type,
               {_ELEMENT.format("events")} AS element
        FROM events
        JOIN packets ON packets.id = events.packet_id
        LEFT JOIN elements ON elements.uuid = events.element""",
    "readings_readable": f"""
        SELECT {_NAMED} AS packet, readings.session_id, {_iso("readings.time")} AS time,
               {_iso("readings.source_time")} AS source_time, {_ELEMENT.format("readings")} AS element,
               readings.attribute, attributes.name AS attribute_name, readings.value, readings.value_kind,
               readings.quality, readings.error_code, readings.origin
        FROM readings
        JOIN packets ON packets.id = readings.packet_id
        LEFT JOIN elements ON elements.uuid = readings.element
        LEFT JOIN attributes
          ON attributes.element = readings.element AND attributes.attribute = readings.attribute""",
    "findings_readable": f"""
        SELECT findings.id, findings.session_id, {_iso("findings.time")} AS time, findings.severity,
               findings.code, findings.message, coalesce(findings.frame_id, packets.frame_id) AS frame
        FROM findings
        LEFT JOIN packets ON packets.id = findings.packet_id""",
}
