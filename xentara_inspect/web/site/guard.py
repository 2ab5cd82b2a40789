"""What stands before every page: who may ask, and what a page may do in a browser."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from xentara_inspect.frames import host_and_port

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'"
)
"""For the pages of Datasette, in which its scripts and styles stand. Nothing is loaded from elsewhere."""

_HEADERS: Final = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


def guarded(
    application: Application, listening: tuple[Any, ...], look: Callable[[], None] = lambda: None
) -> Application:
    """An application that answers only those who ask for it by its own name, with rules for its pages.

    A page from elsewhere may point a name of its own at this machine, and so read what is here; it cannot
    help saying that name. Who listens on more than loopback is asked by names that nobody knows here.
    listening: the address. look: called before each answer.
    """
    is_local = is_loopback(listening[0])

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if is_local and not is_loopback(host_and_port(headers.get(b"host", b"").decode("latin-1"))[0]):
            await send({"type": "http.response.start", "status": 421, "headers": []})
            await send({"type": "http.response.body", "body": b"Ask for 127.0.0.1 or localhost.\n"})
            return

        look()

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                there = {name.lower() for name, _ in given}
                given += [(name, value) for name, value in _HEADERS.items() if name not in there]
                message = {**message, "headers": given}
            await send(message)

        await application(scope, receive, send_on)

    return answer


def is_loopback(address: str) -> bool:
    """Whether an address, or `localhost`, means this machine from within."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
