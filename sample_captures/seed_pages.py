"""The examples that five pages of the WebSocket API Specification 2.0.3 and 2.0.4 print.

The pages write a UUID as 37('E3EE…') or 37(h'E3EE…'). Both are taken for the 16 bytes that the
second one says: the first, read by the letter, would be a text of 32 characters.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sample_captures.stage import Stage, say
from xentara_inspect.simulator import Behaviour

_UUID: Final = "d82550 e3ee10714d884ba18e5d0f1e4ce25ee8"
_MISSING: Final = "d82550 88130ce8b9e74a2a8f26d32a931129aa"


class Example(NamedTuple):
    """An example of a page, in diagnostic notation and as bytes. wrapped: printed with the outer array."""

    page: str
    from_client: bool
    notation: str
    payload: bytes
    wrapped: bool = False

    @property
    def message(self) -> bytes:
        """The example with the outer array around it."""
        return self.payload if self.wrapped else b"\x81" + self.payload


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal)


def _text(content: str) -> str:
    """A short text string in hex."""
    head = f"{0x60 + len(content):02x}" if len(content) < 24 else f"78{len(content):02x}"
    return head + content.encode().hex()


_N_UUID: Final = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"
_N_MISSING: Final = "37(h'88130CE8B9E74A2A8F26D32A931129AA')"

HELLO_REQUEST: Final = Example(
    "client hello", True, "[0, 65, 14, {0: 0, 1: 1}]", _bytes("84 00 1841 0e a2 00 00 01 01")
)
HELLO_RESPONSE: Final = Example("client hello", False, "[1, 65, {0: 1}]", _bytes("83 01 1841 a1 00 01"))
LOGIN_REQUEST: Final = Example(
    "create sub session",
    True,
    f'[0, 65, 12, {{0: 123({{0: "add username here", 1: "add password here"}}), 1: {_N_UUID}}}]',
    _bytes(
        "84 00 1841 0c a2 00 d87b a2"
        f"00 {_text('add username here')} 01 {_text('add password here')}"
        f"01 {_UUID}"
    ),
)
TOKEN_REQUEST: Final = Example(
    "create sub session",
    True,
    f'[0, 65, 12, {{0: 121({{0: "add OAuth 2.0 token here"}}), 1: {_N_UUID}}}]',
    _bytes(f"84 00 1841 0c a2 00 d879 a1 00 {_text('add OAuth 2.0 token here')} 01 {_UUID}"),
)
LOGIN_RESPONSE: Final = Example(
    "create sub session", False, f"[1, 65, {_N_UUID}]", _bytes(f"83 01 1841 {_UUID}")
)
ACCESS_REQUEST: Final = Example(
    "check access", True, f"[0, 65, 15, {{0: {_N_UUID}}}]", _bytes(f"84 00 1841 0f a1 00 {_UUID}")
)
ACCESS_RESPONSE: Final = Example(
    "check access", False, "[1, 65, {0: true, 1: false}]", _bytes("83 01 1841 a2 00 f5 01 f4")
)
READ_REQUEST: Final = Example(
    "read",
    True,
    f"[0, 65, 4, {{0: {_N_UUID}, 1: [1, 11, {_N_MISSING}]}}]",
    _bytes(f"84 00 1841 04 a2 00 {_UUID} 01 83 01 0b {_MISSING}"),
)
READ_RESPONSE: Final = Example(
    "read",
    False,
    f'[1, 65, {{1: 121("register"), 11: 121(true), '
    f'{_N_MISSING}: 122({{0: -32101, 1: "missing attribute"}})}}]',
    _bytes(
        f"83 01 1841 a3 01 d879 {_text('register')} 0b d879 f5"
        f"{_MISSING} d87a a2 00 397d64 01 {_text('missing attribute')}"
    ),
)
BATCH_REQUEST: Final = Example(
    "packaging",
    True,
    f'[[0, 65, 3, {{0: "Group 1.Data Point 1"}}], [0, 66, 8], [0, 67, 2, {{0: {_N_UUID}, 1: [0, 83]}}]]',
    _bytes(
        f"83 84 00 1841 03 a1 00 {_text('Group 1.Data Point 1')}"
        f"83 00 1842 08 84 00 1843 02 a2 00 {_UUID} 01 82 00 1853"
    ),
    wrapped=True,
)
BATCH_RESPONSE: Final = Example(
    "packaging",
    False,
    f'[[1, 65, {_N_UUID}], [1, 66, 2], [2, 67, {{0: -32602, 1: "invalid meta data identifier"}}]]',
    _bytes(
        f"83 83 01 1841 {_UUID} 83 01 1842 02"
        f"83 02 1843 a2 00 397f59 01 {_text('invalid meta data identifier')}"
    ),
    wrapped=True,
)

CONVERSATION: Final = (
    (HELLO_REQUEST, HELLO_RESPONSE),
    (LOGIN_REQUEST, LOGIN_RESPONSE),
    (TOKEN_REQUEST, LOGIN_RESPONSE),
    (ACCESS_REQUEST, ACCESS_RESPONSE),
    (READ_REQUEST, READ_RESPONSE),
    (BATCH_REQUEST, BATCH_RESPONSE),
)
EXAMPLES: Final = tuple(dict.fromkeys(example for pair in CONVERSATION for example in pair))

_SENT: Final = (
    ("client_hello", 65, "ok", None),
    ("create_sub_session", 65, "ok", None),
    ("create_sub_session", 65, "ok", None),
    ("check_access", 65, "ok", None),
    ("read", 65, "ok", None),
    ("lookup", 65, "ok", None),
    ("get_stage", 66, "ok", None),
    ("meta_data", 67, "error", -32602),
)


async def seed_pages(stage: Stage) -> None:
    """Each example as it is printed, on one connection, and with the outer array on another."""
    for wrapped in (False, True):
        frames = {
            number: [response.message if wrapped else response.payload]
            for number, (_, response) in enumerate(CONVERSATION, 1)
        }
        async with stage.connect(behaviour=Behaviour(mute=True, frames_after=frames)) as client:
            for request, _ in CONVERSATION:
                await say(client, request.message if wrapped else request.payload)
        for entry in _SENT:
            stage.expect(*entry)
