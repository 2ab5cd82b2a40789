"""Access that was denied: whose connection it was, whose sub-sessions it has, what check_access said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xentara_inspect.protocol.commands import (
    CHECK_ACCESS,
    CLOSE_SUB_SESSION,
    CREATE_SUB_SESSION,
    GET_STAGE,
    RESUME,
    SERVER_INFORMATION_COMMAND,
    SHUTDOWN,
    SUBSCRIBE,
    SUSPEND,
    UNSUBSCRIBE,
)
from xentara_inspect.protocol.objects import SERVER_INFORMATION_OBJECT
from xentara_inspect.protocol.shape_types import UuidRole
from xentara_inspect.queries.causes import Fact, listed
from xentara_inspect.queries.explaining.failed import Failed, Found, given_uuid, granted
from xentara_inspect.queries.explaining.past import Past, Talk
from xentara_inspect.queries.explaining.words import span
from xentara_inspect.traffic.fields import entries, text
from xentara_inspect.traffic.names import uuid_text
from xentara_inspect.traffic.packets import Request, Response

_OF_ACCESS = (SERVER_INFORMATION_COMMAND, CREATE_SUB_SESSION, CLOSE_SUB_SESSION, CHECK_ACCESS)
_NAME_ONE = "name a sub-session of a user who may in the request, or log in as one when connecting"


class _SubSession(NamedTuple):
    """A sub-session that was granted. closed: the request that closed it."""

    uuid: bytes
    created: Talk
    closed: Talk | None


def access_denied(failed: Failed) -> Found:
    """Who asked, and for whom. Raises StoreError."""
    past, talk = failed.past, failed.talk
    said = past.told(_OF_ACCESS, session=talk.session_id, before=talk.id)
    facts = [_user(past, talk, said)]
    if talk.opcode == CREATE_SUB_SESSION:
        wrong = "check user and password, the token, which may have expired, or the certificate"
        return Found((*facts, *_granted_as_well(past, said)), wrong)
    acting = failed.given(UuidRole.SUB_SESSION)
    found = list(_sub_sessions(past, said))
    if acting is not None:
        fact, remedy = _acting(past, talk, acting, found)
        return Found((*facts, fact, *_checked(past, said, acting)), remedy)
    open_ones = [one for one in found if one.closed is None]
    if open_ones:
        whose = listed(_whose(past, one) for one in open_ones)
        facts.append(past.fact(f"open, but not named: {whose}", *(one.created.id for one in open_ones)))
    return Found((*facts, *_checked(past, said, None)), _NAME_ONE if open_ones else None)


def user_of(past: Past, session: int) -> str | None:
    """The user of a connection, as HTTP names it. Raises StoreError."""
    for file in past.files:
        row = file.row("SELECT user FROM sessions WHERE id = ?", session)
        if row is not None and row["user"] is not None:
            return str(row["user"])
    return None


def _user(past: Past, talk: Talk, said: Sequence[Talk]) -> Fact:
    user = user_of(past, talk.session_id)
    if user is not None:
        return Fact(f"the user of session {talk.session_id} is {user}")
    for told in said:
        shown = past.response(told) if told.opcode == SERVER_INFORMATION_COMMAND else None
        if shown is not None and isinstance(shown.packet, Response) and not shown.packet.is_error:
            user = text(entries(shown.packet.body, SERVER_INFORMATION_OBJECT).get("User Name"))
            if user:
                who = f"the user of session {talk.session_id} is {user}, as the server says"
                return past.fact(who, told.id)
    return Fact(f"session {talk.session_id} named no user when it connected")


def _sub_sessions(past: Past, said: Sequence[Talk]) -> Iterator[_SubSession]:
    """Those that were granted, the last first; one that another took the place of is not told again."""
    closed: dict[bytes, Talk] = {}
    seen: set[bytes] = set()
    for told in said:
        if told.opcode == CLOSE_SUB_SESSION and told.status == "ok":
            uuid = _named(past, told)
            if uuid is not None:
                closed.setdefault(uuid, told)
        elif told.opcode == CREATE_SUB_SESSION:
            uuid = granted(past, told)
            if uuid is not None and uuid not in seen:
                seen.add(uuid)
                yield _SubSession(uuid, told, closed.get(uuid))


def _named(past: Past, told: Talk, role: UuidRole = UuidRole.SUB_SESSION) -> bytes | None:
    shown = past.request(told)
    packet = shown.packet if shown is not None else None
    return given_uuid(packet, role) if isinstance(packet, Request) else None


def _whose(past: Past, one: _SubSession) -> str:
    words = past.words(one.created).partition(" ")[2].removesuffix(f": {uuid_text(one.uuid)}")
    return f"sub-session {uuid_text(one.uuid)} by {words}"


def _acting(past: Past, talk: Talk, acting: bytes, found: Sequence[_SubSession]) -> tuple[Fact, str | None]:
    """For which sub-session it was asked, and what helps."""
    for one in found:
        if one.uuid == acting:
            if one.closed is not None:
                ago = span(talk.time - one.closed.time)
                said = f"asked for {_whose(past, one)}, which was closed {ago} before"
                fact = past.fact(said, one.created.id, one.closed.id)
                return fact, "create the sub-session anew before it is used"
            return past.fact(f"asked for {_whose(past, one)}", one.created.id), None
    for told in past.told([CREATE_SUB_SESSION], before=talk.id):
        if told.session_id != talk.session_id and granted(past, told) == acting:
            said = f"asked for sub-session {uuid_text(acting)}, which is one of session {told.session_id}"
            return past.fact(said, told.id), "create the sub-session on the connection that uses it"
    said = f"asked for sub-session {uuid_text(acting)}, which this connection never created"
    return Fact(said), "use the UUID that create_sub_session answered with on this connection"


def _checked(past: Past, said: Sequence[Talk], acting: bytes | None) -> Iterator[Fact]:
    """The last check_access, for the sub-session if there is one."""
    for told in said:
        if told.opcode == CHECK_ACCESS and (acting is None or _named(past, told) == acting):
            yield past.fact(f"the last {past.words(told)}", told.id)
            return


def _granted_as_well(past: Past, said: Sequence[Talk]) -> Iterator[Fact]:
    for told in said:
        if told.opcode == CREATE_SUB_SESSION and told.status == "ok":
            yield past.fact(f"granted before: {past.words(told)}", told.id)
            return


def unknown_sub_session(failed: Failed) -> Found:
    """Whether it was closed before, is of another connection, or never was. Raises StoreError."""
    return _of_two(failed, UuidRole.SUB_SESSION, CREATE_SUB_SESSION, CLOSE_SUB_SESSION)


def unknown_subscription(failed: Failed) -> Found:
    """The same of a subscription. Raises StoreError."""
    return _of_two(failed, UuidRole.SUBSCRIPTION, SUBSCRIBE, UNSUBSCRIBE)


def _of_two(failed: Failed, role: UuidRole, opens: int, closes: int) -> Found:
    past, talk, uuid = failed.past, failed.talk, failed.given(role)
    if uuid is None:
        return Found()
    called = f"{role} {uuid_text(uuid)}"
    for told in past.told([opens, closes], before=talk.id):
        if told.status != "ok":
            continue
        opened = told.opcode == opens and granted(past, told) == uuid
        if not opened and (told.opcode == opens or _named(past, told, role) != uuid):
            continue
        ago = span(talk.time - told.time)
        if told.session_id != talk.session_id:
            said = f"{called} is one of session {told.session_id}, opened or closed there {ago} before"
            return Found((past.fact(said, told.id),))
        what = "was opened" if opened else "was closed already,"
        return Found((past.fact(f"{called} {what} {ago} before", told.id),))
    return Found((Fact(f"{called} was never granted, as far as is recorded"),))


def invalid_stage(failed: Failed) -> Found:
    """What the stage was, and who changed it last. Raises StoreError."""
    past, talk = failed.past, failed.talk
    facts = []
    said = [
        told
        for told in past.told([GET_STAGE, RESUME, SUSPEND, SHUTDOWN], before=talk.id)
        if told.status == "ok"
    ]
    for wanted in ((GET_STAGE,), (RESUME, SUSPEND, SHUTDOWN)):
        told = next((told for told in said if told.opcode in wanted), None)
        if told is not None:
            ago = span(talk.time - told.time)
            said_then = f"{past.words(told)}, by session {told.session_id}, {ago} before"
            facts.append(past.fact(said_then, told.id))
    return Found(tuple(facts))
