"""`show`: one exchange, event or frame, in notation with all names that are known by now."""

from __future__ import annotations

from typing import Any, Final

from xentara_inspect.frames import address, frame_of, position_in
from xentara_inspect.notation.messages import Context, annotate_message, annotate_packet
from xentara_inspect.queries.carried import carried_request, home_of
from xentara_inspect.queries.databases import Askable, Database, as_databases
from xentara_inspect.queries.decoded import decoded_packet
from xentara_inspect.queries.events import EventLines
from xentara_inspect.queries.exchanges import ExchangeSearch
from xentara_inspect.queries.findings import findings_where
from xentara_inspect.queries.lines import LOG_KEYS, LogLines
from xentara_inspect.queries.newest import OLDEST_FIRST
from xentara_inspect.queries.parsed_frames import ParsedFrame, ParsedFrames, Shown
from xentara_inspect.queries.subscriptions import SubscriptionsOfEvents
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.queries.where import Where
from xentara_inspect.store.addresses import parse_address
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.packets import Event, Malformed

SHOW_KEYS: Final = (*LOG_KEYS, "request", "response", "findings")


def show(asked: Askable, name: str) -> Row | None:
    """A row with `SHOW_KEYS` for the text of an address; None if nothing is there.

    `42p1` is a packet, `42` the whole message. request, response: time, frame, position, notation and
    decoded, or None; what is no request or response stands in the place of the one that its sender
    sends. A response's name gives its exchange. Raises StoreError; QuestionError where the name does not
    say which of several recordings.
    """
    databases = as_databases(asked)
    recording, text = databases.located(name)
    place = parse_address(text)
    if place is None:
        return None
    home = home_of(recording, place)
    if home is None:
        return None
    return _Shower(home, databases.names).row(place)


def payload(asked: Askable, name: str) -> bytes | None:
    """The bytes of what stands at an address, of a packet or a whole message; None if nothing is there.

    A response's name gives the response. Raises StoreError; QuestionError as `show` does.
    """
    recording, text = as_databases(asked).located(name)
    place = parse_address(text)
    home = home_of(recording, place) if place is not None else None
    if place is None or home is None:
        return None
    frames = ParsedFrames(home)
    frame = frames.frame(frame_of(place))
    if frame is not None and not position_in(place):
        return frame.payload
    shown = frames.packet(place) if frame is not None else carried_request(home, place)
    if shown is None or shown.packet.item is None:
        return None
    return shown.payload[shown.packet.item.start : shown.packet.item.end]


class _Shower:
    def __init__(self, file: Database, names: Names) -> None:
        self._file = file
        self._lines = LogLines(file, names)
        self._names = names

    def row(self, place: int) -> Row | None:
        exchange = self._file.row(
            "SELECT id FROM exchanges WHERE id = ?1"
            " UNION ALL SELECT id FROM exchanges WHERE response_id = ?1",
            place,
        )
        if exchange is not None:
            return self._exchange(exchange["id"])
        frame = self._lines.frames.frame(frame_of(place))
        if frame is None:
            return None
        if not position_in(place):
            return self._frame(frame)
        packet = frame.packets.get(position_in(place))
        if isinstance(packet, (Event, Malformed)):
            return self._alone(frame, Shown(packet, frame.payload))
        return None

    def _alone(self, frame: ParsedFrame, shown: Shown) -> Row | None:
        """An event or a malformed packet."""
        place = address(frame.id, shown.packet.position)
        line = self._line_of(shown, place)
        if line is None:
            return None
        side = self._side(frame, place, shown, None)
        return self._placed(line, frame, side, findings_where(self._file, "address = ?", place))

    def _line_of(self, shown: Shown, place: int) -> Row | None:
        """The line of an event or a malformed packet; None where it is not indexed yet."""
        where = Where()
        where.equal("p.id", place)
        if isinstance(shown.packet, Malformed):
            return next((row for _, row in self._lines.malformed(where, OLDEST_FIRST)), None)
        subscriptions = SubscriptionsOfEvents(self._file.recording)
        event = EventLines(self._file, self._names, subscriptions).one(place)
        return self._lines.event(event) if event is not None else None

    def _frame(self, frame: ParsedFrame) -> Row:
        """A whole frame, indexed or not."""
        line = None
        if list(frame.packets) == [0]:
            line = self._line_of(Shown(frame.packets[0], frame.payload), address(frame.id))
        if line is None:
            count = len(frame.packets)
            summary = f"{count} packet{'' if count == 1 else 's'}, {len(frame.payload)} bytes"
            line = self._lines.frame(address(frame.id), frame.session_id, frame.time, summary)
        contexts = self._contexts(frame)
        side = self._placed_at(frame.time, address(frame.id)) | {
            "notation": self._whole(frame, contexts),
            "decoded": [
                decoded_packet(packet, frame.payload, self._names, _opcode(contexts.get(position)))
                for position, packet in frame.packets.items()
            ],
        }
        bounds = address(frame.id), address(frame.id + 1) - 1
        found = findings_where(
            self._file,
            "id IN (SELECT id FROM findings WHERE address BETWEEN ? AND ?"
            " UNION SELECT id FROM findings WHERE address IS NULL AND exchange_id BETWEEN ? AND ?)",
            *bounds,
            *bounds,
        )
        return self._placed(line, frame, side, found)

    def _whole(self, frame: ParsedFrame, contexts: dict[int, Context]) -> str:
        if frame.is_text:
            return annotate_packet(packets.text_message(), frame.payload)
        return annotate_message(
            packets.parse(frame.payload),
            frame.payload,
            contexts=contexts,
            names=self._names,
            from_client=frame.from_client,
        )

    def _contexts(self, frame: ParsedFrame) -> dict[int, Context]:
        """What the responses of a frame answer, by position."""
        rows = self._file.rows(
            "SELECT response_id, opcode, element_id FROM exchanges WHERE response_id BETWEEN ? AND ?",
            (address(frame.id), address(frame.id + 1) - 1),
        )
        return {position_in(row["response_id"]): self._context(row) for row in rows}

    def _context(self, row: Any) -> Context:
        return Context(loaded_integer(row["opcode"]), self._file.element(row["element_id"]))

    def _placed(self, line: Row, frame: ParsedFrame, side: Row, findings: list[Row]) -> Row:
        sides = (side, None) if frame.from_client else (None, side)
        return line | {"request": sides[0], "response": sides[1], "findings": findings}

    def _exchange(self, place: int) -> Row:
        where = Where()
        where.equal("e.id", place)
        ((_, line),) = self._lines.exchanges(ExchangeSearch(where), OLDEST_FIRST)
        row = self._file.row(
            "SELECT id, opcode, element_id, requested, response_id FROM exchanges WHERE id = ?", place
        )
        assert row is not None  # noqa: S101 - it has a line
        context = self._context(row)
        found = findings_where(
            self._file,
            "id IN (SELECT id FROM findings WHERE exchange_id = ?"
            " UNION SELECT id FROM findings WHERE address IN (?, ?))",
            place,
            place,
            row["response_id"],
        )
        request = place if row["requested"] is not None else None
        return line | {
            "request": self._exchange_side(request, row["requested"], None),
            "response": self._exchange_side(row["response_id"], None, context),
            "findings": found,
        }

    def _exchange_side(self, place: int | None, time: int | None, context: Context | None) -> Row | None:
        if place is None:
            return None
        frame = self._lines.frames.frame(frame_of(place))
        if frame is not None:
            shown = self._lines.frames.packet(place)
            return self._side(frame, place, shown, context) if shown is not None else None
        shown = carried_request(self._file, place)
        return self._written(time, place, shown, context) if shown is not None else None

    def _side(self, frame: ParsedFrame, place: int, shown: Shown, context: Context | None) -> Row:
        return self._written(frame.time, place, shown, context)

    def _written(self, time: int | None, place: int, shown: Shown, context: Context | None) -> Row:
        packet, payload = shown
        notation = annotate_packet(packet, payload, context=context, names=self._names)
        decoded = decoded_packet(packet, payload, self._names, _opcode(context))
        return self._placed_at(time, place) | {"notation": notation, "decoded": decoded}

    def _placed_at(self, time: int | None, place: int) -> Row:
        position = position_in(place) or None
        return {"time": iso_time(time), "frame": self._file.number(frame_of(place)), "position": position}


def _opcode(context: Context | None) -> int | None:
    return context.opcode if context is not None else None
