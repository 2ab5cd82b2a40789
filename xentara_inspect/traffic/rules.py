"""What can be found in traffic: the table of findings. The checks are in `findings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xentara_inspect.traffic.records import Finding, Severity
from xentara_inspect.traffic.validation import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of findings: how bad it is, what the specification asks, where, and what helps."""

    severity: Severity
    asks: str
    source: str
    remedy: str


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

INTERNAL_ERROR: Final = "internal-error"
"""Not about the traffic: what a store notes where decoding a frame failed by a bug of ours."""

CUT_FRAME: Final = "cut-frame"
"""Likewise: what a store notes of a frame that it does not have whole."""

RULES: Final[dict[str, Rule]] = {
    "malformed-cbor": Rule(
        _E,
        "every message is well-formed CBOR",
        "RFC 8949 section 3, appendix C",
        "encode messages with a CBOR library, and send each buffer whole and once",
    ),
    "text-message": Rule(
        _E,
        "every message is a binary WebSocket message",
        "packaging page",
        "send with the binary opcode, as an array buffer and not as a string",
    ),
    "not-an-array": Rule(
        _E,
        "every message is an array of packets",
        "packaging page",
        "put the packets of a message into one array",
    ),
    "bad-packet-shape": Rule(
        _E,
        "a packet is an array laid out by its type",
        "packaging page",
        "lay the packet out as its page shows, with type and message id first",
    ),
    "unknown-packet-type": Rule(
        _E,
        "packet types are 0, 1, 2 and 8",
        "packet pages",
        "use the packet types of the pages; a newer server may need a newer client",
    ),
    "wrong-direction": Rule(
        _E,
        "clients send requests, servers send responses and events",
        "packaging page",
        "send requests only, and answer nothing that the server sends",
    ),
    "mixed-packet-types": Rule(
        _E,
        "a message holds only requests, only responses or only events",
        "packaging page",
        "send requests, responses and events in messages of their own",
    ),
    "hello-missing": Rule(
        _E,
        "client_hello comes before any other request",
        "error -32000",
        "send client_hello first, at the latest in the first message, and wait for its answer",
    ),
    "duplicate-hello": Rule(
        _E,
        "client_hello is sent once a connection",
        "client hello page, error -32001",
        "send client_hello once when the connection opens, not with each login or retry",
    ),
    "unknown-opcode": Rule(
        _E,
        "opcodes are those of the pages",
        "command pages",
        "compare the opcode with the list of commands, and the version that client_hello agreed on",
    ),
    "missing-parameter": Rule(
        _E,
        "parameters that are not optional are there",
        "the command's page",
        "add the parameter, under the key that the command's page gives it",
    ),
    "wrong-parameter-type": Rule(
        _E,
        "parameters have the type of the page",
        "the command's page",
        "encode the parameter as the command's page says; UUIDs are byte strings with tag 37",
    ),
    "unsolicited-response": Rule(
        _E,
        "one response for each request, with its message id",
        "packaging page",
        "look for a second answer to one request, or for an answer to another connection",
    ),
    "trailing-bytes": Rule(
        _W,
        "a message is one CBOR item",
        "packaging page",
        "send one CBOR item a message; several packets go into one array",
    ),
    "empty-message": Rule(
        _W,
        "a message carries at least one packet",
        "packaging page",
        "send nothing where there is nothing to say; a ping keeps a connection open",
    ),
    "bare-packet": Rule(
        _W,
        "even a single packet is wrapped in the outer array",
        "packaging page",
        "wrap the packet in an array, also where it is the only one",
    ),
    "unknown-parameter": Rule(
        _W,
        "parameters are those of the page",
        "the command's page",
        "leave the key out; the server ignores it, or it belongs to another command",
    ),
    "nil-uuid": Rule(
        _W,
        "the UUID is not nil",
        "the command's page",
        "look the UUID up before it is used; an unset variable is all zeros",
    ),
    "empty-primary-key": Rule(
        _W,
        "the primary key is not empty",
        "lookup page",
        "check that the key is filled in before the lookup is sent",
    ),
    "version-range-inverted": Rule(
        _W,
        "minimum version ≤ maximum version",
        "client hello page",
        "give the older version first, then the newer one",
    ),
    "message-id-in-use": Rule(
        _W,
        "message ids are unique among unanswered requests",
        "packet pages",
        "count message ids up, and use none again before its answer has come",
    ),
    "unanswered-request": Rule(
        _W,
        "one response for each request",
        "packaging page",
        "set a time limit on the answer, and look what ended or delayed the session",
    ),
    "undocumented-error-code": Rule(
        _W,
        "error codes are those of the page",
        "the command's page",
        "treat it as a failure, and compare the server's version with the page's",
    ),
    "unexpected-result": Rule(
        _W,
        "results and events are those of the page",
        "the command's page, event object",
        "compare the server's version with the page's; read only the fields that are known",
    ),
    "unsubscribed-event": Rule(
        _W,
        "events serve a subscription",
        "subscribe page",
        "expect events until the answer to unsubscribe has come, and ignore them",
    ),
    "unknown-subscription": Rule(
        _W,
        "the subscription was granted and is open",
        "unsubscribe page",
        "unsubscribe once, on the connection that subscribed, with the UUID of its answer",
    ),
    "written-unsigned": Rule(
        _W,
        "a written value is the one that is meant",
        "write page",
        "encode negative numbers as such (CBOR major type 1); check what the language makes of signed ones",
    ),
    "written-type": Rule(
        _W,
        "a written value has the data type of its attribute",
        "write page, error -32106",
        "convert the value to the data type that meta_data tells of the attribute",
    ),
    "written-range": Rule(
        _W,
        "a written value is within the range of its attribute's data type",
        "write page, error -32105",
        "compare the value with the data type that meta_data tells before it is written",
    ),
    "bad-quality-written": Rule(
        _W,
        "nothing; a quality says whether a value may be relied on",
        "quality attribute",
        "look at the quality before a value is used, and do not pass on what is unreliable or bad",
    ),
    "silent-subscription": Rule(
        _W,
        "nothing; a subscription is there for its events",
        "subscribe page",
        "check the elements and attributes it asks for, and read one of them to see whether it changes",
    ),
    "asked-again": Rule(
        _W,
        "nothing; what is unknown stays so until the model changes",
        "error -32100",
        "look the element up by its primary key or browse for it, and stop asking where that finds nothing",
    ),
    "tight-loop": Rule(
        _W,
        "nothing; each request costs the server as much as the first one",
        "xentara_inspect",
        "wait between requests, or for what they wait for: subscribe to the attribute",
    ),
    "clock-apart": Rule(
        _W,
        "nothing; times of the plant are to be compared with others",
        "xentara_inspect",
        "set both clocks by NTP, the server's and that of the machine that records",
    ),
    "polling": Rule(
        _I,
        "nothing; a subscription sends what changes",
        "subscribe page",
        "subscribe to the attributes once, and read them only to begin with",
    ),
    "subscription-left-open": Rule(
        _I,
        "nothing; each open subscription sends its events",
        "unsubscribe page",
        "unsubscribe before subscribing anew, for example where a page or dialog closes",
    ),
    "sub-session-left-open": Rule(
        _I,
        "nothing; a sub-session holds a user's rights until it is closed",
        "close sub session page",
        "close the sub-session when its user is done",
    ),
    "name-disagrees": Rule(
        _W,
        "nothing; a file of names is old, or of another plant",
        "xentara_inspect",
        "export the model file again from the server that was recorded",
    ),
    CUT_FRAME: Rule(
        _W,
        "nothing; only the beginning of the message was recorded",
        "xentara_inspect",
        "raise xentara_max_frame where such messages are to be recorded whole",
    ),
    INTERNAL_ERROR: Rule(
        _E,
        "nothing; our decoder failed, please report it",
        "xentara_inspect",
        "report it with the message's bytes, which `show --hex` prints",
    ),
    "non-preferred-encoding": Rule(
        _I,
        "nothing; shorter heads exist",
        "RFC 8949 section 4.1",
        "nothing has to change; a library's shortest form saves bytes",
    ),
}


def finding(problem: Problem, place: int | None = None, exchange: int | None = None) -> Finding:
    """A problem as it is recorded, as bad as its rule says. place, exchange: addresses, as in `Finding`."""
    code, message = problem
    return Finding(code, RULES[code].severity, message, place, exchange)
