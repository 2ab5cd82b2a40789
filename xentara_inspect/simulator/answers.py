"""The 16 commands: what each does to a session and the plant, and what it answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator.accounts import ANONYMOUS, Account, Accounts
from xentara_inspect.simulator.plant import RUNNING, SHUT_DOWN, SUSPENDED, Attribute, Element, Plant
from xentara_inspect.simulator.refusals import Refused
from xentara_inspect.simulator.subscriptions import Subscription, attribute_result, rates

PROTOCOL_VERSION: Final = 1
SERVER_VERSION: Final = "2.0.4 (simulator)"
MODEL_FILE: Final = "/var/lib/xentara/model.json"

_NAMESPACE: Final = UUID("9b1d7c52-3e6f-4a8b-8c0d-2f4e6a8c0e1f")

Parameters = Mapping[int, Any]


class _Nothing:
    """What a command returns whose success response carries no result."""


NOTHING: Final = _Nothing()


@dataclass(slots=True)
class Session:
    """What the server knows of one connection."""

    plant: Plant
    accounts: Accounts
    account: Account = ANONYMOUS
    greeted: bool = False
    sub_sessions: dict[UUID, Account] = field(default_factory=dict)
    subscriptions: dict[UUID, Subscription] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_uuid(self) -> UUID:
        """A UUID nobody asked for, the same ones in every run so that captures can be remade."""
        return uuid5(_NAMESPACE, str(next(self._numbers)))


def server_information(session: Session, parameters: Parameters) -> Any:
    """Version, user, model file, as asked for."""
    information = {0: SERVER_VERSION, 1: session.account.user, 2: MODEL_FILE}
    if any(identifier not in information for identifier in parameters[0]):
        raise Refused(error_codes.INVALID_PARAMETER, "invalid server information identifier")
    return {identifier: information[identifier] for identifier in parameters[0]}


def browse(session: Session, parameters: Parameters) -> Any:
    """The elements below one, by depth and category."""
    categories = parameters.get(2)
    return [
        {0: element.primary_key, 1: element.uuid, 2: element.category}
        for element in session.plant.below(parameters[0], parameters.get(1))
        if categories is None or element.category in categories
    ]


def meta_data(session: Session, parameters: Parameters) -> Any:
    """Primary key, category, attributes and whether there are children, as asked for."""
    element = session.plant.element(parameters[0])
    if any(identifier not in _META_DATA for identifier in parameters[1]):
        raise Refused(error_codes.INVALID_PARAMETER, "invalid meta data identifier")
    return {identifier: _META_DATA[identifier](session.plant, element) for identifier in parameters[1]}


def _attribute_row(attribute: Attribute) -> dict[int, Any]:
    return {0: attribute.name, 1: attribute.identifier, 2: attribute.access, 3: attribute.data_type}


_META_DATA: Final[dict[int, Callable[[Plant, Element], Any]]] = {
    0: lambda _, element: element.primary_key,
    1: lambda _, element: element.category,
    2: lambda _, element: [_attribute_row(attribute) for attribute in element.attributes],
    3: lambda plant, element: any(plant.below(element.uuid)),
}


def lookup(session: Session, parameters: Parameters) -> Any:
    """The UUID of the element with a primary key."""
    return session.plant.lookup(parameters[0]).uuid


def read(session: Session, parameters: Parameters) -> Any:
    """The attributes asked for, each a value or an error of its own."""
    element = session.plant.element(parameters[0])
    rights = session.account.rights
    results = {
        identifier: attribute_result(session.plant, element, identifier, rights)
        for identifier in parameters[1]
    }
    if any(
        result.tag == identifiers.TAG_ALTERNATIVE_1 and result.value[0] == error_codes.INTERNAL_ERROR
        for result in results.values()
    ):
        # Not the fault of one attribute, so it is what the request is answered with.
        raise Refused(error_codes.INTERNAL_ERROR)
    return results


def write(session: Session, parameters: Parameters) -> Any:
    """Set an attribute, with the rights of the connection or of a sub-session."""
    element = session.plant.element(parameters[0])
    rights = _actor(session, parameters.get(3)).rights
    session.plant.write(element, parameters[1], parameters[2], rights)
    return NOTHING


def subscribe(session: Session, parameters: Parameters) -> Any:
    """Open a subscription; one with the same desired id is replaced."""
    elements = [(session.plant.element(entry[0]), entry[1]) for entry in parameters[0]]
    for element, attributes in elements:
        for identifier in attributes:
            element.attribute(identifier)
    interval, silence = rates(parameters.get(1), parameters.get(2))
    uuid = parameters.get(3) or session.new_uuid()
    session.subscriptions[uuid] = Subscription(uuid, elements, interval, silence)
    return uuid


def unsubscribe(session: Session, parameters: Parameters) -> Any:
    """End a subscription."""
    if session.subscriptions.pop(parameters[0], None) is None:
        raise Refused(error_codes.UNKNOWN_SUBSCRIPTION_ID)
    return NOTHING


def get_stage(session: Session, _: Parameters) -> Any:
    """The operational stage."""
    return session.plant.stage


def _change_stage(wanted: int) -> Handler:
    def change(session: Session, parameters: Parameters) -> Any:
        if not _actor(session, parameters.get(0)).rights.control:
            raise Refused(error_codes.ACCESS_DENIED)
        session.plant.change_stage(wanted)
        return NOTHING

    return change


def _actor(session: Session, sub_session: UUID | None) -> Account:
    """Who a request acts for. Raises Refused(-32102); the pages list no other error for a wrong id."""
    if sub_session is None:
        return session.account
    if sub_session not in session.sub_sessions:
        raise Refused(error_codes.ACCESS_DENIED)
    return session.sub_sessions[sub_session]


def create_sub_session(session: Session, parameters: Parameters) -> Any:
    """Log in a further user; a sub-session with the same desired id is replaced (S)."""
    account = session.accounts.by_authentication(parameters[0])
    if account is None:
        raise Refused(error_codes.ACCESS_DENIED)
    uuid = parameters.get(1) or session.new_uuid()
    session.sub_sessions[uuid] = account
    return uuid


def close_sub_session(session: Session, parameters: Parameters) -> Any:
    """Log out the user of a sub-session."""
    if session.sub_sessions.pop(parameters[0], None) is None:
        raise Refused(error_codes.UNKNOWN_SESSION_ID)
    return NOTHING


def client_hello(session: Session, parameters: Parameters) -> Any:
    """Agree on the protocol version; everything else comes after."""
    if session.greeted:
        raise Refused(error_codes.DUPLICATE_CLIENT_HELLO)
    if not parameters[0] <= PROTOCOL_VERSION <= parameters[1]:
        raise Refused(error_codes.INVALID_PARAMETER)
    session.greeted = True
    return {0: PROTOCOL_VERSION}


def check_access(session: Session, parameters: Parameters) -> Any:
    """What the user of a sub-session may do."""
    if parameters[0] not in session.sub_sessions:
        # Its page lists no code for an unknown session but that of an invalid parameter.
        raise Refused(error_codes.INVALID_PARAMETER)
    rights = session.sub_sessions[parameters[0]].rights
    return {0: rights.read, 1: rights.write}


Handler = Callable[[Session, Parameters], Any]

HANDLERS: Final[dict[int, Handler]] = {
    commands.SERVER_INFORMATION_COMMAND: server_information,
    commands.BROWSE: browse,
    commands.META_DATA_COMMAND: meta_data,
    commands.LOOKUP: lookup,
    commands.READ: read,
    commands.WRITE: write,
    commands.SUBSCRIBE: subscribe,
    commands.UNSUBSCRIBE: unsubscribe,
    commands.GET_STAGE: get_stage,
    commands.RESUME: _change_stage(RUNNING),
    commands.SUSPEND: _change_stage(SUSPENDED),
    commands.SHUTDOWN: _change_stage(SHUT_DOWN),
    commands.CREATE_SUB_SESSION: create_sub_session,
    commands.CLOSE_SUB_SESSION: close_sub_session,
    commands.CLIENT_HELLO: client_hello,
    commands.CHECK_ACCESS: check_access,
}
