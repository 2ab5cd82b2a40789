"""Connections that mitmproxy reads from a file: into the database as `import` puts them there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from mitmproxy import ctx, http

from xentara_inspect.captures.flows import CaptureError, recording_of, request_secrets
from xentara_inspect.proxy.metrics import Passed
from xentara_inspect.proxy.relay import handler_of
from xentara_inspect.recorder.condition import tell
from xentara_inspect.store.chain import newest_file
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.importing import Importer, ImportResult


def is_replayed(flow: http.HTTPFlow) -> bool:
    """Whether a flow is out of a file. One that passes is not live either once another add-on killed it."""
    return not flow.live and handler_of(flow) is None


class Replays:
    """Adds them as they come. are_there: whether any came. failed: how many could not be recorded."""

    def __init__(self, values: Mapping[str, Any], passed: Passed) -> None:
        """values: of the options, by name. passed: counts what comes."""
        self._values = values
        self._passed = passed
        self.are_there = False
        self.failed = 0

    async def add(self, flow: http.HTTPFlow, path: str) -> None:
        """Add a connection, with all that passed on it. path: of the recording's first file."""
        self.are_there = True
        try:
            result = await asyncio.to_thread(self._add, flow, path)
        except (CaptureError, StoreError) as error:
            self.failed += 1
            tell(logging.ERROR, str(error))
            return
        if result.skipped:
            there = f"{result.skipped} messages were in the database already, skipped"
            tell(logging.WARNING, f"session {result.session_id}: {there}")

    def _add(self, flow: http.HTTPFlow, path: str) -> ImportResult:
        info, frames, end = recording_of(flow, ctx.options.rfile or "replay")
        self._passed.sessions += 1
        self._passed.failed += flow.websocket is None
        for frame in frames:
            self._passed.count(frame)
        with Importer(
            path if ctx.options.rfile else newest_file(path),
            keep_secrets=self._values["xentara_keep_secrets"],
            largest=self._values["xentara_max_frame"],
        ) as importer:
            return importer.add(info, frames, end, request_secrets(flow))
