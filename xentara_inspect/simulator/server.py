"""The simulator: a WebSocket server in front of a plant."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from xentara_inspect.protocol import identifiers
from xentara_inspect.simulator.accounts import ANONYMOUS, Account, Accounts
from xentara_inspect.simulator.answers import Session
from xentara_inspect.simulator.behaviour import WELL_BEHAVED, Behaviour
from xentara_inspect.simulator.certificate import server_context
from xentara_inspect.simulator.connection import Connection
from xentara_inspect.simulator.example_plant import example_plant
from xentara_inspect.simulator.plant import Plant

MAXIMUM_MESSAGE: Final = 64 * 1024 * 1024
_CHALLENGE: Final = 'Basic realm="Xentara", charset="UTF-8"'

# The library tells of every handshake that was refused and every peer that went away; neither is
# news where people try out what a server does.
_quiet = logging.getLogger(f"{__name__}.websocket")
_quiet.setLevel(logging.CRITICAL)


class Simulator:
    """A Xentara server for tests and demos: `async with Simulator() as simulator: simulator.url`.

    host, port: where to listen; port 0 takes a free one. tls: serve wss:// with a certificate made
    on the spot. plant: the example plant unless given. require_auth: refuse connections without
    credentials; wrong ones are refused always. Entering raises OSError where it cannot listen.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: bool = False,
        plant: Plant | None = None,
        behaviour: Behaviour = WELL_BEHAVED,
        require_auth: bool = False,
        accounts: Accounts | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.plant = example_plant() if plant is None else plant
        self.accounts = Accounts() if accounts is None else accounts
        self.behaviour = behaviour
        self.certificate: bytes | None = None
        """The TLS certificate as PEM, for clients that want to trust it; None without TLS."""
        self.connections: set[Connection] = set()
        self._require_auth = require_auth
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.tls else 'ws'}://{host}:{self.port}{identifiers.PATH}"

    async def __aenter__(self) -> Self:
        context: ssl.SSLContext | None = None
        if self.tls:
            context, self.certificate = server_context()
        self._server = await serve(
            self._serve,
            self.host,
            self.port,
            ssl=context,
            process_request=self._admit,
            subprotocols=[Subprotocol(identifiers.SUBPROTOCOL)],
            select_subprotocol=_select_subprotocol,
            max_size=MAXIMUM_MESSAGE,
            server_header="Xentara simulator",
            logger=_quiet,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def serve_forever(self) -> None:
        """Wait until the task is cancelled."""
        await asyncio.get_running_loop().create_future()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Check path and credentials of the upgrade; None lets it pass."""
        if request.path.partition("?")[0] != identifiers.PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"The API is at {identifiers.PATH}\n")
        account = self._account(request)
        if account is None:
            response = connection.respond(HTTPStatus.UNAUTHORIZED, "Credentials are wrong or missing\n")
            response.headers["WWW-Authenticate"] = _CHALLENGE
            return response
        if not account.rights.connect:
            return connection.respond(HTTPStatus.FORBIDDEN, "The entitlement websocket.connect is missing\n")
        return None

    def _account(self, request: Request) -> Account | None:
        headers = request.headers.get_all("Authorization")
        if not headers:
            return None if self._require_auth else ANONYMOUS
        return self.accounts.by_header(headers[0]) if len(headers) == 1 else None

    async def _serve(self, websocket: ServerConnection) -> None:
        request = websocket.request
        account = self._account(request) if request is not None else None
        session = Session(self.plant, self.accounts, ANONYMOUS if account is None else account)
        connection = Connection(websocket, session, self.behaviour)
        self.connections.add(connection)
        try:
            await connection.run()
        finally:
            self.connections.discard(connection)


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The protocol's own if offered; clients that offer none, or others, are taken without."""
    own = Subprotocol(identifiers.SUBPROTOCOL)
    return own if own in offered else None
