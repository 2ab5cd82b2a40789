"""The processes beside the proxy: they write, decode, archive, and send spans."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from xentara_inspect.archive.keeper import keep_archiving
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.proxy import options
from xentara_inspect.recorder.condition import tell
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.supervision import Companion
from xentara_inspect.telemetry.keeper import keep_sending


class Beside:
    """Starts those that are wanted. journal: writes. indexer: decodes, where one does."""

    def __init__(self, values: Mapping[str, Any], path: str, rotation: Rotation | None) -> None:
        """values: of all options, by their names. path: of the recording's first file. Raises StoreError."""
        self._values = values
        self.indexer: IndexerKeeper | None = None
        self._archiver: Companion | None = None
        self._sender: Companion | None = None
        if values["xentara_otlp"]:  # exchanges that come from now on
            self._sender = keep_sending(path, values["xentara_otlp"], on_news=tell)
        # Whoever decodes goes on until nobody writes any more: the writing process may outlive us.
        until_written, self._writing = os.pipe()
        self.journal = self._start_writing(path, rotation)
        if values["xentara_index"]:
            self.indexer = IndexerKeeper(path, alone=rotation is None, on_news=tell, lifeline=until_written)
        if values["xentara_archive"] and rotation is not None:
            where, site = values["xentara_archive"], values["xentara_site"]
            undecoded = not values["xentara_index"]
            self._archiver = keep_archiving(path, where, site, undecoded=undecoded, on_news=tell)

    def _start_writing(self, path: str, rotation: Rotation | None) -> JournalKeeper:
        settings = Settings(
            path,
            durable=self._values["xentara_durable"],
            keep_secrets=self._values["xentara_keep_secrets"],
            notation=self._values["xentara_notation"],
            names=self._values["xentara_names"],
            rotation=rotation,
            retention=options.retention(self._values),
        )
        try:
            loop = asyncio.get_running_loop()
            return JournalKeeper(settings, loop, beside=self._troubles, holding=[self._writing])
        except OSError as error:
            raise StoreError(f"there is no memory for what passes: {error.strerror}") from error

    def _troubles(self) -> list[str]:
        """What is wrong with those that do not write."""
        keepers = (self.indexer, self._archiver, self._sender)
        return [keeper.trouble for keeper in keepers if keeper is not None and keeper.trouble]

    def finish(self, left: Callable[[], float | None]) -> None:
        """Let those that read what was written come to their end; who archives ends with the proxy.

        left: seconds that there are to wait for one, None for as long as it takes.
        """
        os.close(self._writing)
        for process in (self.indexer, self._sender):
            if process is not None:
                process.finish(left())
