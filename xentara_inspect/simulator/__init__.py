"""A Xentara server good enough to demo and test against, and a client that talks to it."""

from xentara_inspect.simulator.accounts import (
    OPERATOR,
    OUTSIDER,
    PAGE_EXAMPLE,
    SERVICE,
    VIEWER,
    Account,
    Accounts,
    Rights,
)
from xentara_inspect.simulator.behaviour import Behaviour
from xentara_inspect.simulator.client import Client, Recorded, Request, Response
from xentara_inspect.simulator.conversation import demo, everything
from xentara_inspect.simulator.example_plant import example_plant
from xentara_inspect.simulator.plant import Attribute, Element, Plant
from xentara_inspect.simulator.script import (
    CLIENT_ERRORS,
    Ask,
    InvalidURI,
    Script,
    Sent,
    UnexpectedAnswerError,
)
from xentara_inspect.simulator.server import Simulator

__all__ = [
    "CLIENT_ERRORS",
    "OPERATOR",
    "OUTSIDER",
    "PAGE_EXAMPLE",
    "SERVICE",
    "VIEWER",
    "Account",
    "Accounts",
    "Ask",
    "Attribute",
    "Behaviour",
    "Client",
    "Element",
    "InvalidURI",
    "Plant",
    "Recorded",
    "Request",
    "Response",
    "Rights",
    "Script",
    "Sent",
    "Simulator",
    "UnexpectedAnswerError",
    "demo",
    "everything",
    "example_plant",
]
