"""How connections are refused and closed: what an HTTP status or a close code means here.

The letters are the sources that `xentara_inspect.protocol` names.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What a number says. name: what it is called; says: what it means; remedy: what helps."""

    name: str
    says: str
    remedy: str


NORMAL_CLOSURE: Final = 1000
GOING_AWAY: Final = 1001
NO_STATUS: Final = 1005
ENDS_WELL: Final = frozenset({NORMAL_CLOSURE, GOING_AWAY, NO_STATUS})
"""Codes that are no trouble by themselves."""

CLOSE_CODES: Final[dict[int, Meaning]] = {  # RFC 6455 section 7.4.1; 1012 to 1014: IANA's registry
    NORMAL_CLOSURE: Meaning(
        "Normal Closure", "its purpose is fulfilled", "wait for the answers before the connection is closed"
    ),
    GOING_AWAY: Meaning(
        "Going Away", "that side goes down, or a browser leaves the page", "connect again after a pause"
    ),
    1002: Meaning(
        "Protocol Error",
        "a WebSocket frame was not as RFC 6455 asks",
        "look for a proxy or a WebSocket library that changes frames; update it",
    ),
    1003: Meaning(
        "Unsupported Data",
        "a message was of a type that is not taken, such as text where binary is wanted",
        "send binary messages only",
    ),
    NO_STATUS: Meaning(
        "No Status Received",
        "the close frame had no code",
        "close with 1000, so that the other side knows why",
    ),
    1006: Meaning(
        "Abnormal Closure",
        "the connection broke without a close frame",
        "look for a crash, a network that failed, or a proxy that ends idle connections, and connect again"
        " with hello and subscriptions",
    ),
    1007: Meaning("Invalid Payload Data", "a text message was not UTF-8", "send binary messages only"),
    1008: Meaning(
        "Policy Violation",
        "a message was not allowed",
        "look what was said last, and at the rights of the user",
    ),
    1009: Meaning(
        "Message Too Big",
        "a message was larger than that side takes",
        "send smaller batches, or ask for fewer elements at once",
    ),
    1010: Meaning(
        "Mandatory Extension",
        "the server did not agree to an extension that the client needs",
        "connect without asking for that extension",
    ),
    1011: Meaning(
        "Internal Error",
        "the server met something that it could not cope with",
        "look into the server's log at that time, and connect again after a pause",
    ),
    1012: Meaning("Service Restart", "the server is started again", "connect again after a pause"),
    1013: Meaning(
        "Try Again Later",
        "the server, or the proxy that records durably, cannot do it now",
        "connect again after a pause; see whether the recorder's disk is full or slow",
    ),
    1014: Meaning("Bad Gateway", "a gateway got no good answer", "look at the server behind the proxy"),
    1015: Meaning("TLS Handshake", "TLS was not agreed on", "compare the certificates and TLS versions"),
}

REFUSALS: Final[dict[int, Meaning]] = {  # D T, but for the last
    401: Meaning(
        "Unauthorized",
        "no credentials, or wrong ones",
        "send user and password, a token or a client certificate with the upgrade, and check them",
    ),
    403: Meaning(
        "Forbidden",
        "the user may not open a WebSocket",
        "give the user the entitlement websocket.connect",
    ),
    404: Meaning("Not Found", "nothing is served under that path", "connect to /api/ws"),
    502: Meaning(
        "Bad Gateway",
        "the proxy did not reach the server, or its certificate was not accepted",
        "check address and port of the server, that it runs, and whose certificate it has",
    ),
}
"""HTTP statuses that answer the upgrade instead of 101."""

NO_ANSWER: Final = "no answer"
UNREACHED: Final = "cannot be reached"
UNTRUSTED: Final = "certificate verify failed"
NO_TLS: Final = "TLS failed"
UNANSWERED: Final = re.compile(
    rf"{NO_ANSWER}|(?:{UNREACHED}|{UNTRUSTED}): [\w' /-]{{1,80}}|{NO_TLS}|net::ERR_\w{{1,60}}"
)
"""Why there is no status either: what the system, OpenSSL or a browser says, and nothing of the plant."""

REMEDIES: Final = {
    UNREACHED: "check address and port of the server, and that it runs",
    UNTRUSTED: "give the proxy the certificate that the server's is signed with"
    " (--set ssl_verify_upstream_trusted_ca=FILE), or have it accept any (--ssl-insecure)",
    NO_TLS: "look whether the server speaks TLS at this port: the proxy's upstream is http:// otherwise",
}
"""What helps, by how it begins."""
