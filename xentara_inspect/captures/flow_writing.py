"""Recorded connections into a flow file of mitmproxy's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from mitmproxy.io import tnetstring

from xentara_inspect.captures.handshakes import flow_of, seconds
from xentara_inspect.captures.tnetstrings import dumped_message
from xentara_inspect.queries.connections import Connections

_IN_MEMORY: Final = 16 << 20
"""Bytes of the messages of a connection from which on they wait in a file."""


def write_flows(connections: Connections, file: IO[bytes], progress: Callable[[int], None]) -> None:
    """Write them one after the other. progress: is told of how many messages each time.

    mitmproxy's own writer holds all messages of a flow at once, since the length of all of it stands
    before it: here they wait beside the file. Raises StoreError, OSError.
    """
    for connection, frames in connections:
        state = flow_of(connection).get_state()
        with SpooledTemporaryFile(_IN_MEMORY) as messages:
            for frame in frames:
                messages.write(
                    dumped_message(frame.is_text, frame.from_client, frame.payload, seconds(frame.time))
                )
                progress(1)
            size = messages.tell()
            messages.seek(0)
            before, behind = _around(state, size)
            file.write(before)
            shutil.copyfileobj(messages, file, 1 << 20)
            file.write(behind)


def _around(state: dict[str, Any], size: int) -> tuple[bytes, bytes]:
    """What stands before and behind the messages of a flow, which take so many bytes."""
    if state["websocket"] is None:
        return tnetstring.dumps(state), b""
    before, behind = b"%d:" % size, b"]"
    for key, holder in (("messages", state["websocket"]), ("websocket", state)):
        others = {name: value for name, value in holder.items() if name != key}
        before = _entries(others) + tnetstring.dumps(key) + before
        length = len(before) + size + len(behind)
        before, behind = b"%d:" % length + before, behind + b"}"
    return before, behind


def _entries(values: dict[str, Any]) -> bytes:
    return b"".join(tnetstring.dumps(key) + tnetstring.dumps(value) for key, value in values.items())
