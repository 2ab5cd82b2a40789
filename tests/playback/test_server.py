"""Real clients of a recording: the simulator's, which know nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode

from tests.compared import SAID
from tests.live import run_async
from tests.played import Played, differences, played, save
from tests.queries.asking import fill, record
from tests.simulated import NOW
from tests.store_traffic import LEVEL_UUID
from xentara_inspect.captures.temporary import as_database
from xentara_inspect.playback.asking import Asking
from xentara_inspect.playback.logins import Credentials, Login
from xentara_inspect.playback.plan import read_plan
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.recording import Recording
from xentara_inspect.playback.server import MAXIMUM_MESSAGE, Mock
from xentara_inspect.playback.serving import Manner, Serving
from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.simulator import Client, Simulator, demo, everything

CAPTURES = Path(__file__).parents[2] / "sample_captures"
Conversation = Callable[[Client], Awaitable[Any]]


async def short_demo(client: Client) -> None:
    await demo(client, 0.5)


def talk_to_the_simulator(path: Path, conversation: Conversation) -> Path:
    async def run() -> Client:
        async with Simulator() as simulator, Client(simulator.url) as client:
            await conversation(client)
        return client

    return save(path, run_async(run()), "first")


@pytest.mark.parametrize("conversation", [everything, short_demo])
def test_a_client_is_answered_everything_and_says_and_hears_the_same_again(
    tmp_path: Path, conversation: Conversation
) -> None:
    first = talk_to_the_simulator(tmp_path / "first.db", conversation)
    manner = Manner()

    async def run() -> Client:
        with played(first) as recording:
            async with Mock(recording, manner) as mock, Client(mock.url) as client:
                await conversation(client)
        return client

    second = save(tmp_path / "second.db", run_async(run()), "second")
    served = manner.served
    assert (served.derived, served.unknown) == (0, {})
    assert served.recorded > 20
    assert differences(first, second) == []


def test_two_clients_at_once_each_have_their_own_place_in_the_recording(tmp_path: Path) -> None:
    first = talk_to_the_simulator(tmp_path / "first.db", short_demo)

    async def run() -> list[Client]:
        with played(first) as recording:
            async with Mock(recording, Manner()) as mock, Client(mock.url) as one, Client(mock.url) as other:
                await asyncio.gather(short_demo(one), short_demo(other))
        return [one, other]

    for number, client in enumerate(run_async(run())):
        assert differences(first, save(tmp_path / f"{number}.db", client, "again")) == []


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/api/ws", "Basic YW5uOnNlY3JldA==", 101),
        ("/api/ws", "Basic YW5uOndyb25n", 401),
        ("/api/ws", "Basic !", 401),
        ("/api/ws", None, 401),
        ("/elsewhere", "Basic YW5uOnNlY3JldA==", 404),
    ],
)
def test_who_may_connect(tmp_path: Path, path: str, authorization: str | None, status: int) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}

    async def run() -> int:
        with played(fill(tmp_path / "recorded.db", *SAID)) as recording:
            async with Mock(recording, Manner(login=Login("ann", "secret"))) as mock:
                try:
                    url = f"ws://127.0.0.1:{mock.port}{path}"
                    async with connect(url, additional_headers=headers, proxy=None):
                        return 101
                except InvalidStatus as refused:
                    return refused.response.status_code

    assert run_async(run()) == status


@pytest.mark.slow
def test_what_is_longer_than_a_request_can_be_closes_its_own_connection_only(tmp_path: Path) -> None:
    long = f'>[[0, 2, 3, {{0: "{"x" * MAXIMUM_MESSAGE}"}}]]', "<[[2, 2, {0: -32100}]]"
    lookup, level = (commands.LOOKUP, {0: "Plant.Level"}), UUID(LEVEL_UUID)

    async def run(said: Sequence[str], length: int) -> int | None:
        with played(fill(tmp_path / f"{len(said)}.db", *said)) as recording:
            async with Mock(recording, Manner()) as mock, Client(mock.url) as one, Client(mock.url) as other:
                for client in (one, other):
                    await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
                async with connect(mock.url, proxy=None) as websocket:
                    await websocket.send(bytes(length))
                    with contextlib.suppress(ConnectionClosed):
                        await websocket.recv()
                assert [(await client.request(*lookup)).result for client in (one, other)] == [level, level]
                return websocket.close_code

    assert run_async(run(SAID, MAXIMUM_MESSAGE + 1)) == CloseCode.MESSAGE_TOO_BIG
    assert run_async(run((*SAID, *long), MAXIMUM_MESSAGE + 1)) == CloseCode.NORMAL_CLOSURE


@pytest.mark.parametrize("capture", ["good-run", "reads-and-writes", "sub-sessions", "subscription-events"])
def test_the_requests_of_a_sample_capture_get_all_of_its_answers(capture: str) -> None:
    with (
        as_database([str(CAPTURES / f"{capture}.flow")], lambda _: None) as path,
        open_databases([path]) as databases,
    ):
        recording = Recording(databases)
        for talk in recording.talks:
            manner = Manner()
            serving = Serving(recording, talk, Plant(), manner, NOW)
            credentials = Credentials()
            plan = read_plan(databases, str(talk.session), commands.COMMANDS, credentials)
            asking = Asking(plan, credentials)
            for step in plan.steps:
                assert asking.is_ready(step)
                for answer in serving.received(asking.message(step), NOW + step.time):
                    asking.received(answer)
            assert asking.is_done()
            assert (manner.served.derived, manner.served.unknown) == (0, {})
            assert manner.served.recorded == sum(len(step.asks) for step in plan.steps)


def test_a_rotated_recording_is_served_as_one(tmp_path: Path) -> None:
    said = (*SAID[:2], *SAID[10:14])
    files = record(tmp_path / "plant.db", *said, rotation=Rotation(size=1))
    assert len(files) > 3
    manner = Manner()
    with open_databases([str(file) for file in files]) as databases:
        client = Played(Recording(databases), manner)
        client.say(*said[:4])
        assert len(client.events(10)) == 2
    assert (manner.served.recorded, manner.served.unknown) == (2, {})
