"""What happened in each sample capture, as the scripts that made them mean it.

The exchanges are what the scripts of `sample_captures/` note as they go (`Stage.sent`), and
`test_sample_scenarios.py` plays them again to see that the two agree; the rest follows from what
the scripts do on purpose. None of it is the output of our decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sample_captures.faults import FAULTS
from sample_captures.runs import BAD, GOOD
from sample_captures.steps import Conversation, events, exchanges
from xentara_inspect.traffic.rules import RULES


class Happened(NamedTuple):
    """A request with its answer, or one of them alone, in the order of the requests.

    command: None where the opcode has no name, and for an answer nobody asked for. status: ok,
    error, unanswered or unsolicited.
    """

    command: str | None
    message_id: int
    status: str
    error_code: int | None = None


class Expectation(NamedTuple):
    """What a capture has in it.

    sessions: WebSocket connections. exchanges: of all sessions, one session after another. events:
    event packets. malformed: frames of which no packet can be made, or whose packet is none.
    findings: the codes that must occur, and no others.
    """

    sessions: int
    exchanges: tuple[Happened, ...]
    events: int
    malformed: int
    findings: frozenset[str]


def _ok(command: str, *message_ids: int) -> tuple[Happened, ...]:
    return tuple(Happened(command, message_id, "ok") for message_id in message_ids)


def _span(command: str, first: int, last: int) -> tuple[Happened, ...]:
    return _ok(command, *range(first, last + 1))


def _error(command: str | None, message_id: int, code: int) -> tuple[Happened, ...]:
    return (Happened(command, message_id, "error", code),)


def _unanswered(command: str, message_id: int) -> tuple[Happened, ...]:
    return (Happened(command, message_id, "unanswered"),)


def _unsolicited(message_id: int, code: int | None = None) -> tuple[Happened, ...]:
    return (Happened(None, message_id, "unsolicited", code),)


def _said(
    conversations: Sequence[Conversation], malformed: int = 0, findings: Sequence[str] = ()
) -> Expectation:
    """What conversations that are data say of themselves."""
    happened = (Happened(*sent) for conversation in conversations for sent in exchanges(conversation))
    heard = sum(events(conversation) for conversation in conversations)
    return Expectation(len(conversations), tuple(happened), heard, malformed, frozenset(findings))


EXPECTATIONS: Final[dict[str, Expectation]] = {
    "hello-and-browse": Expectation(
        sessions=2,
        exchanges=(
            *_ok("client_hello", 1),
            *_ok("lookup", 2),
            *_ok("server_information", 3),
            *_ok("get_stage", 4),
            *_ok("browse", 5),
            *_ok("lookup", 6),
            *_ok("browse", 7, 8),
            *_ok("lookup", 9),
            *_ok("meta_data", 10, 11),
            *_error("meta_data", 12, -32602),
            *_error("lookup", 13, -32100),
            *_error("browse", 14, -32100),
            *_ok("client_hello", 65),
            *_ok("lookup", 66),
            *_ok("get_stage", 67),
            *_error("meta_data", 68, -32602),
        ),
        events=0,
        malformed=0,
        findings=frozenset(),
    ),
    "reads-and-writes": Expectation(
        sessions=1,
        exchanges=(
            *_error("read", 1, -32000),
            *_error("write", 2, -32000),
            *_ok("client_hello", 3),
            *_error("read", 900, -32700),
            *_error("write", 901, -32700),
            *_error("read", 902, -32600),
            *_error("write", 903, -32600),
            *_ok("browse", 4),
            *_span("read", 5, 37),
            *_error("read", 38, -32100),
            *_error("read", 39, -32603),
            *_error("read", 40, -32602),
            *_span("lookup", 41, 44),
            *_span("write", 45, 49),
            *_span("read", 50, 53),
            *_span("lookup", 54, 59),
            *_error("write", 60, -32100),
            *_error("write", 61, -32101),
            *_error("write", 62, -32102),
            *_error("write", 63, -32103),
            *_error("write", 64, -32105),
            *_error("write", 65, -32106),
            *_error("write", 66, -32107),
            *_error("write", 67, -32109),
            *_error("write", 68, -32603),
            *_error("write", 69, -32602),
            *_ok("read", 70),
        ),
        events=0,
        malformed=0,
        findings=frozenset({"hello-missing", "missing-parameter", "wrong-parameter-type"}),
    ),
    "subscription-events": Expectation(
        sessions=1,
        exchanges=(
            *_ok("client_hello", 1),
            *_ok("browse", 2),
            *_span("lookup", 3, 6),
            *_ok("subscribe", 7, 500),
            *_ok("write", 8),
            *_ok("unsubscribe", 9),
            *_error("unsubscribe", 10, -32110),
            *_error("subscribe", 11, -32100),
            *_error("subscribe", 12, -32101),
            *_error("subscribe", 13, -32602),
            *_ok("unsubscribe", 14),
        ),
        events=15,
        malformed=0,
        findings=frozenset({"unknown-subscription"}),
    ),
    "sub-sessions": Expectation(
        sessions=2,
        exchanges=(
            *_ok("client_hello", 1),
            *_ok("server_information", 2),
            *_ok("lookup", 3),
            *_error("write", 4, -32102),
            *_ok("create_sub_session", 5, 6, 7),
            *_error("create_sub_session", 8, -32102),
            *_error("create_sub_session", 9, -32102),
            *_error("create_sub_session", 10, -32102),
            *_error("create_sub_session", 11, -32602),
            *_ok("check_access", 12, 13, 14),
            *_ok("write", 15),
            *_error("write", 16, -32102),
            *_error("write", 17, -32102),
            *_error("suspend", 18, -32102),
            *_ok("suspend", 19),
            *_ok("get_stage", 20),
            *_ok("resume", 21),
            *_error("resume", 22, -32112),
            *_ok("create_sub_session", 23),
            *_ok("check_access", 24),
            *_error("shutdown", 25, -32102),
            *_ok("close_sub_session", 26, 27, 28),
            *_error("close_sub_session", 29, -32111),
            *_error("check_access", 30, -32602),
            *_error("check_access", 31, -32602),
            *_ok("client_hello", 1),
            *_ok("server_information", 2),
            *_ok("lookup", 3),
            *_ok("read", 4),
        ),
        events=0,
        malformed=0,
        findings=frozenset({"missing-parameter", "nil-uuid"}),
    ),
    "out-of-order": Expectation(
        sessions=1,
        exchanges=(
            *_ok("client_hello", 1),
            *_ok("lookup", 2),
            *_ok("get_stage", 10),
            *_ok("lookup", 11),
            *_ok("server_information", 12),
            *_ok("get_stage", 2, 2, 20),
            *_error("lookup", 20, -32100),
            *_ok("get_stage", -1, -(1 << 64), (1 << 64) - 1),
            *_unanswered("get_stage", 30),
            *_unanswered("write", 31),
            *_unsolicited(777),
            *_unsolicited(778, -32603),
            *_ok("get_stage", 40, 41),
            *_error("get_stage", 42, -32999),
            *_ok("lookup", 43),
        ),
        events=1,
        malformed=0,
        findings=frozenset(
            {
                "bare-packet",
                "message-id-in-use",
                "unanswered-request",
                "undocumented-error-code",
                "unexpected-result",
                "unsolicited-response",
                "unsubscribed-event",
            }
        ),
    ),
    "malformed": Expectation(
        sessions=2,
        exchanges=(
            *_ok("client_hello", 1),
            *8 * _unsolicited(0, -32700),
            *_unsolicited(73, -32600),
            *_unsolicited(74, -32600),
            *_unsolicited(0, -32600),
            *_unsolicited(76, -32600),
            *_unsolicited(77, -32600),
            *4 * _unsolicited(0, -32600),
            *_unsolicited(0, -32700),
            *_ok("get_stage", 70, 71),
            *_unsolicited(72),
            *_unsolicited(72, -32600),
            *_ok("get_stage", 75),
            *_error("read", 100, -32602),
            *_error("read", 101, -32602),
            *_error("read", 102, -32602),
            *_error("meta_data", 103, -32602),
            *_error("lookup", 104, -32602),
            *_ok("lookup", 110),
            *_error("client_hello", 111, -32001),
            *_error(None, 112, -32601),
            *_error("unsubscribe", 113, -32110),
            *_error("get_stage", 1, -32000),
            *_unsolicited(79),
            *_unanswered("get_stage", 80),
            *_error("client_hello", 2, -32602),
            *_ok("client_hello", 3),
        ),
        events=2,
        malformed=21,
        findings=frozenset(
            {
                "bad-packet-shape",
                "duplicate-hello",
                "empty-message",
                "empty-primary-key",
                "hello-missing",
                "malformed-cbor",
                "missing-parameter",
                "mixed-packet-types",
                "nil-uuid",
                "non-preferred-encoding",
                "not-an-array",
                "text-message",
                "trailing-bytes",
                "unanswered-request",
                "unknown-opcode",
                "unknown-packet-type",
                "unknown-parameter",
                "unknown-subscription",
                "unsolicited-response",
                "unsubscribed-event",
                "version-range-inverted",
                "wrong-direction",
                "wrong-parameter-type",
            }
        ),
    ),
    "seed-pages": Expectation(
        sessions=2,
        exchanges=(
            *_ok("client_hello", 65),
            *_ok("create_sub_session", 65, 65),
            *_ok("check_access", 65),
            *_ok("read", 65),
            *_ok("lookup", 65),
            *_ok("get_stage", 66),
            *_error("meta_data", 67, -32602),
            *_ok("client_hello", 65),
            *_ok("create_sub_session", 65, 65),
            *_ok("check_access", 65),
            *_ok("read", 65),
            *_ok("lookup", 65),
            *_ok("get_stage", 66),
            *_error("meta_data", 67, -32602),
        ),
        events=0,
        malformed=0,
        findings=frozenset({"bare-packet"}),
    ),
    "client-faults": _said(
        [fault.faulty for fault in FAULTS],
        malformed=3,
        findings=(
            *(fault.code for fault in FAULTS if fault.code in RULES),
            # A buffer in two messages is no array either, and what cannot be read is answered nevertheless.
            *("not-an-array", "unsolicited-response"),
        ),
    ),
    "client-proper": _said([fault.proper for fault in FAULTS]),
    "good-run": _said([GOOD]),
    "bad-run": _said([BAD]),
}
