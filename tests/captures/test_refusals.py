"""Why a request for a WebSocket got none, in words that tell nothing of whoever answered."""

from __future__ import annotations

import pytest
from mitmproxy.flow import Error
from mitmproxy.test.tflow import tflow

from xentara_inspect.captures.flows import refusal


def refused(said: str, *, reached: bool = True, tls: bool = False) -> str | None:
    """said: mitmproxy's words. reached: whether there was a TCP connection. tls: whether TLS was wanted."""
    flow = tflow()
    flow.request.headers["Upgrade"] = "websocket"
    flow.error = Error(said)
    server = flow.server_conn
    server.timestamp_tcp_setup = 1.0 if reached else None
    server.timestamp_tls_setup = None
    server.tls = tls
    return refusal(flow)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("[Errno 111] Connect call failed ('10.0.0.7', 8080)", "cannot be reached: connection refused"),
        (
            "Multiple exceptions: [Errno 111] Connect call failed ('::1', 80, 0, 0), [Errno 111] Connect call"
            " failed ('127.0.0.1', 80)",
            "cannot be reached: connection refused",
        ),
        ("[Errno 113] No route to host", "cannot be reached: no route to host"),
        ("[Errno -2] Name or service not known", "cannot be reached: its name was not resolved"),
        ("[Errno 9999] north", "cannot be reached: unknown error 9999"),
        ("Client disconnected.", "no answer"),
    ],
)
def test_a_server_that_is_not_reached_is_told_by_the_number_of_its_error(said: str, reason: str) -> None:
    assert refused(said, reached=False) == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "Certificate verify failed: self-signed certificate",
            "certificate verify failed: self-signed certificate",
        ),
        ("Certificate verify failed: hostname mismatch", "certificate verify failed: hostname mismatch"),
        ("OpenSSL Error([('SSL routines', '', 'tlsv1 alert protocol version')])", "TLS failed"),
        ("Client disconnected.", "no answer"),
        ("The remote server does not speak TLS.", "TLS failed"),
        ("connection closed", "TLS failed"),
        ("Certificate verify failed: (hunter2)", "no answer"),
    ],
)
def test_tls_that_was_not_agreed_on_is_told_as_openssl_does(said: str, reason: str) -> None:
    for reached in (True, False):  # a server that is connected to when it is needed has no times then
        assert refused(said, reached=reached, tls=True) == reason


@pytest.mark.parametrize(
    "said",
    [
        "server closed connection",
        "Cannot parse HTTP response: b'Authorization: hunter2'",
        "[Errno 111] hunter2",
    ],
)
def test_words_of_whoever_answered_are_not_kept(said: str) -> None:
    assert refused(said) == "no answer"
