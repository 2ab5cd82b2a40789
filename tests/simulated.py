"""A new simulator for each conversation of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from xentara_inspect.protocol import commands
from xentara_inspect.simulator import Behaviour, Client, Plant, Response, Simulator, example_plant

NOW = 1_748_779_200_000_000_000
SESSION = UUID("5e551000-0000-4000-8000-000000000002")


def conversation(
    talk: Callable[[Client], Awaitable[None]],
    *,
    greet: bool = True,
    plant: Plant | None = None,
    behaviour: Behaviour | None = None,
    **options: Any,
) -> Client:
    """Talk to a new simulator whose clock stands still, and return the client that did."""

    async def run() -> Client:
        async with (
            Simulator(
                plant=plant or example_plant(lambda: NOW), behaviour=behaviour or Behaviour()
            ) as simulator,
            Client(simulator.url, **options) as client,
        ):
            if greet:
                await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
            await talk(client)
        return client

    return asyncio.run(run())


def answer_to(message: bytes | str, *, greet: bool = True) -> bytes:
    """What the simulator sends back to a message."""

    async def talk(client: Client) -> None:
        before = len(client.received)
        await client.send_raw(message)
        await client.wait_for_frames(before + 1)

    return conversation(talk, greet=greet).received[-1].payload


def ask(*requests: tuple[str, Any], **options: Any) -> list[Response]:
    """Send requests one after another on one connection."""
    responses: list[Response] = []

    async def talk(client: Client) -> None:
        for command, parameters in requests:
            responses.append(await client.request(commands.OPCODES[command], parameters))

    conversation(talk, **options)
    return responses


def key(primary_key: str) -> UUID:
    return example_plant().lookup(primary_key).uuid


LEVEL = key("Plant.Tank 1.Level")
SPEED = key("Plant.Pump 1.Speed")
MODE = key("Plant.Pump 1.Mode")
CODE = key("Plant.Safety.Service Code")
BUG = key("Plant.Diagnostics.Bug")
