"""A client may put its credentials anywhere. A row for each place where they could slip through."""

from __future__ import annotations

import asyncio
import base64
import random
import re
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.test import tflow
from websockets.exceptions import InvalidStatus

from tests.live import run_async
from tests.store_traffic import info
from tests.transcript import edn
from tests.whole.test_secrets_everywhere import Secrets, capture
from xentara_inspect.captures.flows import request_secrets, session_info
from xentara_inspect.frames import Frame
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import Client
from xentara_inspect.store.importing import Importer
from xentara_inspect.traffic.echoes import SessionSecrets

SECRETS = Secrets(random.Random(11))
S = SECRETS.new("it")
NUMBER = int.from_bytes(S[:8].encode(), "big")
LOGIN = f'[0, 65, 12, {{0: 123({{0: "operator", 1: "{S}"}})}}]'
CREDENTIALS = f'123({{0: "operator", 1: "{S}"}})'
OPCODES = (*commands.COMMANDS, 99, 268, -13)

# Messages of a client, in diagnostic notation or bytes; those in quotes are text messages.
PLACES: dict[str, tuple[str | bytes, ...]] = {
    **{
        f"split over two messages, {cut} of its bytes in the first": (
            edn(f"[{LOGIN}]")[:cut],
            edn(f"[{LOGIN}]")[cut:],
        )
        for cut in range(1, len(edn(f"[{LOGIN}]")), 7)
    },
    "split behind the first head of the packet": (edn(f"[{LOGIN}]")[:2], edn(f"[{LOGIN}]")[2:]),
    **{
        f"{name}, opcode {opcode}": (f"[[0, 1, {opcode}, {{0: 1, 1: 11, 2: {value}}}]]",)
        for opcode in OPCODES
        for name, value in {
            "credentials in a byte string": f"<<{CREDENTIALS}>>",
            "a request in a byte string": f"<<{LOGIN}>>",
            "credentials in tag 24": f"24(<<{CREDENTIALS}>>)",
            "a request in tag 24": f"24(<<{LOGIN}>>)",
            "credentials in tag 55799": f"55799({CREDENTIALS})",
            "bytes in tag 55799": f"55799(<<{LOGIN}>>)",
        }.items()
    },
    "the authentication tag on an array": (f'[[0, 1, 12, {{0: 123(["operator", "{S}"])}}]]',),
    "the authentication tag on a text": (f'[[0, 1, 12, {{0: 121("{S}")}}]]',),
    "the authentication tag on a byte string": (f"[[0, 1, 12, {{0: 121('{S}')}}]]",),
    "the authentication tag on an array, opcode 5": (f'[[0, 1, 5, {{2: 123(["me", "{S}"])}}]]',),
    "the authentication tag on a text, opcode 13": (f'[[0, 1, 13, {{0: 121("{S}")}}]]',),
    **{
        f"packet type {packet_type}": (LOGIN.replace("[0,", f"[[{packet_type},") + "]",)
        for packet_type in ("1", "2", "3", "7", "8", "9", "-1", "255", '"0"', "0.0", "null")
    },
    **{
        f"an answer of type {packet_type}": (f'[[{packet_type}, 65, {{0: 12, 1: "{S}"}}]]',)
        for packet_type in (1, 2, 8)
    },
    **{
        f"opcode {opcode}": (LOGIN.replace(" 12,", f" {opcode},").join("[]"),)
        for opcode in (
            "268", "-13", "2(h'0c')", "3(h'0b')", "2(h'000c')", '"12"', '"create_sub_session"', "12.0",
            "12_3", "[12]", "null",
        )
    },
    **{
        f"text: {name}": (f'"{text}"',)
        for name, text in {
            "camel case": f"{{createSubSession: {{authToken: {S}}}}}",
            "upper case": f"CREATE_SUB_SESSION TOKEN={S}",
            "hexadecimal": edn(f"[{LOGIN}]").hex(),
            "upper hexadecimal": edn(f"[{LOGIN}]").hex().upper(),
            "base64": base64.b64encode(edn(f"[{LOGIN}]")).decode(),
            "base64 for URLs": base64.urlsafe_b64encode(edn(f"[{LOGIN}]")).decode(),
            "UTF-16": "\0".join(f"token {S}"),
            "a word": S,
        }.items()
    },
    "UTF-16 in bytes": (f"token {S}".encode("utf-16"),),
    **{
        f"a large integer: {name}": (text.replace("N", str(NUMBER)),)
        for name, text in {
            "in a malformed packet": '[[0, "65", 12, N]]',
            "negative": '[[0, "65", 12, -N]]',
            "as a key": "[[0, 65, 12, {N: 0}]]",
            "as a key in no packet": "[{N: 12}]",
            "as a tag": "[[0, 65, 12, N(0)]]",
            "as a tag in no packet": "[N(1)]",
            "as a password": '[[0, 65, 12, {0: 123({0: "me", 1: N})}]]',
            "alone": "N",
            "behind the message": "[[0, 1, 8]], N",
            "in an unknown command": "[[0, 65, 99, {0: N}]]",
        }.items()
    },
}  # fmt: skip


def frames_of(messages: tuple[str | bytes, ...]) -> list[Frame]:
    """Notation with commas between items is items in a row."""
    made = []
    for number, message in enumerate(messages):
        if isinstance(message, bytes):
            made.append(Frame(number, True, False, message))
        elif message.startswith('"'):
            made.append(Frame(number, True, True, message[1:-1].encode()))
        else:
            items = message.split("]], ") if "]], " in message else [message]
            whole = [item + "]]" * (item is not items[-1]) for item in items]
            made.append(Frame(number, True, False, b"".join(map(edn, whole))))
    return made


@pytest.mark.parametrize("place", PLACES)
def test_what_is_left_of_a_message_holds_nothing_of_its_secret(place: str) -> None:
    sent = frames_of(PLACES[place])
    secrets = SessionSecrets()
    assert "split" in place or any(SECRETS.found_in(clear(frame)) for frame in sent)
    assert SECRETS.found_in(b"".join(secrets.without(frame).payload for frame in sent)) == set()


def clear(frame: Frame) -> bytes:
    """The message without what parts the letters of UTF-16; -1 - n, of which the bytes are, as n."""
    return frame.payload.replace(b"\0", b"") + bytes(NUMBER.to_bytes(8, "big")) * (b"\x3b" in frame.payload)


def test_the_whole_table_is_in_no_file(database: Path) -> None:
    with Importer(database) as importer:
        for number, messages in enumerate(PLACES.values()):
            importer.add(info(f"flow-{number}"), frames_of(messages))
    written = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert SECRETS.found_in(written) == set()


# Of the request for the connection: path, Basic credentials, user that is recorded, secrets known from it.
REQUESTS = {
    "a query": (f"/api/ws?token={S}", None, None, {S}),
    "a fragment": (f"/api/ws#{S}", None, None, set()),
    "path parameters": (f"/api/ws;token={S}", None, None, set()),
    "all of them": (f"/api/ws;{S}?{S}=1#{S}", None, None, set()),
    "a password": ("/api/ws", f"operator:{S}", "operator", {S}),
    "a password with colons": ("/api/ws", f"operator:a:{S}", "operator", {f"a:{S}"}),
    "an API token as user, no password": ("/api/ws", f"{S}:", "*" * 32, {S}),
    "no colon": ("/api/ws", S, None, set()),
}


@pytest.mark.parametrize("place", REQUESTS)
def test_what_is_recorded_of_a_request_holds_nothing_of_its_secret(place: str) -> None:
    path, basic, user, known = REQUESTS[place]
    flow: Any = tflow.twebsocketflow()
    flow.request.path = path
    if basic is not None:
        flow.request.headers["Authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
    recorded = session_info(flow, "live")
    assert (recorded.path, recorded.user) == ("/api/ws", user)
    assert SECRETS.found_in(repr(recorded).encode()) == set()
    assert {secret.encode() for secret in known} <= set(request_secrets(flow))


@pytest.mark.parametrize(
    "scheme", ["Bearer {}", "bearer  {} ", "Digest {}", "Basic {}", "Negotiate {}"], ids=str.lower
)
def test_credentials_of_every_scheme_are_known_and_not_recorded(scheme: str) -> None:
    flow: Any = tflow.twebsocketflow()
    flow.request.headers["Authorization"] = scheme.format(S)
    assert S.encode() in request_secrets(flow)
    assert SECRETS.found_in(repr(session_info(flow, "live")).encode()) == set()


def test_cookies_that_are_as_long_as_a_token_are_known() -> None:
    flow: Any = tflow.twebsocketflow()
    flow.request.headers["Cookie"] = f"theme=dark; session={S}"
    assert request_secrets(flow) == (S.encode(),)


@pytest.mark.parametrize("credentials", [b"\xff\xfe\xe9", b"Zm9v\xc3\xa4", b"!", b"/////w=="])
def test_basic_credentials_that_are_none_are_secrets_and_no_reason_not_to_record(credentials: bytes) -> None:
    flow: Any = tflow.twebsocketflow()
    flow.request.headers.fields = ((b"Authorization", b"Basic " + credentials),)
    assert session_info(flow, "live").user is None
    assert request_secrets(flow) == (credentials,)


@pytest.mark.parametrize("host", ["[bad", "a\N{ACCOUNT OF}b"])
def test_secrets_are_known_whatever_a_file_calls_the_host(host: str) -> None:
    flow: Any = tflow.twebsocketflow()
    flow.request.data.host = host
    flow.request.path = f"/api/ws?token={S}#top"
    assert request_secrets(flow) == (S.encode(),)


@pytest.mark.slow
def test_capture_prints_nothing_of_a_reply_that_is_none_and_may_be_an_echo(
    database: Path, confdir: Path
) -> None:
    async def parrot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readline()
        assert S.encode() in asked
        writer.write(b"I do not know " + asked)
        writer.close()

    async def main() -> str:
        async with await asyncio.start_server(parrot, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with capture(f"http://127.0.0.1:{port}", database, confdir) as proxy:
                line = await asyncio.to_thread(proxy.wait_for_line, r"Listening on \S*?:(\d+), ")
                with pytest.raises(InvalidStatus, match="502"):
                    async with Client(f"ws://127.0.0.1:{line[1]}/api/ws?token={S}"):
                        pass
                await asyncio.to_thread(proxy.stop)
                return proxy.output

    output = run_async(main())
    assert re.search(r"Upstream \S+ gave no HTTP answer: ", output)
    written = b"".join(path.read_bytes() for path in database.parent.iterdir() if path.is_file())
    assert SECRETS.found_in(output.encode() + written) == set()
