"""A WebSocket server whose clients are served from a recording."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from xentara_inspect.frames import endpoint
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.recording import Recording, Talk
from xentara_inspect.playback.serving import Manner, Serving
from xentara_inspect.protocol import identifiers

MAXIMUM_MESSAGE: Final = 1024 * 1024
"""Bytes of a client's message, unless longer ones were recorded: one of nothing but requests takes long."""
_GOODBYE: Final = 2.0
"""Seconds for peers to say goodbye: Ctrl-C does not wait longer for those that are gone."""
_CHALLENGE: Final = 'Basic realm="Xentara", charset="UTF-8"'

# Of peers that go away, as they do, the library would print tracebacks.
_quiet = logging.getLogger(f"{__name__}.websocket")
_quiet.setLevel(logging.CRITICAL)


class Mock:
    """The server: `async with Mock(recording, manner) as mock: mock.url`.

    host, port: where to listen; port 0 takes a free one. tls: to serve wss://. Entering raises OSError where
    it cannot listen. The first connection is served from the first recorded one, the next from the next,
    and so on from the start; what its own does not know, a connection is told from the others.
    """

    def __init__(
        self,
        recording: Recording,
        manner: Manner,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._recording, self._manner = recording, manner
        self.host, self.port, self._tls = host, port, tls
        self._plant = Plant()
        self._count = 0
        self._server: Server | None = None
        self._paths = {identifiers.PATH, *(talk.path for talk in recording.talks)}

    @property
    def url(self) -> str:
        """Where clients connect."""
        scheme = "ws" if self._tls is None else "wss"
        return f"{scheme}://{endpoint(self.host, self.port)}{identifiers.PATH}"

    async def __aenter__(self) -> Self:
        known = {talk.subprotocol for talk in self._recording.talks} | {identifiers.SUBPROTOCOL}

        def select(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
            return next((name for name in offered if name in known), None)

        self._server = await serve(
            self._serve,
            self.host,
            self.port,
            ssl=self._tls,
            process_request=self._admit,
            select_subprotocol=select,
            subprotocols=[Subprotocol(name) for name in known if name is not None],
            max_size=max(MAXIMUM_MESSAGE, self._recording.longest_message()),
            close_timeout=_GOODBYE,
            server_header="Xentara mock",
            logger=_quiet,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), _GOODBYE)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Check path and credentials of the upgrade; None lets it pass."""
        if request.path.partition("?")[0] not in self._paths:
            return connection.respond(HTTPStatus.NOT_FOUND, f"The API is at {identifiers.PATH}\n")
        login = self._manner.login
        headers = request.headers.get_all("Authorization")
        if login is not None and not (len(headers) == 1 and login.admits(headers[0])):
            response = connection.respond(HTTPStatus.UNAUTHORIZED, "Credentials are wrong or missing\n")
            response.headers["WWW-Authenticate"] = _CHALLENGE
            return response
        return None

    async def _serve(self, websocket: ServerConnection) -> None:
        talk = self._recording.talks[self._count % len(self._recording.talks)]
        self._count += 1
        await _Connection(websocket, self._recording, talk, self._plant, self._manner).run()


class _Connection:
    def __init__(
        self, websocket: ServerConnection, recording: Recording, talk: Talk, plant: Plant, manner: Manner
    ) -> None:
        self._websocket = websocket
        self._changed = asyncio.Event()
        # A clock that is not set while it is read: events keep their pace.
        self._ahead = time.time_ns() - time.monotonic_ns()
        self._serving = Serving(recording, talk, plant, manner, self._now(), self._changed.set)
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Serve until the connection ends."""
        pushing = asyncio.create_task(self._push())
        try:
            async for message in self._websocket:
                # Events that an answer brings must not overtake it.
                async with self._sending:
                    for answer in self._serving.received(message, self._now()):
                        await self._websocket.send(answer)
                self._changed.set()
        except ConnectionClosed:
            pass  # the client went away, as clients do
        finally:
            pushing.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await pushing
            self._serving.close()

    async def _push(self) -> None:
        while True:
            due = self._serving.next_due()
            wait = None if due is None else (due - self._now()) / 1e9
            if wait is None or wait > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), wait)
                self._changed.clear()
            async with self._sending:
                for message in self._serving.due(self._now()):
                    await self._websocket.send(message)

    def _now(self) -> int:
        return time.monotonic_ns() + self._ahead
