"""Where the pages are. A database is called by its label, in the spelling of Datasette's paths."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from datasette.utils import tilde_decode, tilde_encode

LIVE: Final = "/-/live"
EXCHANGE: Final = r"/-/exchange/(?P<database>[^/]+)/(?P<place>[0-9]+(?:p[0-9]+)?)$"
ELEMENT: Final = r"/-/element/(?P<database>[^/]+)$"


def exchange_path(database: str, place: str) -> str:
    """Of an exchange, event or message. place: as `show` takes it, without the name of a recording."""
    return f"/-/exchange/{tilde_encode(database)}/{place}"


def element_path(database: str, key: int | str, **more: str) -> str:
    """Of an element, by its key in a file, or its name."""
    asked = {"id": str(key)} if isinstance(key, int) else {"name": key}
    return f"/-/element/{tilde_encode(database)}?{urlencode(asked | more)}"


def row_path(database: str, table: str, key: object) -> str:
    """Of a row of a table."""
    return f"/{tilde_encode(database)}/{table}/{tilde_encode(str(key))}"


def list_path(database: str, table: str, **filters: object) -> str:
    """Of a table or view, with only what is equal."""
    return f"/{tilde_encode(database)}/{table}?{urlencode(filters)}"


def database_in(path: str) -> str:
    """The name of a database out of a path."""
    return str(tilde_decode(path))
