"""What can be found in traffic: the table of findings. The checks are in `findings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xentara_inspect.traffic.records import Finding, Severity
from xentara_inspect.traffic.validation import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of findings: how bad it is, what the specification asks, and where."""

    severity: Severity
    asks: str
    source: str


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

INTERNAL_ERROR: Final = "internal-error"
"""Not about the traffic: what a store notes where decoding a frame failed by a bug of ours."""

CUT_FRAME: Final = "cut-frame"
"""Likewise: what a store notes of a frame that it does not have whole."""

RULES: Final[dict[str, Rule]] = {
    "malformed-cbor": Rule(_E, "every message is well-formed CBOR", "RFC 8949 section 3, appendix C"),
    "text-message": Rule(_E, "every message is a binary WebSocket message", "packaging page"),
    "not-an-array": Rule(_E, "every message is an array of packets", "packaging page"),
    "bad-packet-shape": Rule(_E, "a packet is an array laid out by its type", "packaging page"),
    "unknown-packet-type": Rule(_E, "packet types are 0, 1, 2 and 8", "packet pages"),
    "wrong-direction": Rule(_E, "clients send requests, servers send responses and events", "packaging page"),
    "mixed-packet-types": Rule(
        _E, "a message holds only requests, only responses or only events", "packaging page"
    ),
    "hello-missing": Rule(_E, "client_hello comes before any other request", "error -32000"),
    "duplicate-hello": Rule(_E, "client_hello is sent once a connection", "client hello page, error -32001"),
    "unknown-opcode": Rule(_E, "opcodes are those of the pages", "command pages"),
    "missing-parameter": Rule(_E, "parameters that are not optional are there", "the command's page"),
    "wrong-parameter-type": Rule(_E, "parameters have the type of the page", "the command's page"),
    "unsolicited-response": Rule(_E, "one response for each request, with its message id", "packaging page"),
    "trailing-bytes": Rule(_W, "a message is one CBOR item", "packaging page"),
    "empty-message": Rule(_W, "a message carries at least one packet", "packaging page"),
    "bare-packet": Rule(_W, "even a single packet is wrapped in the outer array", "packaging page"),
    "unknown-parameter": Rule(_W, "parameters are those of the page", "the command's page"),
    "nil-uuid": Rule(_W, "the UUID is not nil", "the command's page"),
    "empty-primary-key": Rule(_W, "the primary key is not empty", "lookup page"),
    "version-range-inverted": Rule(_W, "minimum version ≤ maximum version", "client hello page"),
    "message-id-in-use": Rule(_W, "message ids are unique among unanswered requests", "packet pages"),
    "unanswered-request": Rule(_W, "one response for each request", "packaging page"),
    "undocumented-error-code": Rule(_W, "error codes are those of the page", "the command's page"),
    "unexpected-result": Rule(_W, "the result is that of the page", "the command's page"),
    "unsubscribed-event": Rule(_W, "events serve a subscription", "subscribe page"),
    "unknown-subscription": Rule(_W, "the subscription was granted and is open", "unsubscribe page"),
    "name-disagrees": Rule(_W, "nothing; a file of names is old, or of another plant", "xentara_inspect"),
    CUT_FRAME: Rule(_W, "nothing; only the beginning of the message was recorded", "xentara_inspect"),
    INTERNAL_ERROR: Rule(_E, "nothing; our decoder failed, please report it", "xentara_inspect"),
    "non-preferred-encoding": Rule(_I, "nothing; shorter heads exist", "RFC 8949 section 4.1"),
}


def finding(problem: Problem, place: int | None = None, exchange: int | None = None) -> Finding:
    """A problem as it is recorded, as bad as its rule says. place, exchange: addresses, as in `Finding`."""
    code, message = problem
    return Finding(code, RULES[code].severity, message, place, exchange)
