"""Where to listen, and servers, on the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from xentara_inspect.cli.options import Function
from xentara_inspect.frames import endpoint, endpoint_of
from xentara_inspect.protocol import identifiers

if TYPE_CHECKING:
    _EndpointType = click.ParamType[tuple[str, int]]
    _UrlType = click.ParamType[str]
else:
    _EndpointType = _UrlType = click.ParamType  # generic only in the newest versions of click


class Endpoint(_EndpointType):
    """HOST:PORT, an IPv6 address in brackets: `127.0.0.1:8080`, `localhost:0`, `[::1]:8080`.

    Converts to (host without brackets, port). Port 0 stands for a free one.
    """

    name = "HOST:PORT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Parse; a value that is none is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            return endpoint_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


ENDPOINT = Endpoint()


class Upstream(_UrlType):
    """The URL of a server, `https://HOST:8080`; ws and wss are taken for http and https."""

    name = "URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Parse, to `https://HOST:PORT`; a value that is none is a usage error."""
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            self.fail(f"{value!r} is no URL", param, ctx)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if scheme not in ("http", "https") or not parts.hostname:
            self.fail(f"{value!r} is no URL such as https://HOST:{identifiers.USUAL_PORT}", param, ctx)
        if parts.username is not None:
            self.fail("credentials do not belong in the URL; the client sends its own", param, ctx)
        if parts.query or parts.fragment or parts.path not in ("", "/", identifiers.PATH):
            self.fail("give scheme, host and port only; paths are the client's", param, ctx)
        return f"{scheme}://{endpoint(parts.hostname, port or identifiers.USUAL_PORT)}"


UPSTREAM = Upstream()

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")


def why_not_connected(error: Exception) -> str:
    """Why nobody could be talked to: what the system says, without what asyncio puts around it."""
    number = _NUMBER.search(str(error))
    return os.strerror(int(number[1])).lower() if number else getattr(error, "strerror", None) or str(error)


def listen_option(default: str) -> Callable[[Function], Function]:
    """`--listen`. default: where that is."""
    return click.option(
        "--listen",
        type=ENDPOINT,
        default=default,
        show_default=True,
        help="Where to listen; port 0 takes a free one.",
    )


tls_option = click.option(
    "--tls", is_flag=True, help="Serve wss:// with a self-signed certificate made on the spot."
)
