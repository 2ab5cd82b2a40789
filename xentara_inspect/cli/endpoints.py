"""HOST:PORT on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    _ParamType = click.ParamType[tuple[str, int]]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click

_MAXIMUM_PORT = 65535


class Endpoint(_ParamType):
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
        host, separator, port = str(value).rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not separator or not host or (":" in host and not bracketed):
            self.fail(f"{value!r} is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080", param, ctx)
        if not (port.isascii() and port.isdigit()) or int(port) > _MAXIMUM_PORT:
            self.fail(f"{port!r} is not a port between 0 and {_MAXIMUM_PORT}", param, ctx)
        return host[1:-1] if bracketed else host, int(port)


ENDPOINT = Endpoint()
