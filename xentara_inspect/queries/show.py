"""`show`: one exchange, event or frame, in notation with all names that are known by now."""

from __future__ import annotations

import re
from typing import Final

from xentara_inspect.notation.messages import Context, annotate_message, annotate_packet
from xentara_inspect.queries.carried import CARRIED_COLUMNS, CarriedRequest, carried_exchange, carried_request
from xentara_inspect.queries.databases import Asked, Part, recording_of, reported
from xentara_inspect.queries.findings import found
from xentara_inspect.queries.log import LOG_KEYS, LogLines
from xentara_inspect.queries.parsed_frames import ParsedFrame
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.queries.where import Where
from xentara_inspect.store.columns import loaded_integer, loaded_uuid
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Kind

SHOW_KEYS: Final = (*LOG_KEYS, "request", "response", "findings")
_NAME: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")


def show(asked: Asked, name: str) -> Row | None:
    """A row with `SHOW_KEYS` for `FRAME.POSITION` or `FRAME`; None if there is no such thing.

    Of several databases the name says which: `plant-2:42.1`. request, response: time, frame, position
    and notation, or None; what is no request or response stands in the place of the one that its
    sender sends. A response's name gives its exchange. Raises StoreError.
    """
    recording = recording_of(asked)
    carried = carried_exchange(recording, name)
    if carried is not None:
        with reported(carried[0]):
            return _Shower(carried[0], recording.names).exchange(carried[1])
    part, number = recording.part_called(name)
    match = _NAME.fullmatch(number)
    if match is None:
        return None
    with reported(part):
        shower = _Shower(part, recording.names)
        frame = shower.lines.messages.frame(int(match[1]))
        if frame is None:
            return None
        if match[2] is None or not int(match[2]):
            return shower.frame(frame)
        return shower.packet(frame, int(match[2]))


class _Shower:
    def __init__(self, part: Part, names: Names) -> None:
        self._part = part
        self._connection = part.connection
        self.lines = LogLines(part, names)

    def packet(self, frame: ParsedFrame, position: int) -> Row | None:
        row = self._connection.execute(
            "SELECT id, kind FROM packets WHERE frame_id = ? AND position = ?", (frame.id, position)
        ).fetchone()
        if row is None or position not in frame.packets:
            return None
        packet_id, kind = row
        where = Where()
        if kind == Kind.MALFORMED:
            where.add("p.id = ?", packet_id)
            ((_, line),) = self.lines.malformed(where)
            return self._alone(line, frame, position, packet_id)
        if kind == Kind.EVENT:
            where.add("packet_id = ?", packet_id)
            where.add("v.time = ?", frame.time)  # by the index that there is
            ((_, line),) = self.lines.events(where)
            return self._alone(line, frame, position, packet_id)
        (exchange_id,) = self._connection.execute(
            "SELECT id FROM exchanges WHERE request_id = ?"
            " UNION ALL SELECT id FROM exchanges WHERE response_id = ?",
            (packet_id, packet_id),
        ).fetchone()
        return self.exchange(exchange_id)

    def frame(self, frame: ParsedFrame) -> Row:
        """A whole frame, indexed or not."""
        if list(frame.packets) == [0]:
            where = Where()
            where.add("p.frame_id = ?", frame.id)
            where.add("p.kind = 'malformed'")
            line = next((line for _, line in self.lines.malformed(where)), None)
        else:
            line = None
        if line is None:
            count = len(frame.packets)
            summary = f"{count} packet{'' if count == 1 else 's'}, {len(frame.payload)} bytes"
            line = self.lines.frame(frame.id, frame.session_id, frame.time, summary)
        notation = self._whole(frame)
        where = Where()
        where.add(
            "n.id IN (SELECT id FROM findings WHERE frame_id = ? UNION SELECT findings.id FROM findings"
            " JOIN packets ON packets.id = packet_id WHERE packets.frame_id = ?)",
            frame.id,
            frame.id,
        )
        return self._placed(line, frame, self._side(frame, None, notation), found(self._part, where))

    def _whole(self, frame: ParsedFrame) -> str:
        if frame.is_text:
            return annotate_packet(packets.text_message(), frame.payload)
        contexts = {
            position: Context(loaded_integer(opcode), loaded_uuid(element) if element else None)
            for position, opcode, element in self._connection.execute(
                "SELECT position, exchanges.opcode, element FROM packets"
                " JOIN exchanges ON response_id = packets.id WHERE frame_id = ?",
                (frame.id,),
            )
        }
        return annotate_message(
            packets.parse(frame.payload),
            frame.payload,
            contexts=contexts,
            names=self.lines.names,
            from_client=frame.from_client,
        )

    def _alone(self, line: Row, frame: ParsedFrame, position: int, packet_id: int) -> Row:
        where = Where()
        where.add("n.packet_id = ?", packet_id)
        side = self._side(frame, position, self._notation(frame, position, None))
        return self._placed(line, frame, side, found(self._part, where))

    def _placed(self, line: Row, frame: ParsedFrame, side: Row, findings: list[Row]) -> Row:
        sides = (side, None) if frame.from_client else (None, side)
        return line | {"request": sides[0], "response": sides[1], "findings": findings}

    def exchange(self, row_id: int) -> Row:
        """An exchange by its id."""
        where = Where()
        where.add("e.id = ?", row_id)
        ((_, line),) = self.lines.exchanges(where)
        opcode, element, requested, request_id, response_id, *carried = self._connection.execute(
            f"SELECT e.opcode, element, e.requested, request_id, response_id, {CARRIED_COLUMNS}"  # noqa: S608
            " FROM exchanges e LEFT JOIN carried_requests c ON c.id = e.carried_id WHERE e.id = ?",
            (row_id,),
        ).fetchone()
        context = Context(loaded_integer(opcode), loaded_uuid(element) if element else None)
        where = Where()
        where.add(
            "n.id IN (SELECT id FROM findings WHERE exchange_id = ? UNION SELECT id FROM findings"
            " WHERE packet_id IN (?, ?))",
            row_id,
            request_id,
            response_id,
        )
        request = carried_request(self._part, carried)
        return line | {
            "request": self._exchange_side(request_id, context)
            if request is None
            else self._carried_side(request, requested),
            "response": self._exchange_side(response_id, context),
            "findings": found(self._part, where),
        }

    def _carried_side(self, request: CarriedRequest, requested: int) -> Row:
        notation = annotate_packet(*request.shown, names=self.lines.names)
        place = {"frame": request.frame, "position": request.position}
        return {"time": iso_time(requested), **place, "notation": notation}

    def _exchange_side(self, packet_id: int | None, context: Context) -> Row | None:
        if packet_id is None:
            return None
        frame_id, position = self._connection.execute(
            "SELECT frame_id, position FROM packets WHERE id = ?", (packet_id,)
        ).fetchone()
        frame = self.lines.messages.frame(frame_id)
        if frame is None:
            return None
        return self._side(frame, position, self._notation(frame, position, context))

    def _notation(self, frame: ParsedFrame, position: int, context: Context | None) -> str:
        return annotate_packet(
            frame.packets[position], frame.payload, context=context, names=self.lines.names
        )

    def _side(self, frame: ParsedFrame, position: int | None, notation: str) -> Row:
        place = {"frame": self._part.named(frame.id), "position": position}
        return {"time": iso_time(frame.time), **place, "notation": notation}
