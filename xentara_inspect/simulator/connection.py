"""One client: its messages in, answers and events out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from xentara_inspect.simulator.answers import Session
from xentara_inspect.simulator.behaviour import Behaviour
from xentara_inspect.simulator.dispatch import Answer, answers_to
from xentara_inspect.simulator.subscriptions import Subscription
from xentara_inspect.simulator.wire import encode


class Connection:
    """A connection of a client to the simulator."""

    def __init__(self, websocket: ServerConnection, session: Session, behaviour: Behaviour) -> None:
        self.session = session
        self._websocket = websocket
        self._behaviour = behaviour
        self._held_back: list[tuple[int, list[Any]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._updates: dict[UUID, Subscription] = {}

    async def run(self) -> None:
        """Serve until the connection ends."""
        try:
            number = 0
            async for message in self._websocket:
                number += 1
                await self._serve(number, message)
        except ConnectionClosed:
            pass  # the client went away, as clients do
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, number: int, message: bytes | str) -> None:
        if not self._behaviour.mute:
            answers = answers_to(self.session, message)
            await self._send_answers(number, answers)
            self._start_updates()
        for frame in self._behaviour.frames_after.get(number, ()):
            await self._websocket.send(frame)

    async def _send_answers(self, number: int, answers: Sequence[Answer]) -> None:
        """Send the answers to message `number`, then those that were held back until after it."""
        behaviour = self._behaviour
        now = []
        for answer in answers:
            if answer.opcode in behaviour.silent_opcodes or answer.message_id in behaviour.silent_ids:
                continue
            delay = behaviour.delays.get(answer.opcode) if answer.opcode is not None else None
            until = behaviour.hold_back.get(answer.message_id, number)
            if delay is not None:
                self._start(self._send_later(delay, answer.packet))
            elif until > number:
                self._held_back.append((until, answer.packet))
            else:
                now.append(answer.packet)
        await self._send_packets(now[::-1] if behaviour.reverse_batches else now)
        released = [packet for until, packet in self._held_back if until <= number]
        self._held_back = [entry for entry in self._held_back if entry[0] > number]
        await self._send_packets(released)

    async def _send_packets(self, packets: Sequence[list[Any]]) -> None:
        if self._behaviour.one_response_per_frame:
            for packet in packets:
                await self._websocket.send(encode([packet]))
        elif packets:
            await self._websocket.send(encode(packets))

    async def _send_later(self, delay: float, packet: list[Any]) -> None:
        await asyncio.sleep(delay)
        await self._websocket.send(encode([packet]))

    def _start_updates(self) -> None:
        """Start the events of new subscriptions: only now, so that they come behind the answer."""
        for uuid, subscription in self.session.subscriptions.items():
            if self._updates.get(uuid) is not subscription:
                self._updates[uuid] = subscription
                self._start(self._update(subscription))

    async def _update(self, subscription: Subscription) -> None:
        """Send events until the subscription is cancelled or replaced."""
        session = self.session
        while session.subscriptions.get(subscription.uuid) is subscription:
            events = subscription.update(session.plant, session.account.rights)
            if events:
                await self._websocket.send(encode(events))
            await asyncio.sleep(subscription.interval)
        if self._updates.get(subscription.uuid) is subscription:
            del self._updates[subscription.uuid]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _quietly(work: Coroutine[Any, Any, None]) -> None:
        """Do it; that the client is gone by then is no error."""
        with contextlib.suppress(ConnectionClosed):
            await work
