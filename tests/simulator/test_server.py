"""How connections to the simulator begin and end, and how it misbehaves when asked to."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.simulator import OPERATOR, OUTSIDER, SERVICE, Behaviour, Client, Request, Simulator
from xentara_inspect.simulator.wire import encode

HELLO = Request(commands.CLIENT_HELLO, {0: 1, 1: 1}, 1)


async def status_of(simulator: Simulator, **headers: str) -> int:
    """The HTTP status that an upgrade with these headers gets."""
    try:
        async with connect(simulator.url, additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "optional", "required"),
    [
        (None, 101, 401),
        (basic(OPERATOR.user, OPERATOR.password), 101, 101),
        (basic(OPERATOR.user, "wrong"), 401, 401),
        (basic("nobody", ""), 401, 401),
        (basic("", ""), 401, 401),
        (basic(OUTSIDER.user, OUTSIDER.password), 403, 403),
        (f"Bearer {SERVICE.token}", 101, 101),
        ("Bearer wrong", 401, 401),
        ("Basic !", 401, 401),
        ("Digest x", 401, 401),
    ],
)
def test_credentials_are_checked_on_the_upgrade(
    authorization: str | None, optional: int, required: int
) -> None:
    async def run(require_auth: bool) -> int:
        async with Simulator(require_auth=require_auth) as simulator:
            return await status_of(simulator, **({"Authorization": authorization} if authorization else {}))

    assert (asyncio.run(run(False)), asyncio.run(run(True))) == (optional, required)


def test_there_is_nothing_at_other_paths() -> None:
    async def run() -> int:
        async with Simulator() as simulator:
            try:
                async with connect(simulator.url + "/more", proxy=None):
                    return 101
            except InvalidStatus as refused:
                return refused.response.status_code

    assert asyncio.run(run()) == 404


@pytest.mark.parametrize(
    ("offered", "chosen"), [("xentara-v1", "xentara-v1"), (None, None), ("something-else", None)]
)
def test_the_subprotocol_is_negotiated_and_may_be_absent(offered: str | None, chosen: str | None) -> None:
    async def run() -> None:
        async with Simulator() as simulator, Client(simulator.url, subprotocol=offered) as client:
            assert client.websocket.subprotocol == chosen
            assert (await client.batch([HELLO]))[0].ok

    asyncio.run(run())


def test_tls_is_served_with_a_certificate_for_this_machine() -> None:
    async def run() -> None:
        async with Simulator(tls=True) as simulator:
            assert simulator.url.startswith("wss://")
            assert simulator.certificate is not None
            trusting = ssl.create_default_context(cadata=simulator.certificate.decode())
            async with Client(simulator.url, ssl_context=trusting) as client:
                assert (await client.batch([HELLO]))[0].ok
            with pytest.raises(ssl.SSLCertVerificationError):
                await Client(simulator.url).__aenter__()

    asyncio.run(run())


def test_a_port_in_use_is_an_os_error() -> None:
    async def run() -> None:
        async with Simulator() as simulator:
            with pytest.raises(OSError, match=r"in use"):
                await Simulator(port=simulator.port).__aenter__()

    asyncio.run(run())


def test_ipv6_addresses_are_bracketed_in_the_url() -> None:
    async def run() -> None:
        async with Simulator("::1") as simulator, Client(simulator.url) as client:
            assert simulator.url == f"ws://[::1]:{simulator.port}/api/ws"
            assert (await client.batch([HELLO]))[0].ok

    asyncio.run(run())


def test_a_request_still_waiting_when_the_connection_ends_is_told() -> None:
    async def run() -> None:
        behaviour = Behaviour(silent_opcodes=frozenset({14}))
        async with Simulator(behaviour=behaviour) as simulator:
            async with Client(simulator.url) as client:
                (waiting,) = await client.send([HELLO])
            with pytest.raises(ConnectionError):
                await waiting
            assert not [event async for event in client.each_event()]

    asyncio.run(run())


def frames(behaviour: Behaviour, *messages: Any, wanted: int) -> list[Any]:
    """What comes back to messages sent one after another, in the order in which it comes."""

    async def run() -> list[Any]:
        async with Simulator(behaviour=behaviour) as simulator, Client(simulator.url) as client:
            for message in messages:
                await client.send_raw(encode(message))
            received = await client.wait_for_frames(wanted)
            return [
                frame.payload.decode() if frame.is_text else cbor2.loads(frame.payload) for frame in received
            ]

    return asyncio.run(run())


BATCH = [[0, 1, 14, {0: 1, 1: 1}], [0, 2, 8], [0, 3, 8]]
GREETING, STAGE_2, STAGE_3 = [1, 1, {0: 1}], [1, 2, 2], [1, 3, 2]
MISBEHAVIOUR: dict[str, tuple[Behaviour, list[Any], list[Any]]] = {
    "one response a frame": (
        Behaviour(one_response_per_frame=True),
        [BATCH],
        [[GREETING], [STAGE_2], [STAGE_3]],
    ),
    "reversed": (Behaviour(reverse_batches=True), [BATCH], [[STAGE_3, STAGE_2, GREETING]]),
    "silent": (Behaviour(silent_ids=frozenset({2})), [BATCH], [[GREETING, STAGE_3]]),
    "silent by opcode": (Behaviour(silent_opcodes=frozenset({8})), [BATCH], [[GREETING]]),
    "held back": (
        Behaviour(hold_back={1: 2}),
        [BATCH, [[0, 4, 8]]],
        [[STAGE_2, STAGE_3], [[1, 4, 2]], [GREETING]],
    ),
    "delayed": (Behaviour(delays={14: 0.01}), [BATCH], [[STAGE_2, STAGE_3], [GREETING]]),
    "unsolicited": (
        Behaviour(frames_after={1: [encode([[1, 9]]), "text"]}),
        [BATCH],
        [[GREETING, STAGE_2, STAGE_3], [[1, 9]], "text"],
    ),
    "mute": (Behaviour(mute=True, frames_after={2: [b"\xf6"]}), [BATCH, BATCH], [None]),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_it_misbehaves_as_told(name: str) -> None:
    behaviour, messages, expected = MISBEHAVIOUR[name]
    assert frames(behaviour, *messages, wanted=len(expected)) == expected


def test_several_clients_have_sessions_of_their_own_and_share_the_plant() -> None:
    async def run() -> None:
        async with Simulator() as simulator, Client(simulator.url) as one, Client(simulator.url) as other:
            await one.batch([HELLO])
            assert (await other.request(commands.GET_STAGE)).error_code == error_codes.MISSING_CLIENT_HELLO
            await one.request(commands.SUSPEND)
            await other.batch([HELLO])
            assert (await other.request(commands.GET_STAGE)).result == 1

    asyncio.run(run())


def test_sent_and_received_messages_are_kept_as_they_were() -> None:
    async def run() -> Client:
        async with Simulator() as simulator, Client(simulator.url) as client:
            await client.send_raw("text")
            await client.wait_for_frames(1)
        return client

    client = asyncio.run(run())
    assert (client.sent[0].payload, client.sent[0].is_text) == (b"text", True)
    assert client.received[0].payload == encode([[2, 0, {0: -32700, 1: "payload not well formed"}]])
    assert client.sent[0].time <= client.received[0].time


def test_a_condition_that_never_comes_is_a_timeout() -> None:
    async def run(wait: Callable[[Client], Any]) -> None:
        async with Simulator() as simulator, Client(simulator.url) as client:
            await wait(client)

    with pytest.raises(TimeoutError):
        asyncio.run(run(lambda client: client.wait_for_events(1, timeout=0.01)))
