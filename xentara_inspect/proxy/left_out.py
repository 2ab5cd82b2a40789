"""WebSockets that are relayed and not recorded: said once by path, lest anybody wonders."""

from __future__ import annotations

import logging
from typing import Final

from xentara_inspect.escape import safe

logger: Final = logging.getLogger("xentara_inspect")

_MOST_PATHS: Final = 100  # that people are told of


class LeftOut:
    """Remembers which paths people were told of."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, path: str) -> None:
        """A WebSocket at this path is not recorded."""
        if path not in self._told and len(self._told) < _MOST_PATHS:
            self._told.add(path)
            logger.warning(
                "xentara_inspect: WebSockets at %s are relayed and not recorded; xentara_filter chooses"
                " which are",
                safe(path),
            )
