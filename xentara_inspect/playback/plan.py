"""What is sent again of a recorded connection: its requests in their messages, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from xentara_inspect.frames import address, frame_of
from xentara_inspect.playback.logins import Credentials, is_blanked
from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.protocol.shape_types import Uuid, UuidRole
from xentara_inspect.queries.databases import Database, Databases
from xentara_inspect.queries.parsed_frames import ParsedFrame, ParsedFrames
from xentara_inspect.traffic.fields import uuid
from xentara_inspect.traffic.learning import uuids_named
from xentara_inspect.traffic.packets import Packet, Request, Response

_FRAMES: Final = "SELECT id FROM frames WHERE session_id = ? AND from_client ORDER BY id"
_ANSWERS: Final = "SELECT id, response_id FROM exchanges WHERE session_id = ? AND requested IS NOT NULL"
_UNASKED: Final = (
    "SELECT id FROM exchanges WHERE session_id = ? AND requested IS NULL AND error_code IN (?, ?)"
)
_TO_MALFORMED: Final = (error_codes.PARSE_ERROR, error_codes.INVALID_REQUEST)
_LAST: Final = "SELECT max(time) AS last FROM frames WHERE session_id = ?"
_END: Final = "SELECT close_code, closed_by FROM sessions WHERE id = ?"
_MALFORMED: Final = "malformed"
_GIVEN: Final = (UuidRole.SUBSCRIPTION, UuidRole.SUB_SESSION)


class Ask(NamedTuple):
    """A request that is sent, and the bytes that it is in.

    id: its address. given: the UUID that the server gave for it, None for none.
    """

    id: int
    request: Request
    payload: bytes
    given: bytes | None


class Step(NamedTuple):
    """A message. time: since the first one, ns. after: addresses of requests that were answered before it."""

    time: int
    asks: list[Ask]
    after: frozenset[int]


@dataclass(slots=True)
class Plan:
    """What is sent. lasts: how long the connection went on after its first message, ns.

    close_code: with which it closed, None where nobody knows; is_client_leaving: whether the client did.
    answered: addresses of what was answered. left_out: addresses of packets that are not sent, and of answers
    to those that are malformed; why: how many of which command are not sent.
    """

    steps: list[Step] = field(default_factory=list)
    lasts: int = 0
    close_code: int | None = None
    is_client_leaving: bool = True
    answered: set[int] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)
    why: Counter[str] = field(default_factory=Counter)


def read_plan(databases: Databases, session: str, allowed: Collection[int], credentials: Credentials) -> Plan:
    """The plan of a connection. allowed: opcodes of the commands that are sent.

    Raises StoreError, QuestionError.
    """
    files = [(file, number) for file, numbers in databases.asked_for(session) for number in numbers or ()]
    answers = {
        row["id"]: row["response_id"] for file, number in files for row in file.rows(_ANSWERS, (number,))
    }
    plan = Plan(answered={request for request, response in answers.items() if response is not None})
    frames = [ParsedFrames(file) for file in databases.files]
    never_given: set[bytes] = set()
    waiting: set[int] = set()
    began: int | None = None
    for frame in _messages(files, frames):
        asks = []
        for position, packet in frame.packets.items():
            place = address(frame.id, position)
            given = _given(frames, answers.get(place), packet)
            reason = _reason(packet, allowed, credentials, never_given, given)
            if reason is None and isinstance(packet, Request):
                asks.append(Ask(place, packet, frame.payload, given))
                continue
            plan.left_out.add(place)
            plan.why[reason or ""] += 1
            never_given |= {given} if given is not None else set()
        if asks:
            began = frame.time if began is None else began
            after = {one for one in waiting if frame_of(answers[one]) < frame.id}
            waiting -= after
            waiting |= {ask.id for ask in asks if ask.id in plan.answered}
            plan.steps.append(Step(frame.time - began, asks, frozenset(after)))
    for file, number in files:
        _read_end(plan, file, number, began or 0)
    return plan


def _read_end(plan: Plan, file: Database, session: int, began: int) -> None:
    """How a connection ends in a file of its recording, and what only answers what is not sent."""
    last, end = file.row(_LAST, session), file.row(_END, session)
    plan.lasts = max(plan.lasts, ((last["last"] if last is not None else None) or 0) - began)
    if end is not None and end["close_code"] is not None:
        plan.close_code, plan.is_client_leaving = end["close_code"], end["closed_by"] != "server"
    if _MALFORMED in plan.why:
        plan.left_out |= {place for (place,) in file.tuples(_UNASKED, (session, *_TO_MALFORMED))}


def _messages(files: list[tuple[Database, int]], frames: list[ParsedFrames]) -> Iterator[ParsedFrame]:
    for file, number in files:
        for (frame_id,) in file.tuples(_FRAMES, (number,)):
            frame = frames[file.index].frame(frame_id)
            if frame is not None:
                yield frame


def _reason(
    request: Packet,
    allowed: Collection[int],
    credentials: Credentials,
    never_given: Collection[bytes],
    given: bytes | None,
) -> str | None:
    """Why a packet is not sent; None if it is. given: the UUID that it got."""
    if not isinstance(request, Request):
        return _MALFORMED
    name = commands.COMMAND_NAMES.get(request.opcode) or f"command {request.opcode}"
    if request.opcode not in allowed:
        return name
    # A login that was refused may have had another password than the one that is known.
    if is_blanked(request) and (given is None or not credentials.know(request)):
        return f"{name} whose secret is not known"
    named = {one for role in _GIVEN for one in uuids_named(request, role)}
    return f"{name} of what was left out" if named & set(never_given) else None


def _given(frames: list[ParsedFrames], response: int | None, packet: Packet) -> bytes | None:
    """The UUID that an answer gives."""
    command = commands.COMMANDS.get(packet.opcode) if isinstance(packet, Request) else None
    if command is None or not isinstance(command.result, Uuid) or command.result.role not in _GIVEN:
        return None
    for file in frames:
        shown = file.packet(response)
        if shown is not None and isinstance(shown.packet, Response) and not shown.packet.is_error:
            return uuid(shown.packet.body)
    return None
