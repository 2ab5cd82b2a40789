"""A request that failed, and what rooms find out about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from xentara_inspect.cbor import Item
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import Uuid, UuidRole
from xentara_inspect.queries.causes import Fact
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.named import Named, named_by
from xentara_inspect.traffic.fields import entries, uuid
from xentara_inspect.traffic.packets import Request, Response


class Found(NamedTuple):
    """What a room found out. remedy: where it is more than the rule's."""

    facts: tuple[Fact, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """An exchange and the recording it is in."""

    past: Past
    talk: Talk

    @property
    def request(self) -> Request | None:
        """What was asked; None where that is not recorded, or malformed."""
        shown = self.past.request(self.talk)
        return shown.packet if shown is not None and isinstance(shown.packet, Request) else None

    @property
    def named(self) -> Named:
        """The elements that the request names."""
        request = self.request
        return named_by(request, self.past.names) if request is not None else Named()

    def given(self, role: UuidRole) -> bytes | None:
        """The UUID in the parameter that names a subscription or a sub-session."""
        return given_uuid(self.request, role)


def given_uuid(request: Request | None, role: UuidRole) -> bytes | None:
    """The UUID in the parameter of a request that has a role; None for none."""
    command = commands.COMMANDS.get(request.opcode) if request is not None else None
    if request is None or command is None or command.parameters is None:
        return None
    named = entries(request.body, command.parameters)
    roles = (field.name for field in command.parameters.fields if _has_role(field.shape, role))
    return next((found for name in roles if (found := uuid(named.get(name))) is not None), None)


def _has_role(shape: object, role: UuidRole) -> bool:
    return isinstance(shape, Uuid) and shape.role is role


def parameters(request: Request | None) -> dict[str, Item]:
    """The parameters of a request by their names."""
    command = commands.COMMANDS.get(request.opcode) if request is not None else None
    shape = command.parameters if command is not None else None
    return entries(request.body, shape) if request is not None and shape is not None else {}


def granted(past: Past, talk: Talk) -> bytes | None:
    """The UUID in the answer that granted a subscription or sub-session; None where it did not."""
    shown = past.response(talk)
    if shown is None or not isinstance(shown.packet, Response) or shown.packet.is_error:
        return None
    return uuid(shown.packet.body)


def granted_before(past: Past, talk: Talk) -> Iterator[Fact]:
    """The last request of the same command on the same connection that was granted, to compare with."""
    if talk.opcode is None:
        return
    for other in past.told([talk.opcode], session=talk.session_id, before=talk.id):
        if other.status == "ok":
            yield past.fact(f"granted before: {past.words(other)}", other.id)
            return
