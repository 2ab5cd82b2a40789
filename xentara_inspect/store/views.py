"""Views with names for all numbers, for users of sqlite-utils and Datasette."""

from __future__ import annotations

from typing import Final

VIEWS: Final[dict[str, str]] = {}
