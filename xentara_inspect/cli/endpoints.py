"""HOST:PORT on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from xentara_inspect.frames import endpoint_of

if TYPE_CHECKING:
    _ParamType = click.ParamType[tuple[str, int]]
else:
    _ParamType = click.ParamType  # generic only in the newest versions of click


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
        try:
            return endpoint_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


ENDPOINT = Endpoint()
